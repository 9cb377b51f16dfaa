// Snapshots made by a real HBase, with HBase's own answers, for the tests:
//
//   Main generate --out DIR [--seed N] [--tables K [--first I]] [--cases all|none|NAME,…] [--packed] [--hdfs]
//   Main sample --devices FILE --out DIR
//
// `generate` writes DIR/manifest.json, and for each case DIR/CASE/root (what a reader finds at its
// `hbase.rootdir`) and DIR/CASE/expected (answers). A name that ends with `*` stands for all that begin so.
// K random tables come on top, `random_<seed>_<i>` from i = I on. Large answers are packed, with `--packed`
// all. The same seed gives the same cells and answers; names of files and regions differ. With `--hdfs` the
// cases lie in a cluster of HDFS as well: then a line `ready hdfs://HOST:PORT/hbase` goes to standard
// output, and the end of standard input ends it.

import java.io.File;
import java.io.FileReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.hbase.util.VersionInfo;
import org.apache.hbase.thirdparty.com.google.gson.Gson;
import org.apache.hbase.thirdparty.com.google.gson.GsonBuilder;
import org.apache.hbase.thirdparty.com.google.gson.JsonArray;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;
import org.apache.hbase.thirdparty.com.google.gson.JsonParser;

class Main {
    public static void main(String[] arguments) throws Exception {
        // Libraries print to standard output, too: it is kept for answers.
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        int code = 1;
        try {
            Map<String, String> options = options(arguments);
            switch (arguments[0]) {
                case "generate":
                    generate(options, answers);
                    break;
                case "sample":
                    Sample.make(new File(options.get("devices")), new File(options.get("out")));
                    break;
                default:
                    throw new IllegalArgumentException("no command " + arguments[0]);
            }
            code = 0;
        } catch (Throwable e) {
            e.printStackTrace();
        }
        // Threads of HBase, and scans that hang, end with the process.
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            String name = arguments[i].substring(2);
            boolean valued = i + 1 < arguments.length && !arguments[i + 1].startsWith("--");
            options.put(name, valued ? arguments[++i] : "true");
        }
        return options;
    }

    private static void generate(Map<String, String> options, PrintStream answers) throws Exception {
        File out = new File(options.get("out")).getAbsoluteFile();
        long seed = Long.parseLong(options.getOrDefault("seed", "1"));
        int first = Integer.parseInt(options.getOrDefault("first", "0"));
        int tables = first + Integer.parseInt(options.getOrDefault("tables", "0"));
        String names = options.getOrDefault("cases", "all");
        Set<String> wanted = names.equals("all") ? null
                : names.equals("none") ? Set.of() : new HashSet<>(Arrays.asList(names.split(",")));
        String codecs = options.getOrDefault("codecs", "");
        if (options.containsKey("packed")) {
            Answer.packAbove = 0;
        }
        File folder = new File(out, "scratch" + codecs);
        folder.mkdirs();
        try {
            long started = System.nanoTime();
            JsonArray cases = run(out, folder, seed, first, tables, wanted, codecs);
            if (codecs.isEmpty()) {
                // The class of a codec is chosen once for a process.
                for (String more : Codecs.OTHERS) {
                    if (Codecs.names(more).stream().anyMatch(name -> Recorder.wants(wanted, name))) {
                        cases.addAll(elsewhere(options, out, Codecs.conf(more, folder), more));
                    }
                }
            }
            JsonObject manifest = new JsonObject();
            manifest.addProperty("set", "generated");
            manifest.addProperty("seed", seed);
            manifest.addProperty("hbase_version", VersionInfo.getVersion());
            manifest.addProperty("hadoop_version", org.apache.hadoop.util.VersionInfo.getVersion());
            manifest.addProperty("format", "expected files: one JSON object a cell in scan order: row, qualifier "
                    + "and value in hex, family as text, ts, type; .gz = gzip");
            manifest.add("cases", cases);
            write(new File(out, codecs.isEmpty() ? "manifest.json" : "manifest-" + codecs + ".json"), manifest);
            System.err.printf("%d cases in %.1f s%n", cases.size(), (System.nanoTime() - started) / 1e9);
            if (options.containsKey("hdfs")) {
                HdfsRoots.serve(out, cases, folder, answers);
            }
        } finally {
            remove(folder);
        }
    }

    /** Removes a folder in which a server may still be writing. */
    static void remove(File folder) {
        for (int i = 0; i < 5 && folder.exists(); i++) {
            FileUtil.fullyDelete(folder);
        }
    }

    private static JsonArray run(File out, File folder, long seed, int first, int tables, Set<String> wanted,
            String codecs) throws Exception {
        Server server = Server.start(folder, null, Map.of());
        Recorder recorder = new Recorder(server, out, wanted);
        List<Group> groups = codecs.isEmpty() ? Groups.all(seed) : List.of(new Codecs(codecs));
        for (Group group : groups) {
            if (group.names().stream().anyMatch(recorder::wants)) {
                group.run(recorder);
                recorder.clear();
            }
        }
        if (codecs.isEmpty()) {
            Recorder all = new Recorder(server, out, null);
            int left = 0;
            for (int i = first; i < tables + left; i++) {
                RandomTable table = new RandomTable(all, seed, i);
                try {
                    table.run();
                } catch (Exception e) {
                    // Some histories end in an endless loop or a bug of HBase; another takes their place.
                    System.err.println("LEFT OUT: " + table.name() + " after " + table.history());
                    e.printStackTrace();
                    FileUtil.fullyDelete(new File(out, table.name()));
                    if (++left > 2 + (tables - first) / 5) {
                        throw new IllegalStateException("too many tables fail", e);
                    }
                }
                all.clear();
            }
            recorder.cases.addAll(all.cases);
            recorder.cells += all.cells;
            recorder.differences += all.differences;
        }
        System.err.printf("%d cells answered, %d scans in which HBase's scanners differ%n", recorder.cells,
                recorder.differences);
        return recorder.cases;
    }

    private static JsonArray elsewhere(Map<String, String> options, File out, File conf, String codecs) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", "-Xmx800m", "-XX:+UseSerialGC",
                "-cp", conf + File.pathSeparator + System.getProperty("java.class.path"), "Main", "generate", "--out", out.getPath(),
                "--seed", options.getOrDefault("seed", "1"),
                "--cases", options.getOrDefault("cases", "all"), "--codecs", codecs));
        int code = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        if (code != 0) {
            throw new IllegalStateException("the process with the codecs " + codecs + " ended with " + code);
        }
        File manifest = new File(out, "manifest-" + codecs + ".json");
        try (FileReader reader = new FileReader(manifest, StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("cases");
        } finally {
            manifest.delete();
        }
    }

    /** Writes it with a line for each case. */
    static void write(File file, JsonObject manifest) throws Exception {
        Gson gson = new GsonBuilder().disableHtmlEscaping().create();
        StringBuilder text = new StringBuilder("{\n");
        manifest.entrySet().forEach(each -> {
            if (!each.getKey().equals("cases")) {
                text.append(gson.toJson(each.getKey())).append(": ").append(gson.toJson(each.getValue())).append(",\n");
            }
        });
        List<String> cases = new ArrayList<>();
        manifest.getAsJsonArray("cases").forEach(each -> cases.add(gson.toJson(each)));
        text.append("\"cases\": [\n").append(String.join(",\n", cases)).append("\n]\n}\n");
        Files.write(file.toPath(), text.toString().getBytes(StandardCharsets.UTF_8));
    }
}
