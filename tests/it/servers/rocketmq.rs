//! Name servers and brokers of Apache RocketMQ in a process beside the tests: `tests/servers/rocketmq`,
//! built with Maven.
//!
//! They are started, and their topics are filled, at the first test that asks for them. Tests that disturb
//! them take them for themselves. They end when their standard input closes: with this process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::java::{self, Server};
use crate::program::Program;

static SHARED: OnceLock<RwLock<Cluster>> = OnceLock::new();

/// What topics are filled from.
const SEED: &str = "1";

/// Addresses of 16 bytes, and what their code reaches into.
const OPTIONS: [&str; 5] = [
    "-Djava.net.preferIPv4Stack=false",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
];

fn shared() -> &'static RwLock<Cluster> {
    SHARED.get_or_init(|| {
        let cluster = Cluster::start();
        cluster.run(&["fill", SEED]);
        RwLock::new(cluster)
    })
}

/// The cluster, with others beside.
pub(crate) fn cluster() -> RwLockReadGuard<'static, Cluster> {
    shared().read().unwrap_or_else(PoisonError::into_inner)
}

/// The cluster, alone: for tests that stop brokers, or look at all that is on them.
pub(crate) fn alone() -> RwLockWriteGuard<'static, Cluster> {
    shared().write().unwrap_or_else(PoisonError::into_inner)
}

/// Running servers.
pub(crate) struct Cluster {
    folder: PathBuf,
    /// The name server of brokers that ask nobody who he is.
    pub(crate) plain: String,
    /// The one of a broker that does: `reader` with `reader-secret` may read `events`.
    pub(crate) guarded: String,
    asked: AtomicUsize,
    server: Server,
}

impl Cluster {
    fn start() -> Self {
        let folder = java::folder();
        // Logs are kept at home.
        let home = format!("-Duser.home={}", folder.display());
        let options = [OPTIONS.as_slice(), &[&home]].concat();
        let mut command = java::command("rocketmq", "Cluster", 768, &options);
        command.arg(&folder);
        let (server, words) = Server::start(command, &folder);
        let [plain, guarded] =
            <[String; 2]>::try_from(words).expect("the addresses of two name servers");
        Self { folder, plain, guarded, asked: AtomicUsize::new(0), server }
    }

    /// Runs a command of `Cluster.java`: its words. It must succeed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        self.server.run(words)
    }

    /// What RocketMQ's own consumer reads of a topic, a line of JSON per message.
    pub(crate) fn truth(&self, topic: &str) -> String {
        // Others may ask for the same topic.
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{topic}.{number}.truth"));
        self.run(&["truth", topic, file.to_str().unwrap()]);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        text
    }

    /// The program with a catalog `m` over the brokers that ask nobody.
    pub(crate) fn program(&self) -> Program {
        let program = Program::new();
        let options = format!("name_servers = '{}'", self.plain);
        program.write("catalog/m.toml", format!("connector = 'rocketmq'\n[options]\n{options}\n"));
        program
    }
}
