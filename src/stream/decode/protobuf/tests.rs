//! Messages whole and broken, with fields that are there, are not, or are there twice.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;

use super::*;
use crate::stream::decode::{OnError, Source};

const SCHEMA: &str = r#"syntax = "proto3";
package t;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Other { int32 x = 1; message In { string s = 1; } }
message M {
  int32 i = 1; optional int64 l = 2; uint64 u = 3; sint32 z = 4; double d = 5; bool b = 6; string s = 7;
  bytes y = 8; E e = 9; repeated int32 p = 10; repeated string r = 11; map<int32, Other> m = 12;
  Other o = 13; oneof one { string a = 14; int32 c = 15; } google.protobuf.Timestamp t = 16;
  google.protobuf.Int32Value w = 17; fixed32 f = 18;
}
enum E { ZERO = 0; ONE = 1; }
"#;

fn text() -> SchemaText {
    SchemaText::alone("PROTOBUF", SCHEMA)
}

fn framed(id: u32, path: &[u8], body: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], path, body].concat()
}

fn decoder(columns: Vec<Column>, reader: Option<SchemaText>, built: &[usize]) -> ProtobufDecoder {
    let book = SchemaBook::default();
    book.enter(1, Some(text()));
    book.enter(9, None);
    let shape = Shape { columns, declared: true, on_error: OnError::Divert };
    let message = reader.as_ref().map(|_| "t.M".to_owned());
    let format = ProtobufFormat { framing: Framing::Confluent, reader, message };
    ProtobufDecoder::try_new(shape, &format, Arc::new(book), built).unwrap()
}

fn decode(decoder: &mut ProtobufDecoder, records: &[Vec<u8>]) -> Decoded {
    let mut at = 0;
    let ranges: Vec<Range<usize>> = records
        .iter()
        .map(|record| {
            at += record.len();
            at - record.len()..at
        })
        .collect();
    let bytes = records.concat();
    let chunk = Chunk { bytes: &bytes, byte_offset: 0, line: None };
    let decoded = decoder.decode_records(chunk, &ranges).unwrap();
    assert_eq!(decoded.batch.num_rows() + decoded.bad.len(), records.len());
    decoded
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    let row = |row| {
        let cells = batch.columns().iter().map(|array| match array.is_null(row) {
            true => "NULL".to_owned(),
            false => array_value_to_string(array, row).unwrap(),
        });
        cells.collect::<Vec<_>>().join("|")
    };
    (0..batch.num_rows()).map(row).collect()
}

/// All fields, some of them in pieces.
fn whole() -> Vec<u8> {
    let mut body = vec![8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]; // i = -1
    body.extend([16, 5, 24, 7, 32, 3, 41]); // l = 5, u = 7, z = -2, d
    body.extend(0.5_f64.to_le_bytes());
    body.extend([48, 1, 58, 1, b'x', 58, 1, b'y', 66, 1, 0xfe, 72, 1]); // s twice
    body.extend([82, 2, 1, 2, 80, 3, 90, 1, b'q']); // p packed and not
    body.extend([98, 6, 8, 4, 18, 2, 8, 6, 98, 2, 8, 5]); // m: 4 → 6, 5 → nothing
    body.extend([106, 2, 8, 1, 106, 2, 8, 2]); // o is merged
    body.extend([114, 1, b'a', 120, 9]); // c clears a
    body.extend([130, 1, 4, 8, 1, 16, 5]); // one second, 5 ns
    body.extend([138, 1, 0, 149, 1, 1, 0, 0, 0]); // w = 0, f = 1
    body
}

const WHOLE: &str = "-1|5|7|-2|0.5|true|y|fe|ONE|[1, 2, 3]|[q]|{4: {x: 6}, 5: {x: 0}}|{x: 2}|NULL|9|\
    1970-01-01T00:00:01.000000005Z|0|1";
const EMPTY: &str = "0|NULL|0|0|0.0|false|||ZERO|[]|[]|{}|NULL|NULL|NULL|NULL|NULL|0";

