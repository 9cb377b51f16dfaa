// Files as the libraries of ORC and Avro write them, of random rows, each with a file of what is in it:
//
//   java -cp … Lakes OUT SEED KIND …     OUT/orc_*.orc, OUT/avro_*.avro, and OUT/NAME.jsonl, a line per row;
//                                        OUT/sorted_*.orc, without one: see OrcSorted.java
//
// The lines are what `SELECT` gives as JSON, of the columns that tests/it/lakes.rs selects.

import java.io.File;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.TimeZone;

final class Lakes {
    private Lakes() {}

    public static void main(String[] arguments) throws Exception {
        File out = new File(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        List<String> kinds = List.of(arguments).subList(2, arguments.length);
        if (kinds.contains("orc")) {
            List<String> zones = List.of("UTC", "America/New_York", "Asia/Shanghai", "Europe/Berlin");
            int number = 0;
            for (OrcRows.Setting setting : OrcRows.SETTINGS) {
                // The library takes the zone of the process that writes.
                TimeZone.setDefault(TimeZone.getTimeZone(zones.get(number % zones.size())));
                String name = "orc_" + setting.name();
                try (PrintWriter truth = truth(out, name)) {
                    OrcRows.write(new File(out, name + ".orc"), truth, setting, new Random(seed + number++));
                }
            }
        }
        if (kinds.contains("avro")) {
            int number = 10;
            for (String codec : List.of("null", "deflate", "snappy", "zstandard", "bzip2", "xz")) {
                String name = "avro_" + codec;
                try (PrintWriter truth = truth(out, name)) {
                    AvroRows.write(new File(out, name + ".avro"), truth, codec, new Random(seed + number++));
                }
            }
            try (PrintWriter truth = truth(out, "avro_unions")) {
                AvroUnions.write(new File(out, "avro_unions.avro"), truth, new Random(seed + number));
            }
        }
        if (kinds.contains("sorted")) {
            for (String zone : List.of("UTC", "America/New_York")) {
                String name = "sorted_" + zone.substring(zone.indexOf('/') + 1).toLowerCase();
                OrcSorted.write(new File(out, name + ".orc"), new Random(seed + 20), zone);
            }
        }
    }

    private static PrintWriter truth(File out, String name) throws Exception {
        return new PrintWriter(new File(out, name + ".jsonl"), StandardCharsets.UTF_8);
    }

    /** A text of a few letters, some of them of several bytes. */
    static String text(Random random, int most) {
        StringBuilder text = new StringBuilder();
        int[] letters = {'a', 'b', 'z', ' ', '"', '\\', '\n', 'ü', 0x4e2d, 0x1f600};
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.appendCodePoint(letters[random.nextInt(letters.length)]);
        }
        return text.toString();
    }

    /** Small numbers, large ones, runs: what encodings tell apart. */
    static long number(Random random, int row, int bits) {
        long most = bits == 64 ? Long.MAX_VALUE : (1L << (bits - 1)) - 1;
        return switch (row / 50 % 6) {
            case 0 -> row % (most + 1 > 0 ? most + 1 : most);
            case 1 -> 7;
            case 2 -> random.nextInt(100) - 50;
            case 3 -> random.nextBoolean() ? most : -most - 1;
            case 4 -> random.nextInt(40) == 0 ? most : random.nextInt(64);
            default -> random.nextLong() >> (64 - bits);
        };
    }

    static double real(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> 0.0;
            case 1 -> -1.5;
            case 2 -> Double.MAX_VALUE;
            case 3 -> Double.MIN_VALUE;
            default -> random.nextGaussian() * 1e6;
        };
    }

    static String hex(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte each : bytes) {
            text.append(String.format("%02x", each));
        }
        return text.toString();
    }
}
