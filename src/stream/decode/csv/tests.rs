//! What becomes of each kind of broken CSV, with exact rows and bad records.

use arrow::datatypes::{DataType, TimeUnit};

use super::*;
use crate::stream::decode::tests::{Outcome, column, decode_all, shape};
use crate::stream::decode::{BadKind, Column, OnError};

fn table() -> Shape {
    shape(vec![
        column("id", DataType::Int64),
        column("name", DataType::Utf8),
        column("day", DataType::Date32),
    ])
}

fn bare() -> CsvDialect {
    CsvDialect { header: false, ..CsvDialect::default() }
}

fn read_as(shape: Shape, dialect: &CsvDialect, bytes: &[u8]) -> Outcome {
    let all: Vec<usize> = (0..shape.columns.len()).collect();
    let mut decoder = CsvDecoder::try_new(shape, dialect, None, &all).unwrap();
    decode_all(&mut decoder, bytes, 8192).unwrap()
}

fn read(bytes: &[u8]) -> Outcome {
    read_as(table(), &bare(), bytes)
}

const GOOD: &str = "1,a,2024-01-01";

/// Reads `line` between two good lines; both must stay.
fn between(line: &str) -> (BadKind, String, Option<String>, Option<String>) {
    let outcome = read(format!("{GOOD}\n{line}\n{GOOD}\n").as_bytes());
    assert_eq!(outcome.rows, [GOOD, GOOD], "{line}");
    assert_eq!(outcome.bad.len(), 1, "{line}");
    let bad = outcome.bad.into_iter().next().unwrap();
    assert_eq!(&*bad.raw, line.as_bytes());
    assert_eq!((bad.line, bad.byte_offset, bad.raw_length), (1, 15, line.len() as u64));
    assert_eq!((bad.record, bad.diverted), (1, true));
    (bad.kind, bad.reason, bad.column_name, bad.value)
}

fn structural(kind: BadKind, reason: &str) -> (BadKind, String, Option<String>, Option<String>) {
    (kind, reason.to_owned(), None, None)
}

fn mistyped(
    reason: &str,
    column: &str,
    value: &str,
) -> (BadKind, String, Option<String>, Option<String>) {
    (BadKind::Type, reason.to_owned(), Some(column.to_owned()), Some(value.to_owned()))
}

#[test]
fn lines_with_other_than_all_fields_are_ragged() {
    let reason = "2 fields where 3 are expected";
    assert_eq!(between("2,b"), structural(BadKind::Ragged, reason));
    let reason = "4 fields where 3 are expected";
    assert_eq!(between("2,b,2024-01-02,x"), structural(BadKind::Ragged, reason));
    let reason = "1 field where 3 are expected";
    assert_eq!(between("\"2\""), structural(BadKind::Ragged, reason));
}

#[test]
fn values_that_do_not_fit_are_type_errors_with_column_and_value() {
    assert_eq!(between("zz,b,2024-01-02"), mistyped("not a BIGINT", "id", "zz"));
    assert_eq!(between("1.5,b,2024-01-02"), mistyped("a fraction is not a BIGINT", "id", "1.5"));
    let big = "9223372036854775808";
    let expected = mistyped("out of range for BIGINT", "id", big);
    assert_eq!(between(&format!("{big},b,2024-01-02")), expected);
    let expected = mistyped("not a DATE like 2024-12-31", "day", "2024-02-30");
    assert_eq!(between("2,b,2024-02-30"), expected);
    // The first of two is the reason.
    assert_eq!(between("x,b,y"), mistyped("not a BIGINT", "id", "x"));
}

#[test]
fn broken_quotes_cost_their_line() {
    let reason = "the quote of field 2 is not closed on its line; `multiline` reads on";
    assert_eq!(between("2,\"b,2024-01-02"), structural(BadKind::Malformed, reason));
    let reason = "text after the closing quote of field 2";
    assert_eq!(between("2,\"x\"yz,2024-01-02"), structural(BadKind::Malformed, reason));
    let reason = "a quote within the unquoted field 2";
    assert_eq!(between("2,x\"y,2024-01-02"), structural(BadKind::Malformed, reason));
    let outcome = read(b"1,a,2024-01-01\n2,\"b,2024-01-01");
    assert_eq!(outcome.rows, [GOOD]);
    assert_eq!(outcome.bad[0].kind, BadKind::Malformed);
}

#[test]
fn invalid_utf8_is_bad_also_where_it_is_not_projected() {
    let bytes = b"1,a,2024-01-01\n2,\xff,2024-01-01\n1,a,2024-01-01\n";
    for projection in [&[0, 1, 2][..], &[0], &[]] {
        let mut decoder = CsvDecoder::try_new(table(), &bare(), None, projection).unwrap();
        let outcome = decode_all(&mut decoder, bytes, 8192).unwrap();
        assert_eq!(outcome.row_count, 2);
        assert_eq!(outcome.bad[0].kind, BadKind::Encoding);
        assert_eq!(outcome.bad[0].reason, "not valid UTF-8");
        assert_eq!(&*outcome.bad[0].raw, b"2,\xff,2024-01-01");
    }
}