#[test]
fn fields_are_there_or_have_what_the_specification_says() {
    let columns = protobuf_columns(&text(), Some("t.M")).unwrap();
    let all: Vec<usize> = (0..columns.len()).collect();
    for reader in [Some(text()), None] {
        let mut decoder = decoder(columns.clone(), reader, &all);
        let records = [
            framed(1, &[2, 2], &whole()),
            framed(1, &[2, 2], &[]),
            // Field 100, an enum's value without a name, a number where a text should be.
            framed(1, &[2, 2], &[160, 6, 1, 72, 7, 56, 1]),
            framed(9, &[2, 2], &[]),
            framed(1, &[2, 8], &[]),
            // A message within another one.
            framed(1, &[4, 0, 0], &[10, 1, b'i']),
        ];
        let decoded = decode(&mut decoder, &records);
        let odd = EMPTY.replace("ZERO", "7");
        let other = "NULL|NULL|NULL|NULL|NULL|NULL|i|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL";
        assert_eq!(rows(&decoded.batch), [WHOLE, EMPTY, &odd, other]);
        assert_eq!(decoded.ignored_keys, 1);
        assert!(decoded.bad.iter().all(|bad| bad.kind == BadKind::SchemaId), "{:?}", decoded.bad);
    }
}

#[test]
fn damaged_bytes_are_rows_or_bad_records_whatever_is_asked_for() {
    let mut seed = 3_u64;
    let mut roll = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % bound
    };
    let mut columns = protobuf_columns(&text(), Some("t.M")).unwrap();
    columns.push(Column {
        source: Source::parse("$.o.x").unwrap(),
        ..Column::new("ox", DataType::Int8)
    });
    let all: Vec<usize> = (0..columns.len()).collect();
    let whole = framed(1, &[2, 2], &whole());
    let (mut good, mut bad) = (0, 0);
    for round in 0..300 {
        let mut records = Vec::new();
        for _ in 0..20 {
            let mut record = whole.clone();
            if round % 3 == 0 {
                let body: Vec<u8> = (0..roll(40)).map(|_| roll(256) as u8).collect();
                record = framed(1, &[2, 2], &body);
            }
            for _ in 0..roll(3) {
                let at = roll(record.len());
                match roll(3) {
                    0 => record[at] = roll(256) as u8,
                    1 => record.truncate(at.max(1)),
                    _ => record.insert(at, roll(256) as u8),
                }
            }
            records.push(record);
        }
        let built: Vec<usize> = all.iter().copied().filter(|_| roll(2) == 0).collect();
        let mut every = decoder(columns.clone(), Some(text()), &all);
        let mut some = decoder(columns.clone(), Some(text()), &built);
        let expected = decode(&mut every, &records);
        let found = decode(&mut some, &records);
        assert_eq!(found.bad, expected.bad);
        assert_eq!(found.batch, expected.batch.project(&built).unwrap());
        let mut single = vec![];
        for record in &records {
            single.extend(rows(&decode(&mut every, std::slice::from_ref(record)).batch));
        }
        assert_eq!(rows(&expected.batch), single);
        good += expected.batch.num_rows();
        bad += expected.bad.len();
    }
    assert!(good > 500 && bad > 500, "{good} {bad}");
}

#[test]
fn messages_that_contain_themselves_are_no_columns_and_are_passed_over() {
    let tree = "syntax = \"proto2\"; message T { required int32 n = 1; optional T below = 2; }";
    let tree = SchemaText::alone("PROTOBUF", tree);
    let refused = protobuf_columns(&tree, None).unwrap_err();
    assert!(
        refused.message().contains("field `below`: the message T contains itself"),
        "{refused}"
    );
    let columns = vec![Column::new("n", DataType::Int32)];
    let shape = Shape { columns, declared: true, on_error: OnError::Divert };
    let format = ProtobufFormat { framing: Framing::None, reader: Some(tree), message: None };
    let mut decoder = ProtobufDecoder::try_new(shape, &format, Arc::default(), &[0]).unwrap();
    let decoded =
        decode(&mut decoder, &[vec![8, 7, 18, 2, 8, 9], vec![18, 0], vec![8, 7, 18, 200]]);
    assert_eq!(rows(&decoded.batch), ["7"]);
    assert_eq!(decoded.bad[0].reason, "the required field `n` is missing");
}
