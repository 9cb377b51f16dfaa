//! The catalogs of the suite: the shipped lake and snapshot, the sample connector, and tables made
//! to be hard.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int32Array, Int64Array, Int64Builder, ListBuilder, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, UInt8Array, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

/// Rows of each file.
const ROWS: i64 = 300;

/// Rows of each row group: several in a file, so that some can be skipped.
const GROUP_ROWS: usize = 60;

/// A catalog folder in a folder of its own.
pub(super) struct Catalog(TempDir);

impl Catalog {
    /// Writes all of it.
    pub(super) fn new() -> Self {
        let catalog = Self(tempfile::tempdir().unwrap());
        let lake = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/lake");
        catalog.declare("lake", "files", &format!("location = '{}'", lake.display()));
        let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/profiles");
        // What lists the snapshots is made where it is asked for: its plans do not travel.
        let options =
            format!("location = '{}'\n[discover]\nexclude = ['hbase/*']", profiles.display());
        catalog.declare("profiles", "hbase_snapshot", &options);
        catalog.copy_table_files();
        catalog.mapped();
        catalog.declare("hard", "files", "location = '../data'");
        catalog.declare("made", "sample", "rows = 1000");
        let streams = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/streams");
        catalog.declare(
            "events",
            "logfile",
            &format!("location = '{}'\n[discover]\ninclude = ['heartbeats']", streams.display()),
        );
        catalog.hard();
        catalog
    }

    /// The shipped snapshot once more: its key in parts, its values as a map and as two types each, by
    /// the mapping of another system.
    fn mapped(&self) {
        let options = "[options]\nsnapshot = \"device_profile-*\"\n";
        let parts = r#"row_key = [{ name = "kind", until = "-" }, { name = "number" }]
hive_columns_mapping = ":key.kind,:key.number,:key,s:battery#b,s:battery#b,s:firmware,o:,:timestamp"
"#;
        let columns = [
            ("kind", "VARCHAR"),
            ("number", "VARCHAR"),
            ("k", "VARBINARY"),
            ("battery", "INT"),
            ("raw", "VARBINARY"),
            ("firmware", "VARCHAR"),
            ("owner", "VARCHAR"),
            ("changed", "TIMESTAMP WITH TIME ZONE"),
        ];
        let columns = columns.map(|(name, data_type)| {
            format!("[[columns]]\nname = \"{name}\"\ntype = \"{data_type}\"\n")
        });
        let text = format!("{options}{parts}{}", columns.concat());
        std::fs::write(self.folder().join("profiles/default/device_parts.toml"), text).unwrap();
    }

