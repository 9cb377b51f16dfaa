//! What is not granted does not exist: every way to a catalog, tried by who may not see it, answers as
//! for a catalog that there is not.

use std::path::Path;

use sluice::client::{Login, RemoteSession, Target};
use sluice::engine::{
    Access, Engine, EngineOptions, Grants, IfExists, Ingest, Limits, LocalSession, Parameters,
    QueryState, Rights, Session, TableFilter,
};
use sluice::error::{Error, ErrorKind};
use sluice::server::{Role, Users};

use crate::door::{ENDLESS, until};
use crate::rows::{read, run, runtime};
use crate::served::Served;

/// What stands in the files that nobody may read, and in no name.
const SECRET: &str = "xyzzy";

/// A name as long as `hidden`, of nothing.
const ABSENT: &str = "absent";

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Catalogs `open`, `half` (schemas `seen` and `unseen`), `hidden` and `made`, which takes rows; views in
/// `open.views` read what is hidden.
fn engine(folder: &Path) -> Engine {
    for (catalog, writable) in [("open", false), ("half", true), ("hidden", true), ("made", true)] {
        let location = folder.join("data").join(catalog).display().to_string();
        let text = format!(
            "connector = \"files\"\nwritable = {writable}\n[options]\nlocation = {location:?}\n"
        );
        write(&folder.join(format!("catalog/{catalog}.toml")), &text);
    }
    let data = folder.join("data");
    write(&data.join("open/pub/a.csv"), "n\n1\n2\n");
    write(&data.join("half/seen/a.csv"), "n\n3\n");
    write(&data.join("half/unseen/b.csv"), &format!("word\n{SECRET}\n"));
    write(&data.join("hidden/raw/secret.csv"), &format!("word\n{SECRET}\n"));
    write(&data.join("made/own/b.csv"), "n\n4\n");
    let views = folder.join("catalog/open/views");
    write(&views.join("peek.sql"), "SELECT upper(word) AS w FROM hidden.raw.secret");
    write(&views.join("through.sql"), "SELECT w FROM open.views.peek");
    write(&views.join("broken.sql"), "SELECT * FROM nowhere");
    let path = data.join("hidden/raw/secret.csv");
    write(
        &views.join("by_path.sql"),
        &format!("SELECT upper(word) AS w FROM '{}'", path.display()),
    );
    let catalog_dir = Some(folder.join("catalog"));
    Engine::start(EngineOptions { catalog_dir, ..EngineOptions::default() }).unwrap()
}

/// Reads `open`, `half.seen` and `made`.
fn readers() -> Rights {
    let mut grants = Grants::default();
    for place in ["open", "half.seen", "made"] {
        grants.add(place, Access::Read).unwrap();
    }
    Rights { grants, ..Rights::default() }
}

/// What a statement answers: its rows, or its error with all that is said.
fn answer(session: &LocalSession, sql: &str) -> Result<String, String> {
    let rows = runtime().block_on(run(session, sql));
    rows.map(|rows| format!("{:?} {:?}", rows.names, rows.rows)).map_err(|e| said(&e))
}

fn said(error: &Error) -> String {
    format!("{:?} {:?} {} {:?}", error.kind(), error.position(), error.message(), error.hint())
}

fn kind(session: &LocalSession, sql: &str) -> Option<ErrorKind> {
    runtime().block_on(run(session, sql)).err().map(|e| e.kind())
}

/// Runs a statement about `hidden` and the same about nothing; both must answer alike.
fn assert_absent(session: &LocalSession, sql: &str, hidden: &str) {
    let there = answer(session, sql).map_err(|said| said.replace(hidden, ABSENT));
    let nowhere = answer(session, &sql.replace(hidden, ABSENT));
    for answered in [&there, &nowhere] {
        let (Ok(text) | Err(text)) = answered;
        assert!(!text.to_lowercase().contains(SECRET), "{sql}: {text}");
    }
    // What a function makes of a name is its own; a look-up fails alike.
    if there.is_err() || nowhere.is_err() {
        assert_eq!(there, nowhere, "{sql}");
    }
}

