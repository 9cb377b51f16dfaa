// Cases that a reader must refuse: damaged copies of a good one, and what it has no right or no key to read.

import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.shaded.protobuf.generated.SnapshotProtos.SnapshotDataManifest;
import org.apache.hadoop.hbase.util.Bytes;

final class ErrorCases {
    private final long seed;

    ErrorCases(long seed) {
        this.seed = seed;
    }

    /** Damage that is done to the only HFile, or to another file of a case. */
    private enum Kind {
        BITFLIP_DATA("one bit flipped in the middle of a data block"),
        BITFLIP_FIRST_BLOCK_HEADER("one bit flipped in the first block's size field"),
        BITFLIP_CHECKSUM("one bit flipped in the stored checksum of the first block"),
        BITFLIP_LEAF_INDEX("one bit flipped inside the first leaf index block"),
        TRUNCATED_HALF("HFile cut in half"),
        TRUNCATED_LAST_BYTE("last byte of the HFile missing"),
        ZERO_LENGTH("HFile of length 0"),
        MISSING_HFILE("HFile missing"),
        TRAILER_MAGIC("trailer magic damaged"),
        VERSION("HFile major version 9"),
        APPENDED("one byte appended: length differs from the manifest"),
        MANIFEST_TRUNCATED("data.manifest cut"),
        MANIFEST_MISSING("data.manifest missing"),
        SNAPSHOTINFO_MISSING(".snapshotinfo missing"),
        REGION_HOLE("a region left out of data.manifest: a hole between regions");

        final String told;

        Kind(String told) {
            this.told = told;
        }

        String caseName() {
            return "err_" + name().toLowerCase();
        }
    }

    List<Group> groups() {
        List<String> names = new ArrayList<>(List.of("err_base"));
        for (Kind kind : Kind.values()) {
            names.add(kind.caseName());
        }
        return List.of(new Story(this::damaged, names.toArray(new String[0])),
                new Story(this::encrypted, "err_encrypted"),
                new Story(this::expired, "err_snapshot_expired"),
                new Story(recorder -> secured(recorder, "err_cell_acl", 1), "err_cell_acl"),
                new Story(recorder -> secured(recorder, "err_cell_visibility", 2), "err_cell_visibility"));
    }

