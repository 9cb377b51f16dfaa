// Cases about the form of the bytes: encodings with and without tags, index levels, Bloom filters, sums.

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.util.Bytes;

final class BlockCases {
    private static final Object[] SMALL = {"BLOCKSIZE", 512, "hfile.index.block.max.size", 256,
            "hfile.index.block.min.entries", 4, "io.storefile.bloom.block.size", 256, "VERSIONS", 3};

    private final long seed;

    BlockCases(long seed) {
        this.seed = seed;
    }

    List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        for (String encoding : new String[] {"NONE", "PREFIX", "DIFF", "FAST_DIFF", "ROW_INDEX_V1"}) {
            for (String tags : new String[] {"plain", "tags", "ctags"}) {
                String name = "enc_" + encoding.toLowerCase() + "_" + tags;
                groups.add(new Story(recorder -> encoded(recorder, name, encoding, tags), name));
            }
        }
        for (String encoding : new String[] {"PREFIX", "DIFF", "FAST_DIFF"}) {
            String name = "tagdict_" + encoding.toLowerCase();
            groups.add(new Story(recorder -> dictionary(recorder, name, encoding), name));
        }
        for (String bloom : new String[] {"NONE", "ROW", "ROWCOL", "ROWPREFIX_FIXED_LENGTH"}) {
            String name = "bloom_" + bloom.toLowerCase();
            groups.add(new Story(recorder -> bloom(recorder, name, bloom), name));
        }
        for (String sums : new String[] {"CRC32", "NULL"}) {
            String name = "checksum_" + sums.toLowerCase();
            groups.add(new Story(recorder -> sums(recorder, name, sums), name));
        }
        groups.add(new Story(this::historical, "historical_files"));
        groups.add(new Story(this::altered, "altered_families"));
        return groups;
    }

    private static TableName create(Recorder recorder, String name, Object... settings) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_" + name, Tables.family("cf", settings)));
        recorder.tables.add(table);
        return table;
    }

    private void encoded(Recorder recorder, String name, String encoding, String tags) throws Exception {
        TableName table = create(recorder, name, Tables.and(SMALL, "DATA_BLOCK_ENCODING", encoding,
                "COMPRESS_TAGS", tags.equals("ctags")));
        Family family = new Family("cf");
        family.tags = !tags.equals("plain");
        family.namelessColumn = tags.equals("plain");
        family.familyMarkers = !family.namelessColumn;
        family.longValues = 60;
        Churn churn = new Churn(new Random(seed + name.hashCode()), List.of(family), 300, 6, 30);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            churn.write(writer, 500);
            writer.flush();
            churn.write(writer, 120);
            writer.flush();
        }
        recorder.record(new Case(name, table, "encoding " + encoding, "codec none",
                tags.equals("plain") ? "no tags" : tags.equals("tags") ? "cell tags, uncompressed"
                        : "cell tags, COMPRESS_TAGS",
                "2 files", "multi-level index", "delete markers").few());
    }

    private void dictionary(Recorder recorder, String name, String encoding) throws Exception {
        TableName table = create(recorder, name, "DATA_BLOCK_ENCODING", encoding, "COMPRESS_TAGS", true,
                "BLOCKSIZE", 65_536, "VERSIONS", 1);
        Random random = new Random(seed + encoding.hashCode());
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int i = 0; i < 900; i++) {
                // More contents than the dictionary holds, some of them again and again.
                int content = random.nextInt(4) == 0 ? random.nextInt(20) : random.nextInt(400);
                writer.put(String.format("row%04d", i), "cf", "q", Churn.BASE + i, "v" + i,
                        Tables.tag(65, "content " + content), Tables.tag(66, "c" + random.nextInt(150)));
                if (i == 500) {
                    writer.flush();
                }
            }
            writer.flush();
        }
        recorder.server.compact(table, true);
        recorder.record(new Case(name, table, "tag dictionary with more than 127 entries in one block",
                "encoding " + encoding, "after major compaction").few());
    }

    private void bloom(Recorder recorder, String name, String bloom) throws Exception {
        TableName table = create(recorder, name, Tables.and(SMALL, "BLOOMFILTER", bloom,
                "RowPrefixBloomFilter.prefix_length", 5, "DATA_BLOCK_ENCODING", "FAST_DIFF"));
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            for (int file = 0; file < 3; file++) {
                for (int i = 0; i < 400; i++) {
                    writer.put(String.format("r%04d", i * 3 + file), "cf", "q" + i % 3, Churn.BASE + file, "v" + i);
                }
                for (int i = 0; i < 20; i++) {
                    writer.delete(String.format("r%04d", i * 50 + 3 * file), "cf", "", Churn.BASE,
                            KeyValue.Type.DeleteFamily);
                }
                writer.flush();
            }
        }
        Case made = new Case(name, table, "bloom filter " + bloom, "compound bloom, several chunks",
                "delete-family bloom").few();
        byte[] there = Bytes.toBytes("r0600");
        byte[] absent = Bytes.toBytes("r0600x");
        made.ask(new Asked("row_there").rows(there, Scans.after(there)));
        made.ask(new Asked("row_absent").rows(absent, Scans.after(absent)));
        made.ask(new Asked("row_and_column").rows(there, Scans.after(there)).column(Bytes.toBytes("cf"), Bytes.toBytes("q2")));
        recorder.record(made);
    }

    private void sums(Recorder recorder, String name, String sums) throws Exception {
        TableName table = create(recorder, name, Tables.and(SMALL, "hbase.hstore.checksum.algorithm", sums,
                "hbase.hstore.bytes.per.checksum", 200));
        Family family = new Family("cf");
        family.longValues = 300;
        Churn churn = new Churn(new Random(seed + name.hashCode()), List.of(family), 60, 4, 9);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            churn.write(writer, 300);
            writer.flush();
        }
        recorder.record(new Case(name, table, "checksums " + sums + ", one for 200 bytes").few());
    }

    private void historical(Recorder recorder) throws Exception {
        TableName table = create(recorder, "historical", "VERSIONS", 5, "KEEP_DELETED_CELLS", "TRUE",
                "hbase.enable.historical.compaction.files", true);
        Family family = new Family("cf");
        // A compaction of many markers without a qualifier may not end where they are kept, in HBase.
        family.familyMarkers = false;
        Churn churn = new Churn(new Random(seed * 41), List.of(family), 30, 4, 12);
        try (Writer writer = new Writer(recorder.server, table).batching()) {
            churn.write(writer, 300);
            writer.flush();
            churn.write(writer, 300);
            writer.flush();
            recorder.server.compact(table, true);
            churn.write(writer, 60);
            writer.flush();
        }
        recorder.record(new Case("historical_files", table,
                "a compaction into a file of latest cells and one of HISTORICAL ones", "one more file"));
    }

    /** Files written under other settings than the snapshot's table has. */
    private void altered(Recorder recorder) throws Exception {
        TableName table = recorder.server.create(Tables.table("t_altered", Tables.family("cf", "VERSIONS", 5),
                Tables.family("gone")));
        recorder.tables.add(table);
        Churn churn = new Churn(new Random(seed * 43), List.of(new Family("cf")), 20, 4, 9);
        try (Writer writer = new Writer(recorder.server, table)) {
            churn.write(writer, 150);
            writer.put("row", "gone", "q", Churn.BASE, "in a family that is deleted");
            writer.flush();
            String[][] settings = {{"DIFF", "NONE", "5"}, {"FAST_DIFF", "GZ", "5"}, {"ROW_INDEX_V1", "SNAPPY", "2"}};
            for (String[] each : settings) {
                Server.within("alter", () -> {
                    recorder.server.admin.modifyColumnFamily(table, Tables.family("cf", "DATA_BLOCK_ENCODING", each[0],
                            "COMPRESSION", each[1], "VERSIONS", each[2]));
                    return null;
                });
                churn.write(writer, 80);
                writer.flush();
            }
            Server.within("alter", () -> {
                recorder.server.admin.deleteColumnFamily(table, Bytes.toBytes("gone"));
                recorder.server.admin.addColumnFamily(table, Tables.family("added"));
                return null;
            });
            writer.put("row", "added", "q", Churn.BASE, "in a family that only the last file knows");
            writer.flush();
        }
        recorder.record(new Case("altered_families", table, "files of four encodings and three codecs in a family",
                "VERSIONS lowered from 5 to 2", "a family deleted, a family added"));
    }
}
