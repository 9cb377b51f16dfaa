//! Cells that are documents, in a table of a real HBase that has their parts in cells as well.

use std::path::Path;

use crate::program::Program;

/// As the program that wrote the records has them.
const NOW: &str = r#"{"type":"record","name":"Document","fields":[
  {"name":"name","type":"string"},
  {"name":"age","type":["null","int"]},
  {"name":"tags","type":{"type":"array","items":"string"}},
  {"name":"scores","type":{"type":"map","values":"double"}},
  {"name":"level","type":"int","default":7}]}"#;
const BEFORE: &str = r#"{"type":"record","name":"Document","fields":[
  {"name":"tags","type":{"type":"array","items":"string"}},
  {"name":"age","type":["null","int"]},
  {"name":"name","type":"string"}]}"#;

const TABLE: &str = r#"
[options]
snapshot = "s_documents"
[[columns]]
name = "json"
type = "STRUCT<name VARCHAR, age INT, tags VARCHAR[], scores MAP(VARCHAR, DOUBLE)>"
source = "d:json"
encoding = "json"
[[columns]]
name = "text"
type = "VARCHAR"
source = "d:json"
encoding = "json"
[[columns]]
name = "avro"
source = "d:avro"
encoding = "avro"
schema = "now.avsc"
[[columns]]
name = "few"
type = "STRUCT<age BIGINT>"
source = "d:avro"
encoding = "avro"
schema = "now.avsc"
[[columns]]
name = "marked"
source = "d:marked"
encoding = "avro"
schema = ["now.avsc", "before.avsc"]
[[columns]]
name = "name"
type = "VARCHAR"
source = "d:name"
[[columns]]
name = "age"
type = "INT"
source = "d:age"
[[columns]]
name = "tags"
type = "VARCHAR"
source = "d:tags"
[[columns]]
name = "score"
type = "DOUBLE"
source = "d:score"
encoding = "binary"
[[columns]]
name = "whole"
type = "BOOLEAN"
source = "d:whole"
"#;

/// What holds of every row whose documents are not cut off.
const SAME: [&str; 5] = [
    "json['name'] = name AND (json['age'] IS NOT DISTINCT FROM age) \
     AND array_to_string(json['tags'], ',') = tags AND json['scores']['first'] = score",
    "text LIKE '{\"name\":\"nü%'",
    "avro['name'] = name AND (avro['age'] IS NOT DISTINCT FROM age) AND avro['level'] = 3 \
     AND array_to_string(avro['tags'], ',') = tags AND avro['scores']['first'] = score",
    "few['age'] IS NOT DISTINCT FROM age",
    "marked['name'] = name AND (marked['age'] IS NOT DISTINCT FROM age) \
     AND array_to_string(marked['tags'], ',') = tags AND marked['level'] IN (3, 7)",
];

/// Holds the case `documents` against its own cells.
pub(crate) fn hold(folder: &Path) {
    let program = Program::new();
    let location = folder.join("documents/root").canonicalize().unwrap();
    let catalog = "connector = \"hbase_snapshot\"\n[options]\nlocation = ";
    program.write("catalog/h.toml", format!("{catalog}{location:?}\n"));
    program.write("catalog/h/default/t.toml", TABLE);
    program.write("catalog/h/default/now.avsc", NOW);
    program.write("catalog/h/default/before.avsc", BEFORE);
    let number = |sql: &str| -> u64 { program.answer(&[sql]).trim().parse().unwrap() };
    let rows = number("select count(*) from h.default.t");
    let whole = number("select count(*) from h.default.t where whole");
    assert!(rows == 1000 && whole == 990, "{rows} {whole}");
    for same in SAME {
        let sql = format!("select count(*) from h.default.t where whole and {same}");
        assert_eq!(number(&sql), whole, "{same}");
    }
    // What is cut off is NULL, and a row of its own for each column of it.
    for column in ["json", "text", "avro", "few", "marked"] {
        let bad = "select count(*) from errors('h.default.t') where kind = 'malformed'";
        assert_eq!(number(&format!("{bad} and column_name = '{column}'")), rows - whole);
        let of_nulls = format!("select count(*) from h.default.t where {column} is null");
        assert_eq!(number(&of_nulls), rows - whole);
    }
    assert_eq!(number("select count(*) from errors('h.default.t')"), 5 * (rows - whole));
    for (right, wrong, message) in [
        ("schema = \"now.avsc\"\n", "type = \"INT\"\n", "encoding \"avro\" needs its schema"),
        ("\"before.avsc\"", "\"gone.avsc\"", "column marked: schema: "),
        ("encoding = \"json\"\n", "encoding = \"json\"\nschema = \"now.avsc\"\n", "`schema` is of"),
    ] {
        program.write("catalog/h/default/wrong.toml", TABLE.replacen(right, wrong, 1));
        let (_, told) = program.failure("select * from h.default.wrong");
        assert!(told.contains(message), "{told}");
    }
}
