// How tables are described and filled here: descriptors from pairs of words, cells one by one, in
// batches, or as files that are loaded.

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.ArrayBackedTag;
import org.apache.hadoop.hbase.CellComparatorImpl;
import org.apache.hadoop.hbase.KeyValue;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.Tag;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptor;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Delete;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Row;
import org.apache.hadoop.hbase.client.Table;
import org.apache.hadoop.hbase.client.TableDescriptor;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.io.compress.Compression;
import org.apache.hadoop.hbase.io.encoding.DataBlockEncoding;
import org.apache.hadoop.hbase.io.hfile.CacheConfig;
import org.apache.hadoop.hbase.io.hfile.HFile;
import org.apache.hadoop.hbase.io.hfile.HFileContext;
import org.apache.hadoop.hbase.io.hfile.HFileContextBuilder;
import org.apache.hadoop.hbase.regionserver.HStoreFile;
import org.apache.hadoop.hbase.tool.BulkLoadHFiles;
import org.apache.hadoop.hbase.util.Bytes;

final class Tables {
    static final byte CELL_TTL = 8;

    private Tables() {}

    /** A family from pairs of a key and a value; a key with a dot is configuration, others are attributes. */
    static ColumnFamilyDescriptor family(String name, Object... pairs) {
        ColumnFamilyDescriptorBuilder builder = ColumnFamilyDescriptorBuilder.newBuilder(Bytes.toBytes(name));
        for (int i = 0; i < pairs.length; i += 2) {
            String key = (String) pairs[i];
            if (key.contains(".")) {
                builder.setConfiguration(key, String.valueOf(pairs[i + 1]));
            } else {
                builder.setValue(key, String.valueOf(pairs[i + 1]));
            }
        }
        return builder.build();
    }

    /** The pairs of a family, those of the second list after those of the first. */
    static Object[] and(Object[] pairs, Object... more) {
        Object[] all = Arrays.copyOf(pairs, pairs.length + more.length);
        System.arraycopy(more, 0, all, pairs.length, more.length);
        return all;
    }

    static TableDescriptor table(String name, ColumnFamilyDescriptor... families) {
        return TableDescriptorBuilder.newBuilder(TableName.valueOf(name))
                .setColumnFamilies(Arrays.asList(families)).build();
    }

    static Tag ttl(long milliseconds) {
        return new ArrayBackedTag(CELL_TTL, Bytes.toBytes(milliseconds));
    }

    static Tag tag(int type, String value) {
        return new ArrayBackedTag((byte) type, Bytes.toBytes(value));
    }

    static KeyValue cell(byte[] row, byte[] family, byte[] qualifier, long ts, KeyValue.Type type, byte[] value,
            Tag... tags) {
        return new KeyValue(row, family, qualifier, ts, type, value, List.of(tags));
    }

    static KeyValue cell(String row, String family, String qualifier, long ts, KeyValue.Type type, String value,
            Tag... tags) {
        return cell(Bytes.toBytes(row), Bytes.toBytes(family), Bytes.toBytes(qualifier), ts, type,
                Bytes.toBytes(value), tags);
    }
}

/** Writes to a table: each cell is a call of its own, and so a sequence id of its own, unless batched. */
final class Writer implements AutoCloseable {
    private static final int BATCH = 500;

    final Server server;
    final TableName name;
    private final Table table;
    private final List<Row> batch = new ArrayList<>();
    boolean batching;

    Writer(Server server, TableName name) throws Exception {
        this.server = server;
        this.name = name;
        this.table = server.connection.getTable(name);
    }

    Writer batching() {
        batching = true;
        return this;
    }

    void write(KeyValue cell) throws Exception {
        byte[] row = org.apache.hadoop.hbase.CellUtil.cloneRow(cell);
        if (cell.getType() == org.apache.hadoop.hbase.Cell.Type.Put) {
            send(new Put(row).add(cell));
        } else {
            send(new Delete(row).add(cell));
        }
    }

    private void send(Row row) throws Exception {
        batch.add(row);
        if (!batching || batch.size() >= BATCH) {
            sendAll();
        }
    }

    void sendAll() throws Exception {
        if (!batch.isEmpty()) {
            table.batch(batch, new Object[batch.size()]);
            batch.clear();
        }
    }

    void put(String row, String family, String qualifier, long ts, String value, Tag... tags) throws Exception {
        write(Tables.cell(row, family, qualifier, ts, KeyValue.Type.Put, value, tags));
    }

    void delete(String row, String family, String qualifier, long ts, KeyValue.Type type) throws Exception {
        write(Tables.cell(row, family, qualifier, ts, type, ""));
    }

    void flush() throws Exception {
        sendAll();
        server.flush(name);
    }

    /** Writes the cells as one HFile and loads it. */
    void load(String family, List<KeyValue> cells, Object... settings) throws Exception {
        sendAll();
        cells.sort(CellComparatorImpl.COMPARATOR);
        Path folder = new Path(server.root, "staging-" + System.nanoTime());
        Path file = new Path(folder, family + "/" + "loaded");
        HFileContext context = new HFileContextBuilder()
                .withColumnFamily(Bytes.toBytes(family)).withIncludesTags(true).withBlockSize(1024)
                .withCompression(Compression.Algorithm.NONE)
                .withDataBlockEncoding(settings.length > 0 ? (DataBlockEncoding) settings[0] : DataBlockEncoding.NONE)
                .build();
        try (HFile.Writer writer = HFile.getWriterFactory(server.conf, new CacheConfig(server.conf))
                .withPath(server.files, file).withFileContext(context).create()) {
            KeyValue last = null;
            for (KeyValue each : cells) {
                // A file may hold equal keys, but what they mean is nobody's business here.
                if (last == null || CellComparatorImpl.COMPARATOR.compare(last, each) != 0) {
                    writer.append(each);
                }
                last = each;
            }
            writer.appendFileInfo(HStoreFile.BULKLOAD_TIME_KEY, Bytes.toBytes(1_600_000_000_000L));
        }
        Server.within("bulk load", () -> BulkLoadHFiles.create(server.conf).bulkLoad(name, folder));
        server.files.delete(folder, true);
    }

    @Override
    public void close() throws Exception {
        sendAll();
        table.close();
    }
}
