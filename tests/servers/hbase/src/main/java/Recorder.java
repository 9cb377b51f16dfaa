// Makes a case of a table: takes the snapshot, copies the files, and writes down what HBase answers.
//
// Answers are those of a client's scan over a table cloned from the snapshot. The scanner that reads the
// copied files without a server is asked the same; a case in which they differ says so.

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.Cell;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptor;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.ResultScanner;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.client.SnapshotDescription;
import org.apache.hadoop.hbase.client.SnapshotType;
import org.apache.hadoop.hbase.client.Table;
import org.apache.hadoop.hbase.client.TableSnapshotScanner;
import org.apache.hadoop.hbase.mob.MobUtils;
import org.apache.hadoop.hbase.snapshot.ExportSnapshot;
import org.apache.hadoop.hbase.snapshot.RestoreSnapshotHelper;
import org.apache.hadoop.hbase.snapshot.SnapshotDescriptionUtils;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hbase.thirdparty.com.google.gson.JsonArray;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;

/** What a case is called and what is special about it. */
final class Case {
    final String name;
    final TableName table;
    final List<String> exercises;
    final List<Asked> more = new ArrayList<>();
    final List<String> notes = new ArrayList<>();
    String snapshot;
    SnapshotType type = SnapshotType.FLUSH;
    long ttlSeconds;
    int layoutVersion = -1;
    boolean exported;
    boolean fewScans;
    // Where a region server's scan does not end.
    boolean fileScannerOnly;
    String codecClass;

    Case(String name, TableName table, String... exercises) {
        this.name = name;
        this.table = table;
        this.exercises = List.of(exercises);
        this.snapshot = "s_" + name;
    }

    Case ask(Asked asked) {
        more.add(asked);
        return this;
    }

    Case type(SnapshotType type) {
        this.type = type;
        return this;
    }

    Case exported() {
        exported = true;
        return this;
    }

    Case few() {
        fewScans = true;
        return this;
    }
}

final class Recorder {
    // Enough for cases whose point is the form of the bytes.
    private static final Set<String> FEW = Set.of("latest", "raw", "time_mid_all", "rows_mid_incl_all",
            "row_one_all", "column_latest");

    // A scan takes milliseconds.
    private static final long SCAN_SECONDS = 12;

    final Server server;
    final File out;
    final Set<String> wanted;
    final JsonArray cases = new JsonArray();
    // The tables of the group of cases that is being made: a case's files may lie with any of them.
    final Set<TableName> tables = new LinkedHashSet<>();
    private int clones;
    long cells;
    int differences;

    Recorder(Server server, File out, Set<String> wanted) {
        this.server = server;
        this.out = out;
        this.wanted = wanted;
    }

    boolean wants(String name) {
        return wants(wanted, name);
    }

    static boolean wants(Set<String> wanted, String name) {
        return wanted == null || wanted.stream().anyMatch(each -> each.endsWith("*")
                ? name.startsWith(each.substring(0, each.length() - 1)) : name.equals(each));
    }

    File root(String name) {
        return new File(out, name + "/root");
    }

    void record(Case asked) throws Exception {
        if (!wants(asked.name)) {
            return;
        }
        snapshot(asked);
        taken(asked);
        server.admin.deleteSnapshot(asked.snapshot);
    }

    /** The same for a snapshot that was taken before. */
    void taken(Case asked) throws Exception {
        if (!wants(asked.name)) {
            return;
        }
        copy(asked);
        JsonObject written = head(asked, "ok");
        written.addProperty("now_ms", System.currentTimeMillis());
        written.add("exercises", texts(asked.exercises));
        written.add("families", families(asked.table));
        answer(asked, written);
        if (!asked.notes.isEmpty()) {
            written.add("notes", texts(asked.notes));
        }
        if (asked.codecClass != null) {
            written.addProperty("codec_class", asked.codecClass);
        }
        written.add("files", StoreFiles.list(new Path(root(asked.name).toURI()), server.conf));
        cases.add(written);
        System.err.println("  " + asked.name);
    }

