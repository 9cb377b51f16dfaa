// Topics of Protobuf records with two versions of a schema, and what Protobuf's own library reads of them.
//
// The schemas stand here as text, for the registry, and as descriptors, for the library, which reads no text.

import java.io.BufferedWriter;
import java.io.File;
import java.io.FileWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.DescriptorProtos.OneofDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.WrappersProto;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;

class Protobufs {
    static final String SHARED = "syntax = \"proto3\";\npackage t;\nmessage Shared { string name = 1; repeated sint64 counts = 2; }\n";

    /** Both versions; the second one has what is between `<` and `>`. */
    static final String TEXT = "syntax = \"proto3\";\npackage t;\nimport \"shared.proto\";\nimport \"google/protobuf/timestamp.proto\";\n"
        + "import \"google/protobuf/wrappers.proto\";\n"
        + "message First { int32 unused = 1; }\n"
        + "message Event {\n"
        + "  int32 a = 1;\n  optional int64 b = 2;\n  uint32 c = 3;\n  uint64 d = 4;\n  sint32 e = 5;\n  sint64 f = 6;\n"
        + "  fixed32 g = 7;\n  fixed64 h = 8;\n  sfixed32 i = 9;\n  sfixed64 j = 10;\n  float k = 11;\n  double l = 12;\n"
        + "  bool m = 13;\n  string n = 14;\n  bytes o = 15;\n  Kind p = 16;\n  optional Kind q = 17;\n"
        + "  repeated int32 r = 18;\n  repeated string s = 19;\n  repeated double t = 20 [packed = false];\n"
        + "  map<string, int64> u = 21;\n  map<int32, Inner> v = 22;\n  Inner w = 23;\n  repeated Inner x = 24;\n"
        + "  oneof choice { string y1 = 25; int64 y2 = 26; Inner y3 = 27; }\n"
        + "  google.protobuf.Timestamp z1 = 28;\n  google.protobuf.Int64Value z2 = 29;\n  google.protobuf.StringValue z3 = 30;\n"
        + "  Shared z4 = 31;\n<  string added = 40;\n  repeated Kind kinds = 41;\n>"
        + "  message Inner { int32 x = 1; optional string y = 2; repeated uint64 z = 3; }\n"
        + "}\n"
        + "enum Kind { NONE = 0; ONE = 1; BIG = 1000; NEGATIVE = -1; }\n";

    final Broker broker;
    final Registry registry;
    final Random random;

    Protobufs(Broker broker, String registry, long seed) {
        this.broker = broker;
        this.registry = new Registry(registry);
        this.random = new Random(seed);
    }

