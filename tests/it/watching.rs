//! A server as who runs it sees it: health, metrics, logs, and the statements of yesterday.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sluice::client::{Login, RemoteSession, Target};
use sluice::engine::{AdmissionLimits, EngineOptions, History};
use sluice::error::ErrorKind;
use sluice::server::{Level, Log, LogFormat, LogOptions};

use crate::door::{Client, ENDLESS, certificates, until};
use crate::program::Program;
use crate::served::{Served, engine, engine_with};

/// What a server answers over HTTP: the status, the head and the text.
fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: sluice\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), text.to_owned())
}

fn metrics(address: SocketAddr) -> String {
    ask(address, "GET", "/metrics").2
}

/// The value of a metric, its labels as they are written.
fn metric(address: SocketAddr, name: &str) -> f64 {
    let text = metrics(address);
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.map_or(0.0, |value| value.parse().unwrap())
}

fn watched(folder: &Path) -> Served {
    let engine = engine(folder, AdmissionLimits::default());
    Served::with(engine, |options| options.status = Some("127.0.0.1:0".parse().unwrap()))
}

#[test]
fn health_is_told_over_http_until_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = watched(folder.path());
    let status = served.status();
    assert_eq!(ask(status, "GET", "/health").0, 200);
    let (code, _, text) = ask(status, "GET", "/ready");
    assert_eq!((code, text.as_str()), (200, "ready\n"));
    assert_eq!(ask(status, "HEAD", "/health").2, "");
    assert_eq!(ask(status, "GET", "/").0, 404);
    assert_eq!(ask(status, "POST", "/metrics").0, 405);
    let head = ask(status, "GET", "/metrics").1;
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    // A statement that runs has its grace, in which nothing new is to be sent here.
    let client = Client::new(served.connect());
    let mut query = client.start(ENDLESS).unwrap();
    client.next(query.as_mut()).unwrap().unwrap();
    served.stop();
    until(|| ask(status, "GET", "/ready").0 == 503);
    assert_eq!(ask(status, "GET", "/health").0, 200);
}

/// The names in backticks.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn the_metrics_are_those_of_the_page() {
    let page = include_str!("../../docs/serving.md");
    let (_, table) = page.split_once("| metric | labels |\n|---|---|\n").unwrap();
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut histograms = BTreeSet::new();
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let mut cells = row.split('|').skip(1);
        let (names, labels) = (cells.next().unwrap(), cells.next().unwrap());
        let labels = labels.split(':').next().unwrap();
        for name in quoted(names) {
            if names.contains("(histogram)") {
                histograms.insert(name.clone());
            }
            documented.insert(name, quoted(labels).collect());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let served = watched(folder.path());
    let client = Client::new(served.connect());
    client.rows("SELECT 1").unwrap();
    client.rows("SELECT 1 / 0").unwrap_err();
    let failed = "sluice_statements_total{state=\"failed\",error_kind=\"sql\"}";
    until(|| metric(served.status(), failed) == 1.0);
    let text = metrics(served.status());
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut told_histograms = BTreeSet::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            told.insert(name.to_owned(), BTreeSet::new());
            if kind == "histogram" {
                told_histograms.insert(name.to_owned());
            }
        } else if !line.starts_with('#') {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap();
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            let parts = ["_bucket", "_sum", "_count"];
            let whole = parts.iter().find_map(|part| name.strip_suffix(part));
            let whole = whole.filter(|whole| told_histograms.contains(*whole)).unwrap_or(name);
            let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
            let labels = labels.map(|label| label.split('=').next().unwrap().to_owned());
            let known = told.get_mut(whole).expect("its TYPE is before it");
            known.extend(labels.filter(|label| label != "le"));
        }
    }
    assert_eq!(documented, told);
    assert_eq!(histograms, told_histograms);
}

