//! Envelopes of another version or kind, plans that would change on the way, and partitions that
//! can be read twice.

use std::path::Path;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use futures::TryStreamExt;

use super::super::run::{self, Job, Statement};
use super::super::{Engine, EngineOptions, LocalSession, Parameters};
use super::*;
use crate::error::ErrorKind;

fn session() -> LocalSession {
    let options = EngineOptions {
        catalog_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")),
        partitions: Some(4),
        ..EngineOptions::default()
    };
    Engine::start(options).unwrap().session()
}

fn job(session: &LocalSession, sql: &str) -> Job {
    session.unlisted_job(sql)
}

/// The error of a plan whose envelope is spoilt by `spoil`, which gets the bytes after the magic.
async fn spoilt(spoil: impl Fn(&mut [u8])) -> Error {
    let session = session();
    let sql = "SELECT event_id FROM lake.raw.device_events";
    let mut bytes = session.encode_plan(sql, &Parameters::default()).await.unwrap();
    let at = bytes.windows(MAGIC.len()).position(|window| window == MAGIC).unwrap();
    spoil(&mut bytes[at + MAGIC.len()..]);
    session.run_encoded(&bytes).await.err().unwrap()
}

#[tokio::test]
async fn an_envelope_of_another_version_is_refused_with_both_versions() {
    let error = spoilt(|envelope| envelope[0] = 2).await;
    let message = "the plan was made by envelope version 2, this engine reads 1";
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, message));
}

#[tokio::test]
async fn an_unknown_kind_is_refused_by_its_name() {
    // Version, tag and length of the kind stand before it: `files.scan` becomes `giles.scan`.
    let error = spoilt(|envelope| envelope[3] = b'g').await;
    let message = "the plan has a node of kind `giles.scan`, which this engine does not know";
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, message));
}

#[tokio::test]
async fn bytes_that_are_no_plan_are_an_error() {
    let error = session().run_encoded(b"no plan").await.err().unwrap();
    assert!(!error.message().contains("panicked"), "{error}");
}

#[tokio::test]
async fn a_plan_that_would_change_on_the_way_stays() {
    let session = session();
    let rows = "(VALUES (1, 2), (2, NULL)) AS t(id, v)";
    for (sql, what) in [
        (format!("SELECT lag(v) IGNORE NULLS OVER (ORDER BY id) FROM {rows}"), "IGNORE NULLS"),
        (format!("SELECT sum(v) FILTER (WHERE v > 1) OVER (ORDER BY id) FROM {rows}"), "FILTER"),
    ] {
        let error = session.encode_plan(&sql, &Parameters::default()).await.unwrap_err();
        assert!(error.message().ends_with(&format!("{what} would be lost")), "{error}");
    }
}

#[tokio::test]
async fn a_node_without_bytes_is_named_without_a_dump_of_the_plan() {
    let sql = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 3) \
               SELECT x FROM r";
    let error = session().encode_plan(sql, &Parameters::default()).await.unwrap_err();
    assert_eq!(error.message(), "a plan with WorkTableExec cannot leave its process");
}

#[tokio::test]
async fn each_partition_gives_the_same_rows_again_and_all_give_every_row_once() {
    let session = session();
    let job = job(&session, "SELECT event_id FROM lake.raw.device_events");
    let statement = Statement::new(&job, None).unwrap();
    let task = statement.state.task_ctx();
    let planned = run::physical(&statement).await.unwrap();
    let decoded = decode(&encode(&planned).unwrap(), &task).unwrap();
    for plan in [planned, decoded] {
        let partitions = plan.properties().partitioning.partition_count();
        assert!(partitions > 1, "{partitions} partition");
        let mut all = Vec::new();
        for partition in 0..partitions {
            let mut first: Option<Vec<i64>> = None;
            for _ in 0..2 {
                let stream = plan.execute(partition, Arc::clone(&task)).unwrap();
                let batches: Vec<_> = stream.try_collect().await.unwrap();
                let ids = batches.iter().flat_map(|batch| {
                    batch.column(0).as_primitive::<Int64Type>().values().iter().copied()
                });
                let ids: Vec<i64> = ids.collect();
                assert_eq!(first.get_or_insert_with(|| ids.clone()), &ids);
            }
            all.extend(first.unwrap());
        }
        all.sort_unstable();
        assert!(all.iter().copied().eq(1..=254_146), "{} rows", all.len());
    }
}
