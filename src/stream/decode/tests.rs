//! What CSV and JSON have in common: on any bytes, good and bad records are all records, and
//! neither chunk borders nor projections change them.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::csv::{CsvDecoder, CsvDialect, infer_csv};
use super::json::{ArraySplitter, JsonDecoder, infer_json};
use super::*;

/// What became of a whole file.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    /// Rows, with commas between values.
    pub(super) rows: Vec<String>,
    pub(super) row_count: usize,
    /// Lines and records counted from the file's start.
    pub(super) bad: Vec<BadRecord>,
    pub(super) records: u64,
    pub(super) lines: u64,
    pub(super) ignored_keys: u64,
}

pub(super) fn column(name: &str, data_type: DataType) -> Column {
    Column::new(name, data_type)
}

pub(super) fn shape(columns: Vec<Column>) -> Shape {
    Shape { columns, declared: true, on_error: OnError::Divert }
}

fn rows_of(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|array| ArrayFormatter::try_new(array, &options).unwrap())
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let values: Vec<String> =
                columns.iter().map(|column| column.value(row).to_string()).collect();
            values.join(",")
        })
        .collect()
}

impl Outcome {
    fn new() -> Self {
        Self { rows: vec![], row_count: 0, bad: vec![], records: 0, lines: 0, ignored_keys: 0 }
    }

    fn add(&mut self, decoded: Decoded) {
        self.rows.extend(rows_of(&decoded.batch));
        self.row_count += decoded.batch.num_rows();
        let diverted = decoded.bad.iter().filter(|bad| bad.diverted).count();
        assert_eq!(decoded.records, (decoded.batch.num_rows() + diverted) as u64);
        self.bad.extend(decoded.bad.into_iter().map(|bad| BadRecord {
            line: bad.line + self.lines,
            record: bad.record + self.records,
            ..bad
        }));
        self.records += decoded.records;
        self.lines += decoded.lines;
        self.ignored_keys += decoded.ignored_keys;
    }
}

/// Decodes chunks that begin at the starts of their ranges.
fn decode_chunks(
    decoder: &mut dyn Decoder,
    bytes: &[u8],
    chunks: &[Range<usize>],
    max_records: usize,
) -> crate::error::Result<Outcome> {
    let mut outcome = Outcome::new();
    for range in chunks {
        let mut chunk = Chunk {
            bytes: &bytes[range.clone()],
            byte_offset: range.start as u64,
            line: Some(outcome.lines + 1),
        };
        while !chunk.bytes.is_empty() {
            let decoded = decoder.decode(chunk, max_records)?;
            assert!(decoded.bytes > 0);
            chunk = chunk.after(&decoded);
            outcome.add(decoded);
        }
    }
    Ok(outcome)
}

pub(super) fn decode_all(
    decoder: &mut dyn Decoder,
    bytes: &[u8],
    max_records: usize,
) -> crate::error::Result<Outcome> {
    decode_chunks(decoder, bytes, std::slice::from_ref(&(0..bytes.len())), max_records)
}

/// A small generator of numbers that look random (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// Changes a few bytes, mostly to ones that mean something.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const BYTES: &[u8] = b"\"\"\"\\\n\n\r,,;#{}[]:x0-.eu \xff\xc3\x00\t'";
        for _ in 0..self.roll(6) {
            let at = self.roll(bytes.len() + 1);
            let byte = BYTES[self.roll(BYTES.len())];
            match self.roll(4) {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => {
                    let end = bytes.len().min(at + self.roll(40));
                    let copy = bytes[at..end].to_vec();
                    let to = self.roll(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
            }
        }
    }

    /// Cuts a file into chunks where `boundary` allows, as blocks of odd sizes come in.
    fn cut(&mut self, bytes: &[u8], boundary: impl Fn(&[u8], bool) -> usize) -> Vec<Range<usize>> {
        let (mut chunks, mut start, mut end) = (Vec::new(), 0, 0);
        while start < bytes.len() {
            end = bytes.len().min(end + 1 + self.roll(60));
            let length = boundary(&bytes[start..end], end == bytes.len());
            if length > 0 {
                chunks.push(start..start + length);
                start += length;
            }
        }
        chunks
    }

    fn projection(&mut self, columns: usize) -> Vec<usize> {
        (0..columns).filter(|_| self.roll(2) == 0).collect()
    }
}

