//! Files that are not what they were when a statement listed them, or never were what their names
//! say: replaced and cut off while they are read, broken, written as Arrow streams.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sluice::engine::{Engine, EngineOptions, LocalSession, Parameters, Session};
use sluice::error::{Error, ErrorKind};
use tempfile::TempDir;

use crate::rows::{self, Rows};

/// A folder `data` with a catalog `c` over it; its one schema is `s`.
struct Lake(TempDir);

impl Lake {
    fn new() -> Self {
        let lake = Self(tempfile::tempdir().unwrap());
        lake.write("catalog/c.toml", "connector = 'files'\n[options]\nlocation = '../data'\n");
        lake
    }

    fn path(&self, path: &str) -> PathBuf {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(path), bytes).unwrap();
    }

    /// A session whose statements read small batches, one file after the other.
    fn session(&self) -> LocalSession {
        let options = EngineOptions {
            catalog_dir: Some(self.0.path().join("catalog")),
            partitions: Some(1),
            home: Some(["c".to_owned(), "s".to_owned()]),
            ..EngineOptions::default()
        };
        let session = Engine::start(options).unwrap().session();
        session.set("datafusion.execution.batch_size", "100").unwrap();
        session
    }

    fn run(&self, sql: &str) -> Result<Rows, Error> {
        rows::runtime().block_on(rows::run(&self.session(), sql))
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.run(sql).unwrap_or_else(|e| panic!("{sql}: {e}")).rows;
        rows.iter().map(|row| row.join(" ")).collect()
    }

    fn error(&self, sql: &str) -> Error {
        self.run(sql).map(|rows| panic!("{sql}: {rows:?}")).unwrap_err()
    }
}

fn numbers(count: i64) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
    RecordBatch::try_from_iter([("n", n)]).unwrap()
}

/// The numbers below `count` as a file of a format, in batches or row groups of 100 rows.
fn file_of(format: &str, count: i64) -> Vec<u8> {
    let batch = numbers(count);
    let parts = (0..batch.num_rows()).step_by(100);
    let parts = parts.map(|at| batch.slice(at, 100.min(batch.num_rows() - at)));
    let mut bytes = Vec::new();
    match format {
        "parquet" => {
            let properties =
                WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
            let mut writer =
                ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
            parts.for_each(|part| writer.write(&part).unwrap());
            writer.close().unwrap();
        }
        "arrow" => {
            let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
            parts.for_each(|part| writer.write(&part).unwrap());
            writer.finish().unwrap();
        }
        "orc" => {
            let writer = orc_rust::ArrowWriterBuilder::new(&mut bytes, batch.schema());
            let mut writer =
                writer.with_batch_size(100).with_stripe_byte_size(1000).try_build().unwrap();
            parts.for_each(|part| writer.write(&part).unwrap());
            writer.close().unwrap();
        }
        "avro" => {
            let schema = batch.schema().as_ref().clone();
            let mut writer = arrow_avro::writer::AvroWriter::new(&mut bytes, schema).unwrap();
            parts.for_each(|part| writer.write(&part).unwrap());
            writer.finish().unwrap();
        }
        "csv" => {
            bytes.extend(b"n\n");
            (0..count).for_each(|n| bytes.extend(format!("{n}\n").bytes()));
        }
        _ => (0..count).for_each(|n| bytes.extend(format!("{{\"n\": {n}}}\n").bytes())),
    }
    bytes
}

const FORMATS: [&str; 6] = ["parquet", "orc", "avro", "arrow", "csv", "json"];

/// Reads the first batch of a table of two files, changes something, and reads on.
fn read_while(lake: &Lake, change: impl FnOnce()) -> Result<usize, Error> {
    let session = lake.session();
    rows::runtime().block_on(async {
        let mut query = session.run("SELECT n FROM t", &Parameters::default()).await?;
        let mut rows = query.next().await.unwrap()?.num_rows();
        change();
        while let Some(batch) = query.next().await {
            rows += batch?.num_rows();
        }
        Ok(rows)
    })
}

#[test]
fn a_file_that_is_replaced_before_it_is_read_is_an_error_that_names_it() {
    for format in FORMATS {
        let lake = Lake::new();
        let second = format!("data/s/t/b.{format}");
        lake.write(&format!("data/s/t/a.{format}"), file_of(format, 20_000));
        lake.write(&second, file_of(format, 300));
        assert_eq!(read_while(&lake, || ()).unwrap(), 20_300, "{format}");
        let error = read_while(&lake, || {
            lake.write("new", file_of(format, 200));
            std::fs::rename(lake.path("new"), lake.path(&second)).unwrap();
        });
        let error = error.expect_err(format);
        assert_eq!(error.kind(), ErrorKind::Gone, "{format}: {error}");
        assert!(error.message().contains(&format!("{second} has changed")), "{format}: {error}");
        // The next statement lists it anew.
        assert_eq!(read_while(&lake, || ()).unwrap(), 20_200, "{format}");
        let error = read_while(&lake, || std::fs::remove_file(lake.path(&second)).unwrap());
        let error = error.expect_err(format);
        assert!(error.message().contains(&format!("{second} was removed")), "{format}: {error}");
    }
}

