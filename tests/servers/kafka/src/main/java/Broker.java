// A broker of Apache Kafka, its own controller, for the tests: `Broker FOLDER [CERTIFICATES]`.
//
// Everything is kept in FOLDER, ports are free ones. When it takes requests, the line `ready PLAIN SASL`
// with the addresses of its two listeners goes to standard output. With a folder CERTIFICATES, which has
// `broker.pem`, `broker.key` and the authority `ca.pem`, there are two more: TLS, where a certificate says
// who asks if one is shown, and TLS with SASL PLAIN. Then each line of standard input is a command, its
// words separated by tabs, and is answered by a line: `ok` with what there is to say, or `failed` with
// why. The end of standard input ends the broker.
//
// `Broker FOLDER node ID VOTERS` is one of several, each its own process: VOTERS are the addresses of all
// controllers, as the setting `controller.quorum.voters` has them.
//
// `fill` writes the topics of the tests. `truth TOPIC ISOLATION FILE` writes what Kafka's own consumer
// reads of a topic, a line of JSON per record. `avro` and `protobuf` write topics of records with schemas,
// `bench TOPIC PARTITIONS RECORDS LENGTH CODEC` one for benchmarks, or more records of it. `grow TOPIC
// PARTITIONS` adds partitions, `leader TOPIC PARTITION` says which node leads one.

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;

class Broker {
    /** The time of the first record of most topics. */
    static final long START = 1_788_000_000_000L;

    final File folder;
    final String plain;
    final List<String> addresses;
    final Properties settings;
    final short copies;
    /** The arguments that format the folder. */
    final List<String> format;
    KafkaRaftServer server;
    final List<KafkaProducer<byte[], byte[]>> left = new ArrayList<>();
    Thread writer;
    volatile boolean writes;
    volatile Exception refused;

    Broker(File folder, List<String> addresses, Properties settings, int copies) throws Exception {
        this.folder = folder;
        this.plain = addresses.get(0);
        this.addresses = addresses;
        this.settings = settings;
        this.copies = (short) copies;
        File file = new File(folder, "server.properties");
        try (Writer text = new FileWriter(file)) {
            settings.store(text, null);
        }
        this.format = new ArrayList<>(List.of("format", "-c", file.getPath()));
    }

