// Cases about cells that are documents: JSON by Gson, Avro by Avro's own library, with a part of each in a
// cell of its own, and some that are cut off.

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.util.Bytes;

final class DocumentCases {
    private static final long WRITTEN = 1_795_143_600_000L;

    // The test has the same texts beside its table file.
    private static final Schema NOW = new Schema.Parser().parse("""
            {"type":"record","name":"Document","fields":[
              {"name":"name","type":"string"},
              {"name":"age","type":["null","int"]},
              {"name":"tags","type":{"type":"array","items":"string"}},
              {"name":"scores","type":{"type":"map","values":"double"}},
              {"name":"level","type":"int","default":7}]}""");
    private static final Schema BEFORE = new Schema.Parser().parse("""
            {"type":"record","name":"Document","fields":[
              {"name":"tags","type":{"type":"array","items":"string"}},
              {"name":"age","type":["null","int"]},
              {"name":"name","type":"string"}]}""");

    private final long seed;

    DocumentCases(long seed) {
        this.seed = seed;
    }

    List<Group> groups() {
        return List.of(new Story(this::documents, "documents"));
    }

    private void documents(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_documents", Tables.family("d")), new byte[][] {});
        recorder.tables.add(table);
        Random random = new Random(seed);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int i = 0; i < 1000; i++) {
                byte[] row = Bytes.toBytes(String.format("r%04d", i));
                String name = "n\u00fc\"" + random.nextInt(50);
                Integer age = random.nextInt(5) == 0 ? null : random.nextInt() >> random.nextInt(32);
                List<String> tags = new ArrayList<>();
                for (int tag = random.nextInt(4); tag > 0; tag--) {
                    tags.add("t" + random.nextInt(1000));
                }
                double score = random.nextGaussian();
                boolean whole = i % 100 != 99;
                put(writer, row, "name", Bytes.toBytes(name));
                if (age != null) {
                    put(writer, row, "age", Bytes.toBytes(age.toString()));
                }
                put(writer, row, "tags", Bytes.toBytes(String.join(",", tags)));
                put(writer, row, "score", Bytes.toBytes(score));
                put(writer, row, "whole", Bytes.toBytes(Boolean.toString(whole)));
                put(writer, row, "json", cut(json(name, age, tags, score), whole));
                put(writer, row, "avro", cut(plain(record(NOW, name, age, tags, score)), whole));
                Schema schema = i % 2 == 0 ? NOW : BEFORE;
                GenericData.Record record = record(schema, name, age, tags, score);
                BinaryMessageEncoder<GenericData.Record> encoder = new BinaryMessageEncoder<>(GenericData.get(), schema);
                byte[] marked = new byte[encoder.encode(record).remaining()];
                encoder.encode(record).get(marked);
                put(writer, row, "marked", cut(marked, whole));
            }
            writer.flush();
        }
        recorder.record(new Case("documents", table, "values that are JSON and Avro").few());
    }

    private static byte[] cut(byte[] bytes, boolean whole) {
        return whole ? bytes : java.util.Arrays.copyOf(bytes, bytes.length / 2);
    }

    private static byte[] json(String name, Integer age, List<String> tags, double score) {
        JsonObject document = new JsonObject();
        document.addProperty("name", name);
        document.addProperty("age", age);
        JsonArray array = new JsonArray();
        tags.forEach(array::add);
        document.add("tags", array);
        JsonObject scores = new JsonObject();
        scores.addProperty("first", score);
        document.add("scores", scores);
        document.addProperty("not declared", true);
        return Bytes.toBytes(document.toString());
    }

    private static GenericData.Record record(Schema schema, String name, Integer age, List<String> tags, double score) {
        GenericData.Record record = new GenericData.Record(schema);
        record.put("name", name);
        record.put("age", age);
        record.put("tags", tags);
        if (schema == NOW) {
            record.put("scores", new HashMap<>(Map.of("first", score)));
            record.put("level", 3);
        }
        return record;
    }

    private static byte[] plain(GenericData.Record record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericData.Record>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static void put(Writer writer, byte[] row, String qualifier, byte[] value) throws Exception {
        writer.write(new KeyValue(row, Bytes.toBytes("d"), Bytes.toBytes(qualifier), WRITTEN, value));
    }
}