#[test]
fn empty_lines_carriage_returns_and_a_missing_last_line_end_are_no_matter() {
    let outcome = read(b"\xef\xbb\xbf1,a,2024-01-01\r\n\r\n\n1,a,2024-01-01");
    assert_eq!(outcome.rows, [GOOD, GOOD]);
    assert_eq!((outcome.bad.len(), outcome.records, outcome.lines), (0, 2, 3));
    let outcome = read(b"1,a,2024-01-01\n2,b");
    assert_eq!(outcome.rows, [GOOD]);
    assert_eq!(outcome.bad[0].kind, BadKind::Ragged);
}

#[test]
fn a_wrong_delimiter_makes_every_record_ragged() {
    let outcome = read_as(table(), &bare(), b"1;a;2024-01-01\n2;b;2024-01-01\n");
    assert_eq!(outcome.row_count, 0);
    assert!(outcome.bad.iter().all(|bad| bad.kind == BadKind::Ragged));
    assert_eq!(outcome.bad.len(), 2);
}

#[test]
fn empty_is_null_and_quoted_empty_is_the_empty_text() {
    let outcome = read(b",,\n\"\",\"\",\"\"\n");
    assert_eq!(outcome.rows, ["NULL,NULL,NULL", "NULL,,NULL"]);
    let dialect = CsvDialect { null: vec!["NA".to_owned()], ..bare() };
    let outcome = read_as(table(), &dialect, b",,\nNA,NA,NA\n1,\"NA\",2024-01-01\n");
    assert_eq!(outcome.rows, ["NULL,,NULL", "NULL,NULL,NULL", "1,NA,2024-01-01"]);
    assert_eq!(outcome.bad.len(), 0);
}

#[test]
fn comments_quotes_escapes_and_blanks_are_read_as_written() {
    let dialect = CsvDialect { comment: Some(b'#'), escape: Some(b'\\'), ..bare() };
    let text = b"#x\n1,\"a\\\"b\\\\,c\",2024-01-01\n 2 ,\" d \",2024-01-01\n";
    let outcome = read_as(table(), &dialect, text);
    assert_eq!(outcome.rows, ["1,a\"b\\,c,2024-01-01", "2, d ,2024-01-01"]);
    assert_eq!(outcome.records, 2);
    let outcome = read(b"1,\"a\"\"b\",2024-01-01\n2,\"\"\"\",2024-01-01\n");
    assert_eq!(outcome.rows, ["1,a\"b,2024-01-01", "2,\",2024-01-01"]);
}

#[test]
fn decimal_commas_and_formats_are_the_dialects_or_the_columns() {
    let mut day = column("day", DataType::Date32);
    day.format = Some("%Y%m%d".to_owned());
    let columns = vec![
        column("price", DataType::Decimal128(8, 2)),
        column("x", DataType::Float64),
        day,
        column("other", DataType::Date32),
        column("at", DataType::Timestamp(TimeUnit::Second, None)),
    ];
    let dialect = CsvDialect {
        delimiter: b';',
        decimal_comma: true,
        date_format: Some("%d.%m.%Y".to_owned()),
        timestamp_format: Some("%d.%m.%Y %H:%M".to_owned()),
        ..bare()
    };
    let text = b"1,5;2,25;20240131;31.01.2024;31.01.2024 10:30\n1.5;1;20240131;31.01.2024;\n";
    let outcome = read_as(shape(columns), &dialect, text);
    assert_eq!(outcome.rows, ["1.50,2.25,2024-01-31,2024-01-31,2024-01-31T10:30:00"]);
    assert_eq!(outcome.bad[0].reason, "not a DECIMAL(8,2)");
}