    /// What the shipped catalog says of its tables: which records of dirty files are good.
    fn copy_table_files(&self) {
        for schema in ["lake/raw", "profiles/default", "events/default"] {
            let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog").join(schema);
            crate::rows::copy_folder(&shipped, &self.folder().join(schema));
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.0.path().join("catalog")
    }

    /// The catalogs in it.
    pub(super) fn names(&self) -> [&'static str; 5] {
        ["lake", "hard", "made", "profiles", "events"]
    }

    fn declare(&self, name: &str, connector: &str, options: &str) {
        std::fs::create_dir_all(self.folder()).unwrap();
        let text = format!("connector = \"{connector}\"\n[options]\n{options}\n");
        std::fs::write(self.folder().join(format!("{name}.toml")), text).unwrap();
    }

    fn file(&self, path: &str) -> File {
        let path = self.0.path().join("data").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap()
    }

    fn parquet(&self, path: &str, batch: &RecordBatch) {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            // Long text is truncated in statistics: its bounds are no values then.
            .set_statistics_truncate_length(Some(4))
            .build();
        let mut writer =
            ArrowWriter::try_new(self.file(path), batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
    }

    fn hard(&self) {
        let (first, second) = (columns(0), columns(ROWS));
        let batch = |columns: Vec<(&str, ArrayRef)>| {
            let columns = columns.into_iter().map(|(name, array)| (name, array, true));
            RecordBatch::try_from_iter_with_nullable(columns).unwrap()
        };
        self.parquet("t/whole.parquet", &batch(first.clone()));
        let whole = batch(first.clone());
        let file = self.file("t/arrow.arrow");
        let mut writer = arrow::ipc::writer::FileWriter::try_new(file, &whole.schema()).unwrap();
        writer.write(&whole.slice(0, 100)).unwrap();
        writer.write(&whole.slice(100, 200)).unwrap();
        writer.finish().unwrap();

        // Partitions of text with a NULL one, and values that are escaped in the folder's name.
        for (folder, at) in
            [("a", 0), ("b%2Fc %3D", 1), ("__HIVE_DEFAULT_PARTITION__", 2), ("zz", 3)]
        {
            let path = format!("t/partitioned/kind={folder}/n={at}/part-0.parquet");
            self.parquet(&path, &batch(columns(at * ROWS)));
        }

        // Files that drift: a column less, one more, other order, narrower types.
        let mut fewer = first;
        fewer.retain(|(name, _)| !matches!(*name, "text" | "double"));
        self.parquet("t/drifting/a.parquet", &batch(fewer));
        let mut other = second;
        other.reverse();
        for (name, array) in &mut other {
            match *name {
                "big" => {
                    let values =
                        (ROWS..2 * ROWS).map(|i| (i % 7 != 0).then_some(i32::try_from(i).unwrap()));
                    *array = Arc::new(values.collect::<Int32Array>());
                }
                "instant" => {
                    let values = (ROWS..2 * ROWS).map(|i| (i % 5 != 0).then_some(i * 1_000));
                    let values: TimestampMillisecondArray = values.collect();
                    *array = Arc::new(values.with_timezone("UTC"));
                }
                "double" => {
                    let values = (ROWS..2 * ROWS).map(|i| (i % 6 != 0).then_some(i as f32 / 4.0));
                    *array = Arc::new(values.collect::<Float32Array>());
                }
                _ => {}
            }
        }
        let added = (0..ROWS).map(|i| (i % 2 == 0).then_some(i)).collect::<Int64Array>();
        other.push(("added", Arc::new(added)));
        self.parquet("t/drifting/b.parquet", &batch(other));
    }
}

/// Columns of many types with NULLs, and with the values that orders and bounds go wrong at.
fn columns(start: i64) -> Vec<(&'static str, ArrayRef)> {
    let numbers = || start..start + ROWS;
    let small = |i: i64| i32::try_from(i).unwrap();
    let double = |i: i64| match i % 40 {
        0 => None,
        1 => Some(f64::NAN),
        2 => Some(-0.0),
        3 => Some(0.0),
        4 if i > 200 => Some(f64::INFINITY),
        5 if i > 200 => Some(f64::NEG_INFINITY),
        _ => Some(i as f64 / 8.0 - 10.0),
    };
    let text = |i: i64| match i % 25 {
        0 => None,
        1 => Some(String::new()),
        2 => Some(format!("größer {i}")),
        3 => Some(format!("北京 {i}")),
        4 => Some(format!("it's {i}")),
        5 => Some(format!("\u{10FFFF}\u{10FFFF} {i}")),
        _ => Some(format!("common prefix {i:06}")),
    };
    let decimal: Decimal128Array =
        numbers().map(|i| (i % 9 != 0).then_some(i128::from(i) * 101 - 5_000)).collect();
    let instant: TimestampMicrosecondArray =
        numbers().map(|i| (i % 5 != 0).then_some(i * 86_400_000_123 - 1)).collect();
    let plain: TimestampMicrosecondArray =
        numbers().map(|i| (i % 8 != 0).then_some(i * 3_600_000_000)).collect();
    let mut lists = ListBuilder::new(Int64Builder::new());
    for i in numbers() {
        for value in 0..i % 3 {
            lists.values().append_value(value);
        }
        lists.append(i % 4 != 0);
    }
    let array = |array: ArrayRef| array;
    vec![
        ("id", array(Arc::new(numbers().map(Some).collect::<Int64Array>()))),
        (
            "big",
            Arc::new(
                numbers().map(|i| (i % 7 != 0).then_some(i * 1_000_003)).collect::<Int64Array>(),
            ),
        ),
        ("small", Arc::new(numbers().map(|i| Some(small(i % 13) - 6)).collect::<Int32Array>())),
        ("tiny", Arc::new(numbers().map(|i| u8::try_from(i % 251).ok()).collect::<UInt8Array>())),
        (
            "huge",
            Arc::new(numbers().map(|i| Some(u64::MAX - i.unsigned_abs())).collect::<UInt64Array>()),
        ),
        ("double", Arc::new(numbers().map(double).collect::<Float64Array>())),
        (
            "single",
            Arc::new(numbers().map(|i| double(i).map(|d| d as f32)).collect::<Float32Array>()),
        ),
        ("decimal", Arc::new(decimal.with_precision_and_scale(12, 2).unwrap())),
        ("text", Arc::new(numbers().map(text).collect::<StringArray>())),
        (
            "flag",
            Arc::new(
                numbers().map(|i| (i % 3 != 0).then_some(i % 2 == 0)).collect::<BooleanArray>(),
            ),
        ),
        (
            "date",
            Arc::new(
                numbers()
                    .map(|i| (i % 10 != 0).then_some(small(i) * 3 - 400))
                    .collect::<Date32Array>(),
            ),
        ),
        ("instant", Arc::new(instant.with_timezone("UTC"))),
        ("plain", Arc::new(plain)),
        (
            "bytes",
            Arc::new(
                numbers()
                    .map(|i| (i % 6 != 0).then(|| i.to_be_bytes().to_vec()))
                    .collect::<BinaryArray>(),
            ),
        ),
        ("nothing", Arc::new(numbers().map(|_| None).collect::<Int64Array>())),
        ("constant", Arc::new(numbers().map(|_| Some("same")).collect::<StringArray>())),
        ("list", Arc::new(lists.finish())),
    ]
}