    private void damaged(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_errbase",
                Tables.family("cf", "VERSIONS", 3, "BLOCKSIZE", 512, "hfile.index.block.max.size", 256,
                        "hfile.index.block.min.entries", 4, "io.storefile.bloom.block.size", 256)),
                Bytes.toBytes("r3"), Bytes.toBytes("r6"));
        recorder.tables.add(table);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int row = 0; row < 400; row++) {
                writer.put(String.format("r4%03d", row), "cf", "q", Churn.BASE + row, "value of row " + row);
            }
            writer.put("r1", "cf", "q", Churn.BASE, "in the first region");
            writer.put("r7", "cf", "q", Churn.BASE, "in the last region");
            writer.flush();
        }
        Case base = new Case("err_base", table, "the undamaged original of the err_* cases");
        File copied = recorder.root("err_base");
        boolean kept = recorder.wants("err_base");
        if (kept) {
            recorder.record(base);
        } else {
            recorder.snapshot(base);
            recorder.copy(base);
        }
        for (Kind kind : Kind.values()) {
            Case made = new Case(kind.caseName(), table, kind.told);
            made.snapshot = base.snapshot;
            recorder.damaged(made, copied, root -> damage(kind, root, base.snapshot));
        }
        if (!kept) {
            org.apache.hadoop.fs.FileUtil.fullyDelete(copied.getParentFile());
        }
    }

    private static void damage(Kind kind, File root, String snapshot) throws Exception {
        File manifest = new File(root, ".hbase-snapshot/" + snapshot + "/data.manifest");
        File file = largest(new File(root, "data"));
        long length = file.length();
        switch (kind) {
            case BITFLIP_DATA:
                flip(file, 200);
                break;
            case BITFLIP_FIRST_BLOCK_HEADER:
                flip(file, 11);
                break;
            case BITFLIP_CHECKSUM:
                flip(file, checksumOfFirstBlock(file));
                break;
            case BITFLIP_LEAF_INDEX:
                flip(file, find(file, "IDXLEAF2") + 60);
                break;
            case TRUNCATED_HALF:
                cut(file, length / 2);
                break;
            case TRUNCATED_LAST_BYTE:
                cut(file, length - 1);
                break;
            case ZERO_LENGTH:
                cut(file, 0);
                break;
            case MISSING_HFILE:
                Files.delete(file.toPath());
                break;
            case TRAILER_MAGIC:
                flip(file, find(file, "TRABLK\"$"));
                break;
            case VERSION:
                write(file, length - 1, 9);
                break;
            case APPENDED:
                write(file, length, 0);
                break;
            case MANIFEST_TRUNCATED:
                cut(manifest, manifest.length() / 2);
                break;
            case MANIFEST_MISSING:
                Files.delete(manifest.toPath());
                break;
            case SNAPSHOTINFO_MISSING:
                Files.delete(new File(manifest.getParentFile(), ".snapshotinfo").toPath());
                break;
            default:
                withoutMiddleRegion(manifest);
        }
    }

    private static void withoutMiddleRegion(File manifest) throws Exception {
        SnapshotDataManifest.Builder builder =
                SnapshotDataManifest.parseFrom(Files.readAllBytes(manifest.toPath())).toBuilder();
        for (int i = 0; i < builder.getRegionManifestsCount(); i++) {
            if (builder.getRegionManifests(i).getRegionInfo().getStartKey().toStringUtf8().equals("r3")) {
                builder.removeRegionManifests(i);
                break;
            }
        }
        Files.write(manifest.toPath(), builder.build().toByteArray());
    }

    private static File largest(File folder) throws Exception {
        try (Stream<Path> walk = Files.walk(folder.toPath())) {
            return walk.filter(Files::isRegularFile).map(Path::toFile)
                    .max(java.util.Comparator.comparingLong(File::length)).orElseThrow();
        }
    }

    /** The sums of a block come after its data; where that ends is in its header. */
    private static long checksumOfFirstBlock(File file) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(file, "r")) {
            bytes.seek(29);
            return bytes.readInt();
        }
    }

    private static long find(File file, String magic) throws Exception {
        byte[] bytes = Files.readAllBytes(file.toPath());
        byte[] wanted = Bytes.toBytes(magic);
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        throw new IllegalStateException("no " + magic);
    }

    private static void flip(File file, long at) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(file, "rw")) {
            bytes.seek(at);
            int old = bytes.read();
            bytes.seek(at);
            bytes.write(old ^ 1);
        }
    }

    private static void write(File file, long at, int value) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(file, "rw")) {
            bytes.seek(at);
            bytes.write(value);
        }
    }

    private static void cut(File file, long length) throws Exception {
        try (RandomAccessFile bytes = new RandomAccessFile(file, "rw")) {
            bytes.setLength(length);
        }
    }

    private void encrypted(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_enc", Tables.family("cf", "ENCRYPTION", "AES")));
        recorder.tables.add(table);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int row = 0; row < 100; row++) {
                writer.put("r" + row, "cf", "q", Churn.BASE, "secret " + row);
            }
            writer.flush();
        }
        refused(recorder, new Case("err_encrypted", table,
                "family encrypted with AES; a reader without the key has to fail with a clear message "
                        + "(HBase itself had the key here)"));
    }

    private void expired(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_exp", Tables.family("cf")));
        recorder.tables.add(table);
        try (Writer writer = new Writer(recorder.server, table)) {
            writer.put("r", "cf", "q", Churn.BASE, "v");
            writer.flush();
        }
        Case made = new Case("err_snapshot_expired", table, "snapshot TTL of 1 second, long over");
        made.ttlSeconds = 1;
        recorder.snapshot(made);
        recorder.copy(made);
        Thread.sleep(2100);
        recorder.refused(made);
    }

    private void secured(Recorder recorder, String name, int tag) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_" + name,
                Tables.family("cf", "DATA_BLOCK_ENCODING", "FAST_DIFF")));
        recorder.tables.add(table);
        try (Writer writer = new Writer(recorder.server, table)) {
            List<KeyValue> cells = new ArrayList<>();
            for (int row = 0; row < 50; row++) {
                KeyValue open = Tables.cell("r" + row, "cf", "open", Churn.BASE, KeyValue.Type.Put, "for all");
                cells.add(open);
                if (row == 25) {
                    cells.add(Tables.cell("r" + row, "cf", "secret", Churn.BASE, KeyValue.Type.Put, "for some",
                            Tables.tag(tag, "x" + new Random(seed).nextInt(10))));
                }
            }
            writer.load("cf", cells);
        }
        refused(recorder, new Case(name, table, "one cell with a tag of type " + tag
                + ": what HBase's servers would hide from some users; its file scanner does not"));
    }

    private static void refused(Recorder recorder, Case made) throws Exception {
        if (recorder.wants(made.name)) {
            recorder.snapshot(made);
            recorder.copy(made);
            recorder.refused(made);
        }
    }
}
