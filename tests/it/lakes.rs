//! ORC and Avro files of the systems' own writers, held against what was written.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Program;
use crate::servers::lakes::make;

const ORC: &str = "id, flag, tiny, small, number, big, cast(single as double) as single, double, text, word, short_text, fixed, \
    encode(bytes, 'hex') as bytes, cast(day as varchar) as day, \
    cast(wall as bigint) as wall, cast(instant as bigint) as instant, \
    cast(price as varchar) as price, cast(huge as varchar) as huge, list, map, pair";

const AVRO: &str = "id, flag, number, big, cast(single as double) as single, double, text, encode(bytes, 'hex') as bytes, \
    encode(five, 'hex') as five, cast(color as varchar) as color, cast(day as varchar) as day, \
    cast(millis as bigint) * 1000 as millis, cast(micros as bigint) as micros, \
    cast(wall as bigint) as wall, cast(price as varchar) as price, cast(huge as varchar) as huge, \
    list, map, pair";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn columns(file: &Path) -> &'static str {
    if file.extension().is_some_and(|extension| extension == "orc") { ORC } else { AVRO }
}

/// Whether two values are the same. A map comes as an object, and was written as a list of keys and
/// values.
fn same(found: &Value, written: &Value) -> bool {
    match (found, written) {
        (Value::Object(found), Value::Array(written)) => {
            let pairs = written.chunks(2).map(|pair| (pair[0].as_str().unwrap(), &pair[1]));
            found.len() * 2 == written.len() && pairs.eq(found.iter().map(|(k, v)| (k.as_str(), v)))
        }
        (Value::Number(found), Value::Number(written)) => {
            found == written || found.as_f64() == written.as_f64() && !written.is_i64()
        }
        _ => found == written,
    }
}

fn hold(program: &Program, name: &str, file: &Path, more: &[&str]) -> usize {
    let truth = lines(&std::fs::read_to_string(file.with_extension("jsonl")).unwrap());
    let sql = format!("select {} from lake.s.{name} order by id", columns(file));
    let ran = program.run(&[&["-c", &sql, "--ndjson", "-q"], more].concat());
    assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    let found = lines(&ran.stdout);
    assert_eq!(found.len(), truth.len(), "{name} {more:?}");
    for (found, written) in found.iter().zip(&truth) {
        let written = written.as_object().unwrap();
        assert_eq!(found.as_object().unwrap().len(), written.len(), "{name}: {found}");
        for (column, written) in written {
            let value = &found[column];
            assert!(
                same(value, written),
                "{name}, row {}: {column} is {value}, not {written}",
                found["id"]
            );
        }
    }
    truth.len()
}

#[test]
fn what_hive_and_avro_write_is_read() {
    let made =
        make(std::env::var("SLUICE_LAKES_SEED").ok().map_or(7, |seed| seed.parse().unwrap()));
    let program = Program::new();
    program
        .write("catalog/lake.toml", "connector = \"files\"\n[options]\nlocation = \"../lake\"\n");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(made.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let hidden = file.file_name().unwrap().to_str().unwrap().starts_with('.');
        !hidden && file.extension().is_some_and(|extension| extension != "jsonl")
    });
    files.sort();
    let mut rows = 0;
    for file in &files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let there =
            program.path(&format!("lake/s/{}", file.file_name().unwrap().to_str().unwrap()));
        std::fs::create_dir_all(there.parent().unwrap()).unwrap();
        std::fs::copy(file, there).unwrap();
        rows += hold(&program, name, file, &[]);
        // Pieces in which nothing begins, and which begin in the midst of something.
        for bytes in ["1000", "30011"] {
            hold(&program, name, file, &["--set", &format!("split_bytes={bytes}")]);
        }
        let catalog = program.path("catalog").display().to_string();
        for columns in ["*", "id", "count(*)"] {
            let sql = format!("select {columns} from lake.s.{name}");
            crate::read_points::hold_estimate(&program, &catalog, &sql);
        }
        let counted = program.answer(&[&format!(
            "select (select count(*) from lake.s.{name}), (select count(distinct id) from lake.s.{name})"
        )]);
        let count = lines(&std::fs::read_to_string(file.with_extension("jsonl")).unwrap()).len();
        assert_eq!(counted.trim(), format!("{count},{count}"), "{name}");
    }
    // A table of some of a file's columns reads less than the file.
    let some = "[options]\nlocation = 's/orc_none.orc'\n[[columns]]\nname = 'id'\ntype = 'INT'\n";
    program.write("catalog/lake/s/some.toml", some);
    let catalog = program.path("catalog").display().to_string();
    crate::read_points::hold_estimate(&program, &catalog, "select * from lake.s.some");
    println!("{} files of {rows} rows, each read three times: no difference", files.len());
    assert!(files.len() == 12 && rows > 50_000, "{files:?}, {rows} rows");
}