#[test]
fn a_file_that_is_cut_off_while_it_is_read_is_an_error_that_names_it() {
    for format in ["parquet", "arrow"] {
        let lake = Lake::new();
        let name = format!("data/s/t/a.{format}");
        lake.write(&name, file_of(format, 20_000));
        let error = read_while(&lake, || {
            let file = std::fs::File::options().write(true).open(lake.path(&name)).unwrap();
            file.set_len(1_000).unwrap();
        });
        let error = error.expect_err(format);
        assert_eq!(error.kind(), ErrorKind::Gone, "{format}: {error}");
        assert!(error.message().contains(&name), "{format}: {error}");
    }
}

#[test]
fn what_is_no_orc_or_avro_file_is_an_error_that_names_it() {
    for format in ["orc", "avro"] {
        let whole = file_of(format, 20_000);
        let (start, end) = (whole[..10].to_vec(), whole[..whole.len() - 7].to_vec());
        for bytes in [vec![], vec![0xff; 300], start, end, vec![0; 1], b"Obj\x01".to_vec()] {
            let lake = Lake::new();
            lake.write(&format!("data/s/t.{format}"), &bytes);
            let error = lake.error("SELECT count(n) FROM t");
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{format} of {}: {error}", bytes.len());
            assert!(error.message().contains(&format!("data/s/t.{format}")), "{error}");
            assert!(!error.message().contains("panic"), "{error}");
        }
    }
}

#[test]
fn a_block_of_avro_without_its_mark_is_corrupt() {
    let lake = Lake::new();
    let mut bytes = file_of("avro", 20_000);
    // The last byte of the last mark.
    *bytes.last_mut().unwrap() ^= 1;
    lake.write("data/s/t.avro", bytes);
    let error = lake.error("SELECT sum(n) FROM t");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.message().contains("it does not end with the file's mark"), "{error}");
}

#[test]
fn files_of_a_transactional_table_of_hive_are_refused() {
    let lake = Lake::new();
    let names =
        ["operation", "originalTransaction", "bucket", "rowId", "currentTransaction", "row"];
    let column: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let batch = RecordBatch::try_from_iter(names.map(|name| (name, Arc::clone(&column)))).unwrap();
    let mut bytes = vec![];
    let writer = orc_rust::ArrowWriterBuilder::new(&mut bytes, batch.schema());
    let mut writer = writer.try_build().unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    lake.write("data/s/t/bucket_00000.orc", bytes);
    let error = lake.error("SELECT * FROM t");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.message().contains("transactional table of Hive"), "{error}");
}

#[test]
fn columns_that_hive_gave_no_names_are_those_of_the_table_file() {
    let lake = Lake::new();
    let column = |values: [i32; 2]| Arc::new(Int32Array::from(values.to_vec())) as ArrayRef;
    let columns = [("_col0", column([1, 2])), ("_col1", column([10, 20]))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = vec![];
    let mut writer =
        orc_rust::ArrowWriterBuilder::new(&mut bytes, batch.schema()).try_build().unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    lake.write("data/s/t/000000_0", bytes);
    let columns =
        "[[columns]]\nname = 'a'\ntype = 'INT'\n[[columns]]\nname = 'b'\ntype = 'BIGINT'\n";
    lake.write("catalog/c/s/t.toml", format!("[options]\nformat = 'orc'\n{columns}"));
    assert_eq!(lake.rows("SELECT b, a FROM t ORDER BY a"), ["10 1", "20 2"]);
    assert_eq!(lake.rows("SELECT sum(b) FROM t"), ["30"]);
    assert_eq!(lake.rows("SELECT count(*) FROM t"), ["2"]);
}

/// A fixed sequence of numbers.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn a_file_with_flipped_bits_is_corrupt_and_never_a_panic() {
    let lake = Lake::new();
    let session = lake.session();
    let runtime = rows::runtime();
    let mut sequence = Sequence(7);
    for format in ["parquet", "orc", "avro"] {
        let whole = file_of(format, 1_000);
        // What a file says of itself: at its end, or at its beginning.
        let said = match format {
            "parquet" => {
                let end = whole.len() - 8;
                let length = u32::from_le_bytes(whole[end..end + 4].try_into().unwrap());
                end - usize::try_from(length).unwrap()..whole.len() - 4
            }
            "orc" => whole.len() / 2..whole.len(),
            _ => 4..200,
        };
        let mut broken = 0;
        for round in 0..400 {
            let mut bytes = whole.clone();
            let place = if round % 4 == 0 { 4..whole.len() - 4 } else { said.clone() };
            for _ in 0..=round % 3 {
                let at = place.start + sequence.below(place.len());
                bytes[at] ^= 1 << sequence.below(8);
            }
            lake.write(&format!("data/s/{format}.{format}"), bytes);
            for sql in ["SELECT sum(n) FROM ", "SELECT count(*) FROM "] {
                let sql = format!("{sql} {format} WHERE n > 500");
                let Err(error) = runtime.block_on(rows::run(&session, &sql)) else { continue };
                broken += 1;
                let kind = error.kind();
                // Another name or type of the column is a file that is whole, and the statement does
                // not fit it.
                let is_known =
                    matches!(kind, ErrorKind::Corrupt | ErrorKind::Sql | ErrorKind::Unsupported);
                assert!(is_known, "{format} {round} {kind}: {error}");
                let file = format!("data/s/{format}.{format}");
                let named = kind != ErrorKind::Corrupt || error.message().contains(&file);
                assert!(named, "{format} {round}: {error}");
                assert!(!error.message().contains("panic"), "{format} {round}: {error}");
            }
        }
        assert!(broken > 200, "{format}: {broken}");
    }
}