const STATEMENTS: &[&str] = &[
    "SELECT * FROM hidden.raw.secret",
    "SELECT * FROM hidden.raw.secre",
    "SELECT * FROM hidden.rav.secret",
    "SELECT * FROM \"hidden\".\"raw\".\"secret\"",
    "SELECT * FROM HIDDEN.RAW.SECRET",
    "SELECT * FROM hidden.secret",
    "SELECT * FROM hidden",
    "SELECT * FROM errors('hidden.raw.secret')",
    "SELECT * FROM hidden.information_schema.tables",
    "SELECT * FROM information_schema.tables WHERE table_catalog = 'hidden'",
    "SELECT * FROM information_schema.columns WHERE table_catalog = 'hidden'",
    "SELECT * FROM statement.errors.\"hidden.raw.secret\"",
    "SELECT 1 FROM open.pub.a WHERE EXISTS (SELECT * FROM hidden.raw.secret)",
    "WITH x AS (SELECT * FROM hidden.raw.secret) SELECT * FROM x",
    "SELECT * FROM open.views.peek, hidden.raw.secret",
    "SELECT * FROM open.views.peek CROSS JOIN errors('hidden.raw.secret')",
    "SHOW TABLES FROM hidden",
    "SHOW TABLES FROM hidden.raw",
    "SHOW SCHEMAS FROM hidden",
    "SHOW COLUMNS FROM hidden.raw.secret",
    "SHOW CREATE TABLE hidden.raw.secret",
    "DESCRIBE hidden.raw.secret",
    "SUMMARIZE hidden.raw.secret",
    "SUMMARIZE SELECT * FROM hidden.raw.secret",
    "INFER TABLE hidden.raw.secret",
    "CHECK CATALOG hidden",
    "REFRESH CATALOG hidden",
    "CLEAN CATALOG hidden",
    "USE hidden",
    "USE hidden.raw",
    "EXPLAIN SELECT * FROM hidden.raw.secret",
    "EXPLAIN ANALYZE SELECT * FROM hidden.raw.secret",
    "EXPLAIN ESTIMATE SELECT * FROM hidden.raw.secret",
    "INSERT INTO hidden.raw.secret VALUES ('a')",
    "CREATE TABLE hidden.raw.more AS SELECT 1 AS n",
    "CREATE TABLE hidden.raw.secret AS SELECT 1 AS n",
    "CREATE TABLE copied AS SELECT * FROM hidden.raw.secret",
    "CREATE VIEW copied AS SELECT * FROM hidden.raw.secret",
    "DROP TABLE hidden.raw.secret",
];

#[test]
fn a_catalog_that_is_not_granted_does_not_exist_in_any_statement() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let ada = engine.session_of("ada", None, &readers());
    assert_eq!(answer(&ada, "SELECT sum(n) FROM open.pub.a").unwrap(), "[\"sum(n)\"] [[\"3\"]]");
    for sql in STATEMENTS {
        assert_absent(&ada, sql, "hidden");
        if sql.contains("hidden.raw") {
            let inner = sql.replace("hidden.raw", "half.unseen").replace("secret", "b");
            assert_absent(&ada, &inner, "unseen");
        }
        let described = runtime().block_on(ada.prepare(sql)).map(drop);
        let nowhere = runtime().block_on(ada.prepare(&sql.replace("hidden", ABSENT))).map(drop);
        let described = described.map_err(|e| said(&e).replace("hidden", ABSENT));
        assert_eq!(described, nowhere.map_err(|e| said(&e)), "{sql}");
    }
    for table in ["../unseen/b", "..%2Funseen%2Fb", "../unseen/b.csv", "./../unseen/b"] {
        let (sql, kind) = (format!("SELECT * FROM half.seen.\"{table}\""), Some(ErrorKind::Sql));
        assert_eq!(runtime().block_on(run(&ada, &sql)).err().map(|e| e.kind()), kind, "{sql}");
    }
    for sql in [
        "SHOW CATALOGS",
        "SHOW SCHEMAS FROM half",
        "SHOW TABLES FROM half",
        "CHECK CATALOG",
        "CHECK CATALOG half",
        "SELECT * FROM information_schema.schemata",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.views",
        "SELECT * FROM information_schema.problems",
    ] {
        let listed = answer(&ada, sql).unwrap();
        for name in ["hidden", "unseen", "secret", SECRET] {
            assert!(!listed.to_lowercase().contains(name), "{sql}: {listed}");
        }
    }
    let listed = answer(&ada, "SHOW CATALOGS").unwrap();
    assert!(listed.contains("open") && listed.contains("half"), "{listed}");
}

