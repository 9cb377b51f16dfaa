// Tables of every codec that works without native libraries. Several codecs have more than one class; a
// process can use one of them, so that each choice of classes is a process of its own.

import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.apache.hadoop.hbase.TableName;

final class Codecs implements Group {
    static final List<String> OTHERS = List.of("b", "c");

    private static final String OWN = "org.apache.hadoop.hbase.io.compress.";
    private static final Map<String, Map<String, String>> CHOICES = Map.of(
            "", ordered(
                    "gz", OWN + "ReusableStreamGzipCodec",
                    "snappy", "org.apache.hadoop.io.compress.SnappyCodec",
                    "lz4", "org.apache.hadoop.io.compress.Lz4Codec",
                    "zstd", OWN + "zstd.ZstdCodec",
                    "lzo", OWN + "aircompressor.LzoCodec",
                    "brotli", OWN + "brotli.BrotliCodec"),
            "b", ordered(
                    "snappy", OWN + "xerial.SnappyCodec",
                    "lz4", OWN + "lz4.Lz4Codec",
                    "zstd", OWN + "aircompressor.ZstdCodec"),
            "c", ordered(
                    "snappy", OWN + "aircompressor.SnappyCodec",
                    "lz4", OWN + "aircompressor.Lz4Codec"));

    private final String choice;

    Codecs(String choice) {
        this.choice = choice;
    }

    private static Map<String, String> ordered(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }

    /** HBase reads the classes of its codecs from the class path only: this folder is put in front of it. */
    static File conf(String choice, File folder) throws Exception {
        StringBuilder site = new StringBuilder("<configuration>\n");
        CHOICES.get(choice).forEach((codec, name) -> site.append("<property><name>hbase.io.compress.")
                .append(codec).append(".codec</name><value>").append(name).append("</value></property>\n"));
        File conf = new File(folder, "conf-" + choice);
        Copies.text(new File(conf, "hbase-site.xml"), site.append("</configuration>\n").toString());
        return conf;
    }

    static List<String> names(String choice) {
        List<String> names = new ArrayList<>();
        for (String codec : CHOICES.get(choice).keySet()) {
            for (String form : new String[] {"none", "fast_diff", "bigblock"}) {
                names.add(name(codec, choice, form));
            }
        }
        return names;
    }

    private static String name(String codec, String choice, String form) {
        return "codec_" + codec + (choice.isEmpty() ? "" : "_" + choice) + "_" + form;
    }

    @Override
    public List<String> names() {
        return names(choice);
    }

    @Override
    public void run(Recorder recorder) throws Exception {
        for (Map.Entry<String, String> each : CHOICES.get(choice).entrySet()) {
            for (String form : new String[] {"none", "fast_diff", "bigblock"}) {
                String name = name(each.getKey(), choice, form);
                if (recorder.wants(name)) {
                    one(recorder, name, each.getKey(), each.getValue(), form);
                    recorder.clear();
                }
            }
        }
    }

    private static void one(Recorder recorder, String name, String codec, String type, String form)
            throws Exception {
        boolean big = form.equals("bigblock");
        Object[] settings = {"COMPRESSION", codec.toUpperCase(), "VERSIONS", 3,
                "DATA_BLOCK_ENCODING", form.equals("fast_diff") ? "FAST_DIFF" : "NONE"};
        settings = big ? Tables.and(settings, "BLOCKSIZE", 1 << 20)
                : Tables.and(settings, "BLOCKSIZE", 1024, "hfile.index.block.max.size", 256,
                        "hfile.index.block.min.entries", 4, "io.storefile.bloom.block.size", 256);
        TableName table = recorder.server.create(Tables.table("t_" + name, Tables.family("cf", settings)));
        recorder.tables.add(table);
        Family family = new Family("cf");
        family.tags = !big;
        // Blocks above the codec's buffer hold pieces, and only noise fills them quickly.
        family.longValues = big ? 3000 : 30;
        Random random = new Random(name.hashCode());
        Churn churn = new Churn(random, List.of(family), big ? 300 : 150, 5, 12);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            if (big) {
                for (int i = 0; i < 300; i++) {
                    byte[] value = new byte[3000];
                    random.nextBytes(value);
                    // Half of it can be compressed.
                    java.util.Arrays.fill(value, 0, 1500, (byte) i);
                    writer.write(Tables.cell(churn.rows.get(i), org.apache.hadoop.hbase.util.Bytes.toBytes("cf"),
                            churn.qualifiers.get(0), Churn.BASE + i, org.apache.hadoop.hbase.KeyValue.Type.Put, value));
                }
            } else {
                churn.write(writer, 500);
                writer.flush();
                churn.write(writer, 100);
            }
            writer.flush();
        }
        Case made = new Case(name, table, "codec " + codec + " (" + type + ")",
                big ? "blocks larger than the codec's buffer (several pieces per block)"
                        : "encoding " + form.toUpperCase(), "tags").few();
        made.codecClass = type;
        recorder.record(made);
    }
}
