// ORC files by org.apache.orc, whose writer is Hive's.

import java.io.File;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;

import com.google.gson.GsonBuilder;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.common.type.HiveDecimal;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DecimalColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DoubleColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ListColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.MapColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.StructColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.TimestampColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.CompressionKind;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;

final class OrcRows {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final TypeDescription SCHEMA = TypeDescription.fromString("struct<id:int,flag:boolean,"
            + "tiny:tinyint,small:smallint,number:int,big:bigint,single:float,double:double,text:string,"
            + "word:string,short_text:varchar(5),fixed:char(4),bytes:binary,day:date,wall:timestamp,"
            + "instant:timestamp with local time zone,price:decimal(10,2),huge:decimal(38,10),"
            + "list:array<int>,map:map<string,bigint>,pair:struct<a:int,b:string>>");

    record Setting(String name, CompressionKind compression, OrcFile.Version version, int rows, double dictionary) {}

    static final List<Setting> SETTINGS = List.of(
            new Setting("none", CompressionKind.NONE, OrcFile.Version.V_0_12, 3000, 0.8),
            new Setting("zlib", CompressionKind.ZLIB, OrcFile.Version.V_0_12, 3000, 0.8),
            new Setting("snappy", CompressionKind.SNAPPY, OrcFile.Version.V_0_11, 3000, 0.8),
            new Setting("lz4", CompressionKind.LZ4, OrcFile.Version.V_0_12, 3000, 0.0),
            new Setting("zstd", CompressionKind.ZSTD, OrcFile.Version.V_0_12, 30_000, 0.8),
            new Setting("empty", CompressionKind.ZLIB, OrcFile.Version.V_0_12, 0, 0.8));

    private OrcRows() {}

    static void write(File file, PrintWriter truth, Setting setting, Random random) throws Exception {
        // The options take what it says when they are made.
        Configuration configuration = new Configuration(false);
        configuration.setDouble("orc.dictionary.key.threshold", setting.dictionary());
        // A batch may begin a new stripe.
        configuration.setInt("orc.stripe.row.count", 1500);
        OrcFile.WriterOptions options = OrcFile.writerOptions(configuration).setSchema(SCHEMA)
                .compress(setting.compression()).version(setting.version()).stripeSize(100_000)
                .bufferSize(16_384).rowIndexStride(1000).bloomFilterColumns("number,text");
        VectorizedRowBatch batch = SCHEMA.createRowBatch(500);
        try (Writer writer = OrcFile.createWriter(new Path(file.toURI()), options)) {
            for (int row = 0; row < setting.rows(); row++) {
                truth.println(GSON.toJson(row(batch, batch.size++, row, random)));
                if (batch.size == batch.getMaxSize()) {
                    writer.addRowBatch(batch);
                    batch.reset();
                }
            }
            if (batch.size > 0) {
                writer.addRowBatch(batch);
            }
        }
    }

    private static boolean isNull(ColumnVector column, int at, Random random, JsonObject line, String name) {
        if (random.nextInt(7) != 0) {
            return false;
        }
        column.noNulls = false;
        column.isNull[at] = true;
        line.add(name, JsonNull.INSTANCE);
        return true;
    }