#[test]
fn metadata_calls_and_bulk_rows_know_what_is_granted_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let ada = engine.session_of("ada", None, &readers());
    let (catalogs, schemas, tables) = runtime().block_on(async {
        let all = TableFilter::default;
        let catalogs = ada.catalogs().await.unwrap();
        (catalogs, ada.schemas(all()).await.unwrap(), ada.tables(all(), true).await.unwrap())
    });
    assert_eq!(catalogs, ["half", "made", "open", "session", "system"]);
    let all = format!("{schemas:?} {tables:?}");
    assert!(all.contains("seen") && all.contains("peek"), "{all}");
    for name in ["hidden", "unseen", "secret"] {
        assert!(!all.contains(name), "{name}: {all}");
    }
    let ingest = |catalog: &str, schema: &str, table: &str| {
        let target = Ingest {
            catalog: Some(catalog.to_owned()),
            schema: Some(schema.to_owned()),
            table: table.to_owned(),
            temporary: false,
            create: true,
            if_exists: IfExists::Append,
        };
        let (sender, rows) = tokio::sync::mpsc::channel(1);
        drop(sender);
        let field = arrow::datatypes::Field::new("n", arrow::datatypes::DataType::Int64, true);
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(vec![field]));
        runtime().block_on(ada.ingest(target, schema, rows)).map_err(|e| (e.kind(), said(&e)))
    };
    let hidden = ingest("hidden", "raw", "secret").unwrap_err().1.replace("hidden", ABSENT);
    assert_eq!(hidden, ingest(ABSENT, "raw", "secret").unwrap_err().1);
    let unseen = ingest("half", "unseen", "b").unwrap_err().1.replace("unseen", ABSENT);
    assert_eq!(unseen, ingest("half", ABSENT, "b").unwrap_err().1);
    assert_eq!(ingest("made", "own", "b").unwrap_err().0, ErrorKind::Denied);
}

#[test]
fn no_function_and_no_setting_leads_to_what_is_not_granted() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let ada = engine.session_of("ada", None, &readers());
    let functions = runtime().block_on(run(&ada, "SHOW FUNCTIONS")).unwrap().rows;
    assert!(functions.len() > 200, "{}", functions.len());
    for function in functions.iter().map(|row| &row[0]) {
        for sql in [
            format!("SELECT \"{function}\"('hidden.raw.secret')"),
            format!("SELECT \"{function}\"('hidden.raw.secret', 'hidden.raw.secret')"),
            format!("SELECT * FROM \"{function}\"('hidden.raw.secret')"),
            format!("SELECT * FROM {function}('hidden.raw.secret', 1)"),
        ] {
            assert_absent(&ada, &sql, "hidden");
        }
    }
    let settings = runtime().block_on(run(&ada, "SHOW SETTINGS")).unwrap().rows;
    assert!(settings.len() > 100, "{}", settings.len());
    let mut taken = 0;
    for name in settings.iter().map(|row| &row[0]) {
        for value in ["hidden", "hidden.raw.secret", "true", "false", "0", "1"] {
            // A session of its own: a timeout of 0 ends whatever comes after it.
            let ada = ada.fresh();
            let set = answer(&ada, &format!("SET {name} = '{value}'"));
            if name.starts_with("datafusion.") {
                assert!(set.unwrap_err().starts_with("Denied"), "{name}");
            } else if set.is_ok() {
                taken += 1;
                let found = answer(&ada, "SELECT * FROM hidden.raw.secret").unwrap_err();
                assert!(!found.contains(SECRET), "{name} = {value}: {found}");
                let listed = format!("{:?}", answer(&ada, "SHOW TABLES FROM half"));
                assert!(!listed.contains("unseen"), "{name} = {value}: {listed}");
            }
        }
    }
    assert!(taken > 10, "{taken}");
}

