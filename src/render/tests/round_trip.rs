//! Every Arrow type written and read back by Arrow's own readers.

use std::io::Cursor;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::*;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::*;
use arrow::ipc::reader::StreamReader;

use super::render_all;
use crate::error::ErrorKind;
use crate::render::{Options, format};

type Named = Vec<(&'static str, ArrayRef)>;

/// Columns every text reader can read back.
fn scalars() -> Named {
    let instants = vec![Some(-1), Some(1_788_220_800_123), Some(0), None];
    vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        ("int8", Arc::new(Int8Array::from(vec![Some(i8::MIN), Some(i8::MAX), None, Some(0)]))),
        ("int16", Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None, Some(0)]))),
        ("int32", Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None, Some(0)]))),
        ("int64", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None, Some(0)]))),
        ("uint8", Arc::new(UInt8Array::from(vec![Some(0), Some(u8::MAX), None, Some(99)]))),
        ("uint16", Arc::new(UInt16Array::from(vec![Some(0), Some(u16::MAX), None, Some(100)]))),
        ("uint32", Arc::new(UInt32Array::from(vec![Some(0), Some(u32::MAX), None, Some(9)]))),
        ("uint64", Arc::new(UInt64Array::from(vec![Some(0), Some(u64::MAX), None, Some(10)]))),
        (
            "float32",
            Arc::new(Float32Array::from(vec![Some(0.1), Some(-0.0), None, Some(f32::MAX)])),
        ),
        (
            "float64",
            Arc::new(Float64Array::from(vec![Some(0.1), Some(5e-324), None, Some(f64::MIN)])),
        ),
        (
            "decimal128",
            Arc::new(
                Decimal128Array::from(vec![
                    Some(i128::from(i64::MAX) * 10),
                    Some(-5),
                    None,
                    Some(0),
                ])
                .with_precision_and_scale(38, 10)
                .unwrap(),
            ),
        ),
        (
            "decimal256",
            Arc::new(
                Decimal256Array::from(vec![
                    i256::from_string(&"9".repeat(76)),
                    Some(i256::from_i128(-1)),
                    None,
                    Some(i256::ZERO),
                ])
                .with_precision_and_scale(76, 6)
                .unwrap(),
            ),
        ),
        (
            "date32",
            Arc::new(Date32Array::from(vec![Some(-719_162), Some(2_932_896), None, Some(0)])),
        ),
        (
            "date64",
            Arc::new(Date64Array::from(vec![Some(-86_400_000), Some(864_000_000), None, Some(0)])),
        ),
        (
            "time32_s",
            Arc::new(Time32SecondArray::from(vec![Some(0), Some(86_399), None, Some(3600)])),
        ),
        (
            "time32_ms",
            Arc::new(Time32MillisecondArray::from(vec![Some(1), Some(86_399_999), None, Some(0)])),
        ),
        (
            "time64_us",
            Arc::new(Time64MicrosecondArray::from(vec![
                Some(1),
                Some(86_399_999_999),
                None,
                Some(0),
            ])),
        ),
        (
            "time64_ns",
            Arc::new(Time64NanosecondArray::from(vec![
                Some(1),
                Some(86_399_999_999_999),
                None,
                Some(0),
            ])),
        ),
        (
            "timestamp_s",
            Arc::new(TimestampSecondArray::from(vec![
                Some(-1),
                Some(1_788_220_800),
                Some(0),
                None,
            ])),
        ),
        ("timestamp_ms", Arc::new(TimestampMillisecondArray::from(instants.clone()))),
        ("timestamp_us", Arc::new(TimestampMicrosecondArray::from(instants.clone()))),
        ("timestamp_ns", Arc::new(TimestampNanosecondArray::from(instants.clone()))),
        (
            "instant_utc",
            Arc::new(TimestampMillisecondArray::from(instants.clone()).with_timezone("UTC")),
        ),
        (
            "instant_named",
            Arc::new(
                TimestampMicrosecondArray::from(instants.clone()).with_timezone("America/New_York"),
            ),
        ),
        (
            "instant_offset",
            Arc::new(TimestampNanosecondArray::from(instants).with_timezone("-03:30")),
        ),
        (
            "utf8",
            Arc::new(StringArray::from(vec![Some("a,\"b\"\n"), Some("日本"), None, Some("x")])),
        ),
        (
            "large_utf8",
            Arc::new(LargeStringArray::from(vec![Some("\t\\"), Some("👩‍🚀"), None, Some("\u{1}")])),
        ),
        (
            "utf8_view",
            Arc::new(StringViewArray::from(vec![
                Some("longer than twelve bytes"),
                Some("short"),
                None,
                Some("NULL"),
            ])),
        ),
    ]
}

