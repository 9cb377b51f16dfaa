//! Folders that are hard to read: schemas that drift, partitions, odd names, files of others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use sluice::engine::{Engine, EngineOptions, LocalSession};
use tempfile::TempDir;

use crate::program::Program;
use crate::rows;

/// A folder of data with a catalog `c` over it; its one schema is `s`.
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

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).unwrap();
    }

    /// A Parquet file below `data/s`.
    fn parquet(&self, path: &str, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(self.path(&format!("data/s/{path}"))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn session(&self) -> LocalSession {
        let options = EngineOptions {
            catalog_dir: Some(self.0.path().join("catalog")),
            partitions: Some(3),
            home: Some(["c".to_owned(), "s".to_owned()]),
            ..EngineOptions::default()
        };
        Engine::start(options).unwrap().session()
    }

    /// The rows of a query, a line each.
    fn rows(&self, sql: &str) -> Vec<String> {
        let rows = rows::runtime().block_on(rows::run(&self.session(), sql));
        let rows = rows.unwrap_or_else(|e| panic!("{sql}: {e}")).rows;
        rows.iter().map(|row| row.join(" ")).collect()
    }

    /// The message of a query that fails.
    fn error(&self, sql: &str) -> String {
        let rows = rows::runtime().block_on(rows::run(&self.session(), sql));
        rows.map(|rows| panic!("{sql}: {rows:?}")).unwrap_err().to_string()
    }
}

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn ints(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn columns_are_read_by_name_and_a_missing_one_is_null() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("id", ints(&[1, 2])), ("name", texts(&["a", "b"]))]);
    lake.parquet("t/b.parquet", vec![("name", texts(&["c"])), ("id", longs(&[3_000_000_000]))]);
    lake.parquet("t/c.parquet", vec![("added", longs(&[7])), ("id", ints(&[4]))]);
    assert_eq!(
        lake.rows("SELECT id, name, added FROM t ORDER BY id"),
        ["1 a NULL", "2 b NULL", "4 NULL 7", "3000000000 c NULL"]
    );
    assert_eq!(lake.rows("SELECT id FROM t WHERE name IS NULL"), ["4"]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE id > 2147483647"), ["3000000000"]);
    assert_eq!(lake.rows("SELECT count(*), count(added), count(name) FROM t"), ["4 1 3"]);
    assert_eq!(lake.rows("SELECT min(id), max(id), max(added) FROM t"), ["1 3000000000 7"]);
}

#[test]
fn types_that_nothing_holds_are_an_error_with_column_and_files() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("id", longs(&[1]))]);
    lake.parquet("t/b.parquet", vec![("id", texts(&["one"]))]);
    let error = lake.error("SELECT * FROM t");
    for part in ["column id", "data/s/t/a.parquet", "data/s/t/b.parquet"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_file_that_breaks_the_declared_type_is_an_error_with_column_and_file() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("id", longs(&[1]))]);
    lake.parquet("t/b.parquet", vec![("id", Arc::new(Float64Array::from(vec![1.5])))]);
    lake.write("catalog/c/s/t.toml", "[[columns]]\nname = 'id'\ntype = 'BIGINT'\n");
    for sql in ["SELECT * FROM t", "SELECT count(*) FROM t", "SELECT id FROM t WHERE id = 1"] {
        let error = lake.error(sql);
        assert!(error.contains("column id") && error.contains("data/s/t/b.parquet"), "{error}");
    }
}

#[test]
fn declared_columns_are_the_table() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("x", longs(&[1])), ("y", texts(&["a"])), ("id", ints(&[9]))]);
    let columns = [("id", "BIGINT"), ("later", "DATE"), ("y", "VARCHAR")];
    let text =
        columns.map(|(name, kind)| format!("[[columns]]\nname = '{name}'\ntype = '{kind}'\n"));
    lake.write("catalog/c/s/t.toml", &text.concat());
    assert_eq!(lake.rows("SELECT * FROM t"), ["9 NULL a"]);
    assert_eq!(lake.rows("SELECT count(*) FROM t WHERE later IS NULL"), ["1"]);
    assert!(lake.error("SELECT x FROM t").contains("column x does not exist"));
}