    static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder().setName(name).setNumber(number).setType(type).setLabel(Label.LABEL_OPTIONAL);
    }

    static FieldDescriptorProto.Builder field(String name, int number, Type type, String of) {
        return field(name, number, type).setTypeName(of);
    }

    static DescriptorProto entry(String name, Type key, FieldDescriptorProto.Builder value) {
        return DescriptorProto.newBuilder().setName(name).setOptions(MessageOptions.newBuilder().setMapEntry(true))
            .addField(field("key", 1, key)).addField(value).build();
    }

    static Descriptor event(boolean isLast) throws Exception {
        FileDescriptor shared = FileDescriptor.buildFrom(FileDescriptorProto.newBuilder().setName("shared.proto").setPackage("t")
            .setSyntax("proto3").addMessageType(DescriptorProto.newBuilder().setName("Shared")
                .addField(field("name", 1, Type.TYPE_STRING))
                .addField(field("counts", 2, Type.TYPE_SINT64).setLabel(Label.LABEL_REPEATED))).build(), new FileDescriptor[0]);
        String inner = ".t.Event.Inner";
        DescriptorProto.Builder event = DescriptorProto.newBuilder().setName("Event");
        Type[] single = {Type.TYPE_INT32, Type.TYPE_INT64, Type.TYPE_UINT32, Type.TYPE_UINT64, Type.TYPE_SINT32, Type.TYPE_SINT64,
            Type.TYPE_FIXED32, Type.TYPE_FIXED64, Type.TYPE_SFIXED32, Type.TYPE_SFIXED64, Type.TYPE_FLOAT, Type.TYPE_DOUBLE,
            Type.TYPE_BOOL, Type.TYPE_STRING, Type.TYPE_BYTES};
        for (int n = 0; n < single.length; n++) {
            FieldDescriptorProto.Builder one = field(String.valueOf((char) ('a' + n)), n + 1, single[n]);
            event.addField(n == 1 ? one.setProto3Optional(true).setOneofIndex(1) : one);
        }
        event.addField(field("p", 16, Type.TYPE_ENUM, ".t.Kind"));
        event.addField(field("q", 17, Type.TYPE_ENUM, ".t.Kind").setProto3Optional(true).setOneofIndex(2));
        event.addField(field("r", 18, Type.TYPE_INT32).setLabel(Label.LABEL_REPEATED));
        event.addField(field("s", 19, Type.TYPE_STRING).setLabel(Label.LABEL_REPEATED));
        event.addField(field("t", 20, Type.TYPE_DOUBLE).setLabel(Label.LABEL_REPEATED)
            .setOptions(com.google.protobuf.DescriptorProtos.FieldOptions.newBuilder().setPacked(false)));
        event.addField(field("u", 21, Type.TYPE_MESSAGE, ".t.Event.UEntry").setLabel(Label.LABEL_REPEATED));
        event.addField(field("v", 22, Type.TYPE_MESSAGE, ".t.Event.VEntry").setLabel(Label.LABEL_REPEATED));
        event.addField(field("w", 23, Type.TYPE_MESSAGE, inner));
        event.addField(field("x", 24, Type.TYPE_MESSAGE, inner).setLabel(Label.LABEL_REPEATED));
        event.addField(field("y1", 25, Type.TYPE_STRING).setOneofIndex(0));
        event.addField(field("y2", 26, Type.TYPE_INT64).setOneofIndex(0));
        event.addField(field("y3", 27, Type.TYPE_MESSAGE, inner).setOneofIndex(0));
        event.addField(field("z1", 28, Type.TYPE_MESSAGE, ".google.protobuf.Timestamp"));
        event.addField(field("z2", 29, Type.TYPE_MESSAGE, ".google.protobuf.Int64Value"));
        event.addField(field("z3", 30, Type.TYPE_MESSAGE, ".google.protobuf.StringValue"));
        event.addField(field("z4", 31, Type.TYPE_MESSAGE, ".t.Shared"));
        if (isLast) {
            event.addField(field("added", 40, Type.TYPE_STRING));
            event.addField(field("kinds", 41, Type.TYPE_ENUM, ".t.Kind").setLabel(Label.LABEL_REPEATED));
        }
        event.addNestedType(DescriptorProto.newBuilder().setName("Inner").addField(field("x", 1, Type.TYPE_INT32))
            .addField(field("y", 2, Type.TYPE_STRING).setProto3Optional(true).setOneofIndex(0))
            .addField(field("z", 3, Type.TYPE_UINT64).setLabel(Label.LABEL_REPEATED))
            .addOneofDecl(OneofDescriptorProto.newBuilder().setName("_y")));
        event.addNestedType(entry("UEntry", Type.TYPE_STRING, field("value", 2, Type.TYPE_INT64)));
        event.addNestedType(entry("VEntry", Type.TYPE_INT32, field("value", 2, Type.TYPE_MESSAGE, inner)));
        event.addOneofDecl(OneofDescriptorProto.newBuilder().setName("choice"));
        event.addOneofDecl(OneofDescriptorProto.newBuilder().setName("_b"));
        event.addOneofDecl(OneofDescriptorProto.newBuilder().setName("_q"));
        EnumDescriptorProto.Builder kind = EnumDescriptorProto.newBuilder().setName("Kind");
        Map<String, Integer> values = new LinkedHashMap<>();
        values.put("NONE", 0);
        values.put("ONE", 1);
        values.put("BIG", 1000);
        values.put("NEGATIVE", -1);
        values.forEach((name, number) -> kind.addValue(EnumValueDescriptorProto.newBuilder().setName(name).setNumber(number)));
        FileDescriptorProto file = FileDescriptorProto.newBuilder().setName("event.proto").setPackage("t").setSyntax("proto3")
            .addDependency("shared.proto").addDependency("google/protobuf/timestamp.proto").addDependency("google/protobuf/wrappers.proto")
            .addMessageType(DescriptorProto.newBuilder().setName("First").addField(field("unused", 1, Type.TYPE_INT32)))
            .addMessageType(event).addEnumType(kind).build();
        return FileDescriptor.buildFrom(file, new FileDescriptor[] {shared, TimestampProto.getDescriptor(), WrappersProto.getDescriptor()})
            .findMessageTypeByName("Event");
    }

    Message message(Descriptor of) {
        DynamicMessage.Builder message = DynamicMessage.newBuilder(of);
        if (of.getFullName().equals("google.protobuf.Timestamp")) {
            message.setField(of.findFieldByNumber(1), random.nextLong(8_000_000_000L) - 4_000_000_000L);
            message.setField(of.findFieldByNumber(2), random.nextInt(3) == 0 ? random.nextInt(1_000_000_000) : random.nextInt(1000) * 1_000_000);
            return message.build();
        }
        for (FieldDescriptor field : of.getFields()) {
            if (random.nextInt(3) == 0) {
                continue;
            }
            if (field.isMapField()) {
                List<Object> keys = new ArrayList<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    Message entry = message(field.getMessageType());
                    Object key = entry.getField(field.getMessageType().findFieldByNumber(1));
                    if (!keys.contains(key)) {
                        keys.add(key);
                        message.addRepeatedField(field, entry);
                    }
                }
            } else if (field.isRepeated()) {
                for (int n = random.nextInt(4); n > 0; n--) {
                    message.addRepeatedField(field, value(field));
                }
            } else {
                message.setField(field, value(field));
            }
        }
        return message.build();
    }

    Object value(FieldDescriptor field) {
        switch (field.getJavaType()) {
            case INT:
                return random.nextBoolean() ? random.nextInt() : random.nextInt(100) - 50;
            case LONG:
                return random.nextBoolean() ? random.nextLong() : (long) random.nextInt(100);
            case FLOAT:
                return random.nextInt(20) == 0 ? Float.NaN : random.nextFloat() - 0.5f;
            case DOUBLE:
                return random.nextGaussian() * 1e10;
            case BOOLEAN:
                return random.nextBoolean();
            case STRING:
                return new String[] {"", "a", "é日本", "\"\\", "\uD83D\uDE00\n"}[random.nextInt(5)] + random.nextInt(50);
            case BYTE_STRING:
                byte[] bytes = new byte[random.nextInt(12)];
                random.nextBytes(bytes);
                return ByteString.copyFrom(bytes);
            case ENUM:
                return random.nextInt(10) == 0 ? field.getEnumType().findValueByNumberCreatingIfUnknown(7)
                    : field.getEnumType().getValues().get(random.nextInt(4));
            default:
                return message(field.getMessageType());
        }
    }

    static String text(boolean isLast) {
        return isLast ? TEXT.replace("<  ", "  ").replace(">  ", "  ") : TEXT.replaceAll("(?s)<  string added.*?\n>", "");
    }

    String fill(String topic, int count, File truth) throws Exception {
        registry.register("shared.proto", "PROTOBUF", SHARED);
        String reference = "{\"name\":\"shared.proto\",\"subject\":\"shared.proto\",\"version\":1}";
        String subject = topic + "-value";
        int[] ids = new int[2];
        Descriptor[] events = new Descriptor[2];
        for (int n = 0; n < 2; n++) {
            ids[n] = registry.register(subject, "PROTOBUF", text(n == 1), reference);
            events[n] = event(n == 1);
        }
        try (Admin admin = Admin.create(broker.client())) {
            broker.create(admin, topic, 3);
        }
        long[] offsets = new long[3];
        try (KafkaProducer<byte[], byte[]> producer = broker.producer();
                Writer out = new BufferedWriter(new FileWriter(truth, StandardCharsets.UTF_8))) {
            for (int n = 0; n < count; n++) {
                int chosen = random.nextInt(2);
                byte[] message = message(events[chosen]).toByteArray();
                // The second message of its file.
                byte[] body = new byte[message.length + 2];
                body[0] = 2;
                body[1] = 2;
                System.arraycopy(message, 0, body, 2, message.length);
                byte[] record = Avros.framed(ids[chosen], body);
                String what = null;
                switch (n % 47 == 0 ? n / 47 % 5 : 5) {
                    case 0 -> {
                        record = Arrays.copyOf(record, random.nextInt(7));
                        what = "\"malformed\"";
                    }
                    case 1 -> {
                        // A key whose value is missing.
                        record = Arrays.copyOf(record, record.length + 1);
                        record[record.length - 1] = 8;
                        what = "\"malformed\"";
                    }
                    case 2 -> {
                        record = Avros.framed(1_000_000, body);
                        what = "\"schema_id\"";
                    }
                    case 3 -> {
                        record[6] = 40;
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
                broker.send(producer, Broker.record(topic, partition, Broker.START + n, null, record));
                StringBuilder line = new StringBuilder("{\"partition\":").append(partition).append(",\"offset\":")
                    .append(offsets[partition]++);
                if (what == null) {
                    json(DynamicMessage.parseFrom(events[1], message), line.append(",\"row\":"));
                } else {
                    line.append(",\"bad\":").append(what);
                }
                out.write(line.append("}\n").toString());
            }
        }
        if (broker.refused != null) {
            throw broker.refused;
        }
        return text(true).replace("\n", " ");
    }

    /** A message as the columns have it. */
    static void json(Message message, StringBuilder out) {
        String between = "{";
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            Avros.string(field.getName(), out.append(between));
            out.append(":");
            between = ",";
            if (field.isMapField()) {
                String comma = "";
                out.append("{");
                for (Object entry : (List<?>) message.getField(field)) {
                    Message pair = (Message) entry;
                    Descriptor of = field.getMessageType();
                    Avros.string(String.valueOf(pair.getField(of.findFieldByNumber(1))), out.append(comma));
                    json(of.findFieldByNumber(2), pair.getField(of.findFieldByNumber(2)), out.append(":"));
                    comma = ",";
                }
                out.append("}");
            } else if (field.isRepeated()) {
                String comma = "";
                out.append("[");
                for (Object item : (List<?>) message.getField(field)) {
                    json(field, item, out.append(comma));
                    comma = ",";
                }
                out.append("]");
            } else if (field.hasPresence() && !message.hasField(field)) {
                out.append("null");
            } else {
                json(field, message.getField(field), out);
            }
        }
        out.append(between.equals("{") ? "{}" : "}");
    }

    static void json(FieldDescriptor field, Object value, StringBuilder out) {
        switch (field.getJavaType()) {
            case INT -> out.append(switch (field.getType()) {
                case UINT32, FIXED32 -> Integer.toUnsignedString((Integer) value);
                default -> value.toString();
            });
            case LONG -> out.append(switch (field.getType()) {
                case UINT64, FIXED64 -> Long.toUnsignedString((Long) value);
                default -> value.toString();
            });
            case FLOAT -> out.append("{\"$float\":").append(Integer.toUnsignedString(Float.floatToRawIntBits((Float) value))).append("}");
            case DOUBLE -> out.append("{\"$double\":").append(Long.toUnsignedString(Double.doubleToRawLongBits((Double) value))).append("}");
            case BOOLEAN -> out.append(value);
            case STRING -> Avros.string((String) value, out);
            case BYTE_STRING -> Avros.string(HexFormat.of().formatHex(((ByteString) value).toByteArray()), out);
            case ENUM -> {
                EnumValueDescriptor symbol = (EnumValueDescriptor) value;
                Avros.string(symbol.getIndex() < 0 ? String.valueOf(symbol.getNumber()) : symbol.getName(), out);
            }
            default -> {
                Message message = (Message) value;
                Descriptor of = message.getDescriptorForType();
                if (of.getFullName().equals("google.protobuf.Timestamp")) {
                    long seconds = (Long) message.getField(of.findFieldByNumber(1));
                    int nanos = (Integer) message.getField(of.findFieldByNumber(2));
                    Avros.string(java.time.Instant.ofEpochSecond(seconds, nanos).toString(), out.append("{\"$instant\":"));
                    out.append("}");
                } else if (of.getFullName().startsWith("google.protobuf.")) {
                    json(of.findFieldByNumber(1), message.getField(of.findFieldByNumber(1)), out);
                } else {
                    json(message, out);
                }
            }
        }
    }
}