    public static void main(String[] arguments) throws Exception {
        // Libraries print to standard output, too: it is kept for answers.
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        File folder = new File(arguments[0]);
        Broker broker = arguments.length > 3
            ? node(folder, arguments[2], arguments[3])
            : alone(folder, arguments.length > 1 ? new File(arguments[1]) : null);
        if (StorageTool.execute(broker.format.toArray(new String[0]), System.err) != 0) {
            out.println("failed to format");
            return;
        }
        broker.start();
        out.println("ready " + String.join(" ", broker.addresses));
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            try {
                out.println("ok " + broker.run(line.split("\t")));
            } catch (Throwable e) {
                e.printStackTrace();
                out.println("failed " + e);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** What is the same for all. */
    static Properties settings(File folder, String id, int copies) {
        String all = String.valueOf(copies);
        Properties settings = new Properties();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", id);
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("inter.broker.listener.name", "PLAINTEXT");
        settings.put("log.dirs", new File(folder, "data").getPath());
        settings.put("offsets.topic.replication.factor", all);
        settings.put("offsets.topic.num.partitions", "1");
        settings.put("transaction.state.log.replication.factor", all);
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "1");
        settings.put("transaction.max.timeout.ms", "3600000");
        settings.put("log.cleaner.backoff.ms", "100");
        settings.put("log.retention.check.interval.ms", "1000");
        settings.put("message.max.bytes", "8388608");
        settings.put("replica.fetch.max.bytes", "8388608");
        settings.put("auto.create.topics.enable", "true");
        return settings;
    }

    static Broker alone(File folder, File certificates) throws Exception {
        String plain = "127.0.0.1:" + freePort();
        String sasl = "127.0.0.1:" + freePort();
        String controller = "127.0.0.1:" + freePort();
        List<String> addresses = new ArrayList<>(List.of(plain, sasl));
        Properties settings = settings(folder, "1", 1);
        settings.put("controller.quorum.bootstrap.servers", controller);
        String listeners = "PLAINTEXT://" + plain + ",SASL_PLAINTEXT://" + sasl;
        String protocols = "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT";
        settings.put("sasl.enabled.mechanisms", "SCRAM-SHA-256");
        settings.put("listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        settings.put("authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.put("super.users", "User:ANONYMOUS");
        if (certificates != null) {
            String tls = "127.0.0.1:" + freePort();
            String password = "127.0.0.1:" + freePort();
            addresses.addAll(List.of(tls, password));
            listeners += ",SSL://" + tls + ",SASL_SSL://" + password;
            protocols += ",SSL:SSL,SASL_SSL:SASL_SSL";
            Path both = new File(folder, "broker.pem").toPath();
            Files.writeString(both, Files.readString(new File(certificates, "broker.key").toPath())
                + Files.readString(new File(certificates, "broker.pem").toPath()));
            settings.put("ssl.keystore.type", "PEM");
            settings.put("ssl.keystore.location", both.toString());
            settings.put("ssl.truststore.type", "PEM");
            settings.put("ssl.truststore.location", new File(certificates, "ca.pem").getPath());
            settings.put("ssl.principal.mapping.rules", "RULE:^CN=(.*)$/$1/");
            settings.put("listener.name.ssl.ssl.client.auth", "requested");
            settings.put("listener.name.sasl_ssl.sasl.enabled.mechanisms", "PLAIN");
            settings.put("listener.name.sasl_ssl.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required user_reader=\"reader-pw\";");
        }
        settings.put("listeners", listeners + ",CONTROLLER://" + controller);
        settings.put("advertised.listeners", listeners);
        settings.put("listener.security.protocol.map", protocols);
        Broker broker = new Broker(folder, addresses, settings, 1);
        broker.format.addAll(List.of("-t", Uuid.randomUuid().toString(), "--standalone", "--add-scram",
            "SCRAM-SHA-256=[name=reader,password=reader-pw]"));
        return broker;
    }

    static Broker node(File folder, String id, String voters) throws Exception {
        String plain = "127.0.0.1:" + freePort();
        String controller = null;
        for (String voter : voters.split(",")) {
            if (voter.startsWith(id + "@")) {
                controller = voter.substring(id.length() + 1);
            }
        }
        int count = voters.split(",").length;
        Properties settings = settings(folder, id, count);
        settings.put("controller.quorum.voters", voters);
        settings.put("listeners", "PLAINTEXT://" + plain + ",CONTROLLER://" + controller);
        settings.put("advertised.listeners", "PLAINTEXT://" + plain);
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        Broker broker = new Broker(folder, List.of(plain), settings, count);
        // All of a cluster have one name.
        broker.format.addAll(List.of("-t", new Uuid(1, 2).toString()));
        return broker;
    }

    static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    void start() {
        server = new KafkaRaftServer(KafkaConfig.fromProps(settings), Time.SYSTEM);
        server.startup();
    }

    String run(String[] words) throws Exception {
        switch (words[0]) {
            case "fill":
                return fill(Long.parseLong(words[1]));
            case "avro":
                return new Avros(this, words[1], Long.parseLong(words[2]))
                    .fill(words[3], words[4], Integer.parseInt(words[5]), Integer.parseInt(words[6]), new File(words[7]));
            case "protobuf":
                return new Protobufs(this, words[1], Long.parseLong(words[2]))
                    .fill(words[3], Integer.parseInt(words[4]), new File(words[5]));
            case "avro_unregistered":
                return new Avros(this, "", 1).unregistered(words[1], words[2], Integer.parseInt(words[3]), words[4].equals("named"));
            case "bench":
                Bench.fill(this, words[1], Integer.parseInt(words[2]), Long.parseLong(words[3]),
                    Integer.parseInt(words[4]), words[5]);
                return "";
            case "grow":
                try (Admin admin = Admin.create(client())) {
                    int partitions = Integer.parseInt(words[2]);
                    admin.createPartitions(Map.of(words[1], NewPartitions.increaseTo(partitions))).all().get();
                    writable(admin, words[1], partitions);
                }
                return "";
            case "leader":
                try (Admin admin = Admin.create(client())) {
                    return admin.describeTopics(List.of(words[1])).allTopicNames().get().get(words[1])
                        .partitions().get(Integer.parseInt(words[2])).leader().idString();
                }
            case "truth":
                return truth(words[1], words[2], new File(words[3]));
            case "groups":
                return groups();
            case "write":
                write(words[1]);
                return "";
            case "stop_writing":
                writes = false;
                writer.join();
                return "";
            case "delete_before":
                delete(words[1], Integer.parseInt(words[2]), Long.parseLong(words[3]));
                return "";
            case "stop":
                server.shutdown();
                server.awaitShutdown();
                return "";
            case "start":
                start();
                return "";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    Properties client(String... more) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", plain);
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return properties;
    }

    KafkaProducer<byte[], byte[]> producer(String... more) {
        Properties properties = client(more);
        properties.putIfAbsent("max.in.flight.requests.per.connection", "1");
        properties.put("max.request.size", "8388608");
        properties.put("linger.ms", "5");
        ByteArraySerializer bytes = new ByteArraySerializer();
        return new KafkaProducer<>(properties, bytes, new ByteArraySerializer());
    }

    /** Makes a topic whose partitions can be written. */
    void create(Admin admin, String name, int partitions, String... more) throws Exception {
        Map<String, String> config = new HashMap<>();
        config.put("retention.ms", "-1");
        config.put("max.message.bytes", "8388608");
        for (int i = 0; i < more.length; i += 2) {
            config.put(more[i], more[i + 1]);
        }
        NewTopic topic = new NewTopic(name, partitions, copies).configs(config);
        admin.createTopics(List.of(topic)).all().get();
        writable(admin, name, partitions);
    }

    /** Waits until partitions have leaders: topics are made before that. */
    void writable(Admin admin, String name, int partitions) throws Exception {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int p = 0; p < partitions; p++) {
            ends.put(new TopicPartition(name, p), OffsetSpec.latest());
        }
        for (;;) {
            try {
                admin.listOffsets(ends).all().get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof RetriableException)) {
                    throw e;
                }
            }
        }
    }

