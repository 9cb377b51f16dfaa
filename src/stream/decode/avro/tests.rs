//! Records of several schemas in one table, whole and broken ones.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::util::display::array_value_to_string;
use serde_json::{Value, json};

use super::*;
use crate::stream::decode::OnError;
use crate::stream::decode::shape::Source;

const ALL: &str = r#"{"type":"record","name":"All","namespace":"t","fields":[
  {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":["null","long"]},
  {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},
  {"name":"y","type":"bytes"},{"name":"x","type":{"type":"fixed","name":"F","size":2}},
  {"name":"e","type":{"type":"enum","name":"E","symbols":["ONE","TWO"]}},
  {"name":"a","type":{"type":"array","items":["null","string"]}},
  {"name":"m","type":{"type":"map","values":"int"}},
  {"name":"r","type":{"type":"record","name":"R","fields":[
    {"name":"n","type":"int"},{"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}}]}},
  {"name":"u","type":["null","string","long","R"]},
  {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}}]}"#;

fn text(schema: &str) -> SchemaText {
    SchemaText::alone("AVRO", schema)
}

fn encoded(schema: &str, value: &Value) -> Vec<u8> {
    let schema = Schema::parse(&text(schema)).unwrap();
    default::encode(&schema, schema.root, value).unwrap()
}

fn framed(id: u32, body: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], body].concat()
}

/// A book with the schemas of ids from 1 on.
fn book(schemas: &[&str]) -> Arc<SchemaBook> {
    let book = SchemaBook::default();
    for (id, schema) in (1..).zip(schemas) {
        book.enter(id, Some(text(schema)));
    }
    book.enter(99, None);
    Arc::new(book)
}

fn shape(columns: Vec<Column>) -> Shape {
    Shape { columns, declared: true, on_error: OnError::Divert }
}

fn decoder(shape: Shape, schemas: &[&str], reader: Option<&str>, built: &[usize]) -> AvroDecoder {
    let reader = reader.map(text);
    let format = AvroFormat { framing: Framing::Confluent, reader, given: vec![] };
    AvroDecoder::try_new(shape, &format, book(schemas), built).unwrap()
}

fn decode(decoder: &mut AvroDecoder, records: &[Vec<u8>]) -> Decoded {
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
    let diverted = decoded.bad.iter().filter(|bad| bad.diverted).count();
    assert_eq!(decoded.records as usize, records.len());
    assert_eq!(decoded.batch.num_rows() + diverted, records.len());
    decoded
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    let cell = |array: &ArrayRef, row| match array.is_null(row) {
        true => "NULL".to_owned(),
        false => array_value_to_string(array, row).unwrap(),
    };
    let row = |row| {
        let cells: Vec<String> = batch.columns().iter().map(|array| cell(array, row)).collect();
        cells.join("|")
    };
    (0..batch.num_rows()).map(row).collect()
}

fn one() -> Value {
    json!({"b": true, "i": -3, "l": 5_000_000_000_i64, "f": 0.5, "d": -1e300, "s": "é", "y": "\u{0}\u{ff}",
        "x": "ab", "e": "TWO", "a": ["x", null], "m": {"k": 7}, "r": {"n": 1, "t": 1500}, "u": 9,
        "c": "\u{4}\u{d2}"})
}

#[test]
fn a_schema_says_the_columns_and_a_record_fills_them() {
    let columns = avro_columns(&text(ALL)).unwrap();
    let all: Vec<usize> = (0..columns.len()).collect();
    let mut decoder = decoder(shape(columns), &[ALL], Some(ALL), &all);
    let decoded = decode(&mut decoder, &[framed(1, &encoded(ALL, &one()))]);
    assert_eq!(
        rows(&decoded.batch),
        [
            "true|-3|5000000000|0.5|-1e300|é|00ff|6162|TWO|[x, ]|{k: 7}|{n: 1, t: 1970-01-01T00:00:01.500Z}|{string: , long: 9, R: }|12.34"
        ]
    );
    assert_eq!(decoded.ignored_keys, 0);
}

