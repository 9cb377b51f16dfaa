// A real HBase in this process: ZooKeeper, one master and one region server, everything in one folder.
//
// Nothing happens behind its back: compactions, cleaners and the balancer run only when asked for, so
// that the same commands leave the same cells in the same files.

import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.LocalHBaseCluster;
import org.apache.hadoop.hbase.NamespaceDescriptor;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.TableDescriptor;
import org.apache.hadoop.hbase.regionserver.HRegion;
import org.apache.hadoop.hbase.regionserver.HStore;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hadoop.hbase.zookeeper.MiniZooKeeperCluster;

final class Server {
    // What may take longer has hung: HBase has endless loops of its own.
    private static final long LIMIT_SECONDS = 120;

    final Configuration conf;
    final Path root;
    final FileSystem files;
    final Connection connection;
    final Admin admin;
    private final LocalHBaseCluster cluster;

    private Server(Configuration conf, LocalHBaseCluster cluster) throws IOException {
        this.conf = conf;
        this.cluster = cluster;
        this.root = new Path(conf.get("hbase.rootdir"));
        this.files = root.getFileSystem(conf);
        this.connection = ConnectionFactory.createConnection(conf);
        this.admin = connection.getAdmin();
    }

    /** Starts one whose files are below `folder`, or at `rootdir` where that is given. */
    static Server start(File folder, String rootdir, Map<String, String> settings) throws Exception {
        Configuration conf = configuration(folder, rootdir);
        settings.forEach(conf::set);
        MiniZooKeeperCluster keepers = new MiniZooKeeperCluster(conf);
        int port = keepers.startup(new File(folder, "zookeeper"));
        conf.set("hbase.zookeeper.quorum", "127.0.0.1");
        conf.setInt("hbase.zookeeper.property.clientPort", port);
        LocalHBaseCluster cluster = new LocalHBaseCluster(conf, 1, 1);
        cluster.startup();
        within("the start of HBase", () -> {
            while (cluster.getActiveMaster() == null || !cluster.getActiveMaster().isInitialized()) {
                Thread.sleep(50);
            }
            return null;
        });
        return new Server(conf, cluster);
    }

    static Configuration configuration(File folder, String rootdir) {
        Configuration conf = HBaseConfiguration.create();
        conf.set("hbase.rootdir", rootdir != null ? rootdir : new File(folder, "hbase").toURI().toString());
        conf.set("hbase.tmp.dir", new File(folder, "tmp").getPath());
        conf.set("hadoop.tmp.dir", new File(folder, "hadoop").getPath());
        // The local file system has no hflush.
        conf.setBoolean("hbase.unsafe.stream.capability.enforce", false);
        conf.set("hbase.wal.provider", "filesystem");
        for (String part : new String[] {"master", "regionserver"}) {
            conf.set("hbase." + part + ".ipc.address", "127.0.0.1");
            conf.set("hbase." + part + ".hostname", "localhost");
            conf.setInt("hbase." + part + ".port", 0);
            conf.setInt("hbase." + part + ".info.port", -1);
        }
        conf.setBoolean("hbase.localcluster.assign.random.ports", true);
        conf.setInt("hbase.master.wait.on.regionservers.mintostart", 1);
        conf.setInt("hbase.master.wait.on.regionservers.maxtostart", 1);
        conf.setInt("hbase.master.wait.on.regionservers.interval", 100);
        conf.setInt("hbase.master.wait.on.regionservers.timeout", 1000);
        // Tiny blocks and index blocks are wanted here.
        conf.setBoolean("hbase.table.sanity.checks", false);
        conf.setBoolean("hbase.regionserver.compaction.enabled", false);
        int day = 24 * 3600 * 1000;
        for (String key : new String[] {"hbase.balancer.period", "hbase.catalogjanitor.interval",
                "hbase.master.cleaner.interval", "hbase.hfile.compaction.discharger.interval",
                "hbase.normalizer.period", "hbase.master.cleaner.snapshot.interval",
                "hbase.master.hfilecleaner.ttl", "hbase.regionserver.optionalcacheflushinterval",
                "hbase.master.mob.cleaner.period", "hbase.master.mob.compaction.chore.period"}) {
            conf.setInt(key, day);
        }
        conf.setInt("hbase.hstore.compaction.min", 2);
        // A loaded file that is cut at a region's border asks here, not in its family.
        conf.setInt("RowPrefixBloomFilter.prefix_length", 3);
        conf.setInt("hbase.regionserver.handler.count", 8);
        conf.setFloat("hfile.block.cache.size", 0.1f);
        // A call that fails must not be tried for minutes.
        conf.setInt("hbase.client.retries.number", 4);
        conf.setInt("hbase.client.pause", 50);
        conf.setInt("hbase.rpc.timeout", 30_000);
        conf.setInt("hbase.client.operation.timeout", 60_000);
        conf.setInt("hbase.client.scanner.timeout.period", 20_000);
        // Tags travel with the cells.
        conf.set("hbase.client.rpc.codec", "org.apache.hadoop.hbase.codec.KeyValueCodecWithTags");
        conf.set("hbase.crypto.keyprovider", FixedKey.class.getName());
        conf.set("hbase.crypto.master.key.name", "hbase");
        conf.set("mapreduce.framework.name", "local");
        return conf;
    }

