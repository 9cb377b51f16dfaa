// What HDFS's own client needs to read a file, for the benchmark: `Read URL PATH THREADS RUNS`.
//
// As many threads read a part each, in pieces of 8 MiB, and do nothing with them. The seconds of each
// run go to standard output as one JSON array; the first run, in which the virtual machine is cold, is
// not among them.

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

class Read {
    private static final int PIECE = 8 << 20;

    public static void main(String[] arguments) throws Exception {
        FileSystem files = FileSystem.get(URI.create(arguments[0]), new Configuration());
        Path path = new Path(arguments[1]);
        int threads = Integer.parseInt(arguments[2]);
        int runs = Integer.parseInt(arguments[3]);
        long size = files.getFileStatus(path).getLen();
        long step = (size + threads - 1) / threads;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Double> seconds = new ArrayList<>();
        for (int run = 0; run <= runs; run++) {
            long begun = System.nanoTime();
            List<Future<?>> parts = new ArrayList<>();
            for (long start = 0; start < size; start += step) {
                long from = start;
                long to = Math.min(start + step, size);
                parts.add(pool.submit(() -> part(files, path, from, to)));
            }
            for (Future<?> part : parts) {
                part.get();
            }
            if (run > 0) {
                seconds.add((System.nanoTime() - begun) / 1e9);
            }
        }
        pool.shutdown();
        System.out.println(seconds);
    }

    private static Void part(FileSystem files, Path path, long from, long to) throws Exception {
        byte[] piece = new byte[PIECE];
        try (FSDataInputStream in = files.open(path)) {
            in.seek(from);
            for (long at = from; at < to; ) {
                int read = in.read(piece, 0, (int) Math.min(PIECE, to - at));
                if (read < 0) {
                    throw new IllegalStateException("the file ends at " + at);
                }
                at += read;
            }
        }
        return null;
    }
}