/// Columns Arrow's JSON reader can read back besides.
fn nested() -> Named {
    let numbers = || Int32Array::from(vec![Some(1), None, Some(-3), Some(4)]);
    let item = || Arc::new(Field::new("item", DataType::Int32, true));
    let offsets = vec![0, 2, 2, 2, 4];
    let valid = vec![true, true, false, true];
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for row in 0..4 {
        if row != 1 {
            maps.keys().append_value(format!("key {row}"));
            maps.values().append_option((row != 2).then_some(row));
        }
        maps.append(row != 3).unwrap();
    }
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("p"), Some("q"), None, Some("")]));
    let fields: Fields =
        vec![Field::new("n", DataType::Int32, true), Field::new("s", DataType::Utf8, true)].into();
    let members: Vec<ArrayRef> = vec![Arc::new(numbers()), texts];
    vec![
        (
            "list",
            Arc::new(ListArray::new(
                item(),
                OffsetBuffer::new(offsets.clone().into()),
                Arc::new(numbers()),
                Some(valid.clone().into()),
            )),
        ),
        (
            "large_list",
            Arc::new(LargeListArray::new(
                item(),
                OffsetBuffer::new(offsets.into_iter().map(i64::from).collect()),
                Arc::new(numbers()),
                Some(valid.clone().into()),
            )),
        ),
        ("struct", Arc::new(StructArray::new(fields, members, Some(valid.into())))),
        ("map", Arc::new(maps.finish())),
        (
            "binary",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(b"\x00\xff"),
                Some(b""),
                None,
                Some(b"a"),
            ])),
        ),
        (
            "large_binary",
            Arc::new(LargeBinaryArray::from_opt_vec(vec![Some(b"\x01"), None, None, Some(b"b")])),
        ),
        (
            "binary_view",
            Arc::new(BinaryViewArray::from(vec![Some(&b"zz"[..]), None, None, Some(b"c")])),
        ),
        (
            "fixed_binary",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    [Some([1, 2]), None, Some([3, 4]), None].into_iter(),
                    2,
                )
                .unwrap(),
            ),
        ),
    ]
}

/// Columns only the binary formats can give back as they were.
fn exotic() -> Named {
    let months = vec![Some(-14), Some(0), None, Some(25)];
    let item = || Arc::new(Field::new("item", DataType::Int32, true));
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6, 7, 8]));
    let text: DictionaryArray<Int8Type> =
        vec![Some("a"), None, Some("a"), Some("b")].into_iter().collect();
    let one = Arc::new(Float16Array::from_iter_values(
        [1.5_f32, -0.0, 2.0, 65_504.0].map(<Float16Type as ArrowPrimitiveType>::Native::from_f32),
    ));
    vec![
        ("null", Arc::new(NullArray::new(4))),
        ("float16", one),
        ("interval_ym", Arc::new(IntervalYearMonthArray::from(months))),
        (
            "interval_dt",
            Arc::new(IntervalDayTimeArray::from(vec![
                Some(IntervalDayTime::new(1, 500)),
                None,
                Some(IntervalDayTime::ZERO),
                Some(IntervalDayTime::new(0, 86_400_001)),
            ])),
        ),
        (
            "duration",
            Arc::new(DurationMicrosecondArray::from(vec![Some(-1), None, Some(0), Some(7)])),
        ),
        ("fixed_list", Arc::new(FixedSizeListArray::new(item(), 2, numbers.clone(), None))),
        ("dictionary", Arc::new(text)),
    ]
}

