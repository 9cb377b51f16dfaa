// Avro containers by org.apache.avro.

import java.io.File;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ArrayList;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;

final class AvroRows {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final Schema SCHEMA = new Schema.Parser().parse("""
        {"type": "record", "name": "Row", "namespace": "sluice.tests", "fields": [
          {"name": "id", "type": "int"},
          {"name": "flag", "type": ["null", "boolean"], "default": null},
          {"name": "number", "type": ["null", "int"]},
          {"name": "big", "type": ["long", "null"]},
          {"name": "single", "type": ["null", "float"]},
          {"name": "double", "type": ["null", "double"]},
          {"name": "text", "type": ["null", "string"]},
          {"name": "bytes", "type": ["null", "bytes"]},
          {"name": "five", "type": ["null", {"type": "fixed", "name": "Five", "size": 5}]},
          {"name": "color", "type": ["null", {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN", "BLUE"]}]},
          {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
          {"name": "millis", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
          {"name": "micros", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
          {"name": "wall", "type": ["null", {"type": "long", "logicalType": "local-timestamp-micros"}]},
          {"name": "price", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}]},
          {"name": "huge", "type": ["null", {"type": "fixed", "name": "Huge", "size": 16, "logicalType": "decimal",
            "precision": 38, "scale": 10}]},
          {"name": "list", "type": ["null", {"type": "array", "items": "int"}]},
          {"name": "map", "type": ["null", {"type": "map", "values": "long"}]},
          {"name": "pair", "type": ["null", {"type": "record", "name": "Pair", "fields": [
            {"name": "a", "type": ["null", "int"]}, {"name": "b", "type": "string"}]}]}
        ]}""");

    private AvroRows() {}

    static void write(File file, PrintWriter truth, String codec, Random random) throws Exception {
        GenericData data = new GenericData();
        data.addLogicalTypeConversion(new Conversions.DecimalConversion());
        try (DataFileWriter<GenericRecord> writer = new DataFileWriter<>(new GenericDatumWriter<>(SCHEMA, data))) {
            writer.setCodec(CodecFactory.fromString(codec));
            writer.setSyncInterval(2000);
            writer.create(SCHEMA, file);
            for (int row = 0; row < 3000; row++) {
                GenericRecord record = new GenericData.Record(SCHEMA);
                JsonObject line = new JsonObject();
                for (Schema.Field field : SCHEMA.getFields()) {
                    String name = field.name();
                    if (!name.equals("id") && random.nextInt(7) == 0) {
                        record.put(name, null);
                        line.add(name, JsonNull.INSTANCE);
                    } else {
                        record.put(name, value(name, row, random, line));
                    }
                }
                writer.append(record);
                truth.println(GSON.toJson(line));
            }
        }
    }

    private static Schema type(String name) {
        List<Schema> types = SCHEMA.getField(name).schema().getTypes();
        return types.get(types.get(0).getType() == Schema.Type.NULL ? 1 : 0);
    }

    private static Object value(String name, int row, Random random, JsonObject line) {
        switch (name) {
            case "id": {
                line.addProperty(name, row);
                return row;
            }
            case "flag": {
                boolean value = random.nextBoolean();
                line.addProperty(name, value);
                return value;
            }
            case "number": {
                int value = (int) Lakes.number(random, row, 32);
                line.addProperty(name, value);
                return value;
            }
            case "big": {
                long value = Lakes.number(random, row, 64);
                line.addProperty(name, value);
                return value;
            }
            case "single": {
                float value = (float) random.nextGaussian();
                line.addProperty(name, (double) value);
                return value;
            }
            case "double": {
                double value = Lakes.real(random);
                line.addProperty(name, value);
                return value;
            }
            case "text": {
                String value = Lakes.text(random, 12);
                line.addProperty(name, value);
                return value;
            }
            case "bytes": {
                byte[] value = new byte[random.nextInt(6)];
                random.nextBytes(value);
                line.addProperty(name, Lakes.hex(value));
                return ByteBuffer.wrap(value);
            }
            case "five": {
                byte[] value = new byte[5];
                random.nextBytes(value);
                line.addProperty(name, Lakes.hex(value));
                return new GenericData.Fixed(type(name), value);
            }
            case "color": {
                String value = type(name).getEnumSymbols().get(random.nextInt(3));
                line.addProperty(name, value);
                return new GenericData.EnumSymbol(type(name), value);
            }
            case "day": {
                LocalDate value = LocalDate.of(1900, 1, 1).plusDays(random.nextInt(80_000));
                line.addProperty(name, value.toString());
                return (int) value.toEpochDay();
            }
            case "millis": {
                long value = random.nextLong() % 4_000_000_000_000L;
                line.addProperty(name, value * 1000);
                return value;
            }
            case "micros", "wall": {
                long value = random.nextLong() % 4_000_000_000_000_000L;
                line.addProperty(name, value);
                return value;
            }
            case "price": {
                BigDecimal value = new BigDecimal(BigInteger.valueOf(random.nextInt(2_000_000) - 1_000_000), 2);
                line.addProperty(name, value.toPlainString());
                return value;
            }
            case "huge": {
                BigDecimal value = new BigDecimal(new BigInteger(120, random).negate(), 10);
                line.addProperty(name, value.toPlainString());
                return value;
            }
            case "list": {
                List<Integer> value = new ArrayList<>();
                JsonArray shown = new JsonArray();
                for (int i = random.nextInt(4); i > 0; i--) {
                    value.add((int) Lakes.number(random, row, 32));
                    shown.add(value.get(value.size() - 1));
                }
                line.add(name, shown);
                return value;
            }
            case "map": {
                Map<String, Long> value = new LinkedHashMap<>();
                JsonArray shown = new JsonArray();
                for (int i = 0; i < random.nextInt(3); i++) {
                    value.put("k" + i, random.nextLong());
                    shown.add("k" + i);
                    shown.add(value.get("k" + i));
                }
                line.add(name, shown);
                return value;
            }
            case "pair": {
                GenericRecord value = new GenericData.Record(type(name));
                JsonObject shown = new JsonObject();
                Integer a = random.nextInt(3) == 0 ? null : random.nextInt();
                String b = Lakes.text(random, 3);
                value.put("a", a);
                value.put("b", b);
                shown.addProperty("a", a);
                shown.addProperty("b", b);
                line.add(name, shown);
                return value;
            }
            default:
                throw new IllegalStateException(name);
        }
    }
}
