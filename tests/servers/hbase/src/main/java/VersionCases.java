// Cases about which cells a scan returns: deletes, versions, times to live, ties.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.KeyValue.Type;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptor;
import org.apache.hadoop.hbase.util.Bytes;

final class VersionCases {
    private static final long T = Churn.BASE;

    private final long seed;

    VersionCases(long seed) {
        this.seed = seed;
    }

    List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        groups.add(new Story(this::deletes, "deletes_all_types"));
        for (String keep : new String[] {"FALSE", "TRUE", "TTL"}) {
            for (int versions : new int[] {1, 3}) {
                String name = "churn_keep_" + keep.toLowerCase() + "_v" + versions;
                groups.add(new Story(recorder -> churn(recorder, name, keep, versions),
                        name, name + "_minor", name + "_major"));
            }
        }
        groups.add(new Story(this::newVersions, "churn_nvb", "churn_nvb_major"));
        groups.add(new Story(this::keptMarkers, "keep_deleted_family_markers"));
        groups.add(new Story(this::ties, "dup_ts", "dup_ts_compacted"));
        groups.add(new Story(this::expired, "versions_min_ttl"));
        groups.add(new Story(this::expiredMarkers, "ttl_deletes_expired"));
        groups.add(new Story(this::cellTtl, "ttl_cell"));
        groups.add(new Story(this::families, "families"));
        groups.add(new Story(this::odd, "odd_cells"));
        groups.add(new Story(this::negative, "negative_ts"));
        groups.add(new Story(this::loaded, "bulkload"));
        groups.add(new Story(this::allDeleted, "all_deleted", "all_deleted_major"));
        return groups;
    }

    private static TableName create(Recorder recorder, String name, ColumnFamilyDescriptor... families)
            throws Exception {
        TableName table = recorder.server.create(Tables.table(name, families));
        recorder.tables.add(table);
        return table;
    }

    private void deletes(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_del", Tables.family("cf", "VERSIONS", 5),
                Tables.family("cg", "VERSIONS", 5, "DATA_BLOCK_ENCODING", "FAST_DIFF"));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int row = 0; row < 12; row++) {
                for (String family : new String[] {"cf", "cg"}) {
                    for (String qualifier : new String[] {"", "a", "b"}) {
                        for (int version = 1; version <= 5; version++) {
                            writer.put("r" + row, family, qualifier, T + version, "v" + version);
                        }
                    }
                }
            }
            writer.flush();
            writer.delete("r1", "cf", "a", T + 5, Type.Delete);
            writer.delete("r2", "cf", "a", T + 3, Type.Delete);
            writer.delete("r3", "cf", "a", T + 3, Type.DeleteColumn);
            writer.delete("r4", "cf", "", T + 3, Type.DeleteFamily);
            writer.delete("r5", "cf", "", T + 5, Type.DeleteFamilyVersion);
            writer.delete("r5", "cf", "", T + 3, Type.DeleteFamilyVersion);
            writer.delete("r6", "cf", "", T + 5, Type.DeleteFamily);
            writer.delete("r6", "cg", "", T + 5, Type.DeleteFamily);
            writer.delete("r7", "cf", "", T + 5, Type.DeleteColumn);
            writer.delete("r8", "cg", "b", T + 9, Type.DeleteColumn);
            writer.delete("r9", "cg", "b", T + 2, Type.Delete);
            writer.delete("r9", "cg", "b", T + 4, Type.DeleteColumn);
            writer.delete("r9", "cg", "b", T + 4, Type.Delete);
            writer.flush();
            // Written after a marker and not newer: hidden as well.
            writer.put("r1", "cf", "a", T + 5, "after the marker");
            writer.put("r3", "cf", "a", T + 2, "after the marker");
            writer.put("r3", "cf", "a", T + 4, "newer than the marker");
            writer.put("r4", "cf", "a", T + 3, "after the marker");
            writer.put("r5", "cf", "b", T + 3, "after the marker");
            writer.put("r6", "cg", "new", T + 6, "newer than the marker");
            writer.put("r8", "cg", "b", T + 9, "after the marker");
            writer.flush();
        }
        recorder.record(new Case("deletes_all_types", table, "all four delete types",
                "puts older than a marker written after it", "equal timestamps"));
    }

    private void churn(Recorder recorder, String name, String keep, int versions) throws Exception {
        TableName table = create(recorder, "t_" + name,
                Tables.family("cf", "VERSIONS", versions, "KEEP_DELETED_CELLS", keep),
                Tables.family("tt", "VERSIONS", versions, "KEEP_DELETED_CELLS", keep, "TTL", 365 * 86_400 * 60));
        Family family = new Family("cf");
        Family other = new Family("tt");
        // A compaction of many markers without a qualifier may not end where they are kept, in HBase.
        family.familyMarkers = keep.equals("FALSE");
        other.familyMarkers = false;
        other.namelessColumn = keep.equals("FALSE");
        Churn churn = new Churn(new Random(seed * 31 + name.hashCode()), List.of(family, other), 12, 4, 12);
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int i = 0; i < 5; i++) {
                churn.write(writer, 120);
                writer.flush();
            }
            recorder.record(new Case(name, table, "KEEP_DELETED_CELLS=" + keep, "VERSIONS=" + versions,
                    "delete types at random", "5 files", "equal timestamps across files"));
            recorder.server.compact(table, false);
            churn.write(writer, 60);
            writer.flush();
            recorder.record(new Case(name + "_minor", table, "as before, after a minor compaction and one more file"));
            recorder.server.compact(table, true);
            recorder.record(new Case(name + "_major", table, "as before, after a major compaction"));
        }
    }

    private void newVersions(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_nvb",
                Tables.family("cf", "VERSIONS", 3, "NEW_VERSION_BEHAVIOR", true),
                Tables.family("old", "VERSIONS", 3));
        Family cf = new Family("cf");
        Churn churn = new Churn(new Random(seed * 37), List.of(cf, new Family("old")), 10, 3, 8);
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int i = 0; i < 5; i++) {
                churn.write(writer, 150);
                writer.flush();
            }
        }
        recorder.record(new Case("churn_nvb", table,
                "NEW_VERSION_BEHAVIOR=true in family cf, not in family old", "5 files"));
        recorder.server.compact(table, true);
        recorder.record(new Case("churn_nvb_major", table, "as before, after a major compaction"));
    }

    private void keptMarkers(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_kfm",
                Tables.family("k", "VERSIONS", 10, "KEEP_DELETED_CELLS", "TRUE"),
                Tables.family("l", "VERSIONS", 10, "KEEP_DELETED_CELLS", "TTL"),
                Tables.family("n", "VERSIONS", 10));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int row = 0; row < 8; row++) {
                for (String family : new String[] {"k", "l", "n"}) {
                    for (long ts : new long[] {100, 200, 300, 400, 500}) {
                        writer.put("r" + row, family, "a", T + ts, "v" + ts);
                    }
                    if (row % 4 == 1) {
                        writer.delete("r" + row, family, "", T + 250, Type.DeleteFamily);
                    }
                    if (row % 4 == 2) {
                        writer.delete("r" + row, family, "a", T + 300, Type.Delete);
                        writer.delete("r" + row, family, "", T + 400, Type.DeleteFamilyVersion);
                    }
                    if (row % 4 == 3) {
                        writer.delete("r" + row, family, "a", T + 350, Type.DeleteColumn);
                    }
                }
                if (row == 4) {
                    writer.flush();
                }
            }
            writer.flush();
        }
        Case made = new Case("keep_deleted_family_markers", table,
                "KEEP_DELETED_CELLS TRUE and TTL with all four marker types", "many time range scans");
        for (long until : new long[] {200, 250, 251, 300, 301, 350, 351, 400, 401, 501}) {
            made.ask(new Asked("until_" + until).all().time(0, T + until));
        }
        for (long from : new long[] {200, 300, 400}) {
            made.ask(new Asked("window_" + from).all().time(T + from, T + from + 101));
        }
        recorder.record(made);
    }

    private void ties(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_dup", Tables.family("cf", "VERSIONS", 3));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int file = 0; file < 4; file++) {
                for (int row = 0; row < 10; row++) {
                    for (int version = 0; version < 3; version++) {
                        if ((row + file + version) % 4 != 0) {
                            writer.put("r" + row, "cf", "a", T + version, "file " + file);
                            writer.put("r" + row, "cf", "b", T + version, "file " + file + " first");
                            writer.put("r" + row, "cf", "b", T + version, "file " + file + " again");
                        }
                    }
                }
                writer.flush();
            }
            writer.delete("r5", "cf", "a", T + 1, Type.Delete);
            writer.put("r5", "cf", "a", T + 1, "after the marker");
            writer.flush();
            recorder.record(new Case("dup_ts", table,
                    "the same cell (row, column, ts) written in several files: newest write wins, counted once"));
            recorder.server.compact(table, true);
            recorder.record(new Case("dup_ts_compacted", table, "as before, compacted"));
        }
    }

    private void expired(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_minv",
                Tables.family("forever", "VERSIONS", 100),
                Tables.family("m0", "VERSIONS", 5, "TTL", 86_400),
                Tables.family("m2", "VERSIONS", 5, "TTL", 86_400, "MIN_VERSIONS", 2),
                Tables.family("v1", "VERSIONS", 1));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (String family : new String[] {"forever", "m0", "m2", "v1"}) {
                List<KeyValue> cells = new ArrayList<>();
                for (int row = 0; row < 6; row++) {
                    for (int version = 0; version < 2 + row % 4; version++) {
                        cells.add(Tables.cell("r" + row, family, "q", Churn.EXPIRED + version, Type.Put, "old" + version));
                    }
                    for (int version = 0; version < row % 3; version++) {
                        cells.add(Tables.cell("r" + row, family, "q", Churn.ALIVE + version, Type.Put, "new" + version));
                    }
                }
                // Expired cells do not outlive a flush: only a loaded file has them.
                writer.load(family, cells);
            }
            writer.put("r1", "m2", "q", Churn.ALIVE + 9, "flushed");
            writer.flush();
        }
        recorder.record(note(new Case("versions_min_ttl", table, "family TTL 1 day", "MIN_VERSIONS=2",
                "VERSIONS 1/5/100", "expired cells inside bulk loaded files")));
    }

    private void expiredMarkers(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_expd",
                Tables.family("m0", "VERSIONS", 5, "TTL", 86_400),
                Tables.family("m2", "VERSIONS", 5, "TTL", 86_400, "MIN_VERSIONS", 2),
                Tables.family("k2", "VERSIONS", 5, "TTL", 86_400, "MIN_VERSIONS", 2, "KEEP_DELETED_CELLS", "TTL"));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (String family : new String[] {"m0", "m2", "k2"}) {
                List<KeyValue> cells = new ArrayList<>();
                for (int row = 0; row < 8; row++) {
                    long base = row < 4 ? Churn.EXPIRED : Churn.ALIVE;
                    for (int version = 0; version < 4; version++) {
                        cells.add(Tables.cell("r" + row, family, "q", base + version, Type.Put, "v" + version));
                    }
                    if (row % 4 == 1) {
                        cells.add(Tables.cell("r" + row, family, "q", base + 2, Type.Delete, ""));
                    } else if (row % 4 == 2) {
                        cells.add(Tables.cell("r" + row, family, "q", base + 1, Type.DeleteColumn, ""));
                    } else if (row % 4 == 3) {
                        cells.add(Tables.cell("r" + row, family, "", base + 2, Type.DeleteFamily, ""));
                    }
                }
                writer.load(family, cells);
            }
        }
        recorder.record(note(new Case("ttl_deletes_expired", table,
                "expired delete markers and MIN_VERSIONS in a bulk loaded file", "KEEP_DELETED_CELLS")));
    }

    private static Case note(Case made) {
        made.notes.add("cells of 2014 are expired for good (TTL one day); cells of 2096 live");
        return made;
    }

    private void cellTtl(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_cttl", Tables.family("cf", "VERSIONS", 5, "DATA_BLOCK_ENCODING", "DIFF"),
                Tables.family("m2", "VERSIONS", 5, "MIN_VERSIONS", 2));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (String family : new String[] {"cf", "m2"}) {
                List<KeyValue> cells = new ArrayList<>();
                for (int row = 0; row < 8; row++) {
                    cells.add(Tables.cell("r" + row, family, "q", T, Type.Put, "no tag"));
                    cells.add(Tables.cell("r" + row, family, "q", T + 1, Type.Put, "over", Tables.ttl(Churn.DAY)));
                    cells.add(Tables.cell("r" + row, family, "q", T + 2, Type.Put, "lives", Tables.ttl(Churn.CENTURIES)));
                    cells.add(Tables.cell("r" + row, family, "q", T + 3, Type.Put, "first counts",
                            Tables.tag(65, "other"), Tables.ttl(Churn.CENTURIES), Tables.ttl(1)));
                    if (row % 2 == 0) {
                        cells.add(Tables.cell("r" + row, family, "q", T + 4, Type.Put, "over", Tables.ttl(1)));
                    }
                    if (row == 3) {
                        cells.add(Tables.cell("r" + row, family, "q", T + 2, Type.DeleteColumn, "", Tables.ttl(1)));
                    } else if (row == 5) {
                        cells.add(Tables.cell("r" + row, family, "q", T + 2, Type.DeleteColumn, ""));
                    }
                }
                writer.load(family, cells);
                writer.put("r1", family, "q", T + 6, "flushed", Tables.ttl(Churn.CENTURIES));
            }
            writer.flush();
        }
        recorder.record(new Case("ttl_cell", table, "cell TTL tags: over, and alive for 300 years",
                "markers with a TTL", "two TTL tags in a cell"));
    }

    private void families(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_fams", Tables.family("a", "VERSIONS", 2),
                Tables.family("b", "BLOCKSIZE", 512), Tables.family("none"), Tables.family("z-last.1", "VERSIONS", 3));
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int row = 0; row < 60; row++) {
                String key = String.format("%03d", row);
                if (row % 2 == 0) {
                    writer.put(key, "a", "x", T + row, "a" + row);
                }
                if (row % 3 == 0) {
                    writer.put(key, "z-last.1", "x", T + row, "z" + row);
                    writer.put(key, "z-last.1", "y", T + row + 1, "z" + row);
                }
            }
            for (int column = 0; column < 1500; column++) {
                writer.write(Tables.cell(Bytes.toBytes("031"), Bytes.toBytes("b"), Bytes.toBytes(column),
                        T + column % 7, Type.Put, Bytes.toBytes((long) column)));
            }
            writer.flush();
            for (String family : new String[] {"a", "b", "none", "z-last.1"}) {
                writer.delete("006", family, "", T + 1000, Type.DeleteFamily);
            }
            writer.delete("012", "a", "", T + 1000, Type.DeleteFamily);
            writer.flush();
        }
        recorder.record(new Case("families", table, "four families, one empty", "rows in one family only",
                "wide row", "whole-row deletes")
                .ask(new Asked("family_b_latest").family("b"))
                .ask(new Asked("family_zlast_all").all().family("z-last.1"))
                .ask(new Asked("family_none").all().family("none")));
    }

    private void odd(Recorder recorder) throws Exception {
        String longest = "f".repeat(100);
        TableName table = create(recorder, "t_odd", Tables.family("c", "VERSIONS", 10),
                Tables.family(longest, "DATA_BLOCK_ENCODING", "FAST_DIFF"));
        byte[] cf = Bytes.toBytes("c");
        try (Writer writer = new Writer(recorder.server, table)) {
            byte[][] rows = {{0}, {0, 0}, {(byte) 0xff}, {(byte) 0xff, (byte) 0xff}, "r".getBytes(), {'r', 0},
                    {'r', (byte) 0xff}, new byte[Short.MAX_VALUE]};
            byte[][] qualifiers = {{}, {0}, {'a'}, {'a', 0}, {(byte) 0xff}};
            for (byte[] row : rows) {
                for (int i = 0; i < qualifiers.length; i++) {
                    long ts = new long[] {0, 1, 5, 1L << 62, Long.MAX_VALUE - 1}[i];
                    writer.write(Tables.cell(row, cf, qualifiers[i], ts, Type.Put, new byte[] {(byte) i}));
                    writer.write(Tables.cell(row, cf, qualifiers[i], 7, Type.Put, new byte[0]));
                }
            }
            byte[] wide = new byte[20_000];
            java.util.Arrays.fill(wide, (byte) 'w');
            writer.write(Tables.cell(rows[4], cf, wide, 5, Type.Put, Bytes.toBytes("a long qualifier")));
            byte[] heavy = new byte[70_000];
            new Random(seed).nextBytes(heavy);
            writer.write(Tables.cell(rows[4], cf, Bytes.toBytes("heavy"), 5, Type.Put, heavy));
            writer.put("r", longest, "q", 5, "a long family name");
            writer.put("r", longest, "", 5, "");
            writer.delete("r", longest, "gone", 0, Type.DeleteColumn);
            writer.flush();
        }
        recorder.record(new Case("odd_cells", table, "shortest and longest rows, qualifiers and family names",
                "timestamps 0 .. Long.MAX-1", "0x00 and 0xff bytes").few()
                .ask(new Asked("all").all())
                .ask(new Asked("from_ff").all().rows(new byte[] {(byte) 0xff}, null))
                .ask(new Asked("latest_time").all().time(Long.MAX_VALUE - 1, Long.MAX_VALUE))
                .ask(new Asked("empty_qualifier").all().column(cf, new byte[0])));
    }

    private void negative(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_neg", Tables.family("cf", "VERSIONS", 10, "DATA_BLOCK_ENCODING", "DIFF"));
        try (Writer writer = new Writer(recorder.server, table)) {
            List<KeyValue> cells = new ArrayList<>();
            for (String row : new String[] {"r1", "r2"}) {
                for (long ts : new long[] {T, 5, 0, -1, -5_000_000_000L}) {
                    cells.add(Tables.cell(row, "cf", "q" + (ts < 0 ? "n" : ""), ts, Type.Put, "at " + ts));
                }
            }
            writer.load("cf", cells, org.apache.hadoop.hbase.io.encoding.DataBlockEncoding.DIFF);
        }
        Case made = new Case("negative_ts", table, "negative timestamps, as only a bulk load can bring them").few();
        made.fileScannerOnly = true;
        made.notes.add("answers are those of the file scanner: a region server's scan does not end");
        recorder.record(made);
    }

    private void loaded(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(
                Tables.table("t_bulk", Tables.family("cf", "VERSIONS", 3)), Bytes.toBytes("r15"));
        recorder.tables.add(table);
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int row = 0; row < 30; row++) {
                writer.put(String.format("r%02d", row), "cf", "q", T + 1, "flushed first");
            }
            writer.flush();
            List<KeyValue> cells = new ArrayList<>();
            for (int row = 5; row < 25; row++) {
                cells.add(Tables.cell(String.format("r%02d", row), "cf", "q", T + 1, Type.Put, "loaded"));
                if (row % 5 == 0) {
                    cells.add(Tables.cell(String.format("r%02d", row), "cf", "p", T + 2, Type.DeleteColumn, ""));
                }
            }
            writer.load("cf", cells, org.apache.hadoop.hbase.io.encoding.DataBlockEncoding.FAST_DIFF);
            for (int row = 10; row < 20; row++) {
                writer.put(String.format("r%02d", row), "cf", "q", T + 1, "flushed last");
                writer.put(String.format("r%02d", row), "cf", "p", T + 2, "under a loaded marker");
            }
            writer.flush();
        }
        recorder.record(new Case("bulkload", table,
                "bulk loaded files (_SeqId_) between two flushes, equal timestamps",
                "pre-split, the loaded file spans a region border"));
    }

    private void allDeleted(Recorder recorder) throws Exception {
        TableName table = create(recorder, "t_alldel", Tables.family("cf", "VERSIONS", 3));
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int row = 0; row < 40; row++) {
                writer.put("r" + row, "cf", "q", T + row, "v");
            }
            writer.flush();
            for (int row = 0; row < 40; row++) {
                writer.delete("r" + row, "cf", "", T + 100, Type.DeleteFamily);
            }
            writer.flush();
        }
        recorder.record(new Case("all_deleted", table, "every row deleted, markers and puts in files"));
        recorder.server.compact(table, true);
        recorder.record(new Case("all_deleted_major", table, "as before, after major compaction (no file, or an empty file)"));
    }
}
