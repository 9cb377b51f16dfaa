// A random table with a random history: every family has other settings, and between random puts and
// deletes come flushes, compactions, splits, merges, loaded files and clones.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptor;
import org.apache.hadoop.hbase.client.SnapshotType;
import org.apache.hadoop.hbase.client.TableDescriptor;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.regionserver.HRegion;
import org.apache.hadoop.hbase.util.Bytes;

final class RandomTable {
    private static final String[] ENCODINGS = {"NONE", "PREFIX", "DIFF", "FAST_DIFF", "ROW_INDEX_V1"};
    private static final String[] CODECS = {"NONE", "NONE", "GZ", "SNAPPY", "LZ4", "ZSTD", "LZO", "BROTLI"};
    private static final String[] BLOOMS = {"NONE", "ROW", "ROWCOL", "ROWPREFIX_FIXED_LENGTH"};

    private final Recorder recorder;
    private final Server server;
    private final Random random;
    private final String name;
    private final List<String> events = new ArrayList<>();
    private final List<Family> families = new ArrayList<>();
    private boolean compacts = true;
    private TableName table;

    RandomTable(Recorder recorder, long seed, int index) {
        this.recorder = recorder;
        this.server = recorder.server;
        this.random = new Random(seed * 1_000_003 + index);
        // The first numbers of neighbouring seeds are alike.
        random.nextLong();
        this.name = "random_" + seed + "_" + index;
    }

    String name() {
        return name;
    }

    String history() {
        return String.join(" ", events);
    }

    void run() throws Exception {
        TableDescriptor descriptor = describe();
        Churn churn = new Churn(random, families, 8 + random.nextInt(120), 1 + random.nextInt(10),
                2 + random.nextInt(40));
        byte[][] splits = new byte[random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0][];
        for (int i = 0; i < splits.length; i++) {
            splits[i] = churn.rows.get(random.nextInt(churn.rows.size()));
        }
        if (splits.length == 2 && Bytes.equals(splits[0], splits[1])) {
            splits = new byte[][] {splits[0]};
        }
        table = server.create(descriptor, splits);
        recorder.tables.add(table);
        int chunks = 2 + random.nextInt(6);
        for (int i = 0; i < chunks; i++) {
            try (Writer writer = new Writer(server, table)) {
                writer.batching = random.nextInt(4) == 0;
                churn.write(writer, 20 + random.nextInt(150));
                writer.sendAll();
                if (random.nextInt(6) == 0) {
                    Family family = families.get(random.nextInt(families.size()));
                    List<KeyValue> cells = churn.cells(family.name, 40);
                    if (!cells.isEmpty()) {
                        DataBlockEncoding encoding = DataBlockEncoding.valueOf(pick(ENCODINGS));
                        writer.load(family.name, cells, encoding);
                        events.add("load");
                    }
                }
                if (random.nextInt(4) > 0) {
                    writer.flush();
                    events.add("flush");
                }
            }
            event(churn);
        }
        Case last = new Case(name, table, history());
        if (random.nextInt(6) == 0) {
            recorder.remember(table);
            Server.within("disable", () -> {
                server.admin.disableTable(table);
                return null;
            });
            last.type(SnapshotType.DISABLED);
        } else if (random.nextInt(8) == 0) {
            last.type(SnapshotType.SKIPFLUSH);
        }
        // An export of a clone leaves the mob files of its source behind.
        boolean whole = families.stream().allMatch(each -> each.longValues == 0) || !events.contains("clone");
        if (random.nextInt(5) == 0 && whole) {
            last.exported();
        }
        recorder.record(last);
    }

    private String pick(String[] words) {
        return words[random.nextInt(words.length)];
    }