#[test]
fn metrics_count_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let served = watched(folder.path());
    let status = served.status();
    let client = Client::new(served.connect());
    client.rows("SELECT value FROM generate_series(1, 1000)").unwrap();
    let mut query = client.start(ENDLESS).unwrap();
    client.next(query.as_mut()).unwrap().unwrap();
    until(|| metric(status, "sluice_statements_running") == 1.0);
    assert_eq!(metric(status, "sluice_sessions"), 1.0);
    assert_eq!(metric(status, "sluice_sessions_started_total"), 1.0);
    assert!(metric(status, "sluice_bytes_sent_total") > 8000.0);
    drop(query);
    let cancelled = "sluice_statements_total{state=\"cancelled\",error_kind=\"cancelled\"}";
    until(|| metric(status, cancelled) == 1.0);
    assert_eq!(metric(status, "sluice_statements_running"), 0.0);
    let finished = "sluice_statements_total{state=\"finished\",error_kind=\"none\"}";
    // Our client asks for the time zone when it connects.
    assert_eq!(metric(status, finished), 2.0);
    assert!(metric(status, "sluice_rows_sent_total") >= 1000.0);
    assert_eq!(metric(status, "sluice_statement_duration_seconds_count"), 3.0);
}

/// The lines of a log of JSON.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(line: &'v Value, name: &str) -> &'v str {
    line[name].as_str().unwrap_or_default()
}

/// Logs in a folder, of all that happens.
fn logs(folder: &Path, change: impl FnOnce(&mut LogOptions)) -> Log {
    let mut options = LogOptions {
        format: LogFormat::Json,
        level: Level::Debug,
        file: Some(folder.join("log")),
        slow: Some(Duration::ZERO),
        audit: Some(folder.join("audit")),
        hide_literals: false,
    };
    change(&mut options);
    Log::open(options).unwrap()
}

fn logged(folder: &Path, log: &Log) -> Served {
    let listener = Arc::new(log.clone());
    let options = EngineOptions { listener: Some(listener), ..EngineOptions::default() };
    Served::with(engine_with(folder, options), |options| options.log = log.clone())
}

#[test]
fn every_line_of_a_statement_has_its_id_and_a_slow_one_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let served = logged(folder.path(), &logs(folder.path(), |_| {}));
    let client = Client::new(served.connect());
    let query = client.start("SELECT 41 + 1").unwrap();
    let id = query.id().to_owned();
    drop(query);
    let path = folder.path().join("log");
    let of_it = || {
        let lines = lines(&path).into_iter().filter(|line| text(line, "query_id") == id);
        lines.collect::<Vec<_>>()
    };
    until(|| of_it().len() == 2);
    let of_it = of_it();
    assert_eq!(text(&of_it[0], "message"), "statement begins");
    assert_eq!(text(&of_it[1], "message"), "slow statement");
    assert_eq!(text(&of_it[1], "level"), "warn");
    assert_eq!(text(&of_it[1], "sql"), "SELECT 41 + 1");
    assert_eq!(text(&of_it[1], "address"), "127.0.0.1");
    for line in lines(&path) {
        let of_a_statement = text(&line, "message").contains("statement");
        assert_eq!(of_a_statement, line["query_id"].is_string(), "{line}");
    }
}

#[test]
fn what_is_not_slow_has_no_text_and_what_is_well_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = logs(folder.path(), |options| {
        options.level = Level::Info;
        options.format = LogFormat::Text;
        options.slow = Some(Duration::from_secs(3600));
    });
    let served = logged(folder.path(), &log);
    let client = Client::new(served.connect());
    client.rows("SELECT 'well'").unwrap();
    client.rows("SELECT CAST('ill' AS INT)").unwrap_err();
    let path = folder.path().join("log");
    until(|| std::fs::read_to_string(&path).unwrap().contains("statement ended"));
    let log = std::fs::read_to_string(&path).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(" info  statement ended ") && log.contains("query_id="), "{log}");
    assert!(!log.contains("SELECT"), "{log}");
}

