// Lists the HFiles below a root with what their trailers and file information say.

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hbase.io.hfile.CacheConfig;
import org.apache.hadoop.hbase.io.hfile.HFile;
import org.apache.hadoop.hbase.util.Bytes;
import org.apache.hbase.thirdparty.com.google.gson.JsonArray;
import org.apache.hbase.thirdparty.com.google.gson.JsonObject;

final class StoreFiles {
    private static final String HFILE = "[0-9a-f]{32,}(_SeqId_\\d+_)?|[0-9a-f]{32}\\d{8}[0-9a-f]{32}_[0-9a-f]{32}";

    private StoreFiles() {}

    static JsonArray list(Path root, Configuration conf) throws Exception {
        JsonArray found = new JsonArray();
        FileSystem files = FileSystem.getLocal(conf).getRaw();
        for (String part : new String[] {"archive", "data", "mobdir"}) {
            list(root, new Path(root, part), files, conf, found);
        }
        return found;
    }

    private static void list(Path root, Path folder, FileSystem files, Configuration conf, JsonArray found)
            throws Exception {
        if (!files.exists(folder)) {
            return;
        }
        FileStatus[] each = files.listStatus(folder);
        java.util.Arrays.sort(each);
        for (FileStatus file : each) {
            if (file.isDirectory()) {
                list(root, file.getPath(), files, conf, found);
            } else if (file.getPath().getName().matches(HFILE)) {
                found.add(describe(root, file, files, conf));
            }
        }
    }

    private static JsonObject describe(Path root, FileStatus file, FileSystem files, Configuration conf)
            throws Exception {
        JsonObject told = new JsonObject();
        told.addProperty("path", root.toUri().relativize(file.getPath().toUri()).getPath()
                .replace(root.toUri().getPath() + "/", ""));
        told.addProperty("bytes", file.getLen());
        try (HFile.Reader reader =
                HFile.createReader(files, file.getPath(), CacheConfig.DISABLED, true, conf)) {
            told.addProperty("entries", reader.getEntries());
            told.addProperty("codec", reader.getTrailer().getCompressionCodec().getName());
            told.addProperty("encoding", reader.getDataBlockEncoding().name());
            told.addProperty("data_index_levels", reader.getTrailer().getNumDataIndexLevels());
            told.addProperty("data_index_entries_root", reader.getTrailer().getDataIndexCount());
            told.addProperty("tags", reader.getFileContext().isIncludesTags());
            told.addProperty("tags_compressed", reader.getFileContext().isCompressTags());
            byte[] bloom = reader.getHFileInfo().get(Bytes.toBytes("BLOOM_FILTER_TYPE"));
            told.addProperty("bloom", bloom == null ? "NONE" : Bytes.toString(bloom));
        }
        return told;
    }
}