    /** Runs it with a limit of time; what hangs is left behind. */
    static <T> T within(String what, Callable<T> action) throws Exception {
        return within(what, LIMIT_SECONDS, action);
    }

    static <T> T within(String what, long seconds, Callable<T> action) throws Exception {
        FutureTask<T> task = new FutureTask<>(action);
        Thread thread = new Thread(task, what);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(seconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new Hung(what + " takes more than " + seconds + " s", thread);
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
        }
    }

    /** Makes sure that the namespace of a table exists. */
    void namespace(TableName table) throws Exception {
        for (NamespaceDescriptor each : admin.listNamespaceDescriptors()) {
            if (each.getName().equals(table.getNamespaceAsString())) {
                return;
            }
        }
        admin.createNamespace(NamespaceDescriptor.create(table.getNamespaceAsString()).build());
    }

    TableName create(TableDescriptor table, byte[]... splits) throws Exception {
        namespace(table.getTableName());
        within("create", () -> {
            admin.createTable(table, splits.length == 0 ? null : splits);
            return null;
        });
        return table.getTableName();
    }

    /** The open regions of a table, by their start keys. */
    List<HRegion> regions(TableName table) {
        List<HRegion> regions =
                new java.util.ArrayList<>(cluster.getRegionServers().get(0).getRegionServer().getRegions(table));
        regions.sort((a, b) -> Bytes.compareTo(a.getRegionInfo().getStartKey(), b.getRegionInfo().getStartKey()));
        return regions;
    }

    void flush(TableName table) throws Exception {
        for (HRegion region : regions(table)) {
            region.flush(true);
        }
    }

    void compact(TableName table, boolean major) throws Exception {
        for (HRegion region : regions(table)) {
            compact(region, major);
        }
    }

    void compact(HRegion region, boolean major) throws Exception {
        within("compaction", 30, () -> {
            region.compact(major);
            return null;
        });
    }

    /** Moves the files that a compaction replaced to the archive, as HBase does some minutes later. */
    void archive(TableName table) throws Exception {
        for (HRegion region : regions(table)) {
            for (HStore store : region.getStores()) {
                store.closeAndArchiveCompactedFiles();
            }
        }
    }

    void split(TableName table, HRegion region, byte[] row) throws Exception {
        int before = regions(table).size();
        admin.splitRegionAsync(region.getRegionInfo().getRegionName(), row).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        waitForRegions(table, before + 1);
    }

    /** Splits the region in which the row lies. */
    void split(TableName table, String row) throws Exception {
        for (HRegion region : regions(table)) {
            if (region.getRegionInfo().containsRow(Bytes.toBytes(row))) {
                split(table, region, Bytes.toBytes(row));
                return;
            }
        }
    }

    void merge(TableName table, HRegion left, HRegion right) throws Exception {
        int before = regions(table).size();
        byte[][] both = {left.getRegionInfo().getRegionName(), right.getRegionInfo().getRegionName()};
        admin.mergeRegionsAsync(both, true).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        waitForRegions(table, before - 1);
    }

    private void waitForRegions(TableName table, int count) throws Exception {
        within("regions", () -> {
            while (regions(table).size() != count
                    || regions(table).stream().anyMatch(region -> !region.isAvailable())) {
                Thread.sleep(20);
            }
            return null;
        });
    }

    /** Lets go of split parents whose daughters have no references any more. */
    void forgetParents() throws Exception {
        within("catalog janitor", () -> admin.runCatalogJanitor());
    }

    /** Removes a table and what is left of it in the archive. */
    void drop(TableName table) throws Exception {
        if (admin.tableExists(table)) {
            within("drop", () -> {
                if (admin.isTableEnabled(table)) {
                    admin.disableTable(table);
                }
                admin.deleteTable(table);
                return null;
            });
        }
    }

    void forget(TableName table) throws Exception {
        drop(table);
        files.delete(archived(table), true);
    }

    Path archived(TableName table) {
        return new Path(root, "archive/" + inside(table));
    }

    static String inside(TableName table) {
        return "data/" + table.getNamespaceAsString() + "/" + table.getQualifierAsString();
    }
}

/** HBase has endless loops of its own; what runs into one is left behind. */
final class Hung extends TimeoutException {
    Hung(String what, Thread thread) {
        super(what);
        setStackTrace(thread.getStackTrace());
    }
}
