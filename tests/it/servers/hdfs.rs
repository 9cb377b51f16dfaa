//! A cluster of HDFS in a process beside the tests: `tests/servers/hdfs`, built with Maven.
//!
//! One is started at the first test that asks for it. Tests that disturb it take it for themselves.
//! It ends, and removes its folder, when its standard input closes: with this process.

use std::path::PathBuf;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sluice::spi::{OpenedStore, TomlText};

use super::java::{self, Server};
use crate::program::Program;

/// A cluster with one NameNode and three DataNodes.
static SINGLE: Shared = Shared::new(&["single"]);

/// A pair of NameNodes, one of them active, with three DataNodes.
static PAIR: Shared = Shared::new(&["ha"]);

/// The cluster, with others beside.
pub(crate) fn single() -> RwLockReadGuard<'static, Cluster> {
    SINGLE.started().read().unwrap_or_else(PoisonError::into_inner)
}

/// The cluster, alone: for tests that break something and mend it.
pub(crate) fn single_alone() -> RwLockWriteGuard<'static, Cluster> {
    SINGLE.started().write().unwrap_or_else(PoisonError::into_inner)
}

/// The pair, alone.
pub(crate) fn pair_alone() -> RwLockWriteGuard<'static, Cluster> {
    PAIR.started().write().unwrap_or_else(PoisonError::into_inner)
}

struct Shared {
    arguments: &'static [&'static str],
    cluster: OnceLock<RwLock<Cluster>>,
}

impl Shared {
    const fn new(arguments: &'static [&'static str]) -> Self {
        Self { arguments, cluster: OnceLock::new() }
    }

    fn started(&self) -> &RwLock<Cluster> {
        self.cluster.get_or_init(|| RwLock::new(Cluster::start(self.arguments)))
    }
}

/// A running cluster.
pub(crate) struct Cluster {
    folder: PathBuf,
    // The name service, or host and port.
    pub(crate) authority: String,
    server: Server,
}

impl Cluster {
    /// Starts one and waits until it answers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = java::folder();
        let mut command = java::command("hdfs", "Cluster", 512, &[]);
        command.arg(&folder).args(arguments);
        let (server, words) = Server::start(command, &folder);
        let [authority] = <[String; 1]>::try_from(words).expect("the authority of its URLs");
        Self { folder, authority, server }
    }

    /// The folder of its clients' configuration.
    pub(crate) fn conf(&self) -> PathBuf {
        self.folder.join("conf")
    }

    /// Runs a command of `Cluster.java`: its words. It must succeed.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        self.server.run(words)
    }

    /// All files below a folder, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut files: Vec<String> =
            self.run(&["list", folder]).split_terminator('\t').map(str::to_owned).collect();
        files.sort();
        files
    }

    /// Its store, as a catalog opens it.
    pub(crate) fn store(&self) -> OpenedStore {
        let options = format!("[store]\nconf_dir = '{}'\n", self.conf().display());
        let options = TomlText::new("c.toml", options, false).section("store");
        sluice::stores::open(&format!("hdfs://{}/", self.authority), &options).unwrap()
    }

    /// The program with a catalog `h`, writable, over a folder of this cluster.
    pub(crate) fn program(&self, folder: &str, options: &str) -> Program {
        let program = Program::new();
        program.write(
            "catalog/h.toml",
            format!(
                "connector = 'files'\nwritable = true\n[options]\nlocation = 'hdfs:///{folder}'\n\
                 [store]\nconf_dir = '{}'\n{options}",
                self.conf().display()
            ),
        );
        program
    }
}
