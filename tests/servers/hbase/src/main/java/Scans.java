// The scans that are asked of every case, how HBase's two scanners answer them, and the form of an answer.

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;

import org.apache.hadoop.hbase.Cell;
import org.apache.hadoop.hbase.CellUtil;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.ResultScanner;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hbase.thirdparty.com.google.gson.JsonArray;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;

/** One scan: its name and what it asks for. */
final class Asked {
    private static final int ALL = Integer.MAX_VALUE;

    final String id;
    int versions = 1;
    boolean raw;
    Long from;
    Long until;
    byte[] start;
    byte[] stop;
    final List<String> families = new ArrayList<>();
    final List<byte[][]> columns = new ArrayList<>();

    Asked(String id) {
        this.id = id;
    }

    Asked all() {
        versions = ALL;
        return this;
    }

    Asked versions(int count) {
        versions = count;
        return this;
    }

    Asked raw() {
        raw = true;
        return all();
    }

    Asked time(long min, long max) {
        from = min;
        until = max;
        return this;
    }

    Asked rows(byte[] first, byte[] end) {
        start = first;
        stop = end;
        return this;
    }

    Asked family(String family) {
        families.add(family);
        return this;
    }

    Asked column(byte[] family, byte[] qualifier) {
        columns.add(new byte[][] {family, qualifier});
        return this;
    }

    Scan scan() throws Exception {
        Scan scan = new Scan().setRaw(raw);
        scan.readVersions(versions);
        if (from != null) {
            scan.setTimeRange(from, until);
        }
        if (start != null) {
            scan.withStartRow(start);
        }
        if (stop != null) {
            scan.withStopRow(stop);
        }
        families.forEach(family -> scan.addFamily(Bytes.toBytes(family)));
        columns.forEach(column -> scan.addColumn(column[0], column[1]));
        return scan;
    }

    JsonObject options() {
        JsonObject options = new JsonObject();
        if (versions == ALL) {
            options.addProperty("max_versions", "all");
        } else if (versions > 1) {
            options.addProperty("max_versions", versions);
        }
        if (raw) {
            options.addProperty("raw", true);
        }
        if (from != null) {
            options.addProperty("min_ts", from);
            options.addProperty("max_ts_exclusive", until);
        }
        if (start != null) {
            options.addProperty("start_row", Scans.hex(start));
        }
        if (stop != null) {
            options.addProperty("stop_row_exclusive", Scans.hex(stop));
        }
        if (!families.isEmpty()) {
            JsonArray names = new JsonArray();
            families.forEach(names::add);
            options.add("families", names);
        }
        if (!columns.isEmpty()) {
            JsonArray names = new JsonArray();
            columns.forEach(column -> names.add(Bytes.toString(column[0]) + ":" + Scans.hex(column[1])));
            options.add("columns", names);
        }
        return options;
    }
}

/** What a scan gave: a line for each cell, in the order of the scan. */
final class Answer {
    /** Answers of more bytes are packed. */
    static int packAbove = 6 << 10;

    final List<String> lines = new ArrayList<>();
    int rows;

    static Answer of(ResultScanner scanner) throws Exception {
        Answer answer = new Answer();
        try (scanner) {
            byte[] last = null;
            for (Result result : scanner) {
                if (last == null || !Bytes.equals(last, result.getRow())) {
                    answer.rows++;
                    last = result.getRow();
                }
                for (Cell cell : result.rawCells()) {
                    answer.lines.add(Scans.line(cell));
                }
            }
        }
        return answer;
    }

    /** Writes the lines, packed where they are many, and says the name of the file. */
    String write(File folder, String id) throws Exception {
        byte[] bytes = String.join("", lines).getBytes(StandardCharsets.UTF_8);
        boolean packed = bytes.length > packAbove;
        String name = id + ".jsonl" + (packed ? ".gz" : "");
        folder.mkdirs();
        OutputStream file = new BufferedOutputStream(new FileOutputStream(new File(folder, name)));
        try (OutputStream to = packed ? new GZIPOutputStream(file) : file) {
            to.write(bytes);
        }
        return name;
    }
}

final class Scans {
    private Scans() {}

    static String hex(byte[] bytes) {
        return Bytes.toHex(bytes);
    }

