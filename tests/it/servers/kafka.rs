//! A broker of Apache Kafka in a process beside the tests: `tests/servers/kafka`, built with Maven.
//!
//! One is started, and its topics are filled, at the first test that asks for it. Tests that disturb it
//! take it for themselves. It ends when its standard input closes: with this process.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::maven;
use crate::program::Program;

static SHARED: OnceLock<RwLock<Broker>> = OnceLock::new();

/// What its topics are filled from.
const SEED: &str = "1";

fn shared() -> &'static RwLock<Broker> {
    SHARED.get_or_init(|| {
        let broker = Broker::start();
        broker.run(&["fill", SEED]);
        RwLock::new(broker)
    })
}

/// The broker, with others beside.
pub(crate) fn broker() -> RwLockReadGuard<'static, Broker> {
    shared().read().unwrap_or_else(PoisonError::into_inner)
}

/// The broker, alone: for tests that stop it, or look at all that is on it.
pub(crate) fn alone() -> RwLockWriteGuard<'static, Broker> {
    shared().write().unwrap_or_else(PoisonError::into_inner)
}

/// A running broker.
pub(crate) struct Broker {
    folder: PathBuf,
    /// The address of the listener that asks nobody who he is.
    pub(crate) plain: String,
    /// The one that does, by SCRAM-SHA-256: `reader` with `reader-pw` may read `events`.
    pub(crate) sasl: String,
    asked: AtomicUsize,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
}

impl Broker {
    fn start() -> Self {
        let built = maven::built("kafka");
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
        let jars = built.join("jars/*");
        let class_path = format!("{}:{}", built.join("kafka-1.jar").display(), jars.display());
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut process = Command::new("java")
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Djava.net.preferIPv4Stack=true", "-cp", &class_path, "Broker"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("java starts");
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["ready", plain, sasl] = words.as_slice() else {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("the broker does not start: {line}\n{log}");
        };
        let (plain, sasl) = ((*plain).to_owned(), (*sasl).to_owned());
        let pipes = Mutex::new((stdin, stdout));
        Self { folder, plain, sasl, asked: AtomicUsize::new(0), pipes, _process: process }
    }

    /// Runs a command of `Broker.java`: its words. It must succeed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdin, stdout) = &mut *pipes;
        writeln!(stdin, "{}", words.join("\t")).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        match line.trim_end().strip_prefix("ok") {
            Some(answer) => answer.trim().to_owned(),
            None => panic!("{words:?}: {line}"),
        }
    }

    /// What Kafka's own consumer reads of a topic, a line of JSON per record.
    pub(crate) fn truth(&self, topic: &str) -> Vec<serde_json::Value> {
        // Others may ask for the same topic.
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{topic}.{number}.truth"));
        self.run(&["truth", topic, "read_committed", file.to_str().unwrap()]);
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The program with a catalog `k` over this broker.
    pub(crate) fn program(&self) -> Program {
        let program = Program::new();
        let options = format!("bootstrap_servers = '{}'", self.plain);
        program.write("catalog/k.toml", format!("connector = 'kafka'\n[options]\n{options}\n"));
        program
    }
}