fn columns() -> Vec<Column> {
    vec![
        column("id", DataType::Int64),
        column("name", DataType::Utf8),
        column("x", DataType::Float64),
        column("price", DataType::Decimal128(10, 2)),
        column("at", DataType::Timestamp(TimeUnit::Millisecond, None)),
        Column { nullable: false, ..column("ok", DataType::Boolean) },
    ]
}

const CSV: &str = "1,\"a, \"\"b\"\"\",1.5,10.25,2024-01-31T10:00:00.5,true\r\n\
    2,plain,,0,2024-01-31,false\n\n3,\"two\nlines\",1e300,-1.5,2024-01-31 10:00,t\n\
    4,é你,-0.0,99999999.99,,false\n# no,comment\n5,,5,5,,\"true\"\n";

const JSON: &str = "{\"id\":1,\"name\":\"a \\\"b\\\" \\u00e9\",\"x\":1.5,\"price\":10.25,\"at\":\
    \"2024-01-31T10:00:00.5\",\"ok\":true}\r\n\n{\"ok\":false,\"id\":2,\"name\":null,\"other\":[1,\
    {\"deep\":[]}]}\n{\"id\":\"3\",\"name\":{\"a\": 1},\"price\":1e3,\"ok\":true}\n \
    {\"name\":\"é你\",\"x\":-0.0,\"ok\":false,\"l\":[1,2],\"s\":{\"y\":1}}\n";

/// Every way of reading `bytes` must tell the same.
fn agree(
    dice: &mut Dice,
    bytes: &[u8],
    columns: usize,
    make: impl Fn(&[usize], OnError) -> Box<dyn Decoder>,
    boundary: impl Fn(&[u8], bool) -> usize,
) -> usize {
    let all: Vec<usize> = (0..columns).collect();
    let expected = decode_all(&mut *make(&all, OnError::Divert), bytes, usize::MAX).unwrap();
    let chunks = dice.cut(bytes, &boundary);
    let size = 1 + dice.roll(3);
    let cut = decode_chunks(&mut *make(&all, OnError::Divert), bytes, &chunks, size).unwrap();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(cut, expected, "chunks {chunks:?} of\n{shown}");

    let projection = dice.projection(columns);
    let part = decode_all(&mut *make(&projection, OnError::Divert), bytes, size).unwrap();
    assert_eq!((part.row_count, &part.bad), (expected.row_count, &expected.bad), "{shown}");

    let nulls = decode_all(&mut *make(&projection, OnError::Null), bytes, usize::MAX).unwrap();
    assert_eq!(nulls.records, expected.records);
    assert!(nulls.row_count >= expected.row_count);
    let fails = decode_all(&mut *make(&projection, OnError::Fail), bytes, size);
    assert_eq!(fails.is_err(), !expected.bad.is_empty(), "{shown}");
    for bad in &expected.bad {
        let start = usize::try_from(bad.byte_offset).unwrap();
        assert!(bytes[start..].starts_with(&bad.raw));
        let before = bytes[..start].iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(bad.line, before as u64);
    }
    expected.bad.len()
}

#[test]
fn mutated_csv_is_read_the_same_in_any_chunks_and_projections() {
    let mut dice = Dice(1);
    let mut bad = 0;
    for round in 0..2_500 {
        let mut bytes = CSV.repeat(1 + dice.roll(3)).into_bytes();
        dice.mutate(&mut bytes);
        let encoding = if round % 5 == 4 { "gb18030" } else { "utf-8" };
        let dialect = CsvDialect {
            header: false,
            multiline: round % 2 == 0,
            escape: (round % 3 == 0).then_some(b'\\'),
            comment: (round % 7 == 0).then_some(b'#'),
            encoding: encoding.parse().unwrap(),
            ..CsvDialect::default()
        };
        let make = |projection: &[usize], on_error| -> Box<dyn Decoder> {
            let shape = Shape { on_error, ..shape(columns()) };
            Box::new(CsvDecoder::try_new(shape, &dialect, None, projection).unwrap())
        };
        let boundary = |block: &[u8], at_end: bool| match (dialect.multiline, at_end) {
            (true, _) => boundary::quoted(block, &dialect, at_end),
            (false, true) => block.len(),
            (false, false) => boundary::lines(block),
        };
        bad += agree(&mut dice, &bytes, 6, make, boundary);
        infer_csv(&bytes, &dialect, None, None, false).unwrap();
    }
    assert!(bad > 2_000, "{bad}");
}