#[test]
fn other_encodings_are_transcribed_and_places_are_those_of_the_file() {
    let text = |label: &str, bytes: &[u8], multiline: bool| {
        let dialect = CsvDialect { encoding: label.parse().unwrap(), multiline, ..bare() };
        let columns = vec![column("id", DataType::Int64), column("name", DataType::Utf8)];
        read_as(shape(columns), &dialect, bytes)
    };
    let bytes = b"1,\xc4\xe3\r\nx,\xba\xc3\r\n3,\xff\xff\r\n4,\xba\xc3";
    for multiline in [false, true] {
        let outcome = text("gb18030", bytes, multiline);
        assert_eq!(outcome.rows, ["1,你", "4,好"]);
        let places: Vec<_> = outcome.bad.iter().map(|bad| (bad.byte_offset, bad.line)).collect();
        assert_eq!(places, [(6, 1), (12, 2)]);
        assert_eq!(&*outcome.bad[0].raw, b"x,\xba\xc3");
        assert_eq!(&*outcome.bad[1].raw, b"3,\xff\xff");
        assert_eq!(outcome.bad[1].reason, "not valid gb18030");
    }
    let outcome = text("gb18030", b"1,\"\xc4\n\xe3\"\n2,\"\xba\xc3\n\"\nx,\n", true);
    assert_eq!(outcome.rows, ["2,好\n"]);
    assert_eq!(outcome.bad[0].kind, BadKind::Encoding);
    assert_eq!(&*outcome.bad[0].raw, b"1,\"\xc4\n\xe3\"");
    assert_eq!((outcome.bad[1].byte_offset, outcome.bad[1].line), (16, 4));
    assert_eq!(text("latin1", b"1,\xe9\n", false).rows, ["1,é"]);
}

#[test]
fn line_ends_within_quotes_need_multiline() {
    let text = b"1,\"a\nb\",2024-01-01\n2,c,2024-01-01\n";
    let outcome = read(text);
    assert_eq!((outcome.rows.len(), outcome.bad.len()), (1, 2));
    let dialect = CsvDialect { multiline: true, ..bare() };
    let outcome = read_as(table(), &dialect, text);
    assert_eq!(outcome.rows, ["1,a\nb,2024-01-01", "2,c,2024-01-01"]);
    let text = b"1,\"a,2024-01-01\n2,\"c\",2024-01-01\n3,d,2024-01-01\n";
    let outcome = read_as(table(), &dialect, text);
    assert_eq!(outcome.rows, ["2,c,2024-01-01", "3,d,2024-01-01"]);
    assert_eq!(outcome.bad[0].reason, "the quote of field 2 is not closed");
    assert_eq!(&*outcome.bad[0].raw, b"1,\"a,2024-01-01");
}

#[test]
fn a_quote_that_stays_open_for_a_mebibyte_costs_one_line() {
    let mut text = b"1,\"a,2024-01-01\n".to_vec();
    text.extend_from_slice(&b"2,c,2024-01-01\n".repeat(80_000));
    assert!(text.len() > tokens::QUOTED_LIMIT);
    let dialect = CsvDialect { multiline: true, ..bare() };
    let outcome = read_as(table(), &dialect, &text);
    assert_eq!((outcome.row_count, outcome.bad.len()), (80_000, 1));
    // A quoted field shorter than that is one, whatever is in it.
    text.extend_from_slice(b"\",2024-01-01\n");
    text.drain(..15 * 40_000);
    text.splice(..15, b"1,\"a,2024-01-0\n".iter().copied());
    let outcome = read_as(table(), &dialect, &text);
    assert_eq!((outcome.row_count, outcome.bad.len()), (1, 0));
}

#[test]
fn on_error_null_keeps_the_row_unless_the_record_is_broken() {
    let mut shape = table();
    shape.on_error = OnError::Null;
    let outcome = read_as(shape.clone(), &bare(), b"x,a,y\n2,b\n1,a,2024-01-01\n");
    assert_eq!(outcome.rows, ["NULL,a,NULL", GOOD]);
    let found: Vec<_> =
        outcome.bad.iter().map(|bad| (bad.record, bad.value.as_deref(), bad.diverted)).collect();
    assert_eq!(found, [(0, Some("x"), false), (0, Some("y"), false), (1, None, true)]);
    shape.columns[0].nullable = false;
    let outcome = read_as(shape, &bare(), b"x,a,y\n,a,2024-01-01\n1,a,2024-01-01\n");
    assert_eq!(outcome.rows, [GOOD]);
    assert!(outcome.bad.iter().all(|bad| bad.diverted && bad.kind == BadKind::Type));
    assert_eq!(outcome.bad[0].reason, "not a BIGINT");
    assert_eq!(outcome.bad[1].reason, "NULL in a column that is NOT NULL");
    assert_eq!(outcome.bad[1].value, None);
}

#[test]
fn on_error_fail_and_inferred_types_name_place_column_and_value() {
    let fail = |shape: Shape, text: &[u8]| {
        let mut decoder = CsvDecoder::try_new(shape, &bare(), None, &[1]).unwrap();
        decode_all(&mut decoder, text, 8192).unwrap_err()
    };
    let mut shape = table();
    shape.on_error = OnError::Fail;
    let text = b"1,a,2024-01-01\n1,a,y\nx,a,2024-01-01\n2\n";
    let error = fail(shape.clone(), text);
    let message = "line 2 (byte 15): column day: not a DATE like 2024-12-31: `y`";
    assert_eq!(error.message(), message);
    assert_eq!(error.kind(), crate::error::ErrorKind::Corrupt);
    let error = fail(shape, b"2\nx,a,y\n");
    assert_eq!(error.message(), "line 1 (byte 0): 1 field where 3 are expected");
    for on_error in [OnError::Divert, OnError::Null] {
        let shape = Shape { declared: false, on_error, ..table() };
        let error = fail(shape, b"2\nx,a,2024-01-01\n");
        assert_eq!(error.message(), "line 2 (byte 2): column id: not a BIGINT: `x`");
        let hint = error.hint().unwrap();
        assert!(hint.contains("INFER TABLE") && hint.contains("on_error"));
    }
    let shape = Shape { declared: false, ..table() };
    let outcome = read_as(shape, &bare(), b"2\n1,a,2024-01-01\n");
    assert_eq!((outcome.rows.len(), outcome.bad.len()), (1, 1));
}

