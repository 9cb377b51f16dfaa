//! Prepared statements: each execution sees what is there now, and none another answer than was
//! promised.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use sluice::engine::{
    AdmissionLimits, LocalSession, Outcome, Parameters, PreparedStatement, Query as _, Session,
};
use sluice::error::{Error, ErrorKind};

use crate::rows::read;
use crate::served::engine;

struct Prompt {
    runtime: tokio::runtime::Runtime,
    session: LocalSession,
}

impl Prompt {
    /// A session over a catalog `made` that takes rows.
    fn new(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, session: engine(folder, AdmissionLimits::default()).session() }
    }

    fn run(&self, sql: &str) -> Vec<Vec<String>> {
        self.runtime.block_on(async {
            let query = self.session.run(sql, &Parameters::default()).await.unwrap();
            read(query).await.unwrap().unwrap_or_default().rows
        })
    }

    fn prepare(&self, sql: &str) -> Arc<PreparedStatement> {
        Arc::new(self.runtime.block_on(self.session.prepare(sql)).unwrap())
    }

    fn execute(
        &self,
        prepared: &Arc<PreparedStatement>,
        values: &[&str],
    ) -> Result<Vec<Vec<String>>, Error> {
        let mut parameters = Parameters::default();
        for (at, value) in values.iter().enumerate() {
            parameters.set((at + 1).to_string(), Some((*value).to_owned()));
        }
        self.runtime.block_on(async {
            let query = self.session.plan_prepared(prepared, &parameters, None).await?;
            Ok(read(Box::new(query)).await?.unwrap_or_default().rows)
        })
    }
}

#[test]
fn the_second_execution_sees_a_file_that_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE TABLE made.default.t AS SELECT 1 AS n");
    let prepared = prompt.prepare("SELECT count(*), sum(n) FROM made.default.t WHERE n >= ?");
    assert_eq!(prompt.execute(&prepared, &["0"]).unwrap(), [["1", "1"]]);
    prompt.run("INSERT INTO made.default.t VALUES (2)");
    assert_eq!(prompt.execute(&prepared, &["0"]).unwrap(), [["2", "3"]]);
    assert_eq!(prompt.execute(&prepared, &["2"]).unwrap(), [["1", "2"]]);
    let missing = prompt.execute(&prepared, &[]).unwrap_err();
    assert_eq!(missing.message(), "parameter $1 has no value");
}

#[test]
fn a_flight_that_is_read_twice_reads_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE TABLE made.default.t AS SELECT 1 AS n");
    let prepared = prompt.prepare("SELECT count(*) FROM made.default.t");
    let none = Parameters::default();
    let rows = |pinned: Option<&sluice::engine::Pinned>| {
        prompt.runtime.block_on(async {
            let query = prompt.session.plan_prepared(&prepared, &none, pinned).await.unwrap();
            let pinned = query.pinned();
            (read(Box::new(query)).await.unwrap().unwrap().rows, pinned)
        })
    };
    let (first, pinned) = rows(None);
    prompt.run("INSERT INTO made.default.t VALUES (2)");
    assert_eq!(rows(Some(&pinned)).0, first);
    assert_eq!(rows(None).0, [["2"]]);
}

#[test]
fn other_columns_than_were_promised_are_an_error_that_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE TABLE t AS SELECT 1 AS n, 'x' AS a");
    let all = prompt.prepare("SELECT * FROM t");
    let one = prompt.prepare("SELECT a FROM t");
    prompt.run("CREATE OR REPLACE TABLE t AS SELECT 'one' AS n, 'y' AS a");
    for _ in 0..2 {
        let error = prompt.execute(&all, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone);
        let sentence =
            "column n of the answer was BIGINT and is VARCHAR since the statement was prepared";
        assert_eq!((error.message(), error.hint()), (sentence, Some("prepare it again")));
    }
    assert_eq!(prompt.execute(&one, &[]).unwrap(), [["y"]], "its columns are the same");
    prompt.run("CREATE OR REPLACE TABLE t AS SELECT 'z' AS a");
    let error = prompt.execute(&all, &[]).unwrap_err();
    assert!(error.message().starts_with("the answer had 2 columns and has 1"), "{error}");
    prompt.run("DROP TABLE t");
    assert_eq!(prompt.execute(&one, &[]).unwrap_err().kind(), ErrorKind::Sql);
}

#[test]
fn a_view_that_was_replaced_is_not_answered_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE VIEW v AS SELECT 1 AS n");
    prompt.run("CREATE VIEW above AS SELECT n FROM v");
    let prepared = prompt.prepare("SELECT n FROM above");
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["1"]]);
    prompt.run("CREATE OR REPLACE VIEW v AS SELECT 2 AS n");
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["2"]]);
    // What the view is of counts, too, also when its own text stays.
    prompt.run("CREATE TABLE t AS SELECT 3 AS n");
    prompt.run("CREATE OR REPLACE VIEW v AS SELECT n FROM t");
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["3"]]);
    prompt.run("CREATE OR REPLACE TABLE t AS SELECT 4 AS n");
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["4"]]);
}