#[test]
fn versions_of_a_schema_meet_in_one_table() {
    let old = r#"{"type":"record","name":"V","fields":[{"name":"id","type":"int"},
      {"name":"gone","type":"string"},{"name":"old_name","type":"string"},
      {"name":"kind","type":{"type":"enum","name":"K","symbols":["A","B"]}},
      {"name":"in","type":{"type":"record","name":"In","fields":[{"name":"x","type":"int"}]}}]}"#;
    let new = r#"{"type":"record","name":"V2","fields":[{"name":"id","type":["null","long"]},
      {"name":"name","type":"string","aliases":["old_name"]},
      {"name":"kind","type":{"type":"enum","name":"K","symbols":["A","C"],"default":"C"}},
      {"name":"in","type":{"type":"record","name":"In","fields":[{"name":"x","type":"double"},
        {"name":"y","type":"string","default":"why"}]}},
      {"name":"extra","type":["int","null"],"default":42},
      {"name":"no_default","type":"int"}]}"#;
    let mut columns = avro_columns(&text(new)).unwrap();
    columns.push(Column {
        source: Source::parse("$.in.y").unwrap(),
        ..Column::new("y", DataType::Utf8View)
    });
    let all: Vec<usize> = (0..columns.len()).collect();
    let mut decoder = decoder(shape(columns), &[old, new], Some(new), &all);
    let first = json!({"id": 1, "gone": "g", "old_name": "n", "kind": "B", "in": {"x": 2}});
    let second = json!({"id": null, "name": "m", "kind": "A", "in": {"x": 0.5, "y": "z"},
        "extra": null, "no_default": 3});
    let records = [
        framed(1, &encoded(old, &first)),
        framed(2, &encoded(new, &second)),
        framed(99, &encoded(new, &second)),
        framed(1, &encoded(old, &first)),
    ];
    let decoded = decode(&mut decoder, &records);
    let first = "1|n|C|{x: 2.0, y: why}|42|NULL|NULL";
    let second = "NULL|m|A|{x: 0.5, y: z}|NULL|3|z";
    assert_eq!(rows(&decoded.batch), [first, second, first]);
    assert_eq!(decoded.ignored_keys, 2);
    let bad: Vec<_> = decoded.bad.iter().map(|it| (it.record, it.kind, &*it.reason)).collect();
    assert_eq!(bad, [(2, BadKind::SchemaId, "schema 99 is not known")]);
    assert_eq!(&*decoded.bad[0].raw, records[2].as_slice());
}

#[test]
fn declared_columns_take_what_fits_and_say_what_does_not() {
    let schema = r#"{"type":"record","name":"V","fields":[{"name":"n","type":["long","string","null"]},
      {"name":"at","type":"string"}]}"#;
    let mut columns = vec![Column::new("n", DataType::Int8), Column::new("at", DataType::Date32)];
    columns[1].nullable = false;
    let record = |n: Value, at: &str| framed(1, &encoded(schema, &json!({"n": n, "at": at})));
    let records = [
        record(json!(7), "2024-02-29"),
        record(json!(700), "2024-02-29"),
        record(json!("8"), "2024-02-29"),
        record(json!("x"), "2024-02-29"),
        record(Value::Null, "2024-02-30"),
    ];
    for built in [&[0, 1][..], &[1], &[]] {
        let mut divert = decoder(shape(columns.clone()), &[schema], None, built);
        let decoded = decode(&mut divert, &records);
        let bad: Vec<_> = decoded
            .bad
            .iter()
            .map(|it| (it.record, it.column_name.as_deref().unwrap(), it.value.as_deref().unwrap()))
            .collect();
        assert_eq!(bad, [(1, "n", "700"), (3, "n", "x"), (4, "at", "2024-02-30")]);
        let kept = Shape { on_error: OnError::Null, ..shape(columns.clone()) };
        let decoded = decode(&mut decoder(kept, &[schema], None, built), &records);
        assert_eq!((decoded.batch.num_rows(), decoded.bad.len()), (4, 3));
        if built.len() == 2 {
            assert_eq!(rows(&decoded.batch)[1], "NULL|2024-02-29");
        }
    }
    let fail = Shape { on_error: OnError::Fail, ..shape(columns) };
    let bytes = records.concat();
    let range = records[0].len()..records[0].len() + records[1].len();
    let chunk = Chunk { bytes: &bytes, byte_offset: 0, line: None };
    let failed = decoder(fail, &[schema], None, &[]).decode_records(chunk, &[range]).unwrap_err();
    assert!(failed.message().ends_with("column n: out of the range of TINYINT: `700`"), "{failed}");
}

#[test]
fn every_truncation_is_a_bad_record_and_costs_no_other_one() {
    let columns = avro_columns(&text(ALL)).unwrap();
    let whole = framed(1, &encoded(ALL, &one()));
    let mut records = vec![whole.clone()];
    for length in 0..whole.len() {
        records.push(whole[..length].to_vec());
        records.push(whole.clone());
    }
    records.push([whole.as_slice(), &[0]].concat());
    for built in [(0..columns.len()).collect::<Vec<_>>(), vec![9, 2], vec![]] {
        let mut decoder = decoder(shape(columns.clone()), &[ALL], Some(ALL), &built);
        let decoded = decode(&mut decoder, &records);
        assert_eq!(decoded.batch.num_rows(), whole.len() + 1);
        assert!(decoded.bad.iter().all(|bad| bad.kind == BadKind::Malformed));
        assert_eq!(decoded.bad.last().unwrap().reason, "1 bytes after the record");
        let rows = rows(&decoded.batch);
        assert!(rows.iter().all(|row| *row == rows[0]));
    }
}