#[test]
fn columns_are_found_by_name_in_each_file() {
    let header = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let read = |shape: Shape, names: &[&str], text: &[u8]| {
        let mut decoder =
            CsvDecoder::try_new(shape, &CsvDialect::default(), Some(&header(names)), &[0, 1, 2])?;
        Ok::<_, Error>((decode_all(&mut decoder, text, 8192)?, decoder.missing().to_vec()))
    };
    let (outcome, missing) = read(table(), &["x", "DAY", "id"], b"y,2024-01-01,7\n").unwrap();
    assert_eq!((outcome.rows, missing), (vec!["7,NULL,2024-01-01".to_owned()], vec![1]));
    let error = read(table(), &["Day", "DAY", "id"], b"").unwrap_err();
    assert_eq!(error.message(), "column day may be `Day` or `DAY` of the header");
    let mut strict = table();
    strict.columns[1].nullable = false;
    let error = read(strict, &["day", "id"], b"").unwrap_err();
    assert!(error.message().contains("column name is NOT NULL"));
    let third = Column { source: Source::parse("#3").unwrap(), ..column("c", DataType::Int64) };
    let shape = shape(vec![third]);
    let outcome = read_as(shape.clone(), &bare(), b"1,2,3,4\n1,2,3\n1,2\n");
    assert_eq!(outcome.rows, ["3", "3"]);
    assert_eq!(outcome.bad[0].reason, "2 fields where 3 at least are expected");
    let outcome = read_as(shape, &CsvDialect { fields: Some(4), ..bare() }, b"1,2,3,4\n1,2,3\n");
    assert_eq!((outcome.rows.len(), outcome.bad.len()), (1, 1));
}

#[test]
fn messages_are_one_record_each() {
    let messages: [&[u8]; 6] =
        [b"1,a,2024-01-01\n", b"", b"#,b,", b"2,\"x\ny\",2024-01-01", b"1,a,\n2,b,", b"x\xff,,"];
    let bytes = messages.concat();
    let mut start = 0;
    let ranges: Vec<Range<usize>> = messages
        .iter()
        .map(|message| {
            start += message.len();
            start - message.len()..start
        })
        .collect();
    let dialect = CsvDialect { comment: Some(b'#'), ..bare() };
    let mut decoder = CsvDecoder::try_new(table(), &dialect, None, &[0]).unwrap();
    let chunk = Chunk { bytes: &bytes, byte_offset: 0, line: None };
    let decoded = decoder.decode_records(chunk, &ranges).unwrap();
    assert_eq!((decoded.batch.num_rows(), decoded.records), (2, 6));
    let found: Vec<_> =
        decoded.bad.iter().map(|bad| (bad.record, bad.reason.as_str(), bad.byte_offset)).collect();
    let expected = [
        (1, "empty", 15),
        (2, "not a BIGINT", 15),
        (4, "more than one line", 37),
        (5, "not valid UTF-8", 46),
    ];
    assert_eq!(found, expected);
    assert_eq!(decode_all(&mut decoder, b"# 1\n1,a,2024-01-01\n", 1).unwrap().row_count, 1);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let refused = |dialect: CsvDialect| {
        CsvDecoder::try_new(table(), &dialect, None, &[]).unwrap_err().message().to_owned()
    };
    let message = refused(CsvDialect { delimiter: b'"', ..bare() });
    assert_eq!(message, "quote and delimiter are both `\"`");
    assert!(refused(CsvDialect { delimiter: b'\n', ..bare() }).contains("delimiter"));
    assert!(refused(CsvDialect { fields: Some(2), ..bare() }).contains("field 3"));
    let path = Column { source: Source::parse("$.a.b").unwrap(), ..column("c", DataType::Int8) };
    assert!(CsvDecoder::try_new(shape(vec![path]), &bare(), None, &[]).is_err());
    let list = DataType::new_list(DataType::Int8, true);
    let list = shape(vec![column("c", list)]);
    let error = CsvDecoder::try_new(list, &bare(), None, &[]).unwrap_err();
    assert_eq!(error.message(), "column c: text has no values of type LIST");
}
