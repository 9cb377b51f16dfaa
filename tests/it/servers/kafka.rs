//! A broker of Apache Kafka in a process beside the tests: `tests/servers/kafka`, built with Maven.
//!
//! One is started, and its topics are filled, at the first test that asks for it. Tests that disturb it
//! take it for themselves. It ends when its standard input closes: with this process.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::certificates::{authority, signed};
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
    /// The one over TLS that takes `reader`'s certificate for a name, and asks nobody else.
    pub(crate) tls: String,
    /// The one over TLS that asks by PLAIN.
    pub(crate) tls_sasl: String,
    asked: AtomicUsize,
    server: Server,
}

impl Broker {
    fn start() -> Self {
        let folder = java::folder();
        authority(&folder);
        for name in ["broker", "reader"] {
            signed(&folder, name, "IP:127.0.0.1");
        }
        let mut command = java::command("kafka", "Broker", 512, &[]);
        command.arg(folder.join("server")).arg(&folder);
        std::fs::create_dir(folder.join("server")).unwrap();
        let (server, words) = Server::start(command, &folder);
        let [plain, sasl, tls, tls_sasl] =
            <[String; 4]>::try_from(words).expect("the addresses of four listeners");
        Self { folder, plain, sasl, tls, tls_sasl, asked: AtomicUsize::new(0), server }
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

    /// A file for what a command writes; certificates are `ca.pem`, `reader.pem` and `reader.key`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The program with a catalog `k` over this broker.
    pub(crate) fn program(&self) -> Program {
        over(&self.plain)
    }
}

/// The program with a catalog `k` over brokers.
fn over(addresses: &str) -> Program {
    let program = Program::new();
    let options = format!("bootstrap_servers = '{addresses}'");
    program.write("catalog/k.toml", format!("connector = 'kafka'\n[options]\n{options}\n"));
    program
}

/// Brokers that keep copies of all topics, each a process of its own.
pub(crate) struct Trio {
    nodes: Vec<(String, Server)>,
}

impl Trio {
    /// Starts three.
    pub(crate) fn start() -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let voters: Vec<String> = [free(), free(), free()]
            .iter()
            .zip(1..)
            .map(|(port, id)| format!("{id}@{}", port.local_addr().unwrap()))
            .collect();
        let voters = voters.join(",");
        // None is ready before it knows another one.
        let node = |id: u32| {
            let folder = java::folder();
            let mut command = java::command("kafka", "Broker", 384, &[]);
            command.arg(&folder).arg("node").arg(id.to_string()).arg(&voters);
            let (server, words) = Server::start(command, &folder);
            (words.concat(), server)
        };
        let nodes = std::thread::scope(|scope| {
            let starts: Vec<_> = (1..=3).map(|id| scope.spawn(move || node(id))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        Self { nodes }
    }

    /// Runs a command of `Broker.java` on a node, which are counted from 0.
    pub(crate) fn run(&self, node: usize, words: &[&str]) -> String {
        self.nodes[node].1.run(words)
    }

    /// The node that leads a partition, as another node knows it.
    pub(crate) fn leader(&self, asked: usize, topic: &str, partition: u32) -> usize {
        let leader = self.run(asked, &["leader", topic, &partition.to_string()]);
        leader.parse::<usize>().unwrap() - 1
    }

    /// Ends a node as a machine that loses its power.
    pub(crate) fn kill(&self, node: usize) {
        self.nodes[node].1.kill();
    }

    /// The program with a catalog `k` over all of them.
    pub(crate) fn program(&self) -> Program {
        let addresses: Vec<&str> = self.nodes.iter().map(|(address, _)| address.as_str()).collect();
        over(&addresses.join(","))
    }
}
