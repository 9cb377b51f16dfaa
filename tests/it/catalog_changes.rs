//! The catalog folder changes while it is in use: what is good is taken up, what is wrong leaves what
//! was there before.

use std::path::Path;
use std::time::Duration;

use arrow_flight::sql::client::FlightSqlServiceClient;
use sluice::engine::{Engine, EngineOptions, Parameters, Session};
use sluice::error::Error;
use tonic::transport::Channel;

use crate::rows::{read, runtime};
use crate::served::Served;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn engine(folder: &Path, watched: bool) -> Engine {
    write(folder, "lake.toml", "connector = \"files\"\n[options]\nlocation = \"../data\"\n");
    write(folder, "lake/s/t.toml", "[options]\nlocation = \"t.csv\"\n");
    write(folder, "lake/s/v.sql", "SELECT n FROM t");
    write(folder.parent().unwrap(), "data/t.csv", "n,m\n1,2\n");
    let catalog_dir = Some(folder.to_owned());
    Engine::start(EngineOptions { catalog_dir, watched, ..EngineOptions::default() }).unwrap()
}

fn rows(session: &impl Session, sql: &str) -> Result<Vec<Vec<String>>, Error> {
    runtime().block_on(async {
        let query = session.run(sql, &Parameters::default()).await?;
        Ok(read(query).await?.unwrap_or_default().rows)
    })
}

const PROBLEMS: &str = "SELECT object, last_good_in_use FROM system.catalog.problems ORDER BY 1";

#[test]
fn a_statement_begins_with_what_was_saved_before_it() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("catalog");
    let session = engine(&folder, false).session();
    assert_eq!(rows(&session, "SELECT * FROM lake.s.v").unwrap(), [["1"]]);
    write(&folder, "lake/s/v.sql", "SELECT n + m AS sum FROM t");
    write(&folder, "lake/s/w.sql", "SELECT 7 AS seven");
    assert_eq!(rows(&session, "SELECT * FROM lake.s.v").unwrap(), [["3"]]);
    assert_eq!(rows(&session, "SELECT * FROM lake.s.w").unwrap(), [["7"]]);
    std::fs::remove_file(folder.join("lake/s/w.sql")).unwrap();
    assert!(rows(&session, "SELECT * FROM lake.s.w").is_err());
}

#[test]
fn what_is_wrong_leaves_what_was_there_before_and_is_named() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("catalog");
    let engine = engine(&folder, true);
    let session = engine.session();
    assert!(engine.load_catalogs().unwrap().is_empty());
    let look = || engine.look_at_catalogs(Duration::ZERO).unwrap();
    assert!(look().is_none());
    write(&folder, "lake.toml", "connector = \"files\"\n[options]\nloction = \"../data\"\n");
    write(&folder, "lake/s/t.toml", "[options\n");
    write(&folder, "lake/s/v.sql", "SELECT n FORM t");
    write(&folder, "lake/s/new.sql", "SELECT 1 AS one");
    write(&folder, "lake/s/wrong.sql", "SELEC");
    let changed = look().unwrap();
    assert_eq!(changed.catalogs, ["lake"]);
    let told: Vec<String> = changed.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told[0].contains("lake.toml:3:1: unknown field `loction`"), "{told:#?}");
    for (sql, answer) in [("t", "2"), ("v", "1"), ("new", "1")] {
        let sql = format!("SELECT * FROM lake.s.{sql}");
        assert_eq!(rows(&session, &sql).unwrap()[0].last().unwrap(), answer, "{sql}");
    }
    let error = rows(&session, "SELECT * FROM lake.s.wrong").unwrap_err();
    assert!(error.message().contains("wrong.sql:1:1"), "{error}");
    let problems =
        [["lake", "true"], ["lake.s.t", "true"], ["lake.s.v", "true"], ["lake.s.wrong", "false"]];
    assert_eq!(rows(&session, PROBLEMS).unwrap(), problems);
    // REFRESH is no way to lose them, and CHECK names the same files.
    rows(&session, "REFRESH").unwrap();
    assert_eq!(rows(&session, PROBLEMS).unwrap(), problems);
    assert_eq!(rows(&session, "SELECT * FROM lake.s.v").unwrap(), [["1"]]);
    let checked = rows(&session, "CHECK CATALOG lake").unwrap();
    let checked: Vec<_> = checked.iter().map(|row| row[1].as_str()).collect();
    for [object, _] in &problems {
        assert!(checked.contains(object), "{object}: {checked:?}");
    }
    // What is told once is not told again, and what is mended is gone.
    write(&folder, "lake/s/wrong.sql", "SELECT 2 AS two");
    write(&folder, "lake.toml", "connector = \"files\"\n[options]\nlocation = \"../data/\"\n");
    assert!(look().unwrap().problems.is_empty());
    assert_eq!(rows(&session, "SELECT * FROM lake.s.wrong").unwrap(), [["2"]]);
    assert_eq!(rows(&session, PROBLEMS).unwrap(), [["lake.s.t", "true"], ["lake.s.v", "true"]]);
}

#[test]
fn a_prepared_statement_lives_on_until_its_columns_change() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("catalog");
    let engine = engine(&folder, true);
    let served = Served::start(engine.clone());
    let uri = served.uri().replace("grpc://", "http://");
    runtime().block_on(async {
        let channel = Channel::from_shared(uri).unwrap().connect().await.unwrap();
        let mut client = FlightSqlServiceClient::new(channel);
        let mut prepared = client.prepare("SELECT * FROM lake.s.v".to_owned(), None).await.unwrap();
        prepared.execute().await.unwrap();
        write(&folder, "lake/s/v.sql", "SELECT n FROM t WHERE n > 0");
        engine.look_at_catalogs(Duration::ZERO).unwrap();
        prepared.execute().await.unwrap();
        write(&folder, "lake/s/v.sql", "SELECT n, m FROM t");
        engine.look_at_catalogs(Duration::ZERO).unwrap();
        let error = prepared.execute().await.unwrap_err().to_string();
        // What FAILED_PRECONDITION is called in words.
        assert!(error.contains("not in a state required for the operation"), "{error}");
        assert!(error.contains("since the statement was prepared"), "{error}");
    });
}