#[test]
fn who_did_what_is_taken_down_without_secrets_and_on_wish_without_literals() {
    let folder = tempfile::tempdir().unwrap();
    let users_file = folder.path().join("users.toml");
    let mut users = sluice::server::Users::default();
    users.set("ada", Some("pass-word-of-ada"), &[]).unwrap();
    let token = users.add_token("ada", "dashboards").unwrap();
    users.write(&users_file).unwrap();
    let log = logs(folder.path(), |options| options.hide_literals = true);
    let history = Some(History::open(&folder.path().join("history")).unwrap());
    let listener = Some(Arc::new(log.clone()) as Arc<_>);
    let options = EngineOptions { listener, history, ..EngineOptions::default() };
    let engine = engine_with(folder.path(), options);
    let served = Served::with(engine.clone(), |options| {
        options.log = log.clone();
        options.users = Some(users_file.clone());
    });
    let target = Target::parse(served.uri()).unwrap();
    let password =
        |password: &str| Login::Password { user: "ada".to_owned(), password: password.to_owned() };
    let connect = |login: &Login| RemoteSession::connect(&target, login, &[]);
    for wrong in [password("wrong-word-of-ada"), Login::Token("sluice-token-wrong".to_owned())] {
        assert_eq!(connect(&wrong).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    let client = Client::new(connect(&Login::Token(token.clone())).unwrap());
    let secret = "SELECT 'a-literal', 4711 FROM generate_series(1, 815) -- a-remark";
    client.rows(secret).unwrap();
    let error = client.rows("SELECT CAST('a-literal' AS INT)").unwrap_err();
    assert!(error.message().contains("a-literal"));
    client.rows("SET datafusion.execution.batch_size = 1").unwrap_err();
    // It comes to nothing before it runs, as it is prepared.
    client.rows("SELECT n FROM nothing_there WHERE n = ?").unwrap_err();
    let client = Client::new(connect(&password("pass-word-of-ada")).unwrap());
    client.rows("SELECT 1").unwrap();
    let audit = folder.path().join("audit");
    let events = |name: &str| {
        let named = lines(&audit).into_iter().filter(|line| text(line, "event") == name);
        named.collect::<Vec<_>>()
    };
    until(|| events("statement").iter().any(|line| text(line, "sql") == "SELECT ?"));
    let logins = events("login");
    assert_eq!(logins.len(), 2, "{logins:?}");
    assert!(logins.iter().all(|line| text(line, "user") == "ada"));
    let refused = events("login_refused");
    assert_eq!(refused.iter().map(|line| text(line, "user")).collect::<Vec<_>>(), ["ada", ""]);
    assert!(refused.iter().all(|line| text(line, "address") == "127.0.0.1"));
    let statements = events("statement");
    let of = |sql: &str| statements.iter().find(|line| text(line, "sql") == sql).unwrap();
    let read = of("SELECT ?, ? FROM generate_series(?, ?)  ");
    assert_eq!((text(read, "user"), text(read, "state")), ("ada", "finished"));
    assert_eq!(read["rows"], 815);
    assert!(read["query_id"].is_string() && read["error_kind"].is_null());
    let denied = of("SET datafusion.execution.batch_size = ?");
    assert_eq!((text(denied, "state"), text(denied, "error_kind")), ("failed", "denied"));
    let unknown = of("SELECT n FROM nothing_there WHERE n = ?");
    assert_eq!((text(unknown, "state"), text(unknown, "error_kind")), ("failed", "sql"));
    drop(served);
    engine.close();
    // No secret is anywhere, and literals where they are not left out only.
    let basic = |password: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("ada:{password}"))
    };
    let [right, wrong] = ["pass-word-of-ada", "wrong-word-of-ada"].map(basic);
    let secrets = [
        "pass-word-of-ada",
        "wrong-word-of-ada",
        "sluice-token-wrong",
        "sluice-session-",
        "argon2",
        &token,
        &right,
        &wrong,
    ];
    for name in ["log", "audit", "history/queries-000001.jsonl"] {
        let written = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(written.contains("ada"), "{name}");
        for secret in secrets {
            assert!(!written.contains(secret), "{secret} is in {name}");
        }
        let literals = written.contains("a-literal") || written.contains("a-remark");
        assert_eq!(literals, name.starts_with("history"), "{name}");
    }
}

