//! What becomes of each kind of broken JSON, with exact rows and bad records.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::*;
use crate::stream::decode::tests::{Outcome, column, decode_all, shape};
use crate::stream::decode::{BadKind, Column, OnError};

fn read_as(shape: Shape, bytes: &[u8]) -> Outcome {
    let all: Vec<usize> = (0..shape.columns.len()).collect();
    let mut decoder = JsonDecoder::try_new(shape, &all).unwrap();
    decode_all(&mut decoder, bytes, 8192).unwrap()
}

fn table() -> Shape {
    shape(vec![column("a", DataType::Int64), column("b", DataType::Utf8)])
}

const GOOD: &str = r#"{"a":1,"b":"x"}"#;

/// Reads `line` between two good lines; both must stay.
fn between(line: &[u8]) -> (BadKind, String) {
    let text = [GOOD.as_bytes(), line, GOOD.as_bytes(), b""].join(&b'\n');
    let outcome = read_as(table(), &text);
    let shown = String::from_utf8_lossy(line);
    assert_eq!(outcome.rows, ["1,x", "1,x"], "{shown}");
    assert_eq!(outcome.bad.len(), 1, "{shown}");
    let bad = outcome.bad.into_iter().next().unwrap();
    assert_eq!(&*bad.raw, line);
    assert_eq!((bad.line, bad.byte_offset, bad.diverted), (1, 16, true));
    (bad.kind, bad.reason)
}

fn malformed(line: &str) -> String {
    let (kind, reason) = between(line.as_bytes());
    assert_eq!(kind, BadKind::Malformed, "{line}");
    reason
}

