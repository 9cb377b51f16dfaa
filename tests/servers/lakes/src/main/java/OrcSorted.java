// An ORC file whose values grow from stripe to stripe, so that its statistics can skip most of them, with
// all that makes statistics lie: NaN, zeros of both signs, texts that are too long to be kept whole, blanks
// at the end of a CHAR, a stripe of NULL alone and one without any, times that no clock or two clocks show.

import java.io.File;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.TimeZone;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.common.type.HiveDecimal;
import org.apache.hadoop.hive.ql.exec.vector.BytesColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.ColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DecimalColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.DoubleColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.LongColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.StructColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.TimestampColumnVector;
import org.apache.hadoop.hive.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.CompressionKind;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;

final class OrcSorted {
    static final int ROWS = 20_000;
    private static final int STRIPE = 1000;
    private static final TypeDescription SCHEMA = TypeDescription.fromString("struct<id:int,flag:boolean,"
            + "tiny:tinyint,small:smallint,number:int,big:bigint,single:float,double:double,text:string,"
            + "short_text:varchar(8),fixed:char(6),bytes:binary,day:date,wall:timestamp,"
            + "instant:timestamp with local time zone,price:decimal(10,2),huge:decimal(38,10),pair:struct<a:int>>");

    private OrcSorted() {}

    static void write(File file, Random random, String zone) throws Exception {
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        Configuration configuration = new Configuration(false);
        configuration.setInt("orc.stripe.row.count", STRIPE);
        OrcFile.WriterOptions options = OrcFile.writerOptions(configuration).setSchema(SCHEMA)
                .compress(CompressionKind.NONE).rowIndexStride(STRIPE);
        VectorizedRowBatch batch = SCHEMA.createRowBatch(STRIPE);
        try (Writer writer = OrcFile.createWriter(new Path(file.toURI()), options)) {
            for (int row = 0; row < ROWS; row++) {
                row(batch, batch.size++, row, random);
                if (batch.size == batch.getMaxSize()) {
                    writer.addRowBatch(batch);
                    batch.reset();
                }
            }
        }
    }

    private static void row(VectorizedRowBatch batch, int at, int row, Random random) {
        int stripe = row / STRIPE;
        ((LongColumnVector) batch.cols[0]).vector[at] = row;
        for (int i = 1; i < batch.cols.length; i++) {
            ColumnVector column = batch.cols[i];
            boolean isNull = stripe == 5 || stripe != 6 && random.nextInt(7) == 0;
            if (isNull) {
                column.noNulls = false;
                column.isNull[at] = true;
                continue;
            }
            int near = row + random.nextInt(50) - 25;
            switch (SCHEMA.getFieldNames().get(i)) {
                case "flag" -> number(column, at, stripe % 3 == 0 ? 0 : stripe % 3 == 1 ? 1 : random.nextInt(2));
                case "tiny" -> number(column, at, Math.max(-128, Math.min(127, near / 80 - 125)));
                case "small" -> number(column, at, near - 10_000);
                case "number" -> number(column, at, near * 1000 - 10_000_000);
                case "big" -> number(column, at, (near - 10_000L) << 40);
                case "single" -> ((DoubleColumnVector) column).vector[at] = (float) real(row, near, random);
                case "double" -> ((DoubleColumnVector) column).vector[at] = real(row, near, random);
                case "text" -> text(column, at, letters(stripe) + (stripe % 4 == 3 ? "ü".repeat(700) : "") + near);
                case "short_text" -> text(column, at, letters(stripe) + near);
                // The writer fills up with blanks.
                case "fixed" -> text(column, at, letters(stripe) + random.nextInt(10));
                case "bytes" -> {
                    byte[] value = new byte[300];
                    random.nextBytes(value);
                    ((BytesColumnVector) column).setVal(at, value);
                }
                case "day" -> number(column, at, LocalDate.of(1582, 10, 1).plusDays(near * 10L).toEpochDay());
                case "wall" -> {
                    // Every six hours from a time before zones, and around the ends of summer times.
                    LocalDateTime value = LocalDateTime.of(1880, 1, 1, 2, 30).plusHours(near * 64L)
                            .plusNanos(random.nextInt(1_000_000) * 1000L);
                    ((TimestampColumnVector) column).set(at, Timestamp.valueOf(value));
                }
                case "instant" -> {
                    LocalDateTime value = LocalDateTime.of(1960, 1, 1, 0, 0).plusSeconds(near * 60_000L)
                            .plusNanos(random.nextInt(1_000_000) * 1000L);
                    ((TimestampColumnVector) column).set(at, Timestamp.from(value.toInstant(ZoneOffset.UTC)));
                }
                case "price" -> decimal(column, at, BigDecimal.valueOf(near * 100L - 1_000_000, 2));
                case "huge" -> decimal(column, at, new BigDecimal(BigInteger.valueOf(near - 10_000)
                        .multiply(BigInteger.TEN.pow(30)).add(BigInteger.valueOf(random.nextInt(100))), 10));
                case "pair" -> number(((StructColumnVector) column).fields[0], at, near);
                default -> throw new IllegalStateException();
            }
        }
    }

    /** NaN first and in the midst of a stripe, zeros of both signs at the ends of two. */
    private static double real(int row, int near, Random random) {
        int stripe = row / STRIPE;
        if (stripe == 6 && row % STRIPE == 0 || stripe == 12 && row % STRIPE == 500) {
            return Double.NaN;
        }
        if (stripe == 8) {
            return random.nextInt(3) == 0 ? -0.0 : near;
        }
        if (stripe == 9) {
            return random.nextInt(3) == 0 ? 0.0 : -near;
        }
        return near * 0.5 - 5000;
    }

    private static String letters(int stripe) {
        return "" + (char) ('a' + stripe) + (stripe % 2 == 0 ? "é" : "z");
    }

    private static void number(ColumnVector column, int at, long value) {
        ((LongColumnVector) column).vector[at] = value;
    }

    private static void text(ColumnVector column, int at, String value) {
        ((BytesColumnVector) column).setVal(at, value.getBytes(StandardCharsets.UTF_8));
    }

    private static void decimal(ColumnVector column, int at, BigDecimal value) {
        ((DecimalColumnVector) column).set(at, HiveDecimal.create(value));
    }
}