    private static JsonObject row(VectorizedRowBatch batch, int at, int row, Random random) {
        JsonObject line = new JsonObject();
        List<String> names = SCHEMA.getFieldNames();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            ColumnVector column = batch.cols[i];
            if (i > 0 && isNull(column, at, random, line, name)) {
                continue;
            }
            switch (name) {
                case "id" -> number(column, at, row, line, name);
                case "flag" -> {
                    boolean value = random.nextInt(3) == 0;
                    ((LongColumnVector) column).vector[at] = value ? 1 : 0;
                    line.addProperty(name, value);
                }
                case "tiny" -> number(column, at, Lakes.number(random, row, 8), line, name);
                case "small" -> number(column, at, Lakes.number(random, row, 16), line, name);
                case "number" -> number(column, at, Lakes.number(random, row, 32), line, name);
                case "big" -> number(column, at, Lakes.number(random, row, 64), line, name);
                case "single" -> {
                    float value = (float) random.nextGaussian();
                    ((DoubleColumnVector) column).vector[at] = value;
                    line.addProperty(name, (double) value);
                }
                case "double" -> {
                    double value = Lakes.real(random);
                    ((DoubleColumnVector) column).vector[at] = value;
                    line.addProperty(name, value);
                }
                case "text" -> text(column, at, Lakes.text(random, 12), line, name);
                case "word" -> text(column, at, "word " + random.nextInt(20), line, name);
                case "short_text" -> text(column, at, "v" + random.nextInt(1000), line, name);
                case "fixed" -> text(column, at, String.format("%-4s", "c" + random.nextInt(100)), line, name);
                case "bytes" -> {
                    byte[] value = new byte[random.nextInt(6)];
                    random.nextBytes(value);
                    ((BytesColumnVector) column).setVal(at, value);
                    line.addProperty(name, Lakes.hex(value));
                }
                case "day" -> {
                    LocalDate value = LocalDate.of(1900, 1, 1).plusDays(random.nextInt(80_000));
                    ((LongColumnVector) column).vector[at] = value.toEpochDay();
                    line.addProperty(name, value.toString());
                }
                case "wall" -> {
                    // No clock shows 2:30 twice or never where it is noon.
                    LocalDateTime value = LocalDateTime.of(1905, 1, 1, 12, 0).plusDays(random.nextInt(60_000))
                            .plus(random.nextInt(3_600_000), ChronoUnit.MILLIS).plusNanos(random.nextInt(1000) * 1000L);
                    ((TimestampColumnVector) column).set(at, Timestamp.valueOf(value));
                    line.addProperty(name, micros(value));
                }
                case "instant" -> {
                    LocalDateTime value = LocalDateTime.of(1971, 1, 1, 0, 0).plusSeconds(random.nextInt(2_000_000_000))
                            .plusNanos(random.nextInt(1_000_000) * 1000L);
                    Timestamp instant = Timestamp.from(value.toInstant(ZoneOffset.UTC));
                    ((TimestampColumnVector) column).set(at, instant);
                    line.addProperty(name, micros(value));
                }
                case "price" -> decimal(column, at, new BigDecimal(BigInteger.valueOf(random.nextInt(2_000_000) - 1_000_000), 2), line, name);
                case "huge" -> decimal(column, at, new BigDecimal(new BigInteger(120, random), 10), line, name);
                case "list" -> list((ListColumnVector) column, at, row, random, line);
                case "map" -> map((MapColumnVector) column, at, random, line);
                case "pair" -> {
                    StructColumnVector pair = (StructColumnVector) column;
                    JsonObject value = new JsonObject();
                    if (!isNull(pair.fields[0], at, random, value, "a")) {
                        number(pair.fields[0], at, random.nextInt(), value, "a");
                    }
                    if (!isNull(pair.fields[1], at, random, value, "b")) {
                        text(pair.fields[1], at, Lakes.text(random, 3), value, "b");
                    }
                    line.add(name, value);
                }
                default -> throw new IllegalStateException(name);
            }
        }
        return line;
    }

    private static long micros(LocalDateTime value) {
        return ChronoUnit.MICROS.between(LocalDateTime.of(1970, 1, 1, 0, 0), value);
    }

    private static void number(ColumnVector column, int at, long value, JsonObject line, String name) {
        ((LongColumnVector) column).vector[at] = value;
        line.addProperty(name, value);
    }

    private static void text(ColumnVector column, int at, String value, JsonObject line, String name) {
        ((BytesColumnVector) column).setVal(at, value.getBytes(StandardCharsets.UTF_8));
        line.addProperty(name, value);
    }

    private static void decimal(ColumnVector column, int at, BigDecimal value, JsonObject line, String name) {
        ((DecimalColumnVector) column).set(at, HiveDecimal.create(value));
        line.addProperty(name, value.toPlainString());
    }

    private static void list(ListColumnVector column, int at, int row, Random random, JsonObject line) {
        JsonArray value = new JsonArray();
        int length = random.nextInt(4);
        column.offsets[at] = column.childCount;
        column.lengths[at] = length;
        column.childCount += length;
        column.child.ensureSize(column.childCount, true);
        for (int i = 0; i < length; i++) {
            long number = Lakes.number(random, row, 32);
            ((LongColumnVector) column.child).vector[(int) column.offsets[at] + i] = number;
            value.add(number);
        }
        line.add("list", value);
    }

    private static void map(MapColumnVector column, int at, Random random, JsonObject line) {
        JsonArray value = new JsonArray();
        int length = random.nextInt(3);
        column.offsets[at] = column.childCount;
        column.lengths[at] = length;
        column.childCount += length;
        column.keys.ensureSize(column.childCount, true);
        column.values.ensureSize(column.childCount, true);
        for (int i = 0; i < length; i++) {
            int place = (int) column.offsets[at] + i;
            long number = random.nextLong();
            ((BytesColumnVector) column.keys).setVal(place, ("k" + i).getBytes(StandardCharsets.UTF_8));
            ((LongColumnVector) column.values).vector[place] = number;
            value.add("k" + i);
            value.add(number);
        }
        line.add("map", value);
    }
}