    static String line(Cell cell) {
        return "{\"row\":\"" + hex(CellUtil.cloneRow(cell))
                + "\",\"family\":\"" + Bytes.toString(CellUtil.cloneFamily(cell))
                + "\",\"qualifier\":\"" + hex(CellUtil.cloneQualifier(cell))
                + "\",\"ts\":" + cell.getTimestamp()
                + ",\"type\":\"" + cell.getType()
                + "\",\"value\":\"" + hex(CellUtil.cloneValue(cell)) + "\"}\n";
    }

    /** All kinds of scans, with bounds that the table's own cells give. */
    static List<Asked> usual(List<Cell> cells) {
        List<Asked> scans = new ArrayList<>();
        scans.add(new Asked("latest"));
        scans.add(new Asked("all").all());
        scans.add(new Asked("raw").raw());
        if (cells.isEmpty()) {
            return scans;
        }
        TreeSet<byte[]> rowSet = new TreeSet<>(Bytes.BYTES_COMPARATOR);
        TreeSet<Long> times = new TreeSet<>();
        TreeSet<String> families = new TreeSet<>();
        List<Cell> puts = new ArrayList<>();
        for (Cell cell : cells) {
            rowSet.add(CellUtil.cloneRow(cell));
            times.add(cell.getTimestamp());
            families.add(Bytes.toString(CellUtil.cloneFamily(cell)));
            if (cell.getType() == Cell.Type.Put) {
                puts.add(cell);
            }
        }
        List<byte[]> rows = new ArrayList<>(rowSet);
        List<Long> stamps = new ArrayList<>(times);
        long low = Math.max(0, stamps.get(stamps.size() / 4));
        long high = Math.max(low + 1, stamps.get(stamps.size() * 3 / 4));
        long one = Math.min(Math.max(0, stamps.get(stamps.size() / 2)), Long.MAX_VALUE - 1);
        scans.add(new Asked("time_mid_all").all().time(low, high));
        scans.add(new Asked("time_until_latest").time(0, high));
        scans.add(new Asked("time_from_latest").time(low, Long.MAX_VALUE));
        scans.add(new Asked("time_one_all").all().time(one, one + 1));
        byte[] first = rows.get(rows.size() / 3);
        byte[] last = rows.get(rows.size() * 2 / 3);
        if (!Bytes.equals(first, last)) {
            scans.add(new Asked("rows_mid_latest").rows(first, last));
        }
        scans.add(new Asked("rows_mid_incl_all").all().rows(first, after(last)));
        byte[] prefix = java.util.Arrays.copyOf(first, Math.max(1, first.length / 2));
        scans.add(new Asked("rows_from_prefix_latest").rows(prefix, null));
        scans.add(new Asked("rows_until_latest").rows(null, first));
        byte[] row = rows.get(rows.size() * 5 / 7);
        scans.add(new Asked("row_one_all").all().rows(row, after(row)));
        scans.add(new Asked("raw_rows").raw().rows(first, after(last)));
        if (!puts.isEmpty()) {
            Cell a = puts.get(puts.size() / 2);
            Cell b = puts.get(puts.size() / 5);
            scans.add(column(new Asked("column_latest"), a));
            scans.add(column(column(new Asked("columns_two_all").all(), a), b));
            scans.add(column(new Asked("column_time_all").all().time(low, high), b));
            scans.add(column(new Asked("column_rows_versions_2").versions(2), a).rows(first, null));
        }
        scans.add(new Asked("versions_2").versions(2));
        scans.add(new Asked("versions_3_time").versions(3).time(low, high));
        if (families.size() > 1) {
            scans.add(new Asked("family_latest").family(families.first()));
            scans.add(new Asked("family_last_all").all().family(families.last()));
            scans.add(new Asked("raw_family").raw().family(families.last()));
        }
        return scans;
    }

    private static Asked column(Asked asked, Cell cell) {
        return asked.column(CellUtil.cloneFamily(cell), CellUtil.cloneQualifier(cell));
    }

    /** The least row that comes after this one. */
    static byte[] after(byte[] row) {
        return java.util.Arrays.copyOf(row, row.length + 1);
    }
}
