//! The Flight SQL door from outside: sessions, read points, cancelling, TLS, what is left behind.
//! `slt` runs every SQL test through it, `tests/clients` what other people's drivers do with it.

use sluice::client::{Login, RemoteSession, Target};
use sluice::engine::{AdmissionLimits, Parameters, Query, Session};
use sluice::error::{Error, ErrorKind};

use crate::program::Program;
use crate::rows::read;
use crate::served::{Served, engine};
use crate::servers::certificates::{authority, signed};

/// What runs statements one after the other and waits for them.
pub(crate) struct Client {
    runtime: tokio::runtime::Runtime,
    session: RemoteSession,
}

impl Client {
    pub(crate) fn new(session: RemoteSession) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, session }
    }

    pub(crate) fn start(&self, sql: &str) -> Result<Box<dyn Query>, Error> {
        self.runtime.block_on(self.session.run(sql, &Parameters::default()))
    }

    pub(crate) fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, Error> {
        self.runtime.block_on(async {
            let query = self.session.run(sql, &Parameters::default()).await?;
            Ok(read(query).await?.unwrap_or_default().rows)
        })
    }

    pub(crate) fn next(&self, query: &mut dyn Query) -> Option<Result<usize, Error>> {
        let batch = self.runtime.block_on(query.next());
        batch.map(|batch| batch.map(|batch| batch.num_rows()))
    }
}

/// A stream that ends when the world does.
pub(crate) const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

/// Waits for what has to come; how long is not what is tested.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if condition() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("did not come");
}

fn running(served: &Served) -> usize {
    let ended = ["finished", "failed", "cancelled"];
    let queries = served.engine().queries();
    queries.iter().filter(|query| !ended.contains(&query.state.as_str())).count()
}

#[test]
fn a_session_keeps_what_it_sets_and_makes_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let (ada, bob) = (Client::new(served.connect()), Client::new(served.connect()));
    ada.rows("CREATE TABLE mine AS SELECT 1 AS n").unwrap();
    ada.rows("SET timezone = 'Asia/Shanghai'").unwrap();
    assert_eq!(ada.rows("SELECT * FROM mine").unwrap(), [["1"]]);
    assert_eq!(bob.rows("SELECT * FROM mine").unwrap_err().kind(), ErrorKind::Sql);
    assert_eq!(bob.rows("SHOW timezone").unwrap()[0][1], "UTC");
    ada.rows("USE made").unwrap();
    assert_eq!(ada.session.home()[0], "made");
    assert_eq!(bob.session.home()[0], "session");
}

#[test]
fn an_error_arrives_with_its_kind_place_and_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let local = served.engine().session();
    let client = Client::new(served.connect());
    for sql in ["SELECT nmae FROM (SELECT 1 AS name)", "SELEC 1", "SELECT 1 / 0", "DROP TABLE x"] {
        let here = client.runtime.block_on(async {
            let query = local.run(sql, &Parameters::default()).await?;
            read(query).await.map(drop)
        });
        let (here, there) = (here.unwrap_err(), client.rows(sql).unwrap_err());
        assert_eq!(here.kind(), there.kind(), "{sql}");
        assert_eq!(here.message(), there.message(), "{sql}");
        assert_eq!(here.hint(), there.hint(), "{sql}");
        assert_eq!(here.position(), there.position(), "{sql}");
    }
}

#[test]
fn parameters_are_bound_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let client = Client::new(served.connect());
    let mut parameters = Parameters::default();
    parameters.set("most", Some("2".to_owned()));
    parameters.set("unused", Some("x".to_owned()));
    let run = |sql: &'static str, parameters: &Parameters| {
        client.runtime.block_on(async {
            read(client.session.run(sql, parameters).await?).await.map(Option::unwrap)
        })
    };
    let sql = "SELECT value FROM generate_series(1, 9) WHERE value <= $most";
    assert_eq!(run(sql, &parameters).unwrap().rows, [["1"], ["2"]]);
    let missing = run(sql, &Parameters::default()).unwrap_err();
    assert_eq!(missing.message(), "parameter $most has no value");
}

