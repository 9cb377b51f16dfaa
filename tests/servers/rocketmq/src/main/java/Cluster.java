// Name servers and brokers of Apache RocketMQ for the tests: `Cluster FOLDER`.
//
// Everything is kept in FOLDER, ports are free ones. One name server has the brokers `a` and `b`, which ask
// nobody who he is; another one has the broker `guarded`, which does. When they take requests, the line
// `ready PLAIN GUARDED` with the addresses of the two name servers goes to standard output. Then each line
// of standard input is a command, its words separated by tabs, and is answered by a line: `ok` with what
// there is to say, or `failed` with why. The end of standard input ends all.
//
// `fill` writes the topics of the tests. `truth TOPIC FILE` writes what RocketMQ's own pull consumer reads of
// a topic, a line of JSON per message. `bench TOPIC QUEUES MESSAGES` writes a topic for benchmarks, and `pull
// TOPIC` says how long RocketMQ's own consumer takes to read and drop it, with a thread for each queue.

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.auth.authentication.enums.UserType;
import org.apache.rocketmq.auth.authentication.model.User;
import org.apache.rocketmq.auth.authorization.enums.Decision;
import org.apache.rocketmq.auth.authorization.model.Acl;
import org.apache.rocketmq.auth.authorization.model.Environment;
import org.apache.rocketmq.auth.authorization.model.Resource;
import org.apache.rocketmq.auth.config.AuthConfig;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.action.Action;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.namesrv.NamesrvConfig;
import org.apache.rocketmq.namesrv.NamesrvController;
import org.apache.rocketmq.namesrv.NamesrvStartup;
import org.apache.rocketmq.remoting.RPCHook;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyServerConfig;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.route.TopicRouteData;
import org.apache.rocketmq.store.CommitLog;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.PutMessageResult;
import org.apache.rocketmq.store.config.MessageStoreConfig;

class Cluster {
    /** When a message's producer says that it was made. */
    static final long START = 1_788_000_000_000L;

    final File folder;
    final NamesrvController names;
    final String plain;
    final String guarded;
    final Map<String, Node> nodes = new TreeMap<>();
    DefaultMQPullConsumer reader;
    Thread writer;
    volatile boolean writes;

    /** A broker, which can be ended and begun again. */
    class Node {
        final String name;
        final String servers;
        final int port = freePort();
        final int replicas = freePort();
        BrokerController broker;

        Node(String name, String servers) throws Exception {
            this.name = name;
            this.servers = servers;
        }

        void start() throws Exception {
            BrokerConfig config = new BrokerConfig();
            config.setBrokerClusterName("sluice");
            config.setBrokerName(name);
            config.setBrokerIP1("127.0.0.1");
            config.setNamesrvAddr(servers);
            // A machine that is busy with other tests is slow, and that is no fault.
            config.setBrokerFastFailureEnable(false);
            NettyServerConfig server = new NettyServerConfig();
            server.setBindAddress("127.0.0.1");
            server.setListenPort(port);
            MessageStoreConfig store = new MessageStoreConfig();
            File path = new File(folder, name);
            store.setStorePathRootDir(path.getPath());
            store.setStorePathCommitLog(new File(path, "commitlog").getPath());
            store.setHaListenPort(replicas);
            store.setMappedFileSizeCommitLog(name.equals("b") ? 8 << 20 : 64 << 20);
            store.setMaxHashSlotNum(50_000);
            store.setMaxIndexNum(200_000);
            store.setTimerWheelEnable(false);
            store.setMaxMessageSize(8 << 20);
            store.setOsPageCacheBusyTimeOutMills(60_000);
            store.setDiskMaxUsedSpaceRatio(95);
            store.setMessageDelayLevel("1s 2h");
            AuthConfig auth = new AuthConfig();
            if (name.equals("guarded")) {
                auth.setAuthenticationEnabled(true);
                auth.setAuthenticationProvider(
                    "org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider");
                auth.setAuthenticationMetadataProvider(
                    "org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider");
                auth.setAuthorizationEnabled(true);
                auth.setAuthorizationProvider(
                    "org.apache.rocketmq.auth.authorization.provider.DefaultAuthorizationProvider");
                auth.setAuthorizationMetadataProvider(
                    "org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider");
                auth.setInitAuthenticationUser("{\"username\":\"root\",\"password\":\"root-secret\"}");
                auth.setInnerClientAuthenticationCredentials(
                    "{\"accessKey\":\"root\",\"secretKey\":\"root-secret\"}");
            }
            auth.setConfigName(name);
            auth.setClusterName("sluice");
            auth.setAuthConfigPath(new File(path, "config").getPath());
            broker = new BrokerController(config, server, new NettyClientConfig(), store, auth);
            // They read their own class path, and close what the others read there.
            synchronized (Cluster.class) {
                if (!broker.initialize()) {
                    throw new IllegalStateException("broker " + name + " does not start");
                }
            }
            broker.start();
        }

