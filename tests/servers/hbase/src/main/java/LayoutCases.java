// Cases about where files lie: references, links, the archive, mob files, exports, kinds of snapshots.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.SnapshotType;
import org.apache.hadoop.hbase.client.TableDescriptor;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.regionserver.HRegion;
import org.apache.hadoop.hbase.util.Bytes;

final class LayoutCases {
    private static final long T = Churn.BASE;

    private final long seed;

    LayoutCases(long seed) {
        this.seed = seed;
    }

    List<Group> groups() {
        return List.of(
                new Story(this::empty, "empty_table"),
                new Story(this::emptyRegions, "empty_regions", "empty_regions_exported"),
                new Story(this::archived, "presplit_live_archived", "presplit_live_archived_dropped"),
                new Story(this::split, "split_refs", "split_refs_then_write", "split_refs_disabled"),
                new Story(this::merged, "split_twice_merge", "split_twice_merge_bis"),
                new Story(this::clones, "clone_links", "clone_links_same_ns", "clone_links_other_ns",
                        "clone_links_of_clone", "clone_links_split", "clone_links_src_dropped"),
                new Story(this::clonesOfNamespace, "clone_links_ns_table", "clone_links_from_ns",
                        "clone_links_split_exported"),
                new Story(this::mob, "mob", "mob_exported", "mob_clone", "mob_major"),
                new Story(this::tracked, "sft_file_split", "sft_file_split_clone"),
                new Story(this::skipFlush, "skipflush"),
                new Story(this::disabled, "disabled"),
                new Story(this::timed, "snapshot_ttl_alive"),
                new Story(this::oldLayout, "layout_v1"));
    }

    private static TableName create(Recorder recorder, TableDescriptor described, String... splits)
            throws Exception {
        byte[][] rows = new byte[splits.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Bytes.toBytes(splits[i]);
        }
        TableName table = recorder.server.create(described, rows);
        recorder.tables.add(table);
        return table;
    }