#[test]
fn partition_columns_have_the_type_that_all_folders_show() {
    let lake = Lake::new();
    for (at, folder) in [
        "d=2026-01-31/n=1/c=01/v=a%2Fb%25",
        "d=2026-02-01/n=-20/c=2/v=__HIVE_DEFAULT_PARTITION__",
        "d=2026-02-02/n=__HIVE_DEFAULT_PARTITION__/c=3/v=größe=1",
    ]
    .iter()
    .enumerate()
    {
        lake.parquet(&format!("t/{folder}/x.parquet"), vec![("id", longs(&[at as i64]))]);
    }
    assert_eq!(
        lake.rows("SELECT id, d, n, c, v FROM t ORDER BY id"),
        ["0 2026-01-31 1 01 a/b%", "1 2026-02-01 -20 2 NULL", "2 2026-02-02 NULL 3 größe=1"]
    );
    assert_eq!(
        lake.rows("SELECT DISTINCT arrow_typeof(d), arrow_typeof(n) FROM t"),
        ["Date32 Int64"]
    );
    assert_eq!(lake.rows("SELECT id FROM t WHERE n < 0"), ["1"]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE n IS NULL"), ["2"]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE v = 'a/b%'"), ["0"]);
    assert_eq!(
        lake.rows("SELECT id FROM t WHERE v IS NULL OR d = DATE '2026-01-31' ORDER BY id"),
        ["0", "1"]
    );
    assert_eq!(lake.rows("SELECT count(n), min(d), max(n) FROM t"), ["2 2026-01-31 1"]);
}

#[test]
fn a_later_partition_value_that_does_not_fit_is_an_error_with_its_folder() {
    let lake = Lake::new();
    // Types come from a sample of so many folders; the odd one is not among them.
    for n in (1..=200).filter(|n| *n != 10) {
        lake.parquet(&format!("t/n={n}/x.parquet"), vec![("id", longs(&[n]))]);
    }
    lake.parquet("t/n=10.5/x.parquet", vec![("id", longs(&[0]))]);
    for sql in ["SELECT sum(id) FROM t", "SELECT id FROM t WHERE n = 7"] {
        let error = lake.error(sql);
        assert!(error.contains("partition n=10.5") && error.contains("is not Int64"), "{error}");
    }
    lake.write("catalog/c/s/t.toml", "[[partitions]]\nname = 'n'\ntype = 'VARCHAR'\n");
    assert_eq!(lake.rows("SELECT n FROM t WHERE id = 0"), ["10.5"]);
}

#[test]
fn files_of_other_systems_are_not_read() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("id", longs(&[1]))]);
    lake.parquet("t/_temporary/0/b.parquet", vec![("id", longs(&[2]))]);
    lake.parquet("t/.hidden.parquet", vec![("id", longs(&[3]))]);
    lake.write("data/s/t/_SUCCESS", "");
    lake.write("data/s/t/.a.parquet.crc", "x");
    assert_eq!(lake.rows("SELECT id FROM t"), ["1"]);
    assert_eq!(lake.rows("SELECT count(*) FROM t"), ["1"]);
}

#[test]
fn a_folder_of_two_formats_is_an_error_with_a_file_of_each() {
    let lake = Lake::new();
    lake.parquet("t/a.parquet", vec![("id", longs(&[1]))]);
    lake.write("data/s/t/b.arrow", "");
    let error = lake.error("SELECT * FROM t");
    assert!(error.contains("parquet (") && error.contains("arrow ("), "{error}");
    lake.write("catalog/c/s/t.toml", "[options]\nlocation = 's/t/*.parquet'\n");
    assert_eq!(lake.rows("SELECT id FROM t"), ["1"]);
}

#[test]
fn a_pattern_takes_what_it_matches_and_nothing_else() {
    let lake = Lake::new();
    for (at, name) in
        ["x/2026-01.parquet", "x/2026-02.parquet", "x/2025-12.parquet", "x/y/2026-03.parquet"]
            .iter()
            .enumerate()
    {
        lake.parquet(name, vec![("id", longs(&[at as i64]))]);
    }
    lake.write("catalog/c/s/year.toml", "[options]\nlocation = 's/x/2026-*.parquet'\n");
    assert_eq!(lake.rows("SELECT id FROM year ORDER BY id"), ["0", "1"]);
    let folder = lake.path("data/s/x/");
    let sql = |pattern: &str| {
        format!("SELECT id FROM '{}' ORDER BY id", Path::new(&folder).join(pattern).display())
    };
    assert_eq!(lake.rows(&sql("2026-0[12].parquet")), ["0", "1"]);
    assert_eq!(lake.rows(&sql("2025-12.parquet")), ["2"]);
    assert_eq!(lake.rows(&sql("*/2026-*.parquet")), ["3"]);
    assert_eq!(lake.rows(&sql("**/*.parquet")), ["0", "1", "2", "3"]);
}

