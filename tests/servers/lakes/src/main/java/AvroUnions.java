// An Avro file of unions of several types, at the top and inside lists, maps and records.

import java.io.File;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;

final class AvroUnions {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final Schema SCHEMA = new Schema.Parser().parse("""
        {"type": "record", "name": "Row", "namespace": "sluice.tests", "fields": [
          {"name": "id", "type": "int"},
          {"name": "either", "type": ["null", "int", "string"]},
          {"name": "sure", "type": ["long", "string", "boolean"]},
          {"name": "one", "type": ["string"]},
          {"name": "shape", "type": ["null",
            {"type": "record", "name": "Circle", "fields": [{"name": "r", "type": "double"}]},
            {"type": "record", "name": "Box", "fields": [{"name": "w", "type": "int"}, {"name": "h", "type": ["null", "int"]}]}]},
          {"name": "list", "type": {"type": "array", "items": ["null", "int", "string"]}},
          {"name": "map", "type": {"type": "map", "values": ["int", "string"]}},
          {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [
            {"name": "x", "type": ["null", "string", "long"]}]}}
        ]}""");

    private AvroUnions() {}

    static void write(File file, PrintWriter truth, Random random) throws Exception {
        try (DataFileWriter<GenericRecord> writer = new DataFileWriter<>(new GenericDatumWriter<>(SCHEMA))) {
            writer.setCodec(CodecFactory.deflateCodec(6)).setSyncInterval(4000);
            writer.create(SCHEMA, file);
            for (int row = 0; row < 3000; row++) {
                GenericRecord record = new GenericData.Record(SCHEMA);
                JsonObject line = new JsonObject();
                record.put("id", row);
                line.addProperty("id", row);
                put(record, line, "either", one(random, true, "int", "string"), "int", "string");
                put(record, line, "sure", one(random, false, "long", "string", "boolean"), "long", "string", "boolean");
                Object text = Lakes.text(random, 4);
                put(record, line, "one", text, "string");
                shape(record, line, random);
                lists(record, line, random);
                GenericRecord inner = new GenericData.Record(SCHEMA.getField("inner").schema());
                JsonObject shown = new JsonObject();
                put(inner, shown, "x", one(random, true, "string", "long"), "string", "long");
                record.put("inner", inner);
                line.add("inner", shown);
                writer.append(record);
                truth.println(GSON.toJson(line));
            }
        }
    }

    private static Object one(Random random, boolean nullable, String... types) {
        int chosen = random.nextInt(types.length + (nullable ? 1 : 0));
        if (chosen == types.length) {
            return null;
        }
        return switch (types[chosen]) {
            case "int" -> random.nextInt();
            case "long" -> random.nextLong();
            case "boolean" -> random.nextBoolean();
            default -> Lakes.text(random, 5);
        };
    }

    private static JsonElement shown(Object value, String... types) {
        if (value == null) {
            return JsonNull.INSTANCE;
        }
        if (types.length == 1) {
            return GSON.toJsonTree(value);
        }
        JsonObject branches = new JsonObject();
        for (String type : types) {
            boolean is = switch (type) {
                case "int" -> value instanceof Integer;
                case "long" -> value instanceof Long;
                case "boolean" -> value instanceof Boolean;
                default -> value instanceof String;
            };
            branches.add(type, is ? GSON.toJsonTree(value) : JsonNull.INSTANCE);
        }
        return branches;
    }

    private static void put(GenericRecord record, JsonObject line, String name, Object value, String... types) {
        record.put(name, value);
        line.add(name, shown(value, types));
    }

    private static void shape(GenericRecord record, JsonObject line, Random random) {
        List<Schema> shapes = SCHEMA.getField("shape").schema().getTypes();
        int chosen = random.nextInt(3);
        if (chosen == 0) {
            line.add("shape", JsonNull.INSTANCE);
            return;
        }
        GenericRecord shape = new GenericData.Record(shapes.get(chosen));
        JsonObject value = new JsonObject();
        if (chosen == 1) {
            shape.put("r", random.nextInt(100) * 0.5);
            value.addProperty("r", (Double) shape.get("r"));
        } else {
            shape.put("w", random.nextInt());
            shape.put("h", random.nextBoolean() ? null : random.nextInt());
            value.addProperty("w", (Integer) shape.get("w"));
            value.addProperty("h", (Integer) shape.get("h"));
        }
        JsonObject branches = new JsonObject();
        branches.add("Circle", chosen == 1 ? value : JsonNull.INSTANCE);
        branches.add("Box", chosen == 2 ? value : JsonNull.INSTANCE);
        record.put("shape", shape);
        line.add("shape", branches);
    }

    private static void lists(GenericRecord record, JsonObject line, Random random) {
        List<Object> list = new ArrayList<>();
        JsonArray shownList = new JsonArray();
        for (int i = random.nextInt(4); i > 0; i--) {
            Object value = one(random, true, "int", "string");
            list.add(value);
            shownList.add(shown(value, "int", "string"));
        }
        record.put("list", list);
        line.add("list", shownList);
        Map<String, Object> map = new LinkedHashMap<>();
        JsonArray shownMap = new JsonArray();
        for (int i = 0; i < random.nextInt(3); i++) {
            Object value = one(random, false, "int", "string");
            map.put("k" + i, value);
            shownMap.add("k" + i);
            shownMap.add(shown(value, "int", "string"));
        }
        record.put("map", map);
        line.add("map", shownMap);
    }
}