#[test]
fn mutated_json_is_read_the_same_in_any_chunks_and_projections() {
    let mut dice = Dice(2);
    let list = DataType::new_list(DataType::Int8, true);
    let point =
        DataType::Struct(vec![arrow::datatypes::Field::new("y", DataType::Int8, true)].into());
    let mut bad = 0;
    for _ in 0..2_500 {
        let mut bytes = JSON.repeat(1 + dice.roll(3)).into_bytes();
        dice.mutate(&mut bytes);
        let make = |projection: &[usize], on_error| -> Box<dyn Decoder> {
            let mut columns = columns();
            columns.push(column("l", list.clone()));
            columns.push(column("s", point.clone()));
            let path = Source::parse("$.name.a").unwrap();
            columns.push(Column { source: path, ..column("p", DataType::Utf8View) });
            let shape = Shape { on_error, ..shape(columns) };
            Box::new(JsonDecoder::try_new(shape, projection).unwrap())
        };
        let boundary =
            |block: &[u8], at_end| if at_end { block.len() } else { boundary::lines(block) };
        bad += agree(&mut dice, &bytes, 9, make, boundary);
        infer_json(&bytes, false).unwrap_or(super::json::JsonGuess {
            layout: super::json::JsonLayout::Array,
            columns: vec![],
        });
        let array = [b"[", bytes.as_slice()].concat();
        let split = ArraySplitter::default().split(&array, true).unwrap();
        let chunk = Chunk { bytes: &array, byte_offset: 0, line: None };
        let decoded = make(&[0, 6, 7], OnError::Divert).decode_records(chunk, &split.records);
        assert_eq!(decoded.unwrap().records, split.records.len() as u64);
    }
    assert!(bad > 2_000, "{bad}");
}

#[test]
fn memory_stays_in_proportion_to_the_bytes() {
    // A thousand columns and records of two bytes: the bound on records bounds the batch.
    let columns = (0..1000).map(|index| column(&format!("c{index}"), DataType::Int64)).collect();
    let all: Vec<usize> = (0..1000).collect();
    let mut decoder = JsonDecoder::try_new(shape(columns), &all).unwrap();
    let bytes = b"{}\n".repeat(100_000);
    let chunk = Chunk { bytes: &bytes, byte_offset: 0, line: None };
    let decoded = decoder.decode(chunk, 100).unwrap();
    assert_eq!((decoded.bytes, decoded.records), (300, 100));
    // Raw bytes of one record are shared by its bad values.
    let shape = Shape { on_error: OnError::Null, ..shape(vec![column("a", DataType::Int8); 100]) };
    let dialect = CsvDialect { header: false, ..CsvDialect::default() };
    let mut decoder = CsvDecoder::try_new(shape, &dialect, None, &[]).unwrap();
    let bytes = ["x"; 100].join(",");
    let outcome = decode_all(&mut decoder, bytes.as_bytes(), 1).unwrap();
    assert_eq!((outcome.bad.len(), outcome.row_count), (100, 1));
    assert!(std::sync::Arc::ptr_eq(&outcome.bad[0].raw, &outcome.bad[99].raw));
    // A record longer than what is kept of it.
    let long = "x".repeat(100_000);
    let outcome = decode_all(&mut decoder, long.as_bytes(), 1).unwrap();
    assert_eq!((outcome.bad[0].raw.len(), outcome.bad[0].raw_length), (RAW_LIMIT, 100_000));
}
