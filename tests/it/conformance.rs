//! The laws that every table of every connector obeys, however it is read.
//!
//! Tables are found by listing the catalogs of the test, so a connector or a format that comes
//! later is held to them without a line here. `catalog` writes tables that are hard to read beside
//! the shipped ones; `predicates` makes the filters, `formats` reads back what the program writes.

mod catalog;
mod formats;
mod predicates;

use std::collections::BTreeMap;

use sluice::engine::{Engine, EngineOptions, LocalSession, Parameters};
use tokio::runtime::Runtime;

use crate::rows::{self, Rows};
use catalog::Catalog;
use predicates::Predicates;

/// Tables up to this many rows are compared row by row, larger ones by their counts.
const SMALL: usize = 10_000;

/// The records that were written to each table whose `errors('…')` can be read.
const WRITTEN: &[(&str, usize)] = &[
    ("made.default.readings", 1_000),
    ("lake.raw.users", 2_008),
    ("lake.raw.workouts", 6_005),
    ("events.default.heartbeats", 5_190),
    // The row of a value that does not decode stays, so it is here and there.
    ("profiles.default.device_profile", 2_029 + 1),
    ("profiles.default.device_parts", 2_029 + 1),
];

/// A table under test.
#[derive(Debug)]
struct Table {
    name: String,
    rows: usize,
    /// Quoted names, with the letters of their types.
    columns: Vec<(String, char)>,
}

impl Table {
    fn is_small(&self) -> bool {
        self.rows <= SMALL
    }

    /// What is compared of the rows that pass a filter.
    fn select(&self, filter: &str) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        if self.is_small() {
            return format!("SELECT {} FROM {} WHERE {filter}", columns.join(", "), self.name);
        }
        let counts: Vec<_> = columns.iter().map(|column| format!("count({column})")).collect();
        format!("SELECT count(*), {} FROM {} WHERE {filter}", counts.join(", "), self.name)
    }
}

/// The catalogs of the suite and the runtime that its tests wait on.
struct Suite {
    runtime: Runtime,
    catalog: Catalog,
}

impl Suite {
    fn new() -> Self {
        Self { runtime: rows::runtime(), catalog: Catalog::new() }
    }

    fn session(&self, partitions: usize, settings: &[(&str, &str)]) -> LocalSession {
        let options = EngineOptions {
            catalog_dir: Some(self.catalog.folder()),
            partitions: Some(partitions),
            ..EngineOptions::default()
        };
        let session = Engine::start(options).unwrap().session();
        for (name, value) in settings {
            session.set(name, value).unwrap();
        }
        session
    }

    fn try_run(&self, session: &LocalSession, sql: &str) -> Result<Rows, String> {
        self.runtime.block_on(rows::run(session, sql)).map(Rows::sorted).map_err(|e| e.to_string())
    }

