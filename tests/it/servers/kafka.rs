//! A broker of Apache Kafka in a process beside the tests: `tests/servers/kafka`, built with Maven.
//!
//! One is started, and its topics are filled, at the first test that asks for it. Tests that disturb it
//! take it for themselves. It ends when its standard input closes: with this process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::java::{self, Server};
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
    server: Server,
}

impl Broker {
    fn start() -> Self {
        let folder = java::folder();
        let mut command = java::command("kafka", "Broker", 512, &[]);
        command.arg(&folder);
        let (server, words) = Server::start(command, &folder);
        let [plain, sasl] = <[String; 2]>::try_from(words).expect("the addresses of two listeners");
        Self { folder, plain, sasl, asked: AtomicUsize::new(0), server }
    }

    /// Runs a command of `Broker.java`: its words. It must succeed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        self.server.run(words)
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

    /// A file for what a command writes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The program with a catalog `k` over this broker.
    pub(crate) fn program(&self) -> Program {
        let program = Program::new();
        let options = format!("bootstrap_servers = '{}'", self.plain);
        program.write("catalog/k.toml", format!("connector = 'kafka'\n[options]\n{options}\n"));
        program
    }
}