#[test]
fn a_query_that_is_left_ends_and_gives_its_turn_back() {
    let folder = tempfile::tempdir().unwrap();
    let one = AdmissionLimits { statements: Some(1), ..AdmissionLimits::default() };
    let served = Served::start(engine(folder.path(), one));
    let client = Client::new(served.connect());
    let mut query = client.start(ENDLESS).unwrap();
    assert!(client.next(query.as_mut()).unwrap().unwrap() > 0);
    assert_eq!(running(&served), 1);
    drop(query);
    // The only turn is free again.
    assert_eq!(client.rows("SELECT 1").unwrap(), [["1"]]);
    until(|| running(&served) == 0);
}

#[test]
fn a_statement_that_is_killed_says_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let (client, other) = (Client::new(served.connect()), Client::new(served.connect()));
    let mut query = client.start(ENDLESS).unwrap();
    client.next(query.as_mut()).unwrap().unwrap();
    other.rows(&format!("KILL '{}'", query.id())).unwrap();
    let error = loop {
        match client.next(query.as_mut()).expect("it ends with an error") {
            Ok(_) => {}
            Err(e) => break e,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.message(), "the statement was ended by anonymous");
    let again = other.rows(&format!("KILL '{}'", query.id())).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
}

#[test]
fn what_runs_is_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let client = Client::new(served.connect());
    client.rows("SELECT 41 + 1").unwrap();
    client.rows("SELECT 1 / 0").unwrap_err();
    let rows = client
        .rows("SELECT state, error FROM system.runtime.queries WHERE sql LIKE 'SELECT%' ORDER BY query_id")
        .unwrap();
    assert_eq!(rows[0], ["finished", "NULL"]);
    assert_eq!(rows[1], ["failed", "division by zero"]);
    // It lists itself, as it is planned.
    assert_eq!(rows[2][0], "planning");
}

#[test]
fn our_client_sees_how_far_a_statement_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let client = Client::new(served.connect());
    client
        .rows("CREATE TABLE made.default.n AS SELECT value FROM generate_series(1, 20000)")
        .unwrap();
    // No row for long: what is told comes alone.
    let sql = "SELECT count(*) FROM made.default.n a, made.default.n b WHERE a.value + b.value < 0";
    let mut query = client.start(sql).unwrap();
    let progress = client.runtime.block_on(async {
        loop {
            let tick = std::time::Duration::from_millis(10);
            if tokio::time::timeout(tick, query.next()).await.is_ok() {
                panic!("it ended without a word");
            }
            let progress = query.progress();
            if progress.rows_read > 0 {
                return progress;
            }
        }
    });
    assert!(progress.bytes_read > 0 && progress.files > 0, "{progress:?}");
    drop(query);
    // All of it is known at the end.
    let mut query = client.start("SELECT sum(value) FROM made.default.n").unwrap();
    while let Some(rows) = client.next(query.as_mut()) {
        rows.unwrap();
    }
    let progress = query.progress();
    assert_eq!((progress.rows, progress.rows_read), (1, 20_000));
}

#[test]
fn a_result_that_was_cut_has_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(engine(folder.path(), AdmissionLimits::default()));
    let client = Client::new(served.connect());
    client
        .rows("CREATE TABLE made.default.n AS SELECT value FROM generate_series(1, 300000)")
        .unwrap();
    let mut query = client.start("SELECT a.value FROM made.default.n a, made.default.n b").unwrap();
    client.next(query.as_mut()).unwrap().unwrap();
    client.runtime.block_on(query.stop());
    let receipt = client.rows("SHOW RECEIPT").unwrap();
    assert!(receipt.iter().all(|line| line[0] == query.id()), "{receipt:?}");
    let read = receipt.iter().find(|line| line[1] == "made.default.n" && line[2] == "rows_read");
    assert!(read.unwrap()[3].parse::<u64>().unwrap() > 0, "{receipt:?}");
    until(|| running(&served) == 0);
    // Who stops what has ended, or reads on, hears nothing bad.
    let mut query = client.start("SELECT 1").unwrap();
    while let Some(rows) = client.next(query.as_mut()) {
        rows.unwrap();
    }
    client.runtime.block_on(query.stop());
    assert_eq!(client.rows("SELECT 1").unwrap(), [["1"]]);
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::with(engine(folder.path(), AdmissionLimits::default()), |options| {
        options.sessions.left = std::time::Duration::ZERO;
        options.sweep = std::time::Duration::from_millis(20);
    });
    for _ in 0..20 {
        let client = Client::new(served.connect());
        let mut query = client.start(ENDLESS).unwrap();
        client.next(query.as_mut()).unwrap().unwrap();
        assert!(served.sessions() > 0);
        // The process of a client that dies closes its connection, and nothing else.
        drop(client);
        drop(query);
    }
    until(|| served.sessions() == 0 && running(&served) == 0);
}