/// Columns Parquet has no types for.
fn refused_by_parquet() -> Named {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let fields =
        [(0, Field::new("n", DataType::Int32, true)), (5, Field::new("s", DataType::Utf8, true))];
    vec![
        (
            "interval_mdn",
            Arc::new(IntervalMonthDayNanoArray::from(vec![
                Some(IntervalMonthDayNano::new(1, -2, 3)),
                None,
                Some(IntervalMonthDayNano::ZERO),
                Some(IntervalMonthDayNano::new(i32::MIN, i32::MIN, i64::MIN)),
            ])),
        ),
        (
            "union",
            Arc::new(
                UnionArray::try_new(
                    fields.into_iter().map(|(id, field)| (id, Arc::new(field))).collect(),
                    ScalarBuffer::from(vec![0_i8, 5, 0, 5]),
                    Some(ScalarBuffer::from(vec![0, 0, 1, 1])),
                    vec![numbers, texts],
                )
                .unwrap(),
            ),
        ),
    ]
}

fn runs() -> (&'static str, ArrayRef) {
    let ends = Int32Array::from(vec![1, 3, 4]);
    let values = StringArray::from(vec![Some("r"), None, Some("s")]);
    ("runs", Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap()))
}

fn batch(columns: Named) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

/// Two batches, so that there is something to put together.
fn written(name: &str, whole: &RecordBatch) -> Vec<u8> {
    let parts = [whole.slice(0, 1), whole.slice(1, whole.num_rows() - 1)];
    render_all(name, &parts, &Options::default()).0
}

/// Compares column by column, so that a failure names the type.
fn assert_same(left: &RecordBatch, right: &RecordBatch) {
    assert_eq!(left.num_rows(), right.num_rows());
    for (field, (l, r)) in
        right.schema().fields().iter().zip(left.columns().iter().zip(right.columns()))
    {
        assert_eq!(l, r, "column {}", field.name());
    }
}

#[test]
fn csv_gives_back_every_scalar_type() {
    // Arrow's reader of csv has no large strings.
    let whole = batch(scalars().into_iter().filter(|(name, _)| *name != "large_utf8").collect());
    let reader = arrow::csv::ReaderBuilder::new(whole.schema())
        .with_header(true)
        .build(Cursor::new(written("csv", &whole)))
        .unwrap();
    let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_same(&concat_batches(&whole.schema(), &read).unwrap(), &whole);
}

#[test]
fn json_and_ndjson_give_back_every_scalar_and_nested_type() {
    let whole = batch(scalars().into_iter().chain(nested()).collect());
    let lines = written("ndjson", &whole);
    let reader =
        arrow::json::ReaderBuilder::new(whole.schema()).build(Cursor::new(&lines)).unwrap();
    let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_same(&concat_batches(&whole.schema(), &read).unwrap(), &whole);

    let array: Vec<serde_json::Value> = serde_json::from_slice(&written("json", &whole)).unwrap();
    let rows: Vec<serde_json::Value> =
        serde_json::Deserializer::from_slice(&lines).into_iter().map(Result::unwrap).collect();
    assert_eq!(array, rows);
    assert_eq!(rows[1]["uint64"].to_string(), "18446744073709551615");
    assert!(
        rows[0]["decimal256"].to_string().starts_with("99999999999999999999999999999999999999")
    );
}

#[test]
fn json_of_every_type_is_json_with_every_key() {
    let mut columns: Named = scalars().into_iter().chain(nested()).chain(exotic()).collect();
    columns.extend(refused_by_parquet());
    columns.push(runs());
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let rows: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&written("json", &batch(columns))).unwrap();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.keys().eq(&names)));
}

