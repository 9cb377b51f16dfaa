// Cases about row keys that are made of parts, as people make them so that rows spread over regions or the
// newest come first. Each part is in a cell of its own as well.

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.util.Bytes;

final class KeyCases {
    private static final long WRITTEN = 1_795_143_600_000L;

    private final long seed;

    KeyCases(long seed) {
        this.seed = seed;
    }

    List<Group> groups() {
        return List.of(new Story(this::salted, "keys_salted"), new Story(this::hashed, "keys_hashed"));
    }

    /** A byte of salt, a name until a bar, and a time of which the latest comes first. */
    private void salted(Recorder recorder) throws Exception {
        TableName table = create(recorder, "keys_salted", new byte[][] {{1}, {2}, {3}});
        Random random = new Random(seed);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int i = 0; i < 2000; i++) {
                String tenant = "t" + random.nextInt(30);
                long at = (random.nextInt(20) == 0 ? -1 : 1) * (long) (random.nextDouble() * 2e12);
                byte[] rest = Bytes.add(Bytes.toBytes(tenant + "|"), Bytes.toBytes(Long.MAX_VALUE - at));
                byte[] salt = {(byte) Math.floorMod(Bytes.hashCode(rest), 4)};
                put(writer, Bytes.add(salt, rest), "tenant", tenant, "at", Long.toString(at));
            }
            writer.flush();
        }
        recorder.record(new Case("keys_salted", table, "salt, delimiter and reversed time in the row key").few());
    }

    /** The beginning of a hash in hexadecimal digits, what is hashed, and a number. */
    private void hashed(Recorder recorder) throws Exception {
        TableName table = create(recorder, "keys_hashed", new byte[][] {Bytes.toBytes("4"), Bytes.toBytes("c")});
        Random random = new Random(seed + 1);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int i = 0; i < 2000; i++) {
                String user = String.format("u%04d", random.nextInt(200));
                int number = random.nextInt();
                byte[] hash = MessageDigest.getInstance("MD5").digest(user.getBytes(StandardCharsets.UTF_8));
                byte[] row = Bytes.add(Bytes.toBytes(Bytes.toHex(hash).substring(0, 4) + user), Bytes.toBytes(number));
                put(writer, row, "user", user, "number", Integer.toString(number));
            }
            writer.flush();
        }
        recorder.record(new Case("keys_hashed", table, "hash prefix and binary number in the row key").few());
    }

    private static TableName create(Recorder recorder, String name, byte[][] splits) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_" + name, Tables.family("d", "BLOCKSIZE", 1024)), splits);
        recorder.tables.add(table);
        return table;
    }

    private static void put(Writer writer, byte[] row, String... values) throws Exception {
        for (int i = 0; i < values.length; i += 2) {
            writer.write(new KeyValue(row, Bytes.toBytes("d"), Bytes.toBytes(values[i]), WRITTEN,
                    Bytes.toBytes(values[i + 1])));
        }
    }
}