#[test]
fn users_get_in_by_password_or_token_and_do_what_they_may() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let path = program.path("users.toml");
    let mut users = sluice::server::Users::default();
    users.set("ada", Some("secret"), &[]).unwrap();
    users.set("root", Some("root"), &["admin".to_owned()]).unwrap();
    users.set("local", Some("local"), &[]).unwrap();
    let token = users.add_token("ada", "dashboards").unwrap();
    users.write(&path).unwrap();
    let served = Served::with(engine(folder.path(), AdmissionLimits::default()), |options| {
        options.users = Some(path.clone());
        options.sweep = std::time::Duration::from_millis(20);
    });
    let target = Target::parse(served.uri()).unwrap();
    let password = |user: &str, password: &str| Login::Password {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    let connect = |login: &Login| RemoteSession::connect(&target, login, &[]);
    for login in [
        Login::Nobody,
        Login::Token("sluice-token-x".to_owned()),
        Login::Token("sluice-session-x".to_owned()),
        password("ada", "Secret"),
        password("bob", "secret"),
    ] {
        assert_eq!(connect(&login).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    let ada = Client::new(connect(&password("ada", "secret")).unwrap());
    let again = Client::new(connect(&Login::Token(token)).unwrap());
    let root = Client::new(connect(&password("root", "root")).unwrap());
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "n\n1\n").unwrap();
    let read_file = format!("SELECT count(*) FROM '{}'", file.display());
    assert_eq!(root.rows(&read_file).unwrap(), [["1"]]);
    for sql in [
        read_file.as_str(),
        "COPY (SELECT 1 AS n) TO 'here.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.csv'",
        "SET read_point = '/etc/passwd'",
        "SET sluice.READ_POINT = '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        assert_eq!(ada.rows(sql).unwrap_err().kind(), ErrorKind::Denied, "{sql}");
    }
    // Statements of others are not there, to be seen or to be ended.
    let mut query = root.start(ENDLESS).unwrap();
    root.next(query.as_mut()).unwrap().unwrap();
    let kill = format!("KILL '{}'", query.id());
    assert_eq!(ada.rows(&kill).unwrap_err().kind(), ErrorKind::NotFound);
    let owners = "SELECT DISTINCT \"user\" FROM system.runtime.queries";
    assert_eq!(again.rows(owners).unwrap(), [["ada"]]);
    // A name opens nothing, the operator's right does.
    let local = Client::new(connect(&password("local", "local")).unwrap());
    assert_eq!(local.rows(owners).unwrap(), [["local"]]);
    let sorted = format!("{owners} ORDER BY 1");
    assert_eq!(root.rows(&sorted).unwrap(), [["ada"], ["local"], ["root"]]);
    let mut theirs = ada.start(ENDLESS).unwrap();
    ada.next(theirs.as_mut()).unwrap().unwrap();
    root.rows(&format!("KILL '{}'", theirs.id())).unwrap();
    while ada.next(theirs.as_mut()).unwrap().is_ok() {}
    drop((query, theirs));
    // Who is taken away is out, with the sessions that were open.
    users.remove("ada").unwrap();
    users.write(&path).unwrap();
    until(|| ada.rows("SELECT 1").is_err());
    assert_eq!(ada.rows("SELECT 1").unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(root.rows("SELECT 1").unwrap(), [["1"]]);
}

#[test]
fn users_are_made_and_shown_on_the_command_line() {
    let program = Program::new();
    let added = program.run_with(&["user", "add", "ada"], "secret\n");
    assert_eq!(added.code, 0, "{}", added.stderr);
    let token = program.run(&["token", "add", "ada", "dashboards"]);
    assert!(token.stdout.starts_with("sluice-token-"), "{}", token.stderr);
    let listed = program.run(&["user", "list"]);
    assert_eq!(listed.stdout, "ada\treader\tdashboards\n");
    let file = std::fs::read_to_string(program.path("users.toml")).unwrap();
    assert!(!file.contains("secret") && !file.contains(token.stdout.trim()));
    let gone = program.run(&["user", "remove", "bda"]);
    assert!(gone.stderr.contains("did you mean ada?"), "{}", gone.stderr);
    let role = ["role", "add", "lakes", "--read", "lake.raw", "--read", "sales", "--kill"];
    let role = [role.as_slice(), &["--limit-result-rows", "9", "--limit-statements", "2"]].concat();
    assert_eq!(program.run(&role).code, 0);
    let roles = program.run(&["role", "list"]).stdout;
    let line = "lakes\tlake.raw,sales\t\tkill\tstatements=2,max_result_rows=9";
    assert!(roles.lines().any(|listed| listed == line), "{roles}");
    let given = program.run(&["user", "add", "ada", "--no-password", "--role", "lakes"]);
    assert_eq!(given.code, 0, "{}", given.stderr);
    assert_eq!(program.run(&["user", "list"]).stdout, "ada\tlakes\tdashboards\n");
    let kept = program.run(&["role", "remove", "lakes"]);
    assert!(kept.stderr.contains("role lakes is that of ada"), "{}", kept.stderr);
    let wrong = program.run(&["user", "add", "bob", "--no-password", "--role", "lake"]);
    assert!(wrong.stderr.contains("did you mean lakes?"), "{}", wrong.stderr);
    let wrong = program.run(&["role", "add", "r", "--limit-time", "soon"]);
    assert!(wrong.stderr.contains("timeout"), "{}", wrong.stderr);
}

/// An authority, and certificates for localhost and a client.
pub(crate) fn certificates(program: &Program) {
    let folder = program.path("");
    authority(&folder);
    for name in ["localhost", "client"] {
        signed(&folder, name, "DNS:localhost,IP:127.0.0.1");
    }
}

#[test]
fn tls_lets_in_who_knows_the_authority_and_shows_a_certificate() {
    let program = Program::new();
    certificates(&program);
    let folder = tempfile::tempdir().unwrap();
    let served = Served::with(engine(folder.path(), AdmissionLimits::default()), |options| {
        options.tls = Some(sluice::server::flight_sql::TlsFiles {
            certificate: program.path("localhost.pem"),
            key: program.path("localhost.key"),
            client_ca: Some(program.path("ca.pem")),
        });
    });
    let connect = |target: &Target| RemoteSession::connect(target, &Login::Nobody, &[]);
    let mut target = Target::parse(served.uri()).unwrap();
    assert!(served.uri().starts_with("grpc+tls://"));
    // The system's authorities do not know this one.
    assert_eq!(connect(&target).unwrap_err().kind(), ErrorKind::Unavailable);
    target.ca = Some(program.path("ca.pem"));
    assert_eq!(
        connect(&target).unwrap_err().kind(),
        ErrorKind::Unavailable,
        "no certificate shown"
    );
    target.identity = Some((program.path("client.pem"), program.path("client.key")));
    let client = Client::new(connect(&target).unwrap());
    assert_eq!(client.rows("SELECT 1").unwrap(), [["1"]]);
    let plain = Target::parse(&served.uri().replace("grpc+tls", "grpc")).unwrap();
    assert_eq!(connect(&plain).unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn a_server_that_others_reach_asks_who_they_are_or_is_told_not_to() {
    let ran = Program::new().run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("nobody would be asked who they are"), "{}", ran.stderr);
}
