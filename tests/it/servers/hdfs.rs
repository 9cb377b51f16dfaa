//! A cluster of HDFS in a process beside the tests: `tests/servers/hdfs`, built with Maven.
//!
//! One is started at the first test that asks for it. Tests that disturb it take it for themselves.
//! It ends, and removes its folder, when its standard input closes: with this process.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sluice::spi::{OpenedStore, TomlText};

use super::maven;
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
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
}

impl Cluster {
    /// Starts one and waits until it answers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let built = maven::built("hdfs", "src/main/java/Cluster.java");
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
        let class_path =
            format!("{}:{}", built.join("hdfs-1.jar").display(), built.join("jars/*").display());
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut process = Command::new("java")
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Djava.net.preferIPv4Stack=true", "-cp", &class_path, "Cluster"])
            .arg(&folder)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("java starts");
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(authority) = line.trim().strip_prefix("ready ") else {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("the cluster does not start: {line}\n{log}");
        };
        let authority = authority.to_owned();
        Self { folder, authority, pipes: Mutex::new((stdin, stdout)), _process: process }
    }

    /// The folder of its clients' configuration.
    pub(crate) fn conf(&self) -> PathBuf {
        self.folder.join("conf")
    }

    /// Runs a command of `Cluster.java`: its words. It must succeed.
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