#[test]
fn a_view_reads_with_the_rights_of_its_catalog_and_opens_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let ada = engine.session_of("ada", None, &readers());
    for view in ["peek", "through", "by_path"] {
        let rows = answer(&ada, &format!("SELECT * FROM open.views.{view}")).unwrap();
        assert_eq!(rows, "[\"w\"] [[\"XYZZY\"]]");
        let receipt = answer(&ada, "SHOW RECEIPT").unwrap();
        assert!(!receipt.contains("hidden") && receipt.contains("read_point"), "{receipt}");
        for sql in [
            "SHOW READ POINT".to_owned(),
            format!("EXPLAIN SELECT * FROM open.views.{view}"),
            format!("EXPLAIN ANALYZE SELECT * FROM open.views.{view}"),
            format!("EXPLAIN VERBOSE SELECT * FROM open.views.{view}"),
            format!("EXPLAIN ESTIMATE SELECT * FROM open.views.{view}"),
        ] {
            let refused = answer(&ada, &sql).unwrap_err();
            assert!(
                refused.starts_with("Denied") && !refused.contains("hidden"),
                "{sql}: {refused}"
            );
        }
    }
    assert_eq!(kind(&ada, "SHOW CREATE VIEW open.views.peek"), Some(ErrorKind::Denied));
    let through = answer(&ada, "SHOW CREATE VIEW open.views.through").unwrap();
    assert!(through.contains("open.views.peek"), "{through}");
    let described = answer(&ada, "DESCRIBE open.views.peek").unwrap();
    assert!(described.contains("\"w\""), "{described}");
    // Who may read it sees all of it.
    let root = engine.session();
    assert!(answer(&root, "EXPLAIN SELECT * FROM open.views.peek").unwrap().contains("secret"));
    assert!(answer(&root, "SHOW CREATE VIEW open.views.peek").unwrap().contains("hidden"));
    // A session's own view has the rights of the session, also where a view of the folder names it.
    answer(&root, "CREATE VIEW nowhere AS SELECT * FROM hidden.raw.secret").unwrap();
    assert!(answer(&root, "SELECT * FROM open.views.broken").unwrap().contains(SECRET));
    assert!(root.set_rights(&readers()));
    for sql in ["SELECT * FROM nowhere", "SELECT * FROM open.views.broken"] {
        let refused = answer(&root, sql).unwrap_err();
        assert!(refused.starts_with("NotFound"), "{sql}: {refused}");
    }
    assert!(!root.set_rights(&readers()), "they are the same");
    assert!(root.set_rights(&Rights::ALL));
    assert!(answer(&root, "SELECT * FROM nowhere").unwrap().contains(SECRET));
}