    /** Sends; what a broker refuses fails the command. */
    void send(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        producer.send(record, (sent, error) -> {
            if (error != null) {
                refused = error;
            }
        });
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] event(Random random, long n, long time) {
        return bytes("{\"n\":" + n + ",\"at\":" + time + ",\"device_model\":\"model " + random.nextInt(20)
            + "\",\"battery\":" + random.nextInt(101) + ",\"note\":\"" + "x".repeat(random.nextInt(80)) + "\"}");
    }

    static ProducerRecord<byte[], byte[]> record(String topic, int partition, long time, byte[] key, byte[] value) {
        return new ProducerRecord<>(topic, partition, time, key, value);
    }

    String fill(long seed) throws Exception {
        Random random = new Random(seed);
        try (Admin admin = Admin.create(client())) {
            create(admin, "events", 4);
            try (KafkaProducer<byte[], byte[]> producer = producer("compression.type", "lz4")) {
                for (long n = 0; n < 120_000; n++) {
                    long time = START + n * 10;
                    int partition = (int) (n * n % 7 % 4);
                    send(producer, record("events", partition, time, bytes("k" + n % 50), event(random, n, time)));
                }
            }
            for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
                String topic = "codec_" + codec;
                create(admin, topic, 1);
                try (KafkaProducer<byte[], byte[]> producer = producer("compression.type", codec)) {
                    for (long n = 0; n < 2000; n++) {
                        send(producer, record(topic, 0, START + n, null, event(random, n, START + n)));
                    }
                }
            }
            transactions(admin, random);
            compacted(admin, random);
            create(admin, "head_deleted", 3);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                for (long n = 0; n < 600; n++) {
                    send(producer, record("head_deleted", (int) (n % 3), START + n, null, event(random, n, START)));
                }
            }
            delete("head_deleted", 0, 77);
            delete("head_deleted", 1, 200);
            create(admin, "odd.name-1_x", 16);
            odd(random);
            create(admin, "ts_disorder", 2, "message.timestamp.after.max.ms", String.valueOf(Long.MAX_VALUE));
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                for (long n = 0; n < 3000; n++) {
                    long time = START + n * 1000 + random.nextInt(120_000) - 60_000;
                    time = n % 500 == 7 ? 0 : n % 701 == 5 ? 4_102_444_800_000L : time;
                    send(producer, record("ts_disorder", (int) (n % 2), time, null, event(random, n, time)));
                }
            }
            create(admin, "large", 1);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                for (int n = 0; n < 12; n++) {
                    byte[] value = new byte[n % 3 == 1 ? 5_000_000 : 20];
                    random.nextBytes(value);
                    send(producer, record("large", 0, START + n, null, value));
                }
            }
            create(admin, "dirty", 2);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                String[] dirty = {"{\"n\":1", ",\"b\":2}", "{\"n\":1}{\"n\":2}", "", " ", "{\"n\":\"x\"}", "[1]",
                    "{\"n\":9223372036854775808}", "{\"n\":1} x", "nul", "{\"n\":1,\"n\":2}"};
                for (int n = 0; n < 400; n++) {
                    send(producer, record("dirty", n % 2, START + n, null, bytes("{\"n\":" + n + "}")));
                    if (n < dirty.length) {
                        send(producer, record("dirty", n % 2, START + n, null, bytes(dirty[n])));
                    }
                }
                send(producer, record("dirty", 0, START, null, null));
                send(producer, record("dirty", 0, START, null, new byte[] {'{', '"', 'n', (byte) 0xff}));
            }
            create(admin, "deleted", 1);
            create(admin, "wide", 1);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                for (int n = 0; n < 100; n++) {
                    send(producer, record("deleted", 0, START + n, null, event(random, n, START)));
                }
                for (int n = 0; n < 6000; n++) {
                    byte[] value = new byte[10_000];
                    random.nextBytes(value);
                    send(producer, record("wide", 0, START + n, null, value));
                }
            }
            create(admin, "lossy", 1);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                byte[] value = new byte[10_000];
                for (int n = 0; n < 24_000; n++) {
                    send(producer, record("lossy", 0, START + n, null, value));
                }
            }
            create(admin, "empty", 3);
            create(admin, "live", 2);
            admin.createAcls(List.of(
                allow(ResourceType.TOPIC, "events", AclOperation.READ),
                allow(ResourceType.TOPIC, "events", AclOperation.DESCRIBE))).all().get();
        }
        if (refused != null) {
            throw refused;
        }
        return "";
    }

    static AclBinding allow(ResourceType type, String name, AclOperation operation) {
        return new AclBinding(new ResourcePattern(type, name, PatternType.LITERAL),
            new AccessControlEntry("User:reader", "*", operation, AclPermissionType.ALLOW));
    }

    void transactions(Admin admin, Random random) throws Exception {
        create(admin, "txn", 2);
        create(admin, "txn_only_aborted", 1);
        create(admin, "txn_commit_tail", 1);
        try (KafkaProducer<byte[], byte[]> one = transactional("one");
                KafkaProducer<byte[], byte[]> other = transactional("other");
                KafkaProducer<byte[], byte[]> none = producer()) {
            long n = 0;
            for (int round = 0; round < 120; round++) {
                one.beginTransaction();
                other.beginTransaction();
                for (int i = random.nextInt(12); i >= 0; i--) {
                    send(one, record("txn", random.nextInt(2), START + n, null, event(random, n++, START)));
                    send(other, record("txn", random.nextInt(2), START + n, null, event(random, n++, START)));
                    if (random.nextInt(3) == 0) {
                        none.send(record("txn", random.nextInt(2), START + n, null, event(random, n++, START))).get();
                    }
                }
                end(one, random);
                end(other, random);
            }
            for (int i = 0; i < 9; i++) {
                one.beginTransaction();
                one.send(record("txn_only_aborted", 0, START, null, event(random, i, START))).get();
                one.abortTransaction();
            }
            one.beginTransaction();
            for (int i = 0; i < 9; i++) {
                send(one, record("txn_commit_tail", 0, START, null, event(random, i, START)));
            }
            one.commitTransaction();
            // Left open, with committed records behind it.
            KafkaProducer<byte[], byte[]> open = transactional("open");
            left.add(open);
            open.beginTransaction();
            open.send(record("txn", 0, START, null, event(random, n++, START))).get();
            for (int i = 0; i < 6; i++) {
                none.send(record("txn", 0, START + n, null, event(random, n++, START))).get();
            }
        }
    }

    KafkaProducer<byte[], byte[]> transactional(String id) {
        KafkaProducer<byte[], byte[]> producer = producer("transactional.id", id, "transaction.timeout.ms", "3600000");
        producer.initTransactions();
        return producer;
    }

    static void end(KafkaProducer<byte[], byte[]> producer, Random random) {
        producer.flush();
        if (random.nextInt(2) == 0) {
            producer.commitTransaction();
        } else {
            producer.abortTransaction();
        }
    }

    /** Few keys, many values each, tombstones: what compaction leaves has holes, also at its begin. */
    void compacted(Admin admin, Random random) throws Exception {
        create(admin, "compacted", 1, "cleanup.policy", "compact", "segment.ms", "100",
            "min.cleanable.dirty.ratio", "0.01", "min.compaction.lag.ms", "0", "delete.retention.ms", "3600000");
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            long time = START;
            for (int n = 0; n < 1500; n++) {
                time += 50;
                int key = random.nextInt(n < 900 ? 20 : 60);
                byte[] value = random.nextInt(15) == 0 ? null : event(random, n, time);
                producer.send(record("compacted", 0, time, bytes("key " + key), value)).get();
            }
            // Segments are closed by a record that is later.
            producer.send(record("compacted", 0, time + 60_000, bytes("seal"), event(random, -1, time))).get();
        }
        TopicPartition partition = new TopicPartition("compacted", 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("read_committed")) {
            consumer.assign(List.of(partition));
            long first = 0;
            // Reading is how it is seen that the cleaner was there.
            while (first < 100) {
                consumer.seek(partition, 0);
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    first = record.offset();
                    break;
                }
            }
        }
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "compacted");
        AlterConfigOp stay = new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(topic, (Collection<AlterConfigOp>) List.of(stay))).all().get();
    }

    void odd(Random random) {
        try (KafkaProducer<byte[], byte[]> producer = producer()) {
            for (int n = 0; n < 500; n++) {
                int partition = n % 16;
                if (partition == 3 || partition == 7 || partition == 11) {
                    continue;
                }
                byte[] key = n % 5 == 0 ? null : n % 5 == 1 ? new byte[0] : n % 5 == 2 ? new byte[] {(byte) 0xff, 0} : bytes("k" + n);
                byte[] value = n % 9 == 4 ? null : n % 9 == 5 ? new byte[0] : new byte[random.nextInt(60) + 1];
                if (value != null) {
                    random.nextBytes(value);
                }
                List<Header> headers = new ArrayList<>();
                if (n % 4 > 0) {
                    headers.add(new RecordHeader("a", bytes("one")));
                    headers.add(new RecordHeader("a", n % 4 == 2 ? null : bytes("two")));
                }
                if (n % 4 == 3) {
                    headers.add(new RecordHeader("名", new byte[] {(byte) 0xfe}));
                    headers.add(new RecordHeader("", new byte[0]));
                }
                send(producer, new ProducerRecord<>("odd.name-1_x", partition, START + n, key, value, headers));
            }
        }
    }

    void delete(String topic, int partition, long before) throws Exception {
        try (Admin admin = Admin.create(client())) {
            admin.deleteRecords(Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(before)))
                .all().get();
        }
    }

    /** Writes to a topic until it is told to stop, some of it in transactions. */
    void write(String topic) {
        writes = true;
        writer = new Thread(() -> {
            try (KafkaProducer<byte[], byte[]> plain = producer();
                    KafkaProducer<byte[], byte[]> transactional = transactional("writer")) {
                Random random = new Random(7);
                for (long n = 0; writes && n < 2_000_000; n++) {
                    Future<?> sent = plain.send(record(topic, (int) (n % 2), START + n, null, event(random, n, START)));
                    if (n % 50 == 0) {
                        transactional.beginTransaction();
                        transactional.send(record(topic, (int) (n % 2), START + n, null, event(random, n, START)));
                        end(transactional, random);
                        sent.get();
                    }
                }
            } catch (Exception e) {
                e.printStackTrace();
            }
        });
        writer.start();
    }

    KafkaConsumer<byte[], byte[]> consumer(String isolation) {
        Properties properties = client("isolation.level", isolation, "enable.auto.commit", "false",
            "auto.offset.reset", "earliest", "max.poll.records", "5000", "allow.auto.create.topics", "false");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    String truth(String topic, String isolation, File file) throws Exception {
        long count = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation);
                Writer out = new BufferedWriter(new FileWriter(file, StandardCharsets.UTF_8))) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(it -> partitions.add(new TopicPartition(topic, it.partition())));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(it -> consumer.position(it) < ends.get(it))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.offset() < ends.get(new TopicPartition(topic, record.partition()))) {
                        out.write(line(record));
                        count++;
                    }
                }
            }
        }
        return String.valueOf(count);
    }

    static String line(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder line = new StringBuilder("{\"partition\":").append(record.partition())
            .append(",\"offset\":").append(record.offset())
            .append(",\"timestamp\":").append(record.timestamp())
            .append(",\"key\":").append(base64(record.key()))
            .append(",\"value\":").append(base64(record.value())).append(",\"headers\":[");
        String between = "";
        for (Header header : record.headers()) {
            line.append(between).append("[").append(base64(bytes(header.key()))).append(",")
                .append(base64(header.value())).append("]");
            between = ",";
        }
        return line.append("]}\n").toString();
    }

    static String base64(byte[] bytes) {
        return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }

    /** Every group, with every offset that it keeps. */
    String groups() throws Exception {
        try (Admin admin = Admin.create(client())) {
            Map<String, Object> groups = new TreeMap<>();
            for (var group : admin.listGroups().all().get()) {
                groups.put(group.groupId(), new TreeMap<>(Map.of("offsets",
                    String.valueOf(admin.listConsumerGroupOffsets(group.groupId())
                        .partitionsToOffsetAndMetadata().get()))));
            }
            return new TreeSet<>(admin.listTopics().names().get()) + " " + groups;
        }
    }
}