/// A server that a file has started, and what it says.
struct Started {
    child: Child,
    says: BufReader<std::process::ChildStderr>,
    uri: String,
}

impl Started {
    fn new(program: &Program) -> Self {
        let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut says = BufReader::new(child.stderr.take().unwrap());
        let uri = told(&mut says, "serves Flight SQL at ");
        Self { child, says, uri }
    }

    fn client(&self) -> Client {
        let target = Target::parse(&self.uri).unwrap();
        Client::new(RemoteSession::connect(&target, &Login::Nobody, &[]).unwrap())
    }

    /// Ends it in good order.
    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        // What it says is read, so that it can say it.
        let mut rest = String::new();
        self.says.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }
}

/// What follows in the next line of JSON with this text.
fn told(says: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(says.read_line(&mut line).unwrap() > 0, "it ended without {text}");
        let line: Value = serde_json::from_str(&line).unwrap();
        let message = line["message"].as_str().unwrap();
        if let Some((_, rest)) = message.split_once(text) {
            return rest.to_owned();
        }
    }
}

#[test]
fn statements_are_remembered_over_a_restart() {
    let program = Program::new();
    program.write(
        "sluice.toml",
        "[server]\nstatus = \"127.0.0.1:0\"\nlog = \"json\"\naudit = \"audit\"\ngrace = \"1s\"\n",
    );
    let mut first = Started::new(&program);
    let status = told(&mut first.says, "health and metrics at http://");
    let status = status.split('/').next().unwrap().parse().unwrap();
    assert_eq!(ask(status, "GET", "/ready").0, 200);
    let client = first.client();
    client.rows("SELECT 'yesterday'").unwrap();
    client.rows("SELECT 1 / 0").unwrap_err();
    drop(client);
    first.end();
    assert!(!lines(&program.path("audit")).is_empty());
    let second = Started::new(&program);
    let past = second.client().rows(
        "SELECT sql, state, error_kind, address FROM system.runtime.queries \
         WHERE state <> 'planning' ORDER BY began",
    );
    let past = past.unwrap();
    assert!(
        past.contains(
            &["SELECT 'yesterday'", "finished", "NULL", "127.0.0.1"].map(str::to_owned).to_vec()
        ),
        "{past:?}"
    );
    assert!(past.iter().any(|row| row[..3] == ["SELECT 1 / 0", "failed", "sql"]), "{past:?}");
    second.end();
}

#[test]
fn the_file_of_the_page_is_one_that_the_check_takes() {
    let page = include_str!("../../docs/serving.md");
    let (_, after) = page.split_once("`/etc/sluice/sluice.toml`:\n\n```toml\n").unwrap();
    let (file, _) = after.split_once("```").unwrap();
    let program = Program::new();
    program.write("catalog/here.toml", "connector = \"files\"\n[options]\nlocation = \"data\"\n");
    program.write("data/t.csv", "n\n1\n").write("sluice.toml", file);
    // Neither users nor a certificate are there yet.
    let ran = program.run(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("server.pem"), "{}", ran.stderr);
    certificates(&program);
    std::fs::rename(program.path("localhost.pem"), program.path("server.pem")).unwrap();
    std::fs::rename(program.path("localhost.key"), program.path("server.key")).unwrap();
    let ran = program.run(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("users.toml"), "{}", ran.stderr);
    let ran = program.run_with(&["user", "add", "ada"], "a long password\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = program.run(&["check"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    // What is wrong in `[server]` is found, and only where it is asked for all.
    program.write("sluice.toml", "[server]\nlisten = \"0.0.0.0:1\"\n");
    assert_eq!(program.run(&["check", "--catalog-dir", "catalog"]).code, 1);
    program.write("sluice.toml", "[server]\nlog_levl = \"debug\"\n");
    assert_eq!(program.run(&["check", "--catalog-dir", "catalog"]).code, 1);
}