#[test]
fn writes_need_their_grant_and_paths_their_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut rights = readers();
    let ada = engine.session_of("ada", None, &rights);
    let path = |to: &str| folder.path().join("data").join(to).display().to_string();
    let insert = "INSERT INTO made.own.b VALUES (5)";
    let create = "CREATE TABLE made.own.c AS SELECT 1 AS n";
    let copy = format!("COPY (SELECT 1 AS n) TO '{}'", path("made/own/d.csv"));
    for sql in [insert, create, "CLEAN CATALOG made", &copy] {
        assert_eq!(kind(&ada, sql), Some(ErrorKind::Denied), "{sql}");
    }
    rights.grants.add("made", Access::Write).unwrap();
    ada.set_rights(&rights);
    let insert = "INSERT INTO made.own.c VALUES (5)";
    for sql in [create, insert, "CLEAN CATALOG made"] {
        assert_eq!(kind(&ada, sql), None, "{sql}");
    }
    assert_eq!(kind(&ada, &copy), Some(ErrorKind::Denied), "a path needs its own right");
    rights.files = true;
    ada.set_rights(&rights);
    assert_eq!(kind(&ada, &copy), None);
    let outside = format!("SELECT * FROM '{}'", path("../elsewhere.csv"));
    write(&folder.path().join("elsewhere.csv"), "n\n1\n");
    assert_eq!(kind(&ada, &outside), None);
    for sql in [
        format!("SELECT * FROM '{}'", path("hidden/raw/secret.csv")),
        format!("SELECT * FROM '{}'", path("made/../hidden/raw/secret.csv")),
        format!("SELECT * FROM 'file://{}'", path("hidden/raw/secret.csv")),
        format!("SELECT * FROM '{}'", path("half/unseen/b.csv")),
        format!("COPY (SELECT 1 AS n) TO '{}'", path("open/pub/b.csv")),
        format!("COPY (SELECT 1 AS n) TO '{}'", path("hidden/raw/b.csv")),
        format!("CREATE EXTERNAL TABLE e STORED AS CSV LOCATION '{}'", path("hidden/raw/")),
    ] {
        assert_eq!(kind(&ada, &sql), Some(ErrorKind::Denied), "{sql}");
    }
    // A name that was given to a path opens it as long as paths are open.
    let named = format!("CREATE EXTERNAL TABLE e STORED AS CSV LOCATION '{}'", path("open/pub/"));
    assert_eq!(kind(&ada, &named), None);
    ada.set_rights(&Rights { files: false, ..rights });
    assert_eq!(kind(&ada, "SELECT * FROM e"), Some(ErrorKind::Denied));
}

#[test]
fn limits_of_a_role_hold_and_can_be_lowered() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let limits = Limits {
        max_result_rows: Some(100),
        max_memory_bytes: Some(4 << 20),
        timeout: Some("1min".to_owned()),
        ..Limits::NONE
    };
    let ada = engine.session_of("ada", None, &Rights { limits, ..readers() });
    let rows = |n: u64| format!("SELECT value FROM generate_series(1, {n})");
    assert_eq!(kind(&ada, &rows(100)), None);
    let refused = answer(&ada, &rows(101)).unwrap_err();
    assert!(refused.contains("more than 100 rows, which is max_result_rows"), "{refused}");
    for sql in ["SET max_result_rows = 101", "SET max_result_rows = 0", "SET timeout = '2min'"] {
        assert_eq!(kind(&ada, sql), Some(ErrorKind::Denied), "{sql}");
    }
    for sql in ["SET max_result_rows = 5", "SET max_result_rows = 100", "SET timeout = '1s'"] {
        assert_eq!(kind(&ada, sql), None, "{sql}");
    }
    answer(&ada, "RESET ALL").unwrap();
    let shown = answer(&ada, "SHOW SETTINGS LIKE 'max_result_rows'").unwrap();
    assert!(shown.contains("\"100\", \"role\""), "{shown}");
    // Much more than its memory is sorted on the disk; what cannot spill is ended.
    let sorted = "SELECT max(n) FROM (SELECT value || repeat('x', 100) AS n, row_number() OVER (ORDER BY \
                  value || repeat('x', 100) DESC) AS r FROM generate_series(1, 200000)) WHERE r > 0";
    assert_eq!(kind(&ada, sorted), None);
    let crossed = "SELECT max(a || b) FROM (SELECT value || repeat('x', 1000) AS a FROM \
                   generate_series(1, 20000)) CROSS JOIN (SELECT value || repeat('y', 1000) AS b FROM \
                   generate_series(1, 20000))";
    let refused = answer(&ada, crossed).unwrap_err();
    assert!(refused.contains("the statement's memory limit"), "{refused}");
    assert!(refused.contains("max_memory_bytes"), "{refused}");
    ada.set_rights(&readers());
    assert_eq!(kind(&ada, &rows(101)), None, "without the role, without its limits");
}