#[test]
fn damaged_bytes_are_rows_or_bad_records_whatever_is_asked_for() {
    let mut seed = 7_u64;
    let mut roll = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % bound
    };
    let columns = avro_columns(&text(ALL)).unwrap();
    let all: Vec<usize> = (0..columns.len()).collect();
    let whole = framed(1, &encoded(ALL, &one()));
    let (mut good, mut bad) = (0, 0);
    for round in 0..300 {
        let mut records = Vec::new();
        for _ in 0..20 {
            let mut record = whole.clone();
            if round % 3 == 0 {
                record = framed(1, &(0..roll(60)).map(|_| roll(256) as u8).collect::<Vec<_>>());
            }
            for _ in 0..roll(3) {
                let at = roll(record.len());
                match roll(3) {
                    0 => record[at] = roll(256) as u8,
                    1 => drop(record.remove(at)),
                    _ => record.insert(at, roll(256) as u8),
                }
            }
            records.push(record);
        }
        let built: Vec<usize> = all.iter().copied().filter(|_| roll(2) == 0).collect();
        let mut every = decoder(shape(columns.clone()), &[ALL], Some(ALL), &all);
        let mut some = decoder(shape(columns.clone()), &[ALL], Some(ALL), &built);
        let expected = decode(&mut every, &records);
        let found = decode(&mut some, &records);
        assert_eq!(found.bad, expected.bad);
        assert_eq!(found.batch, expected.batch.project(&built).unwrap());
        // One by one they are the same.
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
fn types_that_contain_themselves_are_no_columns_and_are_passed_over() {
    let tree = r#"{"type":"record","name":"T","fields":[{"name":"n","type":"int"},
      {"name":"below","type":["null","T"]}]}"#;
    let refused = avro_columns(&text(tree)).unwrap_err();
    assert!(refused.message().contains("field `below`: the type T contains itself"), "{refused}");
    let mut decoder = decoder(shape(vec![Column::new("n", DataType::Int32)]), &[tree], None, &[0]);
    let of = |depth: usize| {
        let mut bytes = [2, 2].repeat(depth);
        bytes.extend([2, 0]);
        framed(1, &bytes)
    };
    let decoded = decode(&mut decoder, &[of(3), of(90), of(100_000), of(0)]);
    assert_eq!(rows(&decoded.batch), ["1", "1", "1"]);
    assert_eq!(decoded.bad[0].reason, "a value is nested deeper than 200 times");
}

#[test]
fn counts_and_lengths_are_not_believed() {
    let nulls = r#"{"type":"record","name":"N","fields":[{"name":"a","type":{"type":"array","items":"null"}}]}"#;
    let columns = avro_columns(&text(nulls)).unwrap();
    let mut decoder = decoder(shape(columns), &[nulls], Some(nulls), &[0]);
    let with = |count: i64| {
        let mut body = vec![];
        default::long(count, &mut body);
        body.push(0);
        framed(1, &body)
    };
    let decoded = decode(&mut decoder, &[with(3), with(i64::MAX), with(i64::MIN), with(2000)]);
    assert_eq!(decoded.batch.num_rows(), 1);
    assert!(decoded.bad.iter().all(|bad| bad.kind == BadKind::Malformed));
}

#[test]
fn records_without_a_registry_name_their_schema_or_have_one() {
    assert_eq!(fingerprint(&text("\"int\"")).unwrap(), 0x7275_d51a_3f39_5c8f);
    assert_eq!(fingerprint(&text("\"null\"")).unwrap(), 0x63dd_24e7_cc25_8f8a);
    let old = r#"{"type":"record","name":"V","fields":[{"name":"n","type":"int"}]}"#;
    let new = r#"{"type":"record","name":"V","fields":[{"name":"n","type":"long"}]}"#;
    let columns = avro_columns(&text(new)).unwrap();
    let given = vec![text(new), text(old)];
    let mut format = AvroFormat { framing: Framing::SingleObject, reader: Some(text(new)), given };
    let make = |format: &AvroFormat| {
        AvroDecoder::try_new(shape(columns.clone()), format, Arc::default(), &[0]).unwrap()
    };
    let single = |schema: &str, body: &[u8]| {
        [&[0xc3, 1], &fingerprint(&text(schema)).unwrap().to_le_bytes()[..], body].concat()
    };
    let records = [single(new, &[2]), single(old, &[4]), single("\"int\"", &[4]), vec![6]];
    let decoded = decode(&mut make(&format), &records);
    assert_eq!(rows(&decoded.batch), ["1", "2"]);
    let kinds: Vec<_> = decoded.bad.iter().map(|bad| bad.kind).collect();
    assert_eq!(kinds, [BadKind::SchemaId, BadKind::Malformed]);
    format.framing = Framing::None;
    let decoded = decode(&mut make(&format), &[vec![2], vec![], vec![2, 2]]);
    assert_eq!((rows(&decoded.batch), decoded.bad.len()), (vec!["1".to_owned()], 2));
    // A schema that is one value is one column.
    let columns = avro_columns(&text("\"string\"")).unwrap();
    let mut decoder = decoder(shape(columns), &["\"string\""], None, &[0]);
    let decoded = decode(&mut decoder, &[framed(1, &[2, b'x']), framed(1, &[2, 0xff])]);
    assert_eq!(rows(&decoded.batch), ["x"]);
    assert_eq!(decoded.bad[0].kind, BadKind::Encoding);
}
