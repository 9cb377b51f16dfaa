// Topics of Avro records with several versions of a schema, and what Avro's own library reads of them.
//
// The fields of a version are chosen by chance from ladders of types: each can be read as the ones that
// follow it. The last version has every field, with the last type of its ladder and a default.

import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileWriter;
import java.io.Writer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;

class Avros {
    /** Types of a field, each read as the next ones, and the default of the last one. */
    static final String[][] LADDERS = {
        {"\"int\"", "\"long\"", "\"double\"", "1.5"},
        {"\"int\"", "\"long\"", "7"},
        {"\"int\"", "\"float\"", "0.25"},
        {"\"float\"", "\"double\"", "-0.5"},
        {"\"string\"", "\"bytes\"", "\"\\u0001\\u00ff\""},
        {"\"boolean\"", "true"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}",
            "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\",\"OTHER\"],\"default\":\"OTHER\"}", "\"A\""},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "\"abc\""},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":20,\"scale\":4}", "\"\\u0010\""},
        {"{\"type\":\"fixed\",\"name\":\"D\",\"size\":20,\"logicalType\":\"decimal\",\"precision\":45,\"scale\":9}",
            "\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"
                + "\\u0000\\u0000\\u0000\\u0000\\u0005\""},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", "3"},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", "5"},
        {"{\"type\":\"long\",\"logicalType\":\"time-micros\"}", "5"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "5"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "5"},
        {"{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}", "5"},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}", "\"00000000-0000-0000-0000-000000000000\""},
        {"{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"array\",\"items\":[\"null\",\"long\"]}", "[]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", "{\"type\":\"map\",\"values\":\"double\"}", "{\"k\":1.0}"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"},{\"name\":\"gone\",\"type\":\"string\"}]}",
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"y\",\"type\":\"string\",\"default\":\"why\"},"
                + "{\"name\":\"x\",\"type\":\"long\"},{\"name\":\"z\",\"type\":{\"type\":\"array\",\"items\":"
                + "{\"type\":\"record\",\"name\":\"Z\",\"fields\":[{\"name\":\"w\",\"type\":[\"null\",\"string\"]}]}},\"default\":[]}]}",
            "{\"x\":3}"},
        {"\"string\"", "[\"null\",\"string\"]", "[\"null\",\"string\",\"long\",{\"type\":\"record\",\"name\":\"U\","
            + "\"fields\":[{\"name\":\"v\",\"type\":\"int\"}]}]", "null"},
        {"[\"long\",\"null\"]", "[\"null\",\"string\",\"long\",\"boolean\"]", "null"},
    };

    final Broker broker;
    final Registry registry;
    final Random random;
    final GenericData data = new GenericData();

    Avros(Broker broker, String registry, long seed) {
        this.broker = broker;
        this.registry = new Registry(registry);
        this.random = new Random(seed);
    }

    /** A version: of a field that chance leaves out, nothing. */
    Schema version(boolean isLast) {
        StringBuilder fields = new StringBuilder();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < LADDERS.length; i++) {
            order.add(i);
        }
        java.util.Collections.shuffle(order, random);
        for (int i : order) {
            String[] ladder = LADDERS[i];
            int types = ladder.length - 1;
            if (!isLast && random.nextInt(4) == 0) {
                continue;
            }
            int step = isLast ? types - 1 : random.nextInt(types);
            String type = ladder[step];
            boolean isUnion = type.startsWith("[");
            String name = "f" + i;
            String more = "";
            if (isLast) {
                more = ",\"default\":" + ladder[types] + ",\"aliases\":[\"was_" + i + "\"]";
                if (!isUnion && i % 3 == 1) {
                    type = "[" + type + ",\"null\"]";
                }
            } else if (!isUnion && i % 3 == 1 && random.nextBoolean()) {
                type = random.nextBoolean() ? "[\"null\"," + type + "]" : "[" + type + ",\"null\"]";
            }
            if (!isLast && random.nextInt(5) == 0) {
                name = "was_" + i;
            }
            fields.append(fields.isEmpty() ? "" : ",").append("{\"name\":\"").append(name).append("\",\"type\":")
                .append(type).append(more).append("}");
        }
        String extra = isLast ? "" : ",{\"name\":\"extra\",\"type\":[\"null\",\"string\",{\"type\":\"array\",\"items\":\"long\"}]}";
        return new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"V\",\"namespace\":\"t\",\"fields\":["
            + fields + extra + "]}");
    }

    Object value(Schema schema) {
        switch (schema.getType()) {
            case NULL:
                return null;
            case BOOLEAN:
                return random.nextBoolean();
            case INT:
                return switch (logical(schema)) {
                    case "date" -> random.nextInt(100_000) - 50_000;
                    case "time-millis" -> random.nextInt(86_400_000);
                    default -> random.nextBoolean() ? random.nextInt() : random.nextInt(200) - 100;
                };
            case LONG:
                return switch (logical(schema)) {
                    case "time-micros" -> random.nextLong(86_400_000_000L);
                    case "timestamp-millis", "local-timestamp-millis" -> random.nextLong(8_000_000_000_000L) - 4_000_000_000_000L;
                    case "timestamp-micros" -> random.nextLong(8_000_000_000_000_000L) - 4_000_000_000_000_000L;
                    default -> random.nextBoolean() ? random.nextLong() : (long) random.nextInt(100);
                };
            case FLOAT:
                return random.nextInt(20) == 0 ? Float.NaN : Float.intBitsToFloat(random.nextInt() & 0xbfffffff);
            case DOUBLE:
                return random.nextInt(20) == 0 ? Double.POSITIVE_INFINITY : random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
            case STRING:
                return logical(schema).equals("uuid") ? new java.util.UUID(random.nextLong(), random.nextLong()).toString() : text();
            case BYTES:
                if (schema.getLogicalType() instanceof LogicalTypes.Decimal) {
                    return ByteBuffer.wrap(new BigInteger(random.nextInt(60), random).subtract(BigInteger.valueOf(random.nextInt(1000))).toByteArray());
                }
                byte[] some = new byte[random.nextInt(20)];
                random.nextBytes(some);
                return ByteBuffer.wrap(some);
            case FIXED:
                byte[] bytes = new byte[schema.getFixedSize()];
                random.nextBytes(bytes);
                if (schema.getLogicalType() != null) {
                    // Within its precision.
                    Arrays.fill(bytes, 0, 5, (byte) (bytes[5] < 0 ? -1 : 0));
                }
                return new GenericData.Fixed(schema, bytes);
            case ENUM:
                List<String> symbols = schema.getEnumSymbols();
                return new GenericData.EnumSymbol(schema, symbols.get(random.nextInt(symbols.size())));
            case ARRAY:
                List<Object> items = new ArrayList<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    items.add(value(schema.getElementType()));
                }
                return items;
            case MAP:
                Map<String, Object> entries = new HashMap<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    entries.put(text(), value(schema.getValueType()));
                }
                return entries;
            case UNION:
                return value(schema.getTypes().get(random.nextInt(schema.getTypes().size())));
            case RECORD:
                GenericRecord record = new GenericData.Record(schema);
                schema.getFields().forEach(field -> record.put(field.pos(), value(field.schema())));
                return record;
            default:
                throw new IllegalArgumentException(schema.toString());
        }
    }

    static String logical(Schema schema) {
        LogicalType logical = schema.getLogicalType();
        return logical == null ? "" : logical.getName();
    }

    String text() {
        String[] parts = {"a", "é", "\"", "\\", "日本", "\uD83D\uDE00", "\n", " ", "0", "x,y"};
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(6); n > 0; n--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }

    static byte[] encode(Schema schema, Object value) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        // With sizes before blocks or without.
        EncoderFactory factory = new EncoderFactory().configureBlockSize(64);
        BinaryEncoder encoder = value.hashCode() % 2 == 0 ? factory.binaryEncoder(out, null) : factory.blockingBinaryEncoder(out, null);
        new GenericDatumWriter<>(schema).write(value, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    static byte[] framed(int id, byte[] body) {
        return ByteBuffer.allocate(5 + body.length).put((byte) 0).putInt(id).put(body).array();
    }

    /** A topic, and what its records are. Without a subject of its own where one is given. */
    String fill(String topic, String subject, int versions, int count, File truth) throws Exception {
        List<Schema> schemas = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        for (int n = 0; n < versions; n++) {
            Schema schema = version(n == versions - 1);
            schemas.add(schema);
            ids.add(registry.register(subject, "AVRO", schema.toString()));
        }
        Schema reader = schemas.get(versions - 1);
        Schema ofKey = Schema.create(Schema.Type.STRING);
        int key = registry.register(topic + "-key", "AVRO", ofKey.toString());
        try (org.apache.kafka.clients.admin.Admin admin = org.apache.kafka.clients.admin.Admin.create(broker.client())) {
            broker.create(admin, topic, 3);
        }
        long[] offsets = new long[3];
        try (KafkaProducer<byte[], byte[]> producer = broker.producer();
                Writer out = new BufferedWriter(new FileWriter(truth, StandardCharsets.UTF_8))) {
            for (int n = 0; n < count; n++) {
                int chosen = random.nextInt(versions);
                Schema writer = schemas.get(chosen);
                Object value = value(writer);
                byte[] body = encode(writer, value);
                byte[] record = framed(ids.get(chosen), body);
                String what = null;
                switch (n % 47 == 0 ? n / 47 % 6 : 6) {
                    case 0 -> {
                        record = Arrays.copyOf(record, random.nextInt(record.length));
                        what = "\"malformed\"";
                    }
                    case 1 -> {
                        record = Arrays.copyOf(record, record.length + 1);
                        what = "\"malformed\"";
                    }
                    case 2 -> {
                        record[0] = 1;
                        what = "\"malformed\"";
                    }
                    case 3 -> {
                        record = framed(1_000_000 + random.nextInt(3), body);
                        what = "\"schema_id\"";
                    }
                    case 4 -> {
                        record = null;
                        what = "null";
                    }
                    default -> {
                    }
                }
                int partition = random.nextInt(3);
                byte[] name = framed(key, encode(ofKey, "k" + n));
                if (n % 101 == 5) {
                    // A key that is none.
                    name[0] = 9;
                }
                broker.send(producer, Broker.record(topic, partition, Broker.START + n, name, record));
                StringBuilder line = new StringBuilder("{\"partition\":").append(partition).append(",\"offset\":")
                    .append(offsets[partition]++).append(",\"n\":").append(n);
                if (what == null) {
                    Object read = new GenericDatumReader<>(writer, reader).read(null, DecoderFactory.get().binaryDecoder(body, null));
                    json(reader, read, line.append(",\"row\":"));
                } else {
                    line.append(",\"bad\":").append(what);
                }
                out.write(line.append("}\n").toString());
            }
        }
        if (broker.refused != null) {
            throw broker.refused;
        }
        return "";
    }

    /** Records that name their schema by its fingerprint, or not at all. */
    String unregistered(String topic, String schemaFile, int count, boolean named) throws Exception {
        Schema schema = new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"S\",\"fields\":["
            + "{\"name\":\"n\",\"type\":\"int\"},{\"name\":\"t\",\"type\":[\"null\",\"string\"],\"default\":null}]}");
        java.nio.file.Files.writeString(new File(schemaFile).toPath(), schema.toString(true));
        try (org.apache.kafka.clients.admin.Admin admin = org.apache.kafka.clients.admin.Admin.create(broker.client())) {
            broker.create(admin, topic, 1);
        }
        byte[] fingerprint = SchemaNormalization.parsingFingerprint("CRC-64-AVRO", schema);
        try (KafkaProducer<byte[], byte[]> producer = broker.producer()) {
            for (int n = 0; n < count; n++) {
                GenericRecord record = new GenericData.Record(schema);
                record.put("n", n);
                record.put("t", n % 3 == 0 ? null : "t" + n);
                byte[] body = encode(schema, record);
                if (named) {
                    body = ByteBuffer.allocate(10 + body.length).put((byte) 0xc3).put((byte) 1).put(fingerprint).put(body).array();
                }
                broker.send(producer, Broker.record(topic, 0, Broker.START + n, null, body));
            }
        }
        return "";
    }

    /** A value as the columns of the reader's schema have it; numbers and times by their bits. */
    void json(Schema schema, Object value, StringBuilder out) {
        if (schema.getType() == Schema.Type.UNION) {
            int branch = data.resolveUnion(schema, value);
            List<Schema> others = schema.getTypes().stream().filter(it -> it.getType() != Schema.Type.NULL).toList();
            Schema chosen = schema.getTypes().get(branch);
            if (others.size() == 1 || chosen.getType() == Schema.Type.NULL) {
                json(chosen, value, out);
                return;
            }
            String between = "{";
            for (Schema other : others) {
                string(other.getName(), out.append(between));
                out.append(":");
                json(other == chosen ? chosen : Schema.create(Schema.Type.NULL), other == chosen ? value : null, out);
                between = ",";
            }
            out.append("}");
            return;
        }
        String logical = logical(schema);
        switch (schema.getType()) {
            case NULL -> out.append("null");
            case BOOLEAN -> out.append(value);
            case INT, LONG -> {
                long number = ((Number) value).longValue();
                switch (logical) {
                    case "date" -> string(LocalDate.ofEpochDay(number).toString(), out);
                    case "time-millis" -> out.append("{\"$time\":").append(number * 1000).append("}");
                    case "time-micros" -> out.append("{\"$time\":").append(number).append("}");
                    case "timestamp-millis", "local-timestamp-millis" -> out.append("{\"$at\":").append(number * 1000).append("}");
                    case "timestamp-micros" -> out.append("{\"$at\":").append(number).append("}");
                    default -> out.append(number);
                }
            }
            case FLOAT -> out.append("{\"$float\":").append(Integer.toUnsignedString(Float.floatToRawIntBits((Float) value))).append("}");
            case DOUBLE -> out.append("{\"$double\":").append(Long.toUnsignedString(Double.doubleToRawLongBits((Double) value))).append("}");
            case STRING, ENUM -> string(value.toString(), out);
            case BYTES -> {
                ByteBuffer buffer = ((ByteBuffer) value).duplicate();
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                bytes(schema, bytes, out);
            }
            case FIXED -> bytes(schema, ((GenericFixed) value).bytes(), out);
            case ARRAY -> {
                String between = "";
                out.append("[");
                for (Object item : (List<?>) value) {
                    json(schema.getElementType(), item, out.append(between));
                    between = ",";
                }
                out.append("]");
            }
            case MAP -> {
                String between = "";
                out.append("{");
                for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                    string(entry.getKey().toString(), out.append(between));
                    json(schema.getValueType(), entry.getValue(), out.append(":"));
                    between = ",";
                }
                out.append("}");
            }
            case RECORD -> {
                String between = "";
                out.append("{");
                for (Schema.Field field : schema.getFields()) {
                    string(field.name(), out.append(between));
                    json(field.schema(), ((GenericRecord) value).get(field.pos()), out.append(":"));
                    between = ",";
                }
                out.append("}");
            }
            default -> throw new IllegalArgumentException(schema.toString());
        }
    }

    static void bytes(Schema schema, byte[] bytes, StringBuilder out) {
        if (schema.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
            String number = new BigDecimal(new BigInteger(bytes), decimal.getScale()).toPlainString();
            out.append("{\"$decimal\":\"").append(number).append("\"}");
        } else {
            string(HexFormat.of().formatHex(bytes), out);
        }
    }

    static void string(String text, StringBuilder out) {
        out.append('"');
        for (char c : text.toCharArray()) {
            if (c < ' ' || c == '"' || c == '\\') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
