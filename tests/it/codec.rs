//! Plans that travel: every query of `tests/slt`, planned in one engine and run in another that
//! shares nothing with it but the catalog folder.
//!
//! A codec that loses a filter answers right and reads too much, so what was skipped is compared
//! as well as the rows.

use sluice::engine::{Engine, EngineOptions, LocalSession, Parameters};
use sqllogictest::{DefaultColumnType, QueryExpect, Record, SortMode, StatementExpect};

use crate::rows::{self, Rows, shipped_catalog, slt_files};

/// How many of a hundred plans must have bytes.
const ENCODED_PERCENT: usize = 80;

/// An engine over the shipped catalog. One partition, so that what a filter skips does not depend
/// on which partition comes first.
fn engine() -> Engine {
    let options = EngineOptions {
        catalog_dir: Some(shipped_catalog()),
        partitions: Some(1),
        home: Some(["lake".to_owned(), "raw".to_owned()]),
        ..EngineOptions::default()
    };
    Engine::start(options).unwrap()
}

/// What the leaves of the last statement read and skipped while they ran.
async fn read_and_skipped(session: &LocalSession) -> Vec<(String, String, String)> {
    let receipt = rows::run(session, "SHOW RECEIPT").await.unwrap();
    let mut lines: Vec<_> = receipt
        .rows
        .into_iter()
        .map(|row| (row[1].clone(), row[2].clone(), row[3].clone()))
        // Listing, footers and filters are planning, which only the first engine does.
        .filter(|(_, counter, _)| {
            let of_leaves = ["rows_read", "row_groups_skipped", "pages_skipped", "rows_skipped"];
            of_leaves.contains(&counter.as_str())
        })
        .collect();
    lines.sort();
    lines
}

#[derive(Default)]
struct Tally {
    plans: usize,
    encoded: usize,
    // Statements that skipped something while they ran.
    skipping: usize,
    refused: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    /// One query: `here` plans and runs it, `there` runs the plan.
    async fn compare(&mut self, here: &LocalSession, there: &LocalSession, sql: &str, sort: bool) {
        // Encoded before it runs: afterwards the filters that run with it are full.
        let plan = here.encode_plan(sql, &Parameters::default()).await;
        let Ok(expected) = rows::run(here, sql).await else { return };
        self.plans += 1;
        let plan = match plan {
            Ok(plan) => plan,
            Err(e) => return self.refused.push(format!("{e}\n    {sql}")),
        };
        let skipped = read_and_skipped(here).await;
        self.encoded += 1;
        let answer = async { rows::read(there.run_encoded(&plan).await?).await };
        let answer = match answer.await {
            Ok(answer) => answer.unwrap_or_default(),
            Err(e) => return self.wrong.push(format!("{sql}\n    fails there: {e}")),
        };
        let order = |rows: Rows| if sort { rows.sorted() } else { rows };
        if order(expected.clone()) != order(answer.clone()) {
            self.wrong.push(format!("{sql}\n    here  {expected:?}\n    there {answer:?}"));
        }
        let there = read_and_skipped(there).await;
        if skipped != there {
            self.wrong.push(format!("{sql}\n    here  {skipped:?}\n    there {there:?}"));
        }
        let some = |(_, counter, amount): &(String, String, String)| {
            counter.ends_with("_skipped") && amount != "0"
        };
        self.skipping += usize::from(skipped.iter().any(some));
    }

    async fn file(&mut self, path: &std::path::Path) {
        let (here, there) = (engine().session(), engine().session());
        for record in sqllogictest::parse_file::<DefaultColumnType>(path).unwrap() {
            match record {
                // Tables that a session makes live in it alone: both make them.
                Record::Statement { sql, expected: StatementExpect::Ok, .. } => {
                    let _ = rows::run(&here, &sql).await;
                    let _ = rows::run(&there, &sql).await;
                }
                Record::Query { sql, expected: QueryExpect::Results { sort_mode, .. }, .. } => {
                    let sort = sort_mode.is_some_and(|mode| mode != SortMode::NoSort);
                    self.compare(&here, &there, &sql, sort).await;
                }
                _ => {}
            }
        }
    }
}

fn tally(folder: &str) -> Tally {
    let mut tally = Tally::default();
    let runtime = rows::runtime();
    for file in slt_files(folder) {
        runtime.block_on(tally.file(&file));
    }
    println!("codec: {} of {} plans of tests/slt/{folder}", tally.encoded, tally.plans);
    for refused in &tally.refused {
        println!("  {refused}");
    }
    assert!(
        tally.wrong.is_empty(),
        "{}\n{} plans do not travel",
        tally.wrong.join("\n\n"),
        tally.wrong.len()
    );
    assert!(tally.encoded * 100 >= tally.plans * ENCODED_PERCENT);
    tally
}

#[test]
fn the_plans_of_the_oracle_give_the_same_answers_in_another_engine() {
    assert!(tally("oracle").plans > 500);
}

#[test]
fn the_plans_over_streams_read_the_same_in_another_engine() {
    let tally = tally("streams");
    assert_eq!(tally.encoded, tally.plans);
}

#[test]
fn the_plans_over_the_snapshot_read_the_same_in_another_engine() {
    assert!(tally("profiles").encoded > 8);
}

#[test]
fn the_plans_over_the_lake_skip_the_same_rows_in_another_engine() {
    let tally = tally("lake");
    assert_eq!(tally.encoded, tally.plans);
    assert!(tally.skipping >= 10, "only {} statements skip anything", tally.skipping);
}