    private TableDescriptor describe() {
        int count = 1 + random.nextInt(3);
        List<ColumnFamilyDescriptor> described = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Family family = new Family(new String[] {"cf", "a", "z-last"}[i]);
            families.add(family);
            List<Object> pairs = new ArrayList<>();
            add(pairs, "VERSIONS", new int[] {1, 1, 2, 3, 5, 100}[random.nextInt(6)]);
            String keep = new String[] {"FALSE", "FALSE", "FALSE", "TRUE", "TTL"}[random.nextInt(5)];
            add(pairs, "KEEP_DELETED_CELLS", keep);
            add(pairs, "DATA_BLOCK_ENCODING", pick(ENCODINGS));
            add(pairs, "COMPRESSION", pick(CODECS));
            String bloom = pick(BLOOMS);
            add(pairs, "RowPrefixBloomFilter.prefix_length", 3);
            add(pairs, "BLOCKSIZE", new int[] {64, 256, 1024, 65_536}[random.nextInt(4)]);
            if (random.nextBoolean()) {
                add(pairs, "hfile.index.block.max.size", 128);
                add(pairs, "hfile.index.block.min.entries", 2);
                add(pairs, "io.storefile.bloom.block.size", 64);
            }
            if (random.nextInt(5) == 0) {
                add(pairs, "hbase.enable.historical.compaction.files", true);
            }
            if (random.nextInt(5) == 0) {
                add(pairs, "TTL", 86_400);
                add(pairs, "MIN_VERSIONS", random.nextInt(3));
                family.bands = true;
            }
            family.namelessColumn = random.nextInt(3) == 0;
            family.familyMarkers = !family.namelessColumn;
            if (keep.equals("FALSE") && random.nextInt(5) == 0) {
                add(pairs, "NEW_VERSION_BEHAVIOR", true);
                family.namelessColumn = false;
                family.familyMarkers = true;
                // Scans of a column seek with keys that no file has, and then may not end.
                bloom = bloom.equals("ROWCOL") ? "ROW" : bloom;
            } else if (!keep.equals("FALSE") && random.nextBoolean()) {
                family.namelessColumn = false;
                family.familyMarkers = false;
            } else if (!keep.equals("FALSE")) {
                // A compaction of many markers without a qualifier in a row may not end, in HBase.
                compacts = false;
            }
            add(pairs, "BLOOMFILTER", bloom);
            if (random.nextInt(6) == 0) {
                add(pairs, "IS_MOB", true);
                add(pairs, "MOB_THRESHOLD", 50);
                family.longValues = 40;
            }
            family.tags = random.nextInt(3) == 0;
            family.cellTtl = random.nextInt(4) == 0;
            if (random.nextBoolean()) {
                add(pairs, "COMPRESS_TAGS", true);
            }
            described.add(Tables.family(family.name, pairs.toArray()));
        }
        String namespace = random.nextInt(4) == 0 ? "ns_r:" : "";
        // No dots: HBase cannot open references to links whose table has one in its name.
        TableDescriptorBuilder builder = TableDescriptorBuilder.newBuilder(
                TableName.valueOf(namespace + "t_" + name + pick(new String[] {"", "-x", "_y"})));
        builder.setColumnFamilies(described);
        if (random.nextInt(4) == 0) {
            builder.setValue("hbase.store.file-tracker.impl", "FILE");
        }
        return builder.build();
    }

    private static void add(List<Object> pairs, String key, Object value) {
        pairs.add(key);
        pairs.add(value);
    }

    private void event(Churn churn) throws Exception {
        List<HRegion> regions = server.regions(table);
        switch (random.nextInt(9)) {
            case 0:
                if (compacts) {
                    server.compact(table, false);
                    events.add("minor");
                }
                break;
            case 1:
                if (compacts) {
                    HRegion region = regions.get(random.nextInt(regions.size()));
                    server.compact(region, true);
                    events.add("major");
                }
                break;
            case 2:
                server.archive(table);
                events.add("archive");
                break;
            case 3:
            case 4:
                split(churn, regions.get(random.nextInt(regions.size())));
                break;
            case 5:
                merge(regions);
                break;
            case 6:
                cloned();
                break;
            default:
        }
    }

    private void split(Churn churn, HRegion region) throws Exception {
        byte[] row = churn.rows.get(random.nextInt(churn.rows.size()));
        boolean inside = region.getRegionInfo().containsRow(row)
                && !Bytes.equals(region.getRegionInfo().getStartKey(), row);
        if (!inside || region.hasReferences()) {
            return;
        }
        settle();
        server.split(table, region, row);
        events.add("split");
    }

    private void merge(List<HRegion> regions) throws Exception {
        if (regions.size() < 2) {
            return;
        }
        int at = random.nextInt(regions.size() - 1);
        HRegion left = regions.get(at);
        HRegion right = regions.get(at + 1);
        if (left.hasReferences() || right.hasReferences()) {
            if (!compacts) {
                return;
            }
            server.compact(left, true);
            server.compact(right, true);
            events.add("major");
        }
        settle();
        server.merge(table, left, right);
        events.add("merge");
    }

    /** HBase splits and merges nothing that came of a split or merge it has not done with. */
    private void settle() throws Exception {
        server.archive(table);
        server.forgetParents();
    }

    /** Goes on with a clone of the table. */
    private void cloned() throws Exception {
        TableName clone = TableName.valueOf((random.nextBoolean() ? "ns_c:" : "") + "c" + events.size() + "-" + name);
        server.namespace(clone);
        String snapshot = "s_c_" + events.size() + "_" + name;
        TableName from = table;
        Server.within("clone", () -> {
            server.admin.snapshot(snapshot, from);
            server.admin.cloneSnapshot(snapshot, clone);
            return null;
        });
        recorder.tables.add(clone);
        table = clone;
        events.add("clone");
    }
}
