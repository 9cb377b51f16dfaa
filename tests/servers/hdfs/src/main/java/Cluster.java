// An HDFS cluster in one process, for the tests: `Cluster FOLDER single|ha [NAME=VALUE …]`.
//
// Everything is kept in FOLDER, ports are free ones. When the cluster answers, its client's
// configuration is in FOLDER/conf and the line `ready AUTHORITY` goes to standard output. Then each
// line of standard input is a command, its words separated by tabs, and is answered by a line: `ok`
// with what there is to say, or `failed` with why. The end of standard input ends the cluster.

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DFSTestUtil;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSNNTopology;
import org.apache.hadoop.hdfs.protocol.ExtendedBlock;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;
import org.apache.hadoop.hdfs.protocol.LocatedBlock;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.ha.HATestUtil;

class Cluster {
    static final String SERVICE = "lake";

    final MiniDFSCluster cluster;
    final DistributedFileSystem files;
    final Map<String, FSDataOutputStream> open = new HashMap<>();
    final Map<String, MiniDFSCluster.DataNodeProperties> stopped = new HashMap<>();

    Cluster(MiniDFSCluster cluster, DistributedFileSystem files) {
        this.cluster = cluster;
        this.files = files;
    }

    public static void main(String[] arguments) throws Exception {
        // Libraries print to standard output, too: it is kept for answers.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        File folder = new File(arguments[0]);
        boolean pair = arguments[1].equals("ha");
        int nodes = 3;
        Configuration conf = new HdfsConfiguration();
        conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, new File(folder, "data").getPath());
        conf.setLong("dfs.blocksize", 1 << 20);
        conf.setLong("dfs.namenode.fs-limits.min-block-size", 4096);
        conf.setInt("dfs.heartbeat.interval", 1);
        for (int i = 2; i < arguments.length; i++) {
            String[] pairOfWords = arguments[i].split("=", 2);
            if (pairOfWords[0].equals("nodes")) {
                nodes = Integer.parseInt(pairOfWords[1]);
            } else {
                conf.set(pairOfWords[0], pairOfWords[1]);
            }
        }
        MiniDFSCluster.Builder builder = new MiniDFSCluster.Builder(conf).numDataNodes(nodes);
        if (pair) {
            builder.nnTopology(MiniDFSNNTopology.simpleHATopology());
        }
        MiniDFSCluster cluster = builder.build();
        cluster.waitActive();
        Configuration client = new Configuration(false);
        DistributedFileSystem files;
        String authority;
        if (pair) {
            cluster.transitionToActive(0);
            files = (DistributedFileSystem) HATestUtil.configureFailoverFs(cluster, conf);
            authority = SERVICE;
            client.set("dfs.nameservices", SERVICE);
            // As people write it, with a blank.
            client.set("dfs.ha.namenodes." + SERVICE, "nn1, nn2");
            for (int i = 0; i < 2; i++) {
                client.set("dfs.namenode.rpc-address." + SERVICE + ".nn" + (i + 1),
                        "127.0.0.1:" + cluster.getNameNodePort(i));
            }
        } else {
            files = cluster.getFileSystem();
            authority = "127.0.0.1:" + cluster.getNameNodePort();
        }
        client.set("fs.defaultFS", "hdfs://" + authority);
        client.set("fs.viewfs.mounttable.all.link./data", "hdfs://" + authority + "/lake");
        client.set("fs.viewfs.mounttable.all.linkFallback", "hdfs://" + authority + "/");
        File configured = new File(folder, "conf");
        configured.mkdirs();
        try (OutputStream to = Files.newOutputStream(new File(configured, "core-site.xml").toPath())) {
            client.writeXml(to);
        }
        out.println("ready " + authority);
        Cluster running = new Cluster(cluster, files);
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            try {
                out.println(("ok " + running.run(line.split("\t"))).trim());
            } catch (Throwable e) {
                e.printStackTrace();
                out.println("failed " + String.valueOf(e).replace('\n', ' '));
            }
        }
        // Nothing of it is kept.
        FileUtil.fullyDelete(folder);
        Runtime.getRuntime().halt(0);
    }

    String run(String[] words) throws Exception {
        Path path = words.length > 1 ? new Path("/" + words[1]) : null;
        switch (words[0]) {
            case "mkdir":
                files.mkdirs(path, FsPermission.createImmutable((short) 0777));
                files.setPermission(path, FsPermission.createImmutable((short) 0777));
                return "";
            case "upload":
                files.copyFromLocalFile(new Path("file://" + words[2]), path);
                return "";
            case "write":
                write(path, Integer.parseInt(words[2]), Long.parseLong(words[3]));
                return "";
            case "sha256":
                return sha256(path);
            case "open":
                // A file that somebody is writing: with what is given in sight of readers.
                FSDataOutputStream writer = files.create(path);
                writer.write(random(Integer.parseInt(words[2]), Long.parseLong(words[3])));
                writer.hflush();
                open.put(words[1], writer);
                return String.valueOf(files.getFileStatus(path).getLen());
            case "open-lines":
                // The same with a column of numbers, in lines of 16 bytes.
                StringBuilder lines = new StringBuilder("n,text xxxxxxxx\n");
                for (int i = 0; i < Integer.parseInt(words[2]); i++) {
                    lines.append(String.format("%07d,xxxxxxx\n", i));
                }
                FSDataOutputStream log = files.create(path);
                log.write(lines.toString().getBytes(StandardCharsets.UTF_8));
                log.hflush();
                open.put(words[1], log);
                return "";
            case "close":
                open.remove(words[1]).close();
                return "";
            case "touch":
                files.create(path, true).close();
                return "";
            case "delete":
                return String.valueOf(files.delete(path, true));
            case "list":
                StringBuilder names = new StringBuilder();
                list(path, names);
                return names.toString().trim();
            case "chmod":
                files.setPermission(path, new FsPermission((short) Integer.parseInt(words[2], 8)));
                return "";
            case "chown":
                files.setOwner(path, words[2], null);
                return "";
            case "safemode":
                cluster.getNameNodeRpc(active()).setSafeMode(words[1].equals("on")
                        ? SafeModeAction.SAFEMODE_ENTER : SafeModeAction.SAFEMODE_LEAVE, false);
                return "";
            case "failover":
                failover(words.length > 1 ? Long.parseLong(words[1]) : 0);
                return "";
            case "standby":
                cluster.transitionToStandby(active());
                return "";
            case "activate":
                cluster.transitionToActive(0);
                return "";
            case "stop-node":
                MiniDFSCluster.DataNodeProperties node =
                        cluster.stopDataNode(Integer.parseInt(words[1]));
                stopped.put(node.getDatanode().getDisplayName(), node);
                return node.getDatanode().getDisplayName();
            case "start-nodes":
                for (MiniDFSCluster.DataNodeProperties each : stopped.values()) {
                    cluster.restartDataNode(each, true);
                }
                stopped.clear();
                cluster.waitActive();
                return "";
            case "corrupt":
                return String.valueOf(corrupt(path, Integer.parseInt(words[2])));
            case "encode":
                files.enableErasureCodingPolicy(words[2]);
                files.mkdirs(path);
                files.setErasureCodingPolicy(path, words[2]);
                return "";
            default:
                throw new IllegalArgumentException("no command " + words[0]);
        }
    }

    int active() throws Exception {
        for (int i = 0; i < cluster.getNumNameNodes(); i++) {
            if (cluster.getNameNode(i).isActiveState()) {
                return i;
            }
        }
        throw new IllegalStateException("no NameNode is active");
    }

    /** Changes the roles of the pair, with a time between in which none is active. */
    void failover(long without) throws Exception {
        int from = active();
        cluster.transitionToStandby(from);
        Thread.sleep(without);
        cluster.transitionToActive(1 - from);
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    void write(Path path, int length, long seed) throws Exception {
        try (FSDataOutputStream to = files.create(path, true)) {
            to.write(random(length, seed));
        }
        short replicas = files.getFileStatus(path).getReplication();
        // A file under an erasure code has one, of parts.
        if (replicas > 1) {
            DFSTestUtil.waitReplication(files, path, replicas);
        }
    }

    String sha256(Path path) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (FSDataInputStream from = files.open(path)) {
            byte[] bytes = new byte[1 << 16];
            for (int got = from.read(bytes); got >= 0; got = from.read(bytes)) {
                digest.update(bytes, 0, got);
            }
        }
        StringBuilder hex = new StringBuilder();
        for (byte each : digest.digest()) {
            hex.append(String.format("%02x", each));
        }
        return hex.toString();
    }

    void list(Path path, StringBuilder names) throws Exception {
        for (var status : files.listStatus(path)) {
            if (status.isDirectory()) {
                list(status.getPath(), names);
            } else {
                names.append(status.getPath().toUri().getPath()).append('\t');
            }
        }
    }

    /** Flips a byte in the middle of the first replicas of each block. */
    int corrupt(Path path, int replicas) throws Exception {
        long length = files.getFileStatus(path).getLen();
        List<LocatedBlock> blocks =
                files.getClient().getLocatedBlocks(path.toUri().getPath(), 0, length)
                        .getLocatedBlocks();
        int done = 0;
        for (LocatedBlock located : blocks) {
            ExtendedBlock block = located.getBlock();
            int left = replicas;
            for (DataNode node : cluster.getDataNodes()) {
                File file = left > 0 ? cluster.getBlockFile(cluster.getDataNodes().indexOf(node), block) : null;
                if (file == null) {
                    continue;
                }
                try (RandomAccessFile bytes = new RandomAccessFile(file, "rw")) {
                    long at = bytes.length() / 2;
                    bytes.seek(at);
                    int old = bytes.read();
                    bytes.seek(at);
                    bytes.write(old ^ 0xff);
                }
                left--;
                done++;
            }
        }
        return done;
    }
}