    void snapshot(Case asked) throws Exception {
        Map<String, Object> properties = Map.of("TTL", asked.ttlSeconds);
        SnapshotDescription description = new SnapshotDescription(asked.snapshot, asked.table, asked.type,
                null, -1, asked.layoutVersion, properties);
        Server.within("snapshot", () -> {
            server.admin.snapshot(description);
            return null;
        });
    }

    JsonObject head(Case asked, String kind) {
        JsonObject written = new JsonObject();
        written.addProperty("name", asked.name);
        written.addProperty("kind", kind);
        written.addProperty("root", asked.name + "/root");
        written.addProperty("layout", asked.exported ? "exported" : "live");
        written.addProperty("snapshot", asked.snapshot);
        written.addProperty("table", asked.table.getNameAsString());
        return written;
    }

    static JsonArray texts(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }

    private JsonArray families(TableName table) throws Exception {
        JsonArray families = new JsonArray();
        for (ColumnFamilyDescriptor each : descriptor(table)) {
            JsonObject family = new JsonObject();
            family.addProperty("name", each.getNameAsString());
            JsonObject attributes = new JsonObject();
            new java.util.TreeMap<>(each.getValues()).forEach((key, value) ->
                    attributes.addProperty(Bytes.toString(key.get(), key.getOffset(), key.getLength()),
                            Bytes.toString(value.get(), value.getOffset(), value.getLength())));
            family.add("attributes", attributes);
            if (!each.getConfiguration().isEmpty()) {
                JsonObject configuration = new JsonObject();
                new java.util.TreeMap<>(each.getConfiguration()).forEach(configuration::addProperty);
                family.add("configuration", configuration);
            }
            families.add(family);
        }
        return families;
    }

    // A case that tells of a dropped table keeps its description by this.
    private final java.util.Map<TableName, ColumnFamilyDescriptor[]> dropped = new java.util.HashMap<>();

    void remember(TableName table) throws Exception {
        dropped.put(table, server.admin.getDescriptor(table).getColumnFamilies());
    }

    private ColumnFamilyDescriptor[] descriptor(TableName table) throws Exception {
        return dropped.containsKey(table) ? dropped.get(table)
                : server.admin.getDescriptor(table).getColumnFamilies();
    }

    void copy(Case asked) throws Exception {
        copy(asked, root(asked.name));
    }

    void copy(Case asked, File root) throws Exception {
        Path target = new Path(root.toURI());
        FileSystem local = FileSystem.getLocal(server.conf).getRaw();
        if (asked.exported) {
            export(asked.snapshot, target);
            Copies.withoutSums(local, target);
            return;
        }
        Copies copies = new Copies(server.files, server.root, local, target);
        copies.folder(".hbase-snapshot/" + asked.snapshot);
        for (TableName table : tables) {
            copies.folder(Server.inside(table));
            copies.folder("archive/" + Server.inside(table));
            copies.folder("mobdir/" + Server.inside(table));
        }
    }

    private void export(String snapshot, Path target) throws Exception {
        Configuration conf = new Configuration(server.conf);
        Server.within("export", () -> {
            String[] words = {"--snapshot", snapshot, "--copy-to", target.toString(), "--mappers", "1",
                "--no-checksum-verify"};
            int code = org.apache.hadoop.util.ToolRunner.run(conf, new ExportSnapshot(), words);
            if (code != 0) {
                throw new IllegalStateException("the export of " + snapshot + " ends with " + code);
            }
            return null;
        });
    }

