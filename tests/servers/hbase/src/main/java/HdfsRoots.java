// The cases of a run in a cluster of HDFS: `hbase.rootdir` of a case is /hbase/CASE/root there.

import java.io.File;
import java.io.PrintStream;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hbase.thirdparty.com.google.gson.JsonArray;
import org.apache.hbase.thirdparty.com.google.gson.JsonElement;

final class HdfsRoots {
    private HdfsRoots() {}

    static void serve(File out, JsonArray cases, File folder, PrintStream answers) throws Exception {
        DefaultMetricsSystem.setMiniClusterMode(true);
        Configuration conf = new HdfsConfiguration();
        conf.set("fs.defaultFS", "hdfs://127.0.0.1:0");
        for (String key : new String[] {"dfs.namenode.http-address", "dfs.datanode.address",
                "dfs.datanode.http.address", "dfs.datanode.ipc.address"}) {
            conf.set(key, "127.0.0.1:0");
        }
        conf.set("dfs.namenode.name.dir", new File(folder, "name").toURI().toString());
        conf.set("dfs.datanode.data.dir", new File(folder, "blocks").toURI().toString());
        conf.setInt("dfs.replication", 1);
        conf.setInt("dfs.namenode.safemode.extension", 0);
        NameNode.format(conf);
        NameNode names = new NameNode(conf);
        String address = "hdfs://127.0.0.1:" + names.getNameNodeAddress().getPort();
        conf.set("fs.defaultFS", address);
        DataNode data = DataNode.createDataNode(new String[0], conf);
        Server.within("the start of HDFS", () -> {
            while (!data.isDatanodeFullyStarted() || names.isInSafeMode()) {
                Thread.sleep(50);
            }
            return null;
        });
        FileSystem files = new Path(address).getFileSystem(conf);
        FileSystem local = FileSystem.getLocal(conf).getRaw();
        for (JsonElement each : cases) {
            String name = each.getAsJsonObject().get("name").getAsString();
            Path root = new Path(new File(out, name + "/root").toURI());
            new Copies(local, root, files, new Path("/hbase/" + name + "/root")).folder(".");
        }
        answers.println("ready " + address + "/hbase");
        while (System.in.read() >= 0) {
            // Whoever started it says nothing, until it closes.
        }
    }
}
