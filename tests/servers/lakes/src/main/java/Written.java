// What the systems' own libraries read in a file, as lines of JSON like those of what they have written:
//
//   java -cp … Written FILE

import java.io.File;
import java.io.PrintStream;
import java.math.BigInteger;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DoubleColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.TimestampColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.TypeDescription;

final class Written {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private Written() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        File file = new File(arguments[0]);
        if (file.getName().endsWith(".orc")) {
            orc(file, out);
        } else {
            avro(file, out);
        }
        out.flush();
    }

    private static void avro(File file, PrintStream out) throws Exception {
        try (DataFileReader<GenericRecord> reader = new DataFileReader<>(file, new GenericDatumReader<>())) {
            for (GenericRecord row : reader) {
                out.println(GSON.toJson(value(reader.getSchema(), row)));
            }
        }
    }

    private static JsonElement value(Schema schema, Object value) {
        if (value == null) {
            return JsonNull.INSTANCE;
        }
        LogicalType logical = schema.getLogicalType();
        switch (schema.getType()) {
            case UNION:
                List<Schema> branches = schema.getTypes();
                return value(branches.get(0).getType() == Schema.Type.NULL ? branches.get(1) : branches.get(0), value);
            case RECORD:
                JsonObject row = new JsonObject();
                for (Schema.Field field : schema.getFields()) {
                    row.add(field.name(), value(field.schema(), ((GenericRecord) value).get(field.pos())));
                }
                return row;
            case ARRAY:
                JsonArray list = new JsonArray();
                for (Object item : (List<?>) value) {
                    list.add(value(schema.getElementType(), item));
                }
                return list;
            case MAP:
                JsonArray pairs = new JsonArray();
                Map<String, Object> sorted = new TreeMap<>();
                ((Map<?, ?>) value).forEach((key, one) -> sorted.put(key.toString(), one));
                sorted.forEach((key, one) -> {
                    pairs.add(key);
                    pairs.add(value(schema.getValueType(), one));
                });
                return pairs;
            case INT:
                boolean isDay = logical instanceof LogicalTypes.Date;
                return isDay ? new JsonPrimitive(LocalDate.ofEpochDay((Integer) value).toString()) : new JsonPrimitive((Integer) value);
            case LONG:
                boolean isMillis = logical instanceof LogicalTypes.TimestampMillis;
                return new JsonPrimitive((Long) value * (isMillis ? 1000 : 1));
            case FLOAT:
                return new JsonPrimitive((double) (Float) value);
            case BYTES:
                ByteBuffer buffer = ((ByteBuffer) value).duplicate();
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                return bytes(logical, bytes);
            case FIXED:
                return bytes(logical, ((GenericFixed) value).bytes());
            case BOOLEAN:
                return new JsonPrimitive((Boolean) value);
            case DOUBLE:
                return new JsonPrimitive((Double) value);
            default:
                return new JsonPrimitive(value.toString());
        }
    }

    private static JsonElement bytes(LogicalType logical, byte[] bytes) {
        if (logical instanceof LogicalTypes.Decimal decimal) {
            return new JsonPrimitive(new BigDecimal(new BigInteger(bytes), decimal.getScale()).toPlainString());
        }
        return new JsonPrimitive(Lakes.hex(bytes));
    }

    private static void orc(File file, PrintStream out) throws Exception {
        Reader reader = OrcFile.createReader(new Path(file.toURI()), OrcFile.readerOptions(new Configuration(false)));
        TypeDescription schema = reader.getSchema();
        VectorizedRowBatch batch = schema.createRowBatch();
        try (RecordReader rows = reader.rows()) {
            while (rows.nextBatch(batch)) {
                for (int at = 0; at < batch.size; at++) {
                    JsonObject row = new JsonObject();
                    for (int i = 0; i < batch.cols.length; i++) {
                        row.add(schema.getFieldNames().get(i), value(schema.getChildren().get(i), batch.cols[i], at));
                    }
                    out.println(GSON.toJson(row));
                }
            }
        }
    }

    private static JsonElement value(TypeDescription type, ColumnVector column, int row) {
        int at = column.isRepeating ? 0 : row;
        if (!column.noNulls && column.isNull[at]) {
            return JsonNull.INSTANCE;
        }
        return switch (type.getCategory()) {
            case BOOLEAN -> new JsonPrimitive(((LongColumnVector) column).vector[at] != 0);
            case BYTE, SHORT, INT, LONG -> new JsonPrimitive(((LongColumnVector) column).vector[at]);
            case DATE -> new JsonPrimitive(LocalDate.ofEpochDay(((LongColumnVector) column).vector[at]).toString());
            case FLOAT, DOUBLE -> new JsonPrimitive(((DoubleColumnVector) column).vector[at]);
            case STRING -> new JsonPrimitive(((BytesColumnVector) column).toString(at));
            case BINARY -> {
                BytesColumnVector bytes = (BytesColumnVector) column;
                byte[] value = java.util.Arrays.copyOfRange(bytes.vector[at], bytes.start[at], bytes.start[at] + bytes.length[at]);
                yield new JsonPrimitive(Lakes.hex(value));
            }
            case TIMESTAMP -> {
                LocalDateTime wall = ((TimestampColumnVector) column).asScratchTimestamp(at).toLocalDateTime();
                yield new JsonPrimitive(ChronoUnit.MICROS.between(LocalDateTime.of(1970, 1, 1, 0, 0), wall));
            }
            case TIMESTAMP_INSTANT -> {
                java.time.Instant instant = ((TimestampColumnVector) column).asScratchTimestamp(at).toInstant();
                yield new JsonPrimitive(ChronoUnit.MICROS.between(java.time.Instant.EPOCH, instant));
            }
            default -> throw new IllegalStateException(type.toString());
        };
    }
}