        /** Makes topics whose queues can be written, and tells name servers. */
        void topics(TopicConfig... topics) {
            for (TopicConfig topic : topics) {
                broker.getTopicConfigManager().updateTopicConfig(topic);
            }
            broker.registerBrokerAll(true, false, true);
        }
    }

    Cluster(File folder, NamesrvController names, String guarded) {
        this.folder = folder;
        this.names = names;
        this.plain = address(names);
        this.guarded = guarded;
    }

    public static void main(String[] arguments) throws Exception {
        // Libraries print to standard output, too: it is kept for answers.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        File folder = new File(arguments[0]);
        System.setProperty("rocketmq.home.dir", folder.getPath());
        System.setProperty("rocketmq.broker.diskSpaceWarningLevelRatio", "0.99");
        System.setProperty("rocketmq.broker.diskSpaceCleanForciblyRatio", "0.99");
        System.setProperty(RemotingCommand.REMOTING_VERSION_KEY, Integer.toString(MQVersion.CURRENT_VERSION));
        Cluster cluster = new Cluster(folder, nameServer(), address(nameServer()));
        cluster.nodes.put("a", cluster.new Node("a", cluster.plain));
        cluster.nodes.put("b", cluster.new Node("b", cluster.plain));
        cluster.nodes.put("guarded", cluster.new Node("guarded", cluster.guarded));
        List<FutureTask<Void>> starts = new ArrayList<>();
        for (Node node : cluster.nodes.values()) {
            FutureTask<Void> start = new FutureTask<>(() -> {
                node.start();
                return null;
            });
            starts.add(start);
            new Thread(start).start();
        }
        try {
            for (FutureTask<Void> start : starts) {
                start.get();
            }
        } catch (ExecutionException e) {
            e.printStackTrace();
            out.println("failed " + e);
            Runtime.getRuntime().halt(1);
        }
        out.println("ready " + cluster.plain + " " + cluster.guarded);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            try {
                out.println("ok " + cluster.run(line.split("\t")));
            } catch (Throwable e) {
                e.printStackTrace();
                out.println("failed " + e);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    static NamesrvController nameServer() throws Exception {
        NettyServerConfig server = new NettyServerConfig();
        server.setBindAddress("127.0.0.1");
        server.setListenPort(freePort());
        return NamesrvStartup.start(new NamesrvController(new NamesrvConfig(), server));
    }

    static String address(NamesrvController server) {
        return "127.0.0.1:" + server.getNettyServerConfig().getListenPort();
    }

    /** Waits until the name server knows the topics of a broker; it learns of the old one's end late. */
    void known(Node node) {
        for (;;) {
            TopicRouteData route = names.getRouteInfoManager().pickupTopicRouteData("spread");
            if (route != null && route.getQueueDatas().stream().anyMatch(it -> it.getBrokerName().equals(node.name))) {
                return;
            }
            node.broker.registerBrokerAll(true, false, true);
        }
    }

    /** A port that is free, as is the one two before it: brokers listen there, too. */
    static int freePort() throws Exception {
        for (;;) {
            InetAddress here = InetAddress.getLoopbackAddress();
            try (ServerSocket socket = new ServerSocket(0, 1, here);
                    ServerSocket before = new ServerSocket(socket.getLocalPort() - 2, 1, here)) {
                return socket.getLocalPort();
            } catch (java.net.BindException e) {
                continue;
            }
        }
    }

    String run(String[] words) throws Exception {
        switch (words[0]) {
            case "fill":
                return fill(Long.parseLong(words[1]));
            case "bench":
                bench(words[1], Integer.parseInt(words[2]), Long.parseLong(words[3]));
                return "";
            case "pull":
                return pull(words[1]);
            case "truth":
                return truth(words[1], new File(words[2]));
            case "state":
                return state();
            case "write":
                write(words[1]);
                return "";
            case "stop_writing":
                writes = false;
                writer.join();
                return "";
            case "delete_head":
                DefaultMQProducer producer = producer("filler", plain, null);
                for (int n = 0; n < 100; n++) {
                    producer.send(message("head_deleted", new byte[100_000], null),
                        new MessageQueue("head_deleted", words[1], n % 2));
                }
                producer.shutdown();
                deleteHead(words[1]);
                return "";
            case "stop":
                nodes.get(words[1]).broker.shutdown();
                return "";
            case "start":
                nodes.get(words[1]).start();
                known(nodes.get(words[1]));
                return "";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    DefaultMQProducer producer(String name, String servers, RPCHook hook) throws Exception {
        return begun(new DefaultMQProducer("producers", hook), name, servers);
    }

    static <P extends DefaultMQProducer> P begun(P producer, String name, String servers) throws Exception {
        producer.setNamesrvAddr(servers);
        producer.setInstanceName(name);
        producer.setMaxMessageSize(8 << 20);
        producer.setSendMsgTimeout(60_000);
        // What is compressed is told by those who compress.
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        producer.start();
        return producer;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] event(Random random, long n) {
        return bytes("{\"n\":" + n + ",\"at\":" + (START + n * 10) + ",\"device_model\":\"model " + random.nextInt(20)
            + "\",\"battery\":" + random.nextInt(101) + ",\"note\":\"" + "x".repeat(random.nextInt(80)) + "\"}");
    }

    static Message message(String topic, byte[] body, String tags, String... keys) {
        Message message = new Message(topic, tags, String.join(" ", keys), body);
        return message;
    }

    String fill(long seed) throws Exception {
        Random random = new Random(seed);
        Node a = nodes.get("a");
        Node b = nodes.get("b");
        TopicConfig packed = new TopicConfig("packed", 2, 2);
        packed.setAttributes(Map.of("+queue.type", "BatchCQ"));
        a.topics(new TopicConfig("events", 4, 4), new TopicConfig("odd", 5, 5), new TopicConfig("large", 1, 1),
            new TopicConfig("codec_zlib", 1, 1), new TopicConfig("codec_lz4", 1, 1),
            new TopicConfig("codec_zstd", 1, 1), new TopicConfig("txn", 2, 2), new TopicConfig("delayed", 1, 1),
            new TopicConfig("empty", 3, 3), new TopicConfig("many", 64, 64), new TopicConfig("dirty", 2, 2),
            new TopicConfig("wide", 1, 1), new TopicConfig("live", 2, 2), new TopicConfig("spread", 3, 3),
            new TopicConfig("MQ_INST_1_x%orders", 1, 1), packed);
        b.topics(new TopicConfig("spread", 3, 3), new TopicConfig("head_deleted", 2, 2),
            new TopicConfig("deleted", 1, 1));
        reader = new DefaultMQPullConsumer("readers");
        reader.setNamesrvAddr(plain);
        reader.setInstanceName("reader");
        reader.start();
        DefaultMQProducer producer = producer("writer", plain, null);
        for (long n = 0; n < 120_000; n += 250) {
            List<Message> batch = new ArrayList<>();
            for (long i = n; i < n + 250; i++) {
                batch.add(message("events", event(random, i), "tag" + i % 3, "k" + i, "device-" + i % 50));
            }
            producer.send(batch, new MessageQueue("events", "a", (int) (n / 250 % 7 % 4)));
        }
        for (CompressionType codec : CompressionType.values()) {
            DefaultMQProducer compressing = new DefaultMQProducer("producers");
            compressing.setCompressType(codec);
            begun(compressing, "codec " + codec, plain);
            compressing.setCompressMsgBodyOverHowmuch(1);
            String topic = "codec_" + codec.name().toLowerCase();
            for (int n = 0; n < 300; n++) {
                compressing.send(message(topic, event(random, n), "t"), new MessageQueue(topic, "a", 0));
            }
            byte[] zeros = new byte[2_600_000];
            compressing.send(message(topic, zeros, "zeros"), new MessageQueue(topic, "a", 0));
            compressing.shutdown();
        }
        odd(producer, random);
        for (int n = 0; n < 9; n++) {
            byte[] body = new byte[n % 3 == 1 ? 4 << 20 : n % 3 == 2 ? 100_000 : 20];
            random.nextBytes(body);
            producer.send(message("large", body, null), new MessageQueue("large", "a", 0));
        }
        for (int size = 1; size <= 40; size++) {
            List<Message> batch = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                batch.add(message("packed", event(random, i), i % 2 == 0 ? "even" : null, "k" + i));
            }
            producer.send(batch, new MessageQueue("packed", "a", size % 2));
        }
        transactions(random);
        Message delayed = message("delayed", bytes("later"), "t");
        delayed.setDelayTimeLevel(1);
        producer.send(delayed);
        Message never = message("delayed", bytes("much later"), "t");
        never.setDelayTimeLevel(2);
        producer.send(never);
        for (int n = 0; n < 640; n++) {
            producer.send(message("many", event(random, n), "t"), new MessageQueue("many", "a", n % 64));
        }
        dirty(producer);
        List<Message> batch = new ArrayList<>();
        for (int n = 0; n < 6000; n++) {
            byte[] body = new byte[10_000];
            random.nextBytes(body);
            batch.add(message("wide", body, null));
            if (batch.size() == 100) {
                producer.send(batch, new MessageQueue("wide", "a", 0));
                batch.clear();
            }
        }
        for (int n = 0; n < 300; n++) {
            producer.send(message("deleted", event(random, n), "t"), new MessageQueue("deleted", "b", 0));
            producer.send(message("head_deleted", new byte[100_000], "t"),
                new MessageQueue("head_deleted", "b", n % 2));
            String broker = n % 2 == 0 ? "a" : "b";
            producer.send(message("spread", event(random, n), "t"), new MessageQueue("spread", broker, n % 3));
        }
        deleteHead("b");
        producer.send(message("MQ_INST_1_x%orders", event(random, 0), "t"),
            new MessageQueue("MQ_INST_1_x%orders", "a", 0));
        guard(random);
        // The delayed one is there when it can be read.
        while (reader.maxOffset(new MessageQueue("delayed", "a", 0)) == 0) {
            Thread.onSpinWait();
        }
        producer.shutdown();
        return "";
    }

    /** Keys, tags and properties of all kinds; addresses of 16 bytes; the last queue stays empty. */
    void odd(DefaultMQProducer producer, Random random) throws Exception {
        for (int n = 0; n < 400; n++) {
            byte[] body = new byte[random.nextInt(60) + 1];
            random.nextBytes(body);
            String tags = n % 5 == 0 ? null : n % 5 == 1 ? "BBAa" : n % 5 == 2 ? "BBBB" : "标签 " + n;
            Message message = new Message("odd", body);
            message.setTags(tags);
            if (n % 4 > 0) {
                message.setKeys(n % 4 == 1 ? "one" : "one two" + n);
            }
            for (int i = 0; i < n % 6; i++) {
                message.putUserProperty("名 " + i, "x".repeat(random.nextInt(2000) + 1) + "=值");
            }
            producer.send(message, new MessageQueue("odd", "a", n % 4));
        }
        for (int n = 0; n < 40; n++) {
            MessageExtBrokerInner message = new MessageExtBrokerInner();
            message.setTopic("odd");
            message.setQueueId(n % 4);
            message.setBody(event(random, n));
            message.setTags("six");
            message.setBornTimestamp(START + n);
            message.setBornHost(new InetSocketAddress("2001:db8::" + n, 7000 + n));
            message.setBornHostV6Flag();
            message.setStoreHost(new InetSocketAddress(n % 2 == 0 ? "::1" : "127.0.0.1", 10911));
            if (n % 2 == 0) {
                message.setStoreHostAddressV6Flag();
            }
            message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
            PutMessageResult put = nodes.get("a").broker.getMessageStore().putMessage(message);
            if (!put.isOk()) {
                throw new IllegalStateException(put.toString());
            }
        }
    }

    void dirty(DefaultMQProducer producer) throws Exception {
        String[] dirty = {"{\"n\":1", ",\"b\":2}", "{\"n\":1}{\"n\":2}", "[3]", " ", "{\"n\":\"x\"}", "[1]",
            "{\"n\":9223372036854775808}", "{\"n\":1} x", "nul", "{\"n\":1,\"n\":2}"};
        for (int n = 0; n < 400; n++) {
            MessageQueue queue = new MessageQueue("dirty", "a", n % 2);
            producer.send(message("dirty", bytes("{\"n\":" + n + "}"), null), queue);
            if (n < dirty.length) {
                producer.send(message("dirty", bytes(dirty[n]), null), queue);
            }
        }
        producer.send(message("dirty", new byte[] {'{', '"', 'n', (byte) 0xff}, null),
            new MessageQueue("dirty", "a", 0));
    }

    /** Committed, rolled back and undecided. */
    void transactions(Random random) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer("transactions");
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object decision) {
                return (LocalTransactionState) decision;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return LocalTransactionState.UNKNOW;
            }
        });
        begun(producer, "transactions", plain);
        LocalTransactionState[] decisions = LocalTransactionState.values();
        for (int n = 0; n < 90; n++) {
            Message message = message("txn", event(random, n), "t", "k" + n);
            producer.sendMessageInTransaction(message, decisions[n % 3]);
        }
        producer.shutdown();
    }

    /** Deletes all files of a broker's log but the last one, and what points there. */
    void deleteHead(String name) throws Exception {
        DefaultMessageStore store = (DefaultMessageStore) nodes.get(name).broker.getMessageStore();
        CommitLog log = store.getCommitLog();
        // What a file is used for ends some time after a producer has its answer.
        while (store.dispatchBehindBytes() > 0 || log.deleteExpiredFile(0, 0, 0, true, 1000) == 0) {
            Thread.onSpinWait();
        }
        store.getConsumeQueueTable().values().forEach(queues ->
            queues.values().forEach(queue -> queue.correctMinOffset(log.getMinOffset())));
    }

    /** A user who may read one of two topics. */
    void guard(Random random) throws Exception {
        BrokerController broker = nodes.get("guarded").broker;
        nodes.get("guarded").topics(new TopicConfig("events", 2, 2), new TopicConfig("hidden", 1, 1));
        User user = User.of("reader", "reader-secret", UserType.NORMAL);
        broker.getAuthenticationMetadataManager().createUser(user).join();
        List<Resource> readable = List.of(Resource.ofTopic("events"), Resource.ofGroup("TOOLS_CONSUMER"));
        Acl acl = Acl.of(user, readable, List.of(Action.SUB, Action.GET), Environment.of("127.0.0.1"),
            Decision.ALLOW);
        broker.getAuthorizationMetadataManager().createAcl(acl).join();
        RPCHook root = new AclClientRPCHook(new SessionCredentials("root", "root-secret"));
        DefaultMQProducer producer = producer("guarded", guarded, root);
        for (int n = 0; n < 100; n++) {
            producer.send(message("events", event(random, n), "t"), new MessageQueue("events", "guarded", n % 2));
        }
        producer.shutdown();
    }

    /** Writes to a topic until it is told to stop. */
    void write(String topic) {
        writes = true;
        writer = new Thread(() -> {
            try {
                DefaultMQProducer producer = producer("live", plain, null);
                Random random = new Random(7);
                for (long n = 0; writes; n++) {
                    List<Message> batch = new ArrayList<>();
                    for (int i = 0; i <= n % 20; i++) {
                        batch.add(message(topic, event(random, n), "t"));
                    }
                    producer.send(batch, new MessageQueue(topic, "a", (int) (n % 2)));
                }
                producer.shutdown();
            } catch (Exception e) {
                e.printStackTrace();
            }
        });
        writer.start();
    }

    void startReader() throws Exception {
        reader = new DefaultMQPullConsumer("readers");
        reader.setNamesrvAddr(plain);
        reader.start();
    }

    /** Messages of JSON with eleven fields, spread over the queues of a topic. */
    void bench(String topic, int queues, long count) throws Exception {
        String[] models = {"Pixel 9", "Galaxy S24", "iPhone 16", "Xperia 1", "Nokia X30", "Fairphone 5"};
        Random random = new Random(1);
        nodes.get("a").topics(new TopicConfig(topic, queues, queues));
        startReader();
        DefaultMQProducer producer = producer("bench", plain, null);
        for (long n = 0; n < count;) {
            List<Message> batch = new ArrayList<>();
            int queue = (int) (n / 500 % queues);
            for (int i = 0; i < 500 && n < count; i++, n++) {
                batch.add(new Message(topic, bytes("{\"id\":" + n + ",\"sent\":" + (START + n)
                    + ",\"device_model\":\"" + models[random.nextInt(models.length)]
                    + "\",\"os\":\"os " + random.nextInt(9) + "\",\"country\":\"c" + random.nextInt(60)
                    + "\",\"battery\":" + random.nextInt(101) + ",\"signal\":-" + random.nextInt(1000) / 10.0
                    + ",\"charging\":" + random.nextBoolean()
                    + ",\"session\":\"" + Long.toHexString(random.nextLong() | Long.MIN_VALUE)
                    + "\",\"kind\":\"kind " + random.nextInt(30)
                    + "\",\"note\":\"" + "some words ".repeat(6) + "\"}")));
            }
            producer.send(batch, new MessageQueue(topic, "a", queue));
        }
        producer.shutdown();
    }

    /** Messages and seconds. */
    String pull(String topic) throws Exception {
        long begun = System.nanoTime();
        List<FutureTask<Long>> reads = new ArrayList<>();
        for (MessageQueue queue : reader.fetchSubscribeMessageQueues(topic)) {
            FutureTask<Long> read = new FutureTask<>(() -> {
                long count = 0;
                long end = reader.maxOffset(queue);
                for (long position = reader.minOffset(queue); position < end;) {
                    PullResult pulled = reader.pull(queue, "*", position, 32);
                    count += pulled.getMsgFoundList().size();
                    position = pulled.getNextBeginOffset();
                }
                return count;
            });
            reads.add(read);
            new Thread(read).start();
        }
        long count = 0;
        for (FutureTask<Long> read : reads) {
            count += read.get();
        }
        return count + " " + (System.nanoTime() - begun) / 1e9;
    }

    String truth(String topic, File file) throws Exception {
        long count = 0;
        try (Writer out = new BufferedWriter(new FileWriter(file, StandardCharsets.UTF_8))) {
            for (MessageQueue queue : reader.fetchSubscribeMessageQueues(topic)) {
                long end = reader.maxOffset(queue);
                long position = reader.minOffset(queue);
                while (position < end) {
                    PullResult pulled = reader.pull(queue, "*", position, 32);
                    switch (pulled.getPullStatus()) {
                        case FOUND:
                            for (MessageExt message : pulled.getMsgFoundList()) {
                                if (message.getQueueOffset() >= position && message.getQueueOffset() < end) {
                                    out.write(line(queue, message));
                                    count++;
                                }
                            }
                            break;
                        default:
                            throw new IllegalStateException(queue + " at " + position + ": " + pulled);
                    }
                    position = pulled.getNextBeginOffset();
                }
            }
        }
        return String.valueOf(count);
    }

    static String line(MessageQueue queue, MessageExt message) {
        StringBuilder line = new StringBuilder("{\"partition\":\"").append(queue.getBrokerName()).append('-')
            .append(queue.getQueueId())
            .append("\",\"offset\":").append(message.getQueueOffset())
            .append(",\"timestamp\":").append(message.getStoreTimestamp())
            .append(",\"born\":").append(message.getBornTimestamp())
            .append(",\"tags\":").append(base64(message.getTags()))
            .append(",\"keys\":").append(base64(message.getKeys()))
            .append(",\"id\":").append(base64(message.getMsgId()))
            .append(",\"value\":").append(base64(message.getBody())).append(",\"properties\":[");
        String between = "";
        for (Map.Entry<String, String> property : new TreeMap<>(message.getProperties()).entrySet()) {
            String name = property.getKey();
            // These two the consumer adds by itself.
            if (!name.equals(MessageConst.PROPERTY_MIN_OFFSET) && !name.equals(MessageConst.PROPERTY_MAX_OFFSET)) {
                line.append(between).append("[").append(base64(name)).append(",")
                    .append(base64(property.getValue())).append("]");
                between = ",";
            }
        }
        return line.append("]}\n").toString();
    }

    static String base64(String text) {
        return base64(text == null ? null : bytes(text));
    }

    static String base64(byte[] bytes) {
        return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }

    /** Every offset that a group has committed, every group, every topic. */
    String state() {
        StringBuilder state = new StringBuilder();
        for (String name : List.of("a", "b")) {
            BrokerController broker = nodes.get(name).broker;
            state.append(new TreeMap<>(broker.getConsumerOffsetManager().getOffsetTable()))
                .append(others(broker.getSubscriptionGroupManager().getSubscriptionGroupTable().keySet()))
                .append(others(broker.getConsumerManager().getConsumerTable().keySet()))
                .append(others(broker.getTopicConfigManager().getTopicConfigTable().keySet()));
        }
        return state.toString();
    }

    /** Without our own reader, which is made known whenever it likes. */
    static TreeSet<String> others(Set<String> names) {
        TreeSet<String> others = new TreeSet<>(names);
        others.removeIf(name -> name.contains("readers"));
        return others;
    }
}