#[test]
fn what_is_set_and_used_later_counts() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    let instant = prompt.prepare(
        "SELECT CAST(arrow_cast(0, 'Timestamp(Second, Some(\"UTC\"))') AT TIME ZONE 'UTC' AS VARCHAR) AS a,
                CAST(TIMESTAMP '2026-01-01 00:00:00' AS TIMESTAMP WITH TIME ZONE) AS b",
    );
    let utc = prompt.execute(&instant, &[]).unwrap();
    prompt.run("SET timezone = 'Asia/Shanghai'");
    let there = prompt.execute(&instant, &[]).unwrap();
    assert_ne!(utc[0][1], there[0][1]);
    let fresh = prompt.prepare(instant.sql());
    assert_eq!(prompt.execute(&fresh, &[]).unwrap(), there);
    prompt.run("CREATE TABLE made.default.t AS SELECT 'made' AS whose");
    prompt.run("CREATE TABLE t AS SELECT 'mine' AS whose");
    let whose = prompt.prepare("SELECT whose FROM t");
    assert_eq!(prompt.execute(&whose, &[]).unwrap(), [["mine"]]);
    prompt.run("USE made.default");
    assert_eq!(prompt.execute(&whose, &[]).unwrap(), [["made"]]);
}

#[test]
fn a_name_means_what_it_means_now() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE TABLE t AS SELECT 'mine' AS whose");
    prompt.run("CREATE TABLE made.default.other AS SELECT 1 AS n");
    prompt.run("USE made.default");
    let whose = prompt.prepare("SELECT whose FROM t");
    assert_eq!(prompt.execute(&whose, &[]).unwrap(), [["mine"]]);
    // A table of the current schema comes before the session's.
    prompt.run("CREATE TABLE made.default.t AS SELECT 'made' AS whose");
    assert_eq!(prompt.execute(&whose, &[]).unwrap(), [["made"]]);
}

#[test]
fn files_named_by_path_are_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "n\n1\n").unwrap();
    let prepared = prompt.prepare(&format!("SELECT n FROM '{}'", file.display()));
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["1"]]);
    std::fs::write(&file, "n\n1\n2\n").unwrap();
    assert_eq!(prompt.execute(&prepared, &[]).unwrap(), [["1"], ["2"]]);
}

/// The Parquet files below a folder.
fn count_files(folder: &Path) -> usize {
    let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    found
        .map(|path| match path.is_dir() {
            true => count_files(&path),
            false => usize::from(path.extension().is_some_and(|kind| kind == "parquet")),
        })
        .sum()
}

/// Rows of parameters: numbers and texts.
fn rows(numbers: &[Option<i64>]) -> RecordBatch {
    let texts: StringArray = numbers.iter().map(|n| n.map(|n| format!("t{n}"))).collect();
    let numbers = Int64Array::from(numbers.to_vec());
    let (numbers, texts): (ArrayRef, ArrayRef) = (Arc::new(numbers), Arc::new(texts));
    RecordBatch::try_from_iter_with_nullable([("0", numbers, true), ("1", texts, true)]).unwrap()
}

#[test]
fn many_rows_of_parameters_are_one_insert() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = Prompt::new(folder.path());
    prompt.run("CREATE TABLE made.default.t AS SELECT 0 AS n, 'first' AS a, 1.5 AS d");
    let files = || count_files(&folder.path().join("made"));
    assert_eq!(files(), 1);
    let insert =
        prompt.prepare("INSERT INTO made.default.t (a, n, d) VALUES (upper($2), $1 * 2, NULL)");
    assert!(insert.takes_rows());
    let many: Vec<Option<i64>> = (0..20_000).map(|n| (n % 7 != 0).then_some(n)).collect();
    let insert_rows = |insert: &PreparedStatement, rows: &RecordBatch| {
        prompt.runtime.block_on(async {
            let query = prompt.session.insert_rows(insert, rows).await?;
            Ok::<_, Error>(query.outcome().clone())
        })
    };
    let done = insert_rows(&insert, &rows(&many)).unwrap();
    assert!(matches!(done, Outcome::Done(tag) if tag == "INSERT 0 20000"));
    assert_eq!(files(), 2);
    let found =
        prompt.run("SELECT count(*), count(n), sum(n), max(a), count(d) FROM made.default.t");
    let sum = many.iter().flatten().sum::<i64>() * 2;
    let values = many.iter().flatten().count() + 1;
    let expected = [
        "20001".to_owned(),
        values.to_string(),
        sum.to_string(),
        "first".to_owned(),
        "1".to_owned(),
    ];
    assert_eq!(found, [expected]);
    // One that does not fit, and nothing is written.
    let plain = prompt.prepare("INSERT INTO made.default.t (a, n) VALUES (?, ?)");
    let error = insert_rows(&plain, &rows(&[Some(1), Some(2)])).unwrap_err();
    assert!(error.message().contains("t1"), "{error}");
    assert_eq!(files(), 2);
    for sql in [
        "INSERT INTO made.default.t (n) SELECT n FROM made.default.t WHERE n = ?",
        "INSERT INTO made.default.t (n) VALUES ((SELECT max(n) FROM made.default.t WHERE n < ?))",
        "INSERT INTO made.default.t (n) VALUES (?), (?)",
        "SELECT n FROM made.default.t WHERE n = ?",
    ] {
        assert!(!prompt.prepare(sql).takes_rows(), "{sql}");
    }
}