#[test]
fn a_role_says_how_many_statements_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let ada = engine.session_of("ada", None, &Rights { statements: Some(1), ..readers() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let none = Parameters::default();
        let mut first = ada.run(ENDLESS, &none).await.unwrap();
        first.next().await.unwrap().unwrap();
        let mut second = ada.run("SELECT 1", &none).await.unwrap();
        let queries = || engine.queries().into_iter();
        until(|| queries().any(|query| query.state == QueryState::Queued));
        drop(first);
        assert_eq!(second.next().await.unwrap().unwrap().num_rows(), 1);
    });
}

#[test]
fn a_changed_users_file_holds_for_sessions_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.toml");
    let mut users = Users::default();
    let role = |read: &[&str]| Role {
        read: read.iter().map(|place| (*place).to_owned()).collect(),
        ..Role::default()
    };
    users.set_role("some", role(&["open"])).unwrap();
    users.set_role("killer", Role { kill: true, ..Role::default() }).unwrap();
    let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    users.set("ada", Some("ada"), &roles(&["some"])).unwrap();
    users.set("eve", Some("eve"), &roles(&["killer"])).unwrap();
    users.write(&path).unwrap();
    let served = Served::with(engine(folder.path()), |options| {
        options.users = Some(path.clone());
        options.sweep = std::time::Duration::from_millis(20);
    });
    let target = Target::parse(served.uri()).unwrap();
    let runtime = runtime();
    let connect = |user: &str| {
        let login = Login::Password { user: user.to_owned(), password: user.to_owned() };
        RemoteSession::connect(&target, &login, &[]).unwrap()
    };
    let (ada, eve) = (connect("ada"), connect("eve"));
    let ask = |session: &RemoteSession, sql: &str| {
        runtime.block_on(async {
            let parameters = sluice::engine::Parameters::default();
            let query = sluice::engine::Session::run(session, sql, &parameters).await?;
            Ok::<_, Error>(read(query).await?.unwrap_or_default().rows)
        })
    };
    ask(&ada, "CREATE TABLE mine AS SELECT 7 AS n").unwrap();
    ask(&ada, "USE open.pub").unwrap();
    assert_eq!(ask(&ada, "SELECT count(*) FROM a").unwrap(), [["2"]]);
    assert_eq!(ask(&ada, "SELECT * FROM made.own.b").unwrap_err().kind(), ErrorKind::NotFound);
    let all = "SELECT DISTINCT catalog_name FROM information_schema.schemata ORDER BY 1";
    assert_eq!(ask(&eve, all).unwrap(), [["session"], ["system"]], "no grant, no catalog");
    // The right to kill ends a statement of another; it does not list it.
    let parameters = sluice::engine::Parameters::default();
    let endless = "SELECT value FROM generate_series(1, 1000000000000)";
    let mut query =
        runtime.block_on(sluice::engine::Session::run(&ada, endless, &parameters)).unwrap();
    runtime.block_on(query.next()).unwrap().unwrap();
    let theirs = "SELECT count(*) FROM system.runtime.queries WHERE \"user\" = 'ada'";
    assert_eq!(ask(&eve, theirs).unwrap(), [["0"]]);
    ask(&eve, &format!("KILL '{}'", query.id())).unwrap();
    while runtime.block_on(query.next()).unwrap().is_ok() {}
    drop(query);
    users.set_role("some", role(&["made"])).unwrap();
    users.write(&path).unwrap();
    for _ in 0..6000 {
        if ask(&ada, "SELECT * FROM made.own.b").is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(ask(&ada, "SELECT * FROM made.own.b").unwrap(), [["4"]]);
    assert_eq!(ask(&ada, "SELECT * FROM open.pub.a").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(ask(&ada, "SELECT * FROM mine").unwrap(), [["7"]], "it is the same session");
}