#[test]
fn a_bogus_footer_names_file_and_structure() {
    let lake = Lake::new();
    lake.write("data/s/a.parquet", b"PAR1\x15\x04\x15\xff\xff\xff\xff\x0f\xff\x0f\x00\x00\x00PAR1");
    lake.write("data/s/b.parquet", b"PAR1\xff\xff\xff\x7fPAR1");
    for name in ["a", "b"] {
        let error = lake.error(&format!("SELECT * FROM {name}"));
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.message().contains(&format!("data/s/{name}.parquet")), "{error}");
    }
}

fn dictionary(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<DictionaryArray<Int32Type>>())
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}

#[test]
fn an_arrow_stream_is_read_like_a_file_with_all_its_batches_and_dictionaries() {
    let lake = Lake::new();
    let batch = |first: i64, words: &[Option<&str>]| {
        let n: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + words.len() as i64));
        RecordBatch::try_from_iter([("n", n), ("word", dictionary(words))]).unwrap()
    };
    let batches = [
        batch(0, &[Some("a"), None, Some("b")]),
        // Another dictionary takes the place of the first.
        batch(3, &[Some("c"), Some("a")]),
    ];
    lake.write("data/s/t/stream.arrow", stream(&batches));
    let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    writer.write(&batches[0]).unwrap();
    lake.write("data/s/t/file.arrow", writer.into_inner().unwrap());
    let all = ["0 a", "0 a", "1 NULL", "1 NULL", "2 b", "2 b", "3 c", "4 a"];
    assert_eq!(lake.rows("SELECT n, word FROM t ORDER BY n"), all);
    assert_eq!(lake.rows("SELECT count(*), count(word) FROM t"), ["8 6"]);
    assert_eq!(lake.rows("SELECT word, n FROM t WHERE n > 2 ORDER BY n"), ["c 3", "a 4"]);
    let path = lake.path("data/s/t/stream.arrow");
    let sql = format!("SELECT sum(n) FROM '{}'", path.display());
    assert_eq!(lake.rows(&sql), ["10"]);
}

#[test]
fn declared_columns_of_arrow_files_are_read_by_name_and_widened() {
    let lake = Lake::new();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Int32Array::from(vec![1, 2]))),
        ("b", Arc::new(Int32Array::from(vec![10, 20]))),
        ("text", Arc::new(StringArray::from(vec!["x", "y"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    lake.write("data/s/t/p=7/a.arrow", stream(&[batch]));
    lake.write(
        "catalog/c/s/t.toml",
        "[[columns]]\nname = 'b'\ntype = 'BIGINT'\n[[columns]]\nname = 'a'\ntype = 'INT'\n\
         [[columns]]\nname = 'new'\ntype = 'VARCHAR'\n",
    );
    assert_eq!(lake.rows("SELECT * FROM t ORDER BY b"), ["10 1 NULL 7", "20 2 NULL 7"]);
    assert_eq!(lake.rows("SELECT p, a FROM t WHERE b = 20"), ["7 2"]);
}

#[test]
fn an_arrow_stream_that_is_cut_off_is_an_error_that_says_so() {
    let lake = Lake::new();
    let whole = stream(&[numbers(100), numbers(50)]);
    // In the schema, in a batch, and where only the end's mark is missing.
    for length in [20, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        lake.write("data/s/t.arrow", &whole[..length]);
        let error = lake.error("SELECT count(*) FROM t");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{length}: {error}");
        assert!(error.message().contains("data/s/t.arrow"), "{length}: {error}");
        if length > 1_000 {
            assert!(error.message().contains("without its end"), "{length}: {error}");
        }
    }
    lake.write("data/s/t.arrow", &whole);
    assert_eq!(lake.rows("SELECT count(*) FROM t"), ["150"]);
}