    /** Rows 000 to 099 times ten, one flush. */
    private static void fill(Recorder recorder, TableName table, String value, int step, int from, int to)
            throws Exception {
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int row = from; row < to; row += step) {
                String key = String.format("%03d-row", row);
                writer.put(key, "cf", "a", T + row % 5, value + row);
                if (row % 4 == 0) {
                    writer.put(key, "cf", "b", T + row % 3, value);
                }
            }
            writer.flush();
        }
    }

    private static org.apache.hadoop.hbase.client.ColumnFamilyDescriptor family() {
        return Tables.family("cf", "VERSIONS", 3, "BLOCKSIZE", 1024, "DATA_BLOCK_ENCODING", "FAST_DIFF");
    }

    private void empty(Recorder recorder) throws Exception {
        recorder.record(new Case("empty_table", create(recorder, Tables.table("t_empty", family())),
                "empty table, no store files"));
    }

    private void emptyRegions(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_emptyreg", family()), new byte[] {0},
                Bytes.toBytes("400"), new byte[] {(byte) 0xff, 0}, new byte[] {(byte) 0xff, (byte) 0xff});
        recorder.tables.add(table);
        fill(recorder, table, "v", 7, 450, 600);
        recorder.record(new Case("empty_regions", table, "regions without files", "binary split keys").few());
        recorder.record(new Case("empty_regions_exported", table, "as before, exported").few().exported());
    }

    private void archived(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_presplit", family()), "250", "500", "750");
        fill(recorder, table, "first", 5, 0, 1000);
        fill(recorder, table, "second", 9, 300, 1000);
        Case made = new Case("presplit_live_archived", table, "4 regions",
                "files of the snapshot partly in data/, partly in archive/",
                "newer files in data/ which are not part of the snapshot");
        made.snapshot = "s_early";
        recorder.snapshot(made);
        for (HRegion region : recorder.server.regions(table).subList(1, 3)) {
            recorder.server.compact(region, true);
        }
        recorder.server.archive(table);
        fill(recorder, table, "later", 3, 0, 1000);
        recorder.taken(made);
        Case dropped = new Case("presplit_live_archived_dropped", table,
                "table dropped after the snapshot: everything in archive/");
        dropped.snapshot = "s_early";
        recorder.remember(table);
        recorder.server.drop(table);
        recorder.taken(dropped);
    }

    private void split(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_split", family()));
        fill(recorder, table, "first", 3, 0, 1000);
        fill(recorder, table, "second", 11, 0, 1000);
        recorder.server.split(table, "500-row");
        byte[] at = Bytes.toBytes("500-row");
        recorder.record(new Case("split_refs", table,
                "references of both daughters (TOP and BOTTOM), parent's files in data/")
                .ask(new Asked("rows_around").all().rows(Bytes.toBytes("49"), Bytes.toBytes("51")))
                .ask(new Asked("row_at").all().rows(at, Scans.after(at))));
        fill(recorder, table, "after", 13, 200, 800);
        recorder.server.compact(recorder.server.regions(table).get(0), true);
        fill(recorder, table, "later", 17, 0, 300);
        recorder.record(new Case("split_refs_then_write", table,
                "after the split: more files, one daughter compacted, the other still with references",
                "exported").exported());
        recorder.remember(table);
        recorder.server.admin.disableTable(table);
        recorder.record(new Case("split_refs_disabled", table,
                "the same table, snapshot of the disabled table").type(SnapshotType.DISABLED));
    }

    private void merged(Recorder recorder) throws Exception {
        Server server = recorder.server;
        TableName table = create(recorder, Tables.table("t_merge", family()));
        fill(recorder, table, "first", 3, 0, 1000);
        server.split(table, "500-row");
        server.compact(table, true);
        server.archive(table);
        server.forgetParents();
        server.split(table, "250-row");
        server.compact(table, true);
        server.archive(table);
        server.forgetParents();
        fill(recorder, table, "more", 7, 100, 600);
        List<HRegion> regions = server.regions(table);
        server.merge(table, regions.get(0), regions.get(1));
        recorder.record(new Case("split_twice_merge", table, "merge of two regions: whole-file references"));
        server.compact(table, true);
        server.archive(table);
        server.forgetParents();
        server.split(table, "300-row");
        fill(recorder, table, "last", 19, 200, 400);
        recorder.record(new Case("split_twice_merge_bis", table, "after the merge: compacted, then split again"));
    }

    private static TableName cloned(Recorder recorder, TableName from, String name) throws Exception {
        TableName clone = TableName.valueOf(name);
        recorder.server.namespace(clone);
        String snapshot = "for_" + name.replace(':', '_');
        Server.within("clone", () -> {
            recorder.server.admin.snapshot(snapshot, from);
            recorder.server.admin.cloneSnapshot(snapshot, clone);
            return null;
        });
        recorder.tables.add(clone);
        return clone;
    }

    private void clones(Recorder recorder) throws Exception {
        TableName source = create(recorder, Tables.table("t-clone.src", family()), "500");
        fill(recorder, source, "source", 3, 0, 1000);
        recorder.record(new Case("clone_links", source, "table name with - and ."));
        TableName same = cloned(recorder, source, "t_clone1");
        fill(recorder, same, "clone", 7, 0, 1000);
        TableName other = cloned(recorder, source, "ns2:t.clone-2");
        fill(recorder, other, "other", 9, 300, 700);
        TableName second = cloned(recorder, same, "ns2:t_clone3");
        fill(recorder, second, "second", 11, 0, 1000);
        recorder.record(new Case("clone_links_same_ns", same,
                "clone in the same namespace: HFileLinks plus own files"));
        recorder.record(new Case("clone_links_other_ns", other,
                "clone in another namespace, HFileLinks to the default namespace"));
        recorder.record(new Case("clone_links_of_clone", second,
                "clone of a clone: links to two different tables", "exported").exported());
        recorder.server.split(same, "250-row");
        recorder.record(new Case("clone_links_split", same, "a clone that was split: references to links"));
        recorder.server.drop(source);
        recorder.record(new Case("clone_links_src_dropped", other,
                "clone whose source table was dropped: link targets in archive/"));
    }

    private void clonesOfNamespace(Recorder recorder) throws Exception {
        TableName source = create(recorder, Tables.table("ns2:own.tab-le", family()));
        fill(recorder, source, "source", 3, 0, 1000);
        recorder.record(new Case("clone_links_ns_table", source, "table in a namespace"));
        TableName clone = cloned(recorder, source, "t_clone4");
        fill(recorder, clone, "clone", 7, 0, 1000);
        recorder.record(new Case("clone_links_from_ns", clone,
                "clone of a namespace table into the default namespace: link names with ns="));
        recorder.server.split(clone, "400-row");
        recorder.record(new Case("clone_links_split_exported", clone,
                "a clone (links with ns=) that was split", "exported").exported());
    }

    private void mob(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_mob",
                Tables.family("m", "IS_MOB", true, "MOB_THRESHOLD", 100, "VERSIONS", 3, "COMPRESSION", "GZ"),
                Tables.family("n", "VERSIONS", 3)), "r25");
        Random random = new Random(seed);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int file = 0; file < 2; file++) {
                for (int row = file * 10; row < 50; row++) {
                    String key = String.format("r%02d", row);
                    // Values below, at and above the threshold.
                    int length = row % 3 == 0 ? 20 : row % 3 == 1 ? 100 + row % 2 : 160;
                    byte[] value = new byte[length];
                    random.nextBytes(value);
                    writer.write(Tables.cell(Bytes.toBytes(key), Bytes.toBytes("m"), Bytes.toBytes("q"), T + file,
                            org.apache.hadoop.hbase.KeyValue.Type.Put, value));
                    writer.put(key, "n", "q", T + file, "n" + row);
                }
                writer.delete("r30", "m", "q", T + file, org.apache.hadoop.hbase.KeyValue.Type.Delete);
                writer.flush();
            }
        }
        recorder.record(new Case("mob", table, "MOB family, values above and below the threshold, two regions"));
        recorder.record(new Case("mob_exported", table, "MOB, exported").exported());
        TableName clone = cloned(recorder, table, "t_mobclone");
        try (Writer writer = new Writer(recorder.server, clone)) {
            writer.put("r07", "m", "q", T + 9, "own value of the clone ".repeat(6));
            writer.flush();
        }
        recorder.record(new Case("mob_clone", clone, "clone of a MOB table").few());
        recorder.server.compact(table, true);
        recorder.record(new Case("mob_major", table, "MOB after major compaction"));
    }

    private void tracked(Recorder recorder) throws Exception {
        TableName table = create(recorder, TableDescriptorBuilder.newBuilder(Tables.table("t_sft", family()))
                .setValue("hbase.store.file-tracker.impl", "FILE").build());
        fill(recorder, table, "first", 3, 0, 1000);
        recorder.server.split(table, "500-row");
        fill(recorder, table, "after", 13, 200, 800);
        recorder.record(new Case("sft_file_split", table,
                "store file tracker FILE (.filelist directories), split daughters with references"));
        TableName clone = cloned(recorder, table, "t_sftclone");
        fill(recorder, clone, "clone", 17, 0, 1000);
        recorder.record(new Case("sft_file_split_clone", clone, "store file tracker FILE, clone"));
    }

    private void skipFlush(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_skip", family()));
        fill(recorder, table, "flushed", 10, 0, 1000);
        try (Writer writer = new Writer(recorder.server, table)) {
            for (int row = 0; row < 30; row++) {
                writer.put(String.format("%03d-row", row), "cf", "a", T + 50, "not flushed");
            }
        }
        recorder.record(new Case("skipflush", table,
                "SKIPFLUSH snapshot: unflushed cells are not part of it").type(SnapshotType.SKIPFLUSH));
    }

    private void disabled(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_disabled", family()), "500");
        fill(recorder, table, "v", 10, 0, 1000);
        recorder.remember(table);
        recorder.server.admin.disableTable(table);
        recorder.record(new Case("disabled", table, "snapshot of a disabled table").type(SnapshotType.DISABLED));
    }

    private void timed(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_sttl", family()));
        fill(recorder, table, "v", 50, 0, 1000);
        Case made = new Case("snapshot_ttl_alive", table, "snapshot with a TTL of 60 years");
        made.ttlSeconds = 60L * 365 * 86_400;
        recorder.record(made);
    }

    private void oldLayout(Recorder recorder) throws Exception {
        TableName table = create(recorder, Tables.table("t_v1", family()), "300");
        fill(recorder, table, "first", 10, 0, 1000);
        recorder.server.split(table, "600-row");
        fill(recorder, table, "second", 17, 0, 1000);
        Case made = new Case("layout_v1", table, "snapshot of layout V1: a folder for each region, references inside");
        made.layoutVersion = 0;
        recorder.record(made);
    }
}