#[test]
fn files_may_have_any_name() {
    let lake = Lake::new();
    let names =
        ["two words", "größe 北京", "a=b", "100%", "a%20b", "it's", "plus+hash#1", "q?x", "[x]"];
    for (at, name) in names.iter().enumerate() {
        lake.parquet(&format!("t/{name}.parquet"), vec![("id", longs(&[at as i64]))]);
        lake.parquet(&format!("{name}/in.parquet"), vec![("id", longs(&[at as i64 + 100]))]);
    }
    let all: Vec<String> = (0..names.len()).map(|at| at.to_string()).collect();
    assert_eq!(lake.rows("SELECT id FROM t ORDER BY id"), all);
    assert_eq!(lake.rows("SELECT count(*) FROM t"), [names.len().to_string()]);
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.contains('=')) {
        let sql = format!("SELECT id FROM \"{name}\"");
        assert_eq!(lake.rows(&sql), [(at + 100).to_string()], "{name}");
    }
}

#[test]
fn a_nan_with_a_sign_is_a_nan() {
    let lake = Lake::new();
    // As NumPy and C programs write the result of 0 / 0.
    let x = Float64Array::from(vec![Some(-f64::NAN), Some(f64::NAN), Some(1.5), None, Some(-0.0)]);
    lake.parquet("t/a.parquet", vec![("id", longs(&[1, 2, 3, 4, 5])), ("x", Arc::new(x))]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE x > 1 ORDER BY id"), ["1", "2", "3"]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE x < 1"), ["5"]);
    assert_eq!(lake.rows("SELECT id FROM t WHERE x = 'NaN'::DOUBLE ORDER BY id"), ["1", "2"]);
    assert_eq!(
        lake.rows("SELECT id FROM t ORDER BY x DESC NULLS LAST, id"),
        ["1", "2", "3", "5", "4"]
    );
    assert_eq!(lake.rows("SELECT x, count(*) FROM t GROUP BY x ORDER BY x LIMIT 3").len(), 3);
    assert_eq!(lake.rows("SELECT count(DISTINCT x), max(x) FROM t"), ["3 NaN"]);
    assert_eq!(
        lake.rows("SELECT count(*) FROM t AS a JOIN t AS b ON a.x = b.x"),
        ["6"],
        "each NaN meets both"
    );
    lake.write(
        "catalog/c/s/u.toml",
        "[[columns]]\nname = 'id'\ntype = 'BIGINT'\n[[columns]]\nname = 'x'\ntype = 'DOUBLE'\n",
    );
    lake.write("data/s/u.csv", "id,x\n1,-nan\n2,NaN\n3,2\n");
    assert_eq!(lake.rows("SELECT id FROM u WHERE x > 1 ORDER BY id"), ["1", "2", "3"]);
}

#[test]
fn files_are_described_by_their_paths() {
    let program = Program::new();
    program.answer(&["copy (select 1 as a, 'it''s' as b) to 'it''s.parquet'"]);
    let columns = "a,BIGINT,YES\nb,VARCHAR,YES\n";
    for sql in
        ["describe 'it''s.parquet'", "desc table 'it''s.*'", "show columns from 'it''s.parquet'"]
    {
        assert_eq!(program.answer(&[sql]), columns, "{sql}");
    }
    let summary = program.answer(&["summarize 'it''s.parquet'"]);
    assert!(summary.starts_with("a,") && summary.lines().count() == 2, "{summary}");
    let ran = program.run(&["-c", "\\d 'it''s.parquet'", "-c", "\\d+ 'it''s.parquet'", "--csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("a,BIGINT,YES").count(), 2, "{}", ran.stdout);
    let (_, stderr) = program.failure("describe 'nothing.parquet'");
    assert!(stderr.contains("nothing.parquet does not exist"), "{stderr}");
}

#[test]
fn bounds_decide_nothing_of_a_cast_in_another_order() {
    let program = Program::new();
    program.answer(&["copy (select * from (values \
        (-5, timestamp '2026-01-01 10:00:00'), (0, timestamp '2026-01-02 00:30:00'), \
        (5, timestamp '2026-01-03 12:00:00')) v(x, t)) to 'p.parquet'"]);
    for (filter, rows) in [
        ("t::time < time '01:00:00'", 1),
        ("cast(t as time) in (time '00:30:00')", 1),
        ("t::date = date '2026-01-02'", 1),
        ("x::boolean = false", 1),
        ("try_cast(x as boolean) < true", 1),
        ("x::double between -1 and 1", 1),
    ] {
        let sql = format!("select count(*) from 'p.parquet' where {filter}");
        assert_eq!(program.answer(&[&sql]), format!("{rows}\n"), "{filter}");
    }
    let sql = "select count(*) from 'p.parquet' where t::time > time '23:00:00'";
    let receipt = program.answer(&[sql, "show receipt"]);
    assert!(receipt.contains("a cast in it changes the order of values"), "{receipt}");
}
