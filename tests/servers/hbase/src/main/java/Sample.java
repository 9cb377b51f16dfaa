// The snapshot of the sample data: what a support desk keeps of each device of the sample lake.
//
// It comes from `devices.sql` (see there), so that it agrees with the lake. Timestamps are those of the
// data and the snapshot's time is fixed: the same devices give the same cells.

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.hadoop.hbase.KeyValue.Type;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.client.SnapshotDescription;
import org.apache.hadoop.hbase.client.SnapshotType;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;
import org.apache.hbase.thirdparty.com.google.gson.JsonParser;

final class Sample {
    private static final String SNAPSHOT = "device_profile-20261120";
    /** 2026-11-20 03:00 UTC. */
    private static final long TAKEN = 1_795_143_600_000L;
    /** 2026-09-10 and 2026-11-01 UTC: owners were copied once, and changed once. */
    private static final long COPIED = 1_788_998_400_000L;
    private static final long CHANGED = 1_793_491_200_000L;
    private static final long DAY = 86_400_000L;

    private Sample() {}

    static void make(File devices, File out) throws Exception {
        File folder = new File(out.getAbsoluteFile(), "scratch");
        folder.mkdirs();
        try {
            make(devices, out, folder);
        } finally {
            Main.remove(folder);
        }
    }

    private static void make(File devices, File out, File folder) throws Exception {
        Server server = Server.start(folder, null, Map.of());
        Object[] settings = {"DATA_BLOCK_ENCODING", "FAST_DIFF", "COMPRESSION", "SNAPPY"};
        TableName table = server.create(Tables.table("device_profile",
                Tables.family("o", settings), Tables.family("s", Tables.and(settings, "VERSIONS", 3))),
                Bytes.toBytes("dev-01500"));
        List<String> lines = Files.readAllLines(devices.toPath(), StandardCharsets.UTF_8);
        try (Writer writer = new Writer(server, table).batching()) {
            for (int i = 0; i < lines.size(); i++) {
                first(writer, i, JsonParser.parseString(lines.get(i)).getAsJsonObject());
            }
            writer.flush();
            for (int i = 0; i < lines.size(); i++) {
                later(writer, i, JsonParser.parseString(lines.get(i)).getAsJsonObject());
            }
            writer.flush();
        }
        server.admin.snapshot(new SnapshotDescription(SNAPSHOT, table, SnapshotType.FLUSH, null, TAKEN, -1,
                Map.of("TTL", 0L)));
        Recorder recorder = new Recorder(server, out, Set.of());
        recorder.tables.add(table);
        Case made = new Case("", table);
        made.snapshot = SNAPSHOT;
        File root = out.getAbsoluteFile();
        recorder.copy(made, root);
        try (FileScanner files = new FileScanner(server.conf, root, SNAPSHOT)) {
            Answer latest = files.scan(new Scan());
            Answer all = files.scan(new Scan().readAllVersions());
            System.err.printf("%d rows, %d cells, %d of all versions%n", latest.rows, latest.lines.size(),
                    all.lines.size());
        }
    }

    private static void state(Writer writer, String device, String qualifier, long ts, byte[] value)
            throws Exception {
        writer.write(Tables.cell(Bytes.toBytes(device), Bytes.toBytes("s"), Bytes.toBytes(qualifier), ts, Type.Put,
                value));
    }

    private static String text(JsonObject device, String name) {
        return device.get(name).isJsonNull() ? null : device.get(name).getAsString();
    }

    /** What was copied when the table was made. */
    private static void first(Writer writer, int index, JsonObject line) throws Exception {
        String device = text(line, "device_id");
        String battery = text(line, "battery");
        String before = text(line, "previous_firmware");
        String firmware = text(line, "firmware");
        long seen = line.get("last_seen").getAsLong();
        if (battery != null) {
            state(writer, device, "battery", seen, Bytes.toBytes(Integer.parseInt(battery)));
        }
        if (index % 10 == 0) {
            state(writer, device, "battery", seen - DAY, Bytes.toBytes(100 - index % 60));
            state(writer, device, "last_seen", seen - DAY, Bytes.toBytes(seen - DAY));
        }
        state(writer, device, "firmware", seen, Bytes.toBytes(firmware));
        if (!firmware.equals(before) && index % 4 == 0) {
            state(writer, device, "firmware", seen - 20 * DAY, Bytes.toBytes(before));
        }
        state(writer, device, "last_seen", seen, Bytes.toBytes(seen));
        for (String column : new String[] {"name", "city", "email"}) {
            if (text(line, column) != null) {
                writer.put(device, "o", column, COPIED, text(line, column));
            }
        }
    }

    /** What happened to some of them since. */
    private static void later(Writer writer, int index, JsonObject line) throws Exception {
        String device = text(line, "device_id");
        if (index % 211 == 100) {
            // The owner asked to be forgotten.
            writer.delete(device, "o", "", CHANGED, Type.DeleteFamily);
        } else if (index % 97 == 50) {
            writer.delete(device, "o", "email", CHANGED, Type.DeleteColumn);
        } else if (index % 83 == 40 && text(line, "city") != null) {
            writer.put(device, "o", "city", CHANGED, "Berlin");
        }
        if (index % 150 == 60) {
            // A measurement that was withdrawn: the one before counts again.
            writer.delete(device, "s", "battery", line.get("last_seen").getAsLong(), Type.Delete);
        }
        if (index == 700) {
            // One byte was lost on the way.
            state(writer, device, "battery", CHANGED, new byte[] {0, 0, 57});
        }
    }
}