    private void answer(Case asked, JsonObject written) throws Exception {
        TableName clone = TableName.valueOf("clone_" + clones++);
        if (!asked.fileScannerOnly) {
            Server.within("clone", () -> {
                server.admin.cloneSnapshot(asked.snapshot, clone);
                return null;
            });
        }
        JsonArray scans = new JsonArray();
        List<String> differ = new ArrayList<>();
        try (Table table = asked.fileScannerOnly ? null : server.connection.getTable(clone);
                FileScanner files = new FileScanner(server.conf, root(asked.name), asked.snapshot)) {
            List<Cell> raw = new ArrayList<>();
            try (ResultScanner scanner = files.open(new Scan().setRaw(true).readAllVersions())) {
                for (Result result : scanner) {
                    raw.addAll(List.of(result.rawCells()));
                }
            }
            List<Asked> all = Scans.usual(raw);
            if (asked.fewScans) {
                all.removeIf(each -> !FEW.contains(each.id));
            }
            all.addAll(asked.more);
            for (Asked each : all) {
                JsonObject scan = scan(asked, each, table, files, differ);
                if (scan != null) {
                    scans.add(scan);
                }
            }
        }
        written.add("scans", scans);
        written.addProperty("hbase_file_scanner_agrees", differ.isEmpty());
        if (!differ.isEmpty()) {
            written.add("hbase_file_scanner_differs_in", texts(differ));
            differences += differ.size();
            System.err.println("DIFFERENT in " + asked.name + ": " + differ);
        }
        server.forget(clone);
    }

    private JsonObject scan(Case asked, Asked each, Table table, FileScanner files, List<String> differ)
            throws Exception {
        Answer client;
        String what = asked.name + " " + each.id;
        try {
            // Asked first: where it hangs, one thread of this process spins, not one of the server.
            Answer file = Server.within(what, SCAN_SECONDS, () -> files.scan(each.scan()));
            client = asked.fileScannerOnly ? file
                    : Server.within(what, SCAN_SECONDS, () -> Answer.of(table.getScanner(each.scan())));
            if (!client.lines.equals(file.lines)) {
                differ.add(each.id);
            }
        } catch (Hung e) {
            System.err.println("HUNG: " + e.getMessage() + " " + each.options());
            asked.notes.add("left out, as HBase does not end it: " + each.id + " " + each.options());
            for (StackTraceElement frame : e.getStackTrace()) {
                System.err.println("    " + frame);
            }
            return null;
        } catch (Exception e) {
            throw new IllegalStateException("scan " + each.id + " of " + asked.name + ": " + e, e);
        }
        String file = client.write(new File(out, asked.name + "/expected"), each.id);
        JsonObject scan = new JsonObject();
        scan.addProperty("id", each.id);
        scan.addProperty("file", asked.name + "/expected/" + file);
        scan.addProperty("cells", client.lines.size());
        scan.addProperty("rows", client.rows);
        scan.add("options", each.options());
        cells += client.lines.size();
        return scan;
    }

    /** A damaged copy of another case's files, with what HBase's file scanner says of it. */
    void damaged(Case asked, File original, Damage damage) throws Exception {
        if (!wants(asked.name)) {
            return;
        }
        File root = root(asked.name);
        Copies.tree(original, root);
        damage.apply(root);
        refused(asked);
    }

