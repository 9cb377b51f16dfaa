// What HBase's own readers need for a large snapshot: the peer of the benchmark.
//
//   Bench make --out DIR [--rows N] [--form fast_diff_snappy|none]     writes DIR/root with the snapshot `bench`
//   Bench read --root DIR/root [--rounds N]                             measures in this process, one thread
//
// A row has a key of 16 bytes and five columns in family `f`: `age` (4 bytes), `name`, `city`, `email`
// (text), `seen` (8 bytes). `read` prints a JSON object for each measurement. Without `--rounds` it reads
// what to measure from standard input, a line each, so that others can be measured in between:
// `scan all`, `scan one`, `hfile`, `points scan`, `points hfile`.

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.Cell;
import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.PrivateCellUtil;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.ResultScanner;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.io.compress.Compression;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.io.hfile.CacheConfig;
import org.apache.hadoop.hbase.io.hfile.HFile;
import org.apache.hadoop.hbase.io.hfile.HFileContextBuilder;
import org.apache.hadoop.hbase.io.hfile.HFileScanner;
import org.apache.hadoop.hbase.tool.BulkLoadHFiles;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;

class Bench {
    private static final String SNAPSHOT = "bench";
    private static final byte[] FAMILY = Bytes.toBytes("f");
    private static final int REGIONS = 4;
    private static final int POINTS = 1000;
    private static final String[] CITIES = {"Berlin", "Austin", "Nairobi", "Kraków", "Zürich", "Montréal", "大阪"};

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        int code = 1;
        try {
            Map<String, String> options = Main.options(arguments);
            if (arguments[0].equals("make")) {
                make(new File(options.get("out")).getAbsoluteFile(),
                        Long.parseLong(options.getOrDefault("rows", "5000000")),
                        options.getOrDefault("form", "fast_diff_snappy"));
            } else {
                new Bench(new File(options.get("root")).getAbsoluteFile(), answers).run(options.get("rounds"));
            }
            code = 0;
        } catch (Throwable e) {
            e.printStackTrace();
        }
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    static byte[] key(long row) {
        return Bytes.toBytes(String.format("u%015d", row));
    }

    private static void make(File out, long rows, String form) throws Exception {
        boolean plain = form.equals("none");
        // On the disk of the result: it is large.
        File folder = new File(out, "making");
        folder.mkdirs();
        Server server = Server.start(folder, null, Map.of("hbase.rpc.timeout", "600000"));
        byte[][] splits = new byte[REGIONS - 1][];
        for (int i = 0; i < splits.length; i++) {
            splits[i] = key(rows * (i + 1) / REGIONS);
        }
        TableName table = server.create(Tables.table("bench", Tables.family("f",
                "DATA_BLOCK_ENCODING", plain ? "NONE" : "FAST_DIFF", "COMPRESSION", plain ? "NONE" : "SNAPPY")), splits);
        Path staging = new Path(server.root, "staging");
        for (int region = 0; region < REGIONS; region++) {
            write(server, new Path(staging, "f/loaded" + region), rows * region / REGIONS,
                    rows * (region + 1) / REGIONS);
        }
        BulkLoadHFiles.create(server.conf).bulkLoad(table, staging);
        for (var region : server.regions(table)) {
            // What a loaded file lacks, the compacted one has.
            region.compact(true);
        }
        server.archive(table);
        server.admin.snapshot(SNAPSHOT, table);
        Recorder recorder = new Recorder(server, out, Set.of());
        recorder.tables.add(table);
        Case made = new Case("", table);
        made.snapshot = SNAPSHOT;
        server.files.delete(server.archived(table), true);
        recorder.copy(made, new File(out, "root"));
        Main.remove(folder);
    }

    private static void write(Server server, Path file, long from, long to) throws Exception {
        try (HFile.Writer writer = HFile.getWriterFactory(server.conf, new CacheConfig(server.conf))
                .withPath(server.files, file)
                .withFileContext(new HFileContextBuilder().withColumnFamily(FAMILY).withBlockSize(1 << 16)
                        .withCompression(Compression.Algorithm.NONE)
                        .withDataBlockEncoding(DataBlockEncoding.NONE).build()).create()) {
            Random random = new Random(from);
            for (long row = from; row < to; row++) {
                byte[] key = key(row);
                long ts = 1_600_000_000_000L + row / 100;
                int number = random.nextInt(1 << 20);
                append(writer, key, "age", ts, Bytes.toBytes(number % 90));
                append(writer, key, "city", ts, Bytes.toBytes(CITIES[number % CITIES.length]));
                append(writer, key, "email", ts, Bytes.toBytes("u" + number + "@example.com"));
                append(writer, key, "name", ts, Bytes.toBytes("user-" + number));
                append(writer, key, "seen", ts, Bytes.toBytes(ts + number));
            }
        }
    }

    private static void append(HFile.Writer writer, byte[] key, String column, long ts, byte[] value)
            throws Exception {
        writer.append(new KeyValue(key, FAMILY, Bytes.toBytes(column), ts, KeyValue.Type.Put, value));
    }

    private final File folder;
    private final PrintStream answers;
    private final Configuration conf;
    private final FileScanner scanner;
    private final List<HFile.Reader> readers = new ArrayList<>();
    private final List<byte[]> points = new ArrayList<>();
    private long bytes;