    fn run(&self, session: &LocalSession, sql: &str) -> Rows {
        self.try_run(session, sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    fn number(&self, session: &LocalSession, sql: &str) -> usize {
        self.run(session, sql).value().parse().unwrap()
    }

    fn tables(&self) -> Vec<Table> {
        let session = self.session(2, &[]);
        let mut tables = Vec::new();
        for catalog in self.catalog.names() {
            let sql = format!(
                "SELECT table_schema, table_name FROM {catalog}.information_schema.tables \
                 WHERE table_catalog = '{catalog}' AND table_type = 'BASE TABLE' \
                 AND table_schema <> 'information_schema'"
            );
            for row in self.run(&session, &sql).rows {
                let name = format!("{catalog}.{}.\"{}\"", row[0], row[1]);
                let head = self.run(&session, &format!("SELECT * FROM {name} LIMIT 0"));
                let columns = head.names.iter().map(|name| format!("\"{name}\""));
                let columns = columns.zip(head.types).collect();
                let rows = self.number(&session, &format!("SELECT count(*) FROM {name}"));
                tables.push(Table { name, rows, columns });
            }
        }
        assert!(tables.len() >= 5, "{tables:?}");
        tables
    }

    /// Runs `sql` in both and takes down where they differ.
    fn compare(
        &self,
        wrong: &mut Vec<String>,
        one: &LocalSession,
        other: &LocalSession,
        sql: &str,
    ) {
        let (one, other) = (self.try_run(one, sql), self.try_run(other, sql));
        if one != other {
            wrong.push(format!("{sql}\n  {}\n  {}", shown(&one), shown(&other)));
        }
    }
}

fn shown(answer: &Result<Rows, String>) -> String {
    match answer {
        Ok(rows) => {
            let first: Vec<_> = rows.rows.iter().take(5).map(|row| row.join(", ")).collect();
            format!("{} rows: {}", rows.rows.len(), first.join(" | "))
        }
        Err(e) => format!("error: {e}"),
    }
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}\n{} differ", wrong.join("\n\n"), wrong.len());
}

#[test]
fn counts_are_the_rows_that_are_there() {
    let suite = Suite::new();
    let session = suite.session(3, &[]);
    for table in suite.tables() {
        let (name, rows) = (&table.name, table.rows);
        assert!(rows > 0, "{name} is empty");
        if table.is_small() {
            assert_eq!(suite.run(&session, &format!("SELECT * FROM {name}")).rows.len(), rows);
        }
        for (column, _) in &table.columns {
            // Counted one by one: a count alone may be answered without reading.
            let sql =
                format!("SELECT count(*) FROM (SELECT {column} FROM {name} WHERE random() >= 0)");
            assert_eq!(suite.number(&session, &sql), rows, "{sql}");
            let sql = format!(
                "SELECT count({column}), count(*) FILTER (WHERE {column} IS NULL) FROM {name}"
            );
            let halves = suite.run(&session, &sql);
            let halves: Vec<usize> = halves.rows[0].iter().map(|n| n.parse().unwrap()).collect();
            assert_eq!(halves.iter().sum::<usize>(), rows, "{sql}: {halves:?}");
        }
        for limit in [0, 1, 10, rows - 1, rows, rows + 5] {
            for inner in ["*", table.columns[0].0.as_str()] {
                let sql =
                    format!("SELECT count(*) FROM (SELECT {inner} FROM {name} LIMIT {limit})");
                assert_eq!(suite.number(&session, &sql), limit.min(rows), "{sql}");
                let sql = format!(
                    "SELECT count(*) FROM (SELECT {inner} FROM {name} LIMIT {limit} OFFSET 3)"
                );
                assert_eq!(
                    suite.number(&session, &sql),
                    limit.min(rows.saturating_sub(3)),
                    "{sql}"
                );
            }
        }
    }
}

#[test]
fn filters_answer_the_same_pushed_down_or_not() {
    let suite = Suite::new();
    let on = suite.session(3, &[]);
    let off = suite.session(3, &[("pushdown", "false")]);
    let mut wrong = Vec::new();
    for table in suite.tables() {
        let values = |column: &str| {
            let sql = format!(
                "SELECT DISTINCT {column} FROM {} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 300",
                table.name
            );
            let rows = suite.try_run(&off, &sql).map(|rows| rows.rows).unwrap_or_default();
            rows.into_iter().filter_map(|mut row| row.pop()).collect()
        };
        let mut predicates = Predicates::new(&table.columns, values);
        for _ in 0..if table.is_small() { 40 } else { 15 } {
            let filter = predicates.next();
            suite.compare(&mut wrong, &on, &off, &table.select(&filter));
        }
    }
    assert_none(&wrong);
}

#[test]
fn one_partition_answers_like_seven_and_like_a_plan_that_travelled() {
    let suite = Suite::new();
    let (one, seven) = (suite.session(1, &[]), suite.session(7, &[]));
    let mut wrong = Vec::new();
    for table in suite.tables() {
        let first = &table.columns[0].0;
        for sql in [
            table.select("true"),
            table.select(&format!("{first} IS NOT NULL")),
            format!("SELECT {first}, count(*) FROM {} GROUP BY 1 ORDER BY 1 LIMIT 20", table.name),
        ] {
            suite.compare(&mut wrong, &one, &seven, &sql);
            let plan = suite.runtime.block_on(seven.encode_plan(&sql, &Parameters::default()));
            let plan = plan.unwrap_or_else(|e| panic!("{sql}: {e}"));
            let travelled = async { rows::read(one.run_encoded(&plan).await?).await };
            let travelled = suite.runtime.block_on(travelled).unwrap().unwrap().sorted();
            let expected = suite.run(&one, &sql);
            if travelled.rows != expected.rows {
                wrong.push(format!(
                    "{sql}\n  {}\n  {}",
                    shown(&Ok(expected)),
                    shown(&Ok(travelled))
                ));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn good_and_bad_records_are_all_that_were_written() {
    let suite = Suite::new();
    let session = suite.session(3, &[]);
    let written: BTreeMap<&str, usize> = WRITTEN.iter().copied().collect();
    let mut checked = 0;
    for table in suite.tables() {
        let name = &table.name;
        let Ok(bad) = suite.try_run(&session, &format!("SELECT * FROM errors('{name}')")) else {
            continue;
        };
        let written = written.get(name.replace('"', "").as_str());
        let written = written.unwrap_or_else(|| panic!("say in WRITTEN what {name} was made of"));
        assert_eq!(bad.rows.len() + table.rows, *written, "{name}");
        checked += 1;
    }
    assert!(checked > 0, "no table has bad records");
}

#[test]
fn small_batches_answer_like_large_ones() {
    let suite = Suite::new();
    let large = suite.session(2, &[]);
    let mut wrong = Vec::new();
    for table in suite.tables() {
        let size = if table.is_small() { "3" } else { "500" };
        let small = suite.session(2, &[("datafusion.execution.batch_size", size)]);
        suite.compare(&mut wrong, &large, &small, &table.select("true"));
        let last = &table.columns[table.columns.len() - 1].0;
        let sql = format!("SELECT {last}, count(*) FROM {} GROUP BY 1", table.name);
        suite.compare(&mut wrong, &large, &small, &sql);
    }
    assert_none(&wrong);
}

#[test]
fn statistics_answer_like_the_rows() {
    let suite = Suite::new();
    let session = suite.session(3, &[]);
    let computed = suite.session(
        3,
        &[("pushdown", "false"), ("datafusion.optimizer.enable_dynamic_filter_pushdown", "false")],
    );
    let mut wrong = Vec::new();
    for table in suite.tables() {
        let mut asked = vec!["count(*)".to_owned()];
        for (column, letter) in &table.columns {
            asked.push(format!("count({column})"));
            if *letter != '?' {
                asked.push(format!("min({column})"));
                asked.push(format!("max({column})"));
            }
        }
        for value in &asked {
            let sql = format!("SELECT {value} FROM {}", table.name);
            // A filter that nobody can see through, so that every row is looked at.
            let rows = suite.try_run(&computed, &format!("{sql} WHERE random() >= 0"));
            let answer = suite.try_run(&session, &sql);
            if answer.as_ref().map(|a| &a.rows) != rows.as_ref().map(|r| &r.rows) {
                wrong.push(format!("{sql}\n  {}\n  {}", shown(&answer), shown(&rows)));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn filters_that_joins_and_sorts_fill_change_no_answer() {
    let suite = Suite::new();
    let on = suite.session(3, &[]);
    let off = suite.session(3, &[("datafusion.optimizer.enable_dynamic_filter_pushdown", "false")]);
    let mut wrong = Vec::new();
    for table in suite.tables() {
        let name = &table.name;
        let columns = table.columns.iter().filter(|(_, letter)| *letter != '?');
        let most = if table.is_small() { usize::MAX } else { 4 };
        for (column, _) in columns.take(most) {
            let few = format!("SELECT DISTINCT {column} AS k FROM {name} ORDER BY k DESC LIMIT 3");
            for sql in [
                format!("SELECT count(*) FROM {name} AS a JOIN ({few}) AS b ON a.{column} = b.k"),
                format!("SELECT {column} FROM {name} ORDER BY {column} LIMIT 7"),
                format!("SELECT {column} FROM {name} ORDER BY {column} DESC NULLS LAST LIMIT 7"),
                format!(
                    "SELECT min({column}), max({column}) FROM {name} WHERE {column} IS NOT NULL"
                ),
            ] {
                suite.compare(&mut wrong, &on, &off, &sql);
            }
        }
    }
    assert_none(&wrong);
}