#[test]
fn broken_lines_are_malformed_and_cost_one_line() {
    let at = |what: &str, byte: usize| format!("{what}, at byte {byte} of the record");
    assert_eq!(malformed(r#"{"a":1"#), at("`,` or `}` is expected", 7));
    assert_eq!(malformed("garbage"), at("a record begins with `{`", 1));
    assert_eq!(malformed("17"), at("a record is an object, not a single value", 1));
    assert_eq!(malformed("null"), at("a record is an object, not a single value", 1));
    assert_eq!(malformed(r#"[{"a":1}]"#), at("a record is an object, not an array", 1));
    assert_eq!(malformed(r#"{"a":1}{"a":2}"#), at("text after the object", 8));
    assert_eq!(malformed(r#"{"a":1,}"#), at("a key in quotes is expected", 8));
    assert_eq!(malformed(r#"{"a":NaN}"#), at("a value is expected", 6));
    assert_eq!(malformed(r#"{"a":1,"a":2}"#), at("the key occurs twice", 8));
    assert_eq!(malformed(r#"{"a":1,"\u0061":2}"#), at("the key occurs twice", 8));
    assert_eq!(malformed(r#"{"b":"\ud800"}"#), at("a lone surrogate", 7));
    assert_eq!(malformed(r#"{"other":"\ud800"}"#), at("a lone surrogate", 11));
    assert_eq!(malformed(r#"{"other":{"x":[1,]}}"#), at("a value is expected", 18));
    assert_eq!(malformed(r#"{"a":01}"#), at("a number begins with 0", 6));
    assert_eq!(malformed("{\"b\":\"tab\there\"}"), at("a control character within a string", 10));
    assert_eq!(between(b"{\"b\":\"\xff\"}"), (BadKind::Encoding, "not valid UTF-8".to_owned()));
    assert_eq!(between(b"{\"c\":\"\xff\"}"), (BadKind::Encoding, "not valid UTF-8".to_owned()));
}

#[test]
fn an_object_over_two_lines_is_two_broken_records() {
    let outcome = read_as(table(), b"{\"a\":1,\n\"b\":\"x\"}\n{\"a\":2}\n");
    assert_eq!(outcome.rows, ["2,NULL"]);
    assert_eq!(outcome.bad.len(), 2);
    assert!(outcome.bad.iter().all(|bad| bad.kind == BadKind::Malformed));
}

#[test]
fn a_mark_blank_lines_and_a_missing_last_line_end_are_no_matter() {
    let outcome = read_as(table(), b"\xef\xbb\xbf{\"a\":1}\r\n \r\n\n { \"b\" : \"y\" } ");
    assert_eq!(outcome.rows, ["1,NULL", "NULL,y"]);
    assert_eq!((outcome.bad.len(), outcome.records), (0, 2));
    let outcome = read_as(table(), b"{\"a\":1}\n{\"a\":2,\"b\":\"cut");
    assert_eq!(outcome.rows, ["1,NULL"]);
    assert_eq!(outcome.bad[0].kind, BadKind::Malformed);
}

#[test]
fn unknown_keys_are_counted() {
    let outcome = read_as(table(), b"{\"x\":1,\"a\":1,\"y\":{\"a\":2}}\n{\"b\":null}\n");
    assert_eq!(outcome.rows, ["1,NULL", "NULL,NULL"]);
    assert_eq!(outcome.ignored_keys, 2);
}

#[test]
fn numbers_are_exact_and_strings_stand_for_what_they_spell() {
    let of = |line: &[u8]| {
        let (kind, reason) = between(line);
        assert_eq!(kind, BadKind::Type);
        reason
    };
    assert_eq!(of(br#"{"a":1.5}"#), "a fraction is not a BIGINT");
    assert_eq!(of(br#"{"a":"x"}"#), "not a BIGINT");
    assert_eq!(of(br#"{"a":""}"#), "not a BIGINT");
    assert_eq!(of(br#"{"a":true}"#), "not a BIGINT");
    assert_eq!(of(br#"{"a":[1]}"#), "not a BIGINT");
    assert_eq!(of(br#"{"a":9223372036854775808}"#), "out of range for BIGINT");
    let text = br#"{"a":"7","b":1234567890.12345678901234567890}
{"a":1e2,"b":{"x": [1, "y"]}}
{"a":-0,"b":true}
{"b":"\u00e9\ud83d\ude00\n"}
"#;
    let outcome = read_as(table(), text);
    let expected =
        ["7,1234567890.12345678901234567890", "100,{\"x\": [1, \"y\"]}", "0,true", "NULL,é😀\n"];
    assert_eq!(outcome.rows, expected);
}

#[test]
fn every_type_is_read() {
    let zoned = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let mut local = column("local", zoned.clone());
    local.timezone = Some("Asia/Shanghai".to_owned());
    let mut unix = column("unix", DataType::Timestamp(TimeUnit::Millisecond, None));
    unix.format = Some("unix_ms".to_owned());
    let columns = vec![
        column("ok", DataType::Boolean),
        column("small", DataType::UInt8),
        column("f", DataType::Float32),
        column("d", DataType::Decimal128(5, 2)),
        column("day", DataType::Date32),
        column("time", DataType::Time64(TimeUnit::Microsecond)),
        column("at", DataType::Timestamp(TimeUnit::Nanosecond, None)),
        column("zoned", zoned),
        local,
        unix,
        column("raw", DataType::Binary),
        column("text", DataType::Utf8View),
    ];
    let text = br#"{"ok":true,"small":255,"f":0.5,"d":1.50,"day":"2024-01-31","time":"10:00:00.25","at":"2024-01-31T10:00:00.000000001","zoned":"2024-01-31T10:00:00+08:00","local":"2024-01-31 10:00","unix":1000,"raw":"0aFF","text":"a long text that is no inline view"}
{"small":256}
{"d":1.505}
{"ok":1}
{"at":5}
{"raw":"abc"}
"#;
    let outcome = read_as(shape(columns), text);
    let expected = "true,255,0.5,1.50,2024-01-31,10:00:00.250,2024-01-31T10:00:00.000000001,\
        2024-01-31T02:00:00Z,2024-01-31T02:00:00Z,1970-01-01T00:00:01,0aff,\
        a long text that is no inline view";
    assert_eq!(outcome.rows, [expected]);
    let reasons: Vec<&str> = outcome.bad.iter().map(|bad| bad.reason.as_str()).collect();
    let expected = [
        "out of range for TINYINT UNSIGNED",
        "more fractional digits than DECIMAL(5,2) keeps",
        "not a BOOLEAN",
        "not a TIMESTAMP like 2024-12-31 23:59:59",
        "not a VARBINARY, which is two hexadecimal digits per byte",
    ];
    assert_eq!(reasons, expected);
}

fn nested() -> Shape {
    let point = DataType::Struct(Fields::from(vec![
        Field::new("x", DataType::Int64, true),
        Field::new("names", DataType::new_list(DataType::Utf8, true), true),
    ]));
    let entries = DataType::Struct(Fields::from(vec![
        Field::new("keys", DataType::Utf8, false),
        Field::new("values", DataType::Int64, true),
    ]));
    let map = DataType::Map(Arc::new(Field::new("entries", entries, false)), false);
    let deep =
        Column { source: Source::parse("$.p.q.r").unwrap(), ..column("deep", DataType::Int8) };
    shape(vec![column("p", point), column("m", map), deep])
}

#[test]
fn nested_values_are_read_and_checked_whole() {
    let text = br#"{"p":{"x":1,"names":["a",null,2],"q":{"r":5}},"m":{"k":1,"l":null}}
{"p":{"names":["a",{}],"x":"z"}}
{"m":{"k":1,"k":2}}
{"m":{"k":1,"l":"z"}}
{"p":{"x":1,"x":2}}
{"p":{"q":7}}
{"p":{"q":{"r":1,"r":2}}}
{"p":null}
{"p":[]}
{"p":{"q":{"r":300}}}
{"m":{}}
"#;
    let outcome = read_as(nested(), text);
    let expected =
        ["{x: 1, names: [a, NULL, 2]},{k: 1, l: NULL},5", "NULL,NULL,NULL", "NULL,{},NULL"];
    assert_eq!(outcome.rows, expected);
    let found: Vec<(u64, &str, BadKind)> =
        outcome.bad.iter().map(|bad| (bad.record, bad.reason.as_str(), bad.kind)).collect();
    let expected = [
        (1, "`x`: not a BIGINT", BadKind::Type),
        (2, "the key `k` occurs twice", BadKind::Malformed),
        (3, "`l`: not a BIGINT", BadKind::Type),
        (4, "the key `x` occurs twice", BadKind::Malformed),
        (5, "no object that could have `r`", BadKind::Type),
        (6, "the key `r` occurs twice", BadKind::Malformed),
        (8, "not a STRUCT", BadKind::Type),
        (9, "out of range for TINYINT", BadKind::Type),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_nested_value_that_does_not_fit_is_null_as_a_whole() {
    let shape = Shape { on_error: OnError::Null, ..nested() };
    let text =
        b"{\"p\":{\"names\":[\"a\"],\"x\":\"z\"},\"m\":{\"a\":7}}\n{\"p\":{\"x\":1,\"x\":2}}\n";
    let outcome = read_as(shape, text);
    assert_eq!(outcome.rows, ["NULL,{a: 7},NULL"]);
    assert_eq!(outcome.bad.len(), 2);
    assert_eq!(outcome.bad[0].column_name.as_deref(), Some("p"));
    assert!(!outcome.bad[0].diverted && outcome.bad[1].diverted);
}

#[test]
fn elements_and_messages_are_one_record_each() {
    let bytes = b"[{\"a\":1,\n\"b\":\"x\"}, 7, {\"a\":2} ,]";
    let split = ArraySplitter::default().split(bytes, true).unwrap();
    let mut decoder = JsonDecoder::try_new(table(), &[0, 1]).unwrap();
    let chunk = Chunk { bytes, byte_offset: 0, line: None };
    let decoded = decoder.decode_records(chunk, &split.records).unwrap();
    assert_eq!((decoded.batch.num_rows(), decoded.records, decoded.lines), (2, 4, 1));
    let found: Vec<_> =
        decoded.bad.iter().map(|bad| (bad.record, bad.byte_offset, bad.line)).collect();
    assert_eq!(found, [(1, 19, 1), (3, 31, 1)]);
    assert!(decoded.bad[1].reason.starts_with("a record is an object, not nothing"));
}

#[test]
fn columns_that_json_cannot_have_are_refused() {
    let refused = |column: Column| {
        JsonDecoder::try_new(shape(vec![column]), &[]).unwrap_err().message().to_owned()
    };
    let field = Column { source: Source::Field(0), ..column("a", DataType::Int8) };
    assert!(refused(field).contains("by key or path"));
    let list = DataType::new_list(DataType::Duration(TimeUnit::Second), true);
    assert!(refused(column("a", list)).starts_with("column a: column item: text has no values"));
    let format = Column { format: Some("%Y".to_owned()), ..column("a", DataType::Int8) };
    assert_eq!(refused(format), "column a: `format` needs a date, time or timestamp");
}