#[test]
fn arrow_gives_back_every_type() {
    let mut columns: Named = scalars().into_iter().chain(nested()).chain(exotic()).collect();
    columns.extend(refused_by_parquet());
    columns.push(runs());
    let whole = batch(columns);
    let reader = StreamReader::try_new(Cursor::new(written("arrow", &whole)), None).unwrap();
    assert_eq!(reader.schema(), whole.schema());
    let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_same(&read[0], &whole.slice(0, 1));
    assert_same(&read[1], &whole.slice(1, 3));
}

#[test]
fn arrow_takes_a_dictionary_that_changes_between_batches() {
    let part = |values: [&str; 2]| {
        let array: DictionaryArray<Int32Type> = values.into_iter().collect();
        batch(vec![("d", Arc::new(array) as ArrayRef)])
    };
    let parts = [part(["a", "b"]), part(["c", "d"])];
    let (bytes, _) = render_all("arrow", &parts, &Options::default());
    let read: Vec<RecordBatch> =
        StreamReader::try_new(Cursor::new(bytes), None).unwrap().collect::<Result<_, _>>().unwrap();
    assert_same(&read[0], &parts[0]);
    assert_same(&read[1], &parts[1]);
}

#[test]
fn parquet_gives_back_every_type_it_has() {
    let mut columns: Named = scalars().into_iter().chain(nested()).chain(exotic()).collect();
    columns.push(runs());
    let whole = batch(columns);
    let bytes = bytes::Bytes::from(written("parquet", &whole));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let schema = reader.schema().clone();
    let stored = |name: &str| schema.field_with_name(name).unwrap().data_type().clone();
    assert_eq!(stored("timestamp_s"), DataType::Timestamp(TimeUnit::Millisecond, None));
    assert_eq!(stored("time32_s"), DataType::Time32(TimeUnit::Millisecond));
    assert_eq!(stored("date64"), DataType::Timestamp(TimeUnit::Millisecond, None));
    assert_eq!(stored("runs"), DataType::Utf8);
    let read: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    let read = concat_batches(&schema, &read).unwrap();
    for (index, field) in whole.schema().fields().iter().enumerate() {
        let expected = cast(whole.column(index), schema.field(index).data_type()).unwrap();
        assert_eq!(read.column(index), &expected, "column {}", field.name());
    }
}

#[test]
fn results_without_rows_keep_their_schema() {
    let schema = batch(scalars()).schema();
    for name in ["arrow", "parquet"] {
        let mut renderer = format(name).unwrap().open(&schema, &Options::default()).unwrap();
        let mut out = Vec::new();
        renderer.finish(&mut out).unwrap();
        if name == "arrow" {
            let mut reader = StreamReader::try_new(Cursor::new(out), None).unwrap();
            assert_eq!(reader.schema(), schema);
            assert!(reader.next().is_none());
        } else {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(out)).unwrap();
            assert_eq!(reader.schema().fields().len(), schema.fields().len());
            assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        }
    }
}

#[test]
fn parquet_refuses_what_it_cannot_hold_before_it_writes() {
    for (name, array) in refused_by_parquet() {
        let schema = batch(vec![(name, array)]).schema();
        let error = format("parquet").unwrap().open(&schema, &Options::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.message().starts_with(&format!("column \"{name}\": parquet has no type for"))
        );
    }
}

#[test]
fn parquet_gives_equal_names_suffixes_and_compresses_with_zstd() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let whole = batch(vec![("a", ids.clone()), ("a", ids)]);
    let bytes = bytes::Bytes::from(written("parquet", &whole));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let names: Vec<&String> = reader.schema().fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["a", "a_1"]);
    let column = reader.metadata().row_group(0).column(0).clone();
    assert!(matches!(column.compression(), ::parquet::basic::Compression::ZSTD(_)));
}