    private Bench(File root, PrintStream answers) throws Exception {
        this.answers = answers;
        this.folder = Files.createTempDirectory("hbase").toFile();
        this.conf = Server.configuration(folder, root.toURI().toString());
        this.scanner = new FileScanner(conf, root, SNAPSHOT);
        FileSystem files = FileSystem.getLocal(conf).getRaw();
        open(files, new Path(new File(root, "data").toURI()));
        readers.sort((a, b) -> a.getFirstRowKey().map(Bytes::toString).orElse("")
                .compareTo(b.getFirstRowKey().map(Bytes::toString).orElse("")));
        Random random = new Random(1);
        for (int i = 0; i < POINTS; i++) {
            HFile.Reader reader = readers.get(random.nextInt(readers.size()));
            long first = Long.parseLong(Bytes.toString(reader.getFirstRowKey().get()).substring(1));
            long last = Long.parseLong(Bytes.toString(reader.getLastRowKey().get()).substring(1));
            points.add(key(first + (long) (random.nextDouble() * (last - first))));
        }
    }

    private void open(FileSystem files, Path folder) throws Exception {
        for (FileStatus each : files.listStatus(folder)) {
            String name = each.getPath().getName();
            if (each.isDirectory()) {
                open(files, each.getPath());
            } else if (name.matches("[0-9a-f]{32}")) {
                readers.add(HFile.createReader(files, each.getPath(), CacheConfig.DISABLED, true, conf));
                bytes += each.getLen();
            }
        }
    }

    private void run(String rounds) throws Exception {
        try {
            measureAll(rounds);
        } finally {
            Main.remove(folder);
        }
    }

    private void measureAll(String rounds) throws Exception {
        if (rounds != null) {
            for (int round = 0; round < Integer.parseInt(rounds); round++) {
                for (String what : new String[] {"hfile", "scan all", "scan one", "points hfile", "points scan"}) {
                    measure(what);
                }
            }
            return;
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            measure(line.trim());
        }
    }

    private long cells;
    private long rows;
    private long sum;

    private void measure(String what) throws Exception {
        cells = 0;
        rows = 0;
        var threads = ManagementFactory.getThreadMXBean();
        var process = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = threads.getCurrentThreadCpuTime();
        long all = process.getProcessCpuTime();
        long wall = System.nanoTime();
        switch (what) {
            case "hfile":
                bare();
                break;
            case "scan all":
                scan(new Scan().setCacheBlocks(false));
                break;
            case "scan one":
                scan(new Scan().setCacheBlocks(false).addColumn(FAMILY, Bytes.toBytes("name")));
                break;
            case "points scan":
                for (byte[] key : points) {
                    scan(new Scan().withStartRow(key).withStopRow(key, true).setCacheBlocks(false));
                }
                break;
            case "points hfile":
                barePoints();
                break;
            default:
                throw new IllegalArgumentException("no measurement " + what);
        }
        wall = System.nanoTime() - wall;
        cpu = threads.getCurrentThreadCpuTime() - cpu;
        all = process.getProcessCpuTime() - all;
        JsonObject line = new JsonObject();
        line.addProperty("reader", what.endsWith("hfile") ? "HFile.Reader" : "TableSnapshotScanner");
        line.addProperty("what", what);
        line.addProperty("rows", rows);
        line.addProperty("cells", cells);
        line.addProperty("value_bytes", sum);
        line.addProperty("file_bytes", bytes);
        line.addProperty("wall_s", wall / 1e9);
        line.addProperty("cpu_s", cpu / 1e9);
        // With the compiler and the collector of the virtual machine.
        line.addProperty("process_cpu_s", all / 1e9);
        answers.println(line);
        sum = 0;
    }

    private void scan(Scan scan) throws Exception {
        try (ResultScanner results = scanner.open(scan)) {
            for (Result result = results.next(); result != null; result = results.next()) {
                rows++;
                for (Cell cell : result.rawCells()) {
                    cells++;
                    sum += cell.getValueLength();
                }
            }
        }
    }

    private void bare() throws Exception {
        for (HFile.Reader reader : readers) {
            HFileScanner each = reader.getScanner(conf, false, false);
            for (boolean more = each.seekTo(); more; more = each.next()) {
                cells++;
                sum += each.getCell().getValueLength();
            }
            each.close();
        }
        rows = cells / 5;
    }

    private void barePoints() throws Exception {
        for (byte[] key : points) {
            for (HFile.Reader reader : readers) {
                if (Bytes.compareTo(key, reader.getFirstRowKey().get()) < 0
                        || Bytes.compareTo(key, reader.getLastRowKey().get()) > 0) {
                    continue;
                }
                HFileScanner each = reader.getScanner(conf, false, true);
                int found = each.seekTo(PrivateCellUtil.createFirstOnRow(key));
                // 1: on the cell before it. -2: on the first of its block, as the index has no whole keys.
                boolean more = found == -1 ? each.seekTo() : found != 1 || each.next();
                for (; more && org.apache.hadoop.hbase.CellUtil.matchingRows(each.getCell(), key); more = each.next()) {
                    cells++;
                    sum += each.getCell().getValueLength();
                }
                each.close();
            }
            rows++;
        }
    }
}