    /** A case that a reader must refuse: its files are in place. */
    void refused(Case asked) throws Exception {
        JsonObject written = head(asked, "error");
        written.add("exercises", texts(asked.exercises));
        String said;
        try (FileScanner files = new FileScanner(server.conf, root(asked.name), asked.snapshot)) {
            Answer answer = Server.within(asked.name, 30, () -> files.scan(new Scan()));
            said = "no error, " + answer.lines.size() + " cells";
        } catch (Throwable e) {
            Throwable cause = e;
            while (cause instanceof java.io.UncheckedIOException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            // Names of folders of this run tell nobody anything.
            said = String.valueOf(cause).split("\n")[0].replace(out.getAbsolutePath(), "");
        }
        written.addProperty("hbase_file_scanner_result", said);
        cases.add(written);
        System.err.println("  " + asked.name + ": " + said);
    }

    /** Ends a group: none of its tables is left. */
    void clear() throws Exception {
        for (TableName table : tables) {
            server.forget(table);
        }
        tables.clear();
        dropped.clear();
        server.admin.listSnapshots().forEach(each -> {
            try {
                server.admin.deleteSnapshot(each.getName());
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    interface Damage {
        void apply(File root) throws Exception;
    }
}

/** HBase's scanner that needs no server, over a copied root. */
final class FileScanner implements AutoCloseable {
    private final Configuration conf;
    private final Path root;
    private final Path links;
    private final String snapshot;

    FileScanner(Configuration server, File root, String snapshot) throws Exception {
        this.conf = new Configuration(server);
        this.root = new Path(root.toURI());
        this.snapshot = snapshot;
        conf.set("hbase.rootdir", this.root.toString());
        conf.set("fs.defaultFS", "file:///");
        // It writes a folder of links before it reads.
        File scratch = new File(conf.get("hbase.tmp.dir"));
        scratch.mkdirs();
        this.links = new Path(Files.createTempDirectory(scratch.toPath(), "links").toUri());
        try {
            FileSystem files = this.root.getFileSystem(conf);
            RestoreSnapshotHelper.copySnapshotForScanner(conf, files, this.root, links, snapshot);
            // It takes the region of mob files for one of the table's, and may have made no folder for it.
            Path described = new Path(this.root, ".hbase-snapshot/" + snapshot);
            TableName table = TableName.valueOf(SnapshotDescriptionUtils.readSnapshotInfo(files, described).getTable());
            files.mkdirs(new Path(links, Server.inside(table) + "/" + MobUtils.getMobRegionInfo(table).getEncodedName()));
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    ResultScanner open(Scan scan) throws Exception {
        return new TableSnapshotScanner(conf, root, links, snapshot, scan, true);
    }

    Answer scan(Scan scan) throws Exception {
        return Answer.of(open(scan));
    }

    @Override
    public void close() throws Exception {
        links.getFileSystem(conf).delete(links, true);
    }
}

/** Copies folders of a root, without what no reader needs. */
final class Copies {
    private final FileSystem from;
    private final Path source;
    private final FileSystem to;
    private final Path target;

    Copies(FileSystem from, Path source, FileSystem to, Path target) {
        this.from = from;
        this.source = source;
        this.to = to;
        this.target = target;
    }

    void folder(String name) throws Exception {
        Path folder = new Path(source, name);
        if (from.exists(folder)) {
            copy(folder, new Path(target, name));
        }
    }

    private void copy(Path folder, Path destination) throws Exception {
        to.mkdirs(destination);
        for (FileStatus each : from.listStatus(folder)) {
            String name = each.getPath().getName();
            Path copied = new Path(destination, name);
            if (name.equals("recovered.edits") || name.equals(".tmp") || name.endsWith(".crc")) {
                continue;
            }
            if (each.isDirectory()) {
                copy(each.getPath(), copied);
            } else {
                try (var in = from.open(each.getPath()); var out = to.create(copied, true)) {
                    in.transferTo(out);
                }
            }
        }
    }

    /** Removes the side files of sums that Hadoop's local file system writes. */
    static void withoutSums(FileSystem files, Path folder) throws Exception {
        for (FileStatus each : files.listStatus(folder)) {
            if (each.isDirectory()) {
                withoutSums(files, each.getPath());
            } else if (each.getPath().getName().endsWith(".crc")) {
                files.delete(each.getPath(), false);
            }
        }
    }

    static void tree(File from, File to) throws Exception {
        try (var walk = Files.walk(from.toPath())) {
            for (java.nio.file.Path each : (Iterable<java.nio.file.Path>) walk::iterator) {
                java.nio.file.Path copied = to.toPath().resolve(from.toPath().relativize(each));
                if (Files.isDirectory(each)) {
                    Files.createDirectories(copied);
                } else {
                    Files.copy(each, copied);
                }
            }
        }
    }

    static void text(File file, String text) throws Exception {
        file.getParentFile().mkdirs();
        Files.write(file.toPath(), text.getBytes(StandardCharsets.UTF_8));
    }
}
