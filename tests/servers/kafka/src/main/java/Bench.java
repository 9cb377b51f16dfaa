// Topics that benchmarks read: many records of JSON with eleven fields.

import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;

class Bench {
    static final String[] MODELS = {"Pixel 9", "Galaxy S24", "iPhone 16", "Xperia 1", "Nokia X30", "Fairphone 5"};
    static final String[] WORDS = {"screen", "turned", "on", "after", "some", "minutes", "while", "charging", "at", "home"};

    /** Texts of words, of a length. */
    static String[] notes(Random random, int length) {
        String[] notes = new String[64];
        for (int i = 0; i < notes.length; i++) {
            StringBuilder note = new StringBuilder(length + 10);
            while (note.length() < length) {
                note.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
            }
            notes[i] = note.substring(0, length);
        }
        return notes;
    }

    static byte[] record(Random random, long n, String[] notes) {
        StringBuilder text = new StringBuilder(260);
        text.append("{\"id\":").append(n)
            .append(",\"sent\":").append(Broker.START + n)
            .append(",\"device_model\":\"").append(MODELS[random.nextInt(MODELS.length)])
            .append("\",\"os\":\"os ").append(random.nextInt(9))
            .append("\",\"country\":\"c").append(random.nextInt(60))
            .append("\",\"battery\":").append(random.nextInt(101))
            .append(",\"signal\":-").append(random.nextInt(100)).append('.').append(random.nextInt(10))
            .append(",\"charging\":").append(random.nextBoolean())
            .append(",\"session\":\"").append(Long.toHexString(random.nextLong() | Long.MIN_VALUE))
            .append("\",\"kind\":\"kind ").append(random.nextInt(30))
            .append("\",\"note\":\"").append(notes[random.nextInt(notes.length)]).append("\"}");
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** So many records, spread over the partitions; the last field has a length. */
    static void fill(Broker broker, String topic, int partitions, long count, int length, String codec) throws Exception {
        Random random = new Random(1);
        String[] notes = notes(random, length);
        try (Admin admin = Admin.create(broker.client())) {
            if (!admin.listTopics().names().get().contains(topic)) {
                broker.create(admin, topic, partitions);
            }
        }
        // Batches as producers send them that say nothing; ten records of the long ones at least.
        String batch = String.valueOf(Math.max(16384, 10 * length));
        try (KafkaProducer<byte[], byte[]> producer =
                broker.producer("compression.type", codec, "batch.size", batch)) {
            for (long n = 0; n < count; n++) {
                int partition = (int) (n / 100 % partitions);
                broker.send(producer, Broker.record(topic, partition, Broker.START + n, null, record(random, n, notes)));
            }
        }
        if (broker.refused != null) {
            throw broker.refused;
        }
    }
}
