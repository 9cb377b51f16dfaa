// Random puts and deletes whose rows, columns and timestamps collide, from a seed.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.Tag;
import org.apache.hadoop.hbase.util.Bytes;

/** What may be written to a family. */
final class Family {
    final String name;
    boolean familyMarkers = true;
    // A family has markers of whole families or a column without a name: these are neighbours in a file,
    // and HBase, when it has its versions of the column, can skip the markers behind them. Which answer it
    // gives then depends on where blocks end. With NEW_VERSION_BEHAVIOR its scan fails.
    boolean namelessColumn;
    boolean tags;
    boolean cellTtl;
    // With a TTL: cells are of a time that is over for good, or of one that nobody will see.
    boolean bands;
    int longValues;

    Family(String name) {
        this.name = name;
    }
}

final class Churn {
    static final long BASE = 1_600_000_000_000L;
    /** Times of 2014 and 2096. */
    static final long EXPIRED = 1_400_000_000_000L;
    static final long ALIVE = 3_980_000_000_000L;
    static final long DAY = 86_400_000L;
    static final long CENTURIES = 365L * 300 * DAY;

    final Random random;
    final List<Family> families;
    final List<byte[]> rows = new ArrayList<>();
    final List<byte[]> qualifiers = new ArrayList<>();
    final int times;

    Churn(Random random, List<Family> families, int rowCount, int qualifierCount, int times) {
        this.random = random;
        this.families = families;
        this.times = times;
        for (int i = 0; i < rowCount; i++) {
            rows.add(row());
        }
        for (int i = 0; i < qualifierCount; i++) {
            qualifiers.add(qualifier(i));
        }
    }

    private byte[] row() {
        switch (random.nextInt(8)) {
            case 0:
                byte[] bytes = new byte[1 + random.nextInt(12)];
                random.nextBytes(bytes);
                return bytes;
            case 1:
                // A neighbour of another row: one byte longer, as 00 or ff.
                if (!rows.isEmpty()) {
                    byte[] other = rows.get(random.nextInt(rows.size()));
                    byte[] longer = java.util.Arrays.copyOf(other, other.length + 1);
                    longer[other.length] = (byte) (random.nextBoolean() ? 0 : 0xff);
                    return longer;
                }
                return new byte[] {0};
            case 2:
                return Bytes.toBytes(random.nextInt(1000));
            default:
                return Bytes.toBytes(String.format("row-%03d%s", random.nextInt(400),
                        "abcdefgh".substring(random.nextInt(8))));
        }
    }

    private byte[] qualifier(int index) {
        switch (index) {
            case 1:
                return new byte[0];
            case 3:
                return new byte[] {0, (byte) 0xff, 'q'};
            default:
                return Bytes.toBytes("q" + index);
        }
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    KeyValue next() {
        Family family = any(families);
        long ts = time(family);
        byte[] row = any(rows);
        byte[] name = Bytes.toBytes(family.name);
        byte[] qualifier = any(qualifiers);
        if (qualifier.length == 0 && !family.namelessColumn) {
            qualifier = qualifiers.get(0);
        }
        int kind = random.nextInt(100);
        if (kind < 8) {
            return Tables.cell(row, name, qualifier, ts, KeyValue.Type.Delete, new byte[0]);
        } else if (kind < 14) {
            return Tables.cell(row, name, qualifier, ts, KeyValue.Type.DeleteColumn, new byte[0]);
        } else if (family.familyMarkers && kind < 18) {
            return Tables.cell(row, name, new byte[0], ts, KeyValue.Type.DeleteFamily, new byte[0]);
        } else if (family.familyMarkers && kind < 22) {
            return Tables.cell(row, name, new byte[0], ts, KeyValue.Type.DeleteFamilyVersion, new byte[0]);
        }
        return put(family, row, qualifier, ts);
    }

    KeyValue put(Family family, byte[] row, byte[] qualifier, long ts) {
        List<Tag> tags = new ArrayList<>();
        if (family.cellTtl && random.nextInt(5) == 0) {
            tags.add(Tables.ttl(random.nextBoolean() ? DAY : CENTURIES));
        }
        if (family.tags && random.nextInt(3) > 0) {
            tags.add(Tables.tag(65, "t" + random.nextInt(6)));
        }
        if (family.tags && random.nextInt(6) == 0) {
            tags.add(Tables.tag(66, "x".repeat(random.nextInt(40))));
        }
        return Tables.cell(row, Bytes.toBytes(family.name), qualifier, ts, KeyValue.Type.Put, value(family),
                tags.toArray(new Tag[0]));
    }

    private byte[] value(Family family) {
        int kind = random.nextInt(10);
        if (kind == 0) {
            return new byte[0];
        } else if (kind < 3) {
            return Bytes.toBytes((long) random.nextInt(1 << 20));
        } else if (kind < 5) {
            return Bytes.toBytes("same");
        } else if (family.longValues > 0 && kind == 5) {
            byte[] bytes = new byte[family.longValues + random.nextInt(family.longValues)];
            random.nextBytes(bytes);
            return bytes;
        }
        return Bytes.toBytes("value " + random.nextInt(100_000));
    }

    private long time(Family family) {
        int step = random.nextInt(times);
        // Distances of very different sizes, as the encodings write differences.
        long distance = step % 3 == 0 ? step : step % 3 == 1 ? step * 1000L : step * 40_000_000L;
        if (family.bands) {
            return (random.nextBoolean() ? EXPIRED : ALIVE) + distance;
        }
        return BASE + distance;
    }

    void write(Writer writer, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            writer.write(next());
        }
    }

    /** Cells of one family, to be loaded as a file. */
    List<KeyValue> cells(String family, int count) {
        List<KeyValue> cells = new ArrayList<>();
        for (int i = 0; i < count * families.size(); i++) {
            KeyValue cell = next();
            if (Bytes.toString(org.apache.hadoop.hbase.CellUtil.cloneFamily(cell)).equals(family)) {
                cells.add(cell);
            }
        }
        return cells;
    }
}
