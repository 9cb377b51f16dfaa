//! A real HBase in a process beside the tests, that makes snapshots and says what is in them:
//! `tests/servers/hbase`, built with Maven.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::java::class_path;

/// Cases that HBase made: `manifest.json` and a folder for each.
pub(crate) struct Cases {
    folder: TempDir,
    // Where they lie in HDFS, and what keeps it running.
    hdfs: Option<(String, ChildStdin, Child)>,
}

impl Cases {
    /// Makes `tables` random tables from a seed, and named cases: `none`, or names with commas between.
    pub(crate) fn made(seed: u64, tables: usize, named: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let status = command(folder.path(), seed, tables, named).status().expect("java starts");
        assert!(status.success(), "seed {seed}: {}", log(folder.path()));
        Self { folder, hdfs: None }
    }

    /// The same in a cluster of HDFS, which ends with this value.
    pub(crate) fn made_in_hdfs(seed: u64, tables: usize, named: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut process = command(folder.path(), seed, tables, named)
            .arg("--hdfs")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("java starts");
        let stdin = process.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(root) = line.trim().strip_prefix("ready ") else {
            panic!("seed {seed}: {line}\n{}", log(folder.path()));
        };
        Self { hdfs: Some((root.to_owned(), stdin, process)), folder }
    }

    /// The folder with `manifest.json`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The location of a case's root.
    pub(crate) fn root(&self, case: &str) -> String {
        match &self.hdfs {
            Some((root, ..)) => format!("{root}/{case}/root"),
            None => self.folder().join(case).join("root").display().to_string(),
        }
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        if let Some((_, stdin, mut process)) = self.hdfs.take() {
            drop(stdin);
            drop(process.wait());
        }
    }
}

fn command(folder: &Path, seed: u64, tables: usize, named: &str) -> Command {
    static CLASS_PATH: OnceLock<String> = OnceLock::new();
    let class_path = CLASS_PATH.get_or_init(|| class_path("hbase"));
    let mut command = Command::new("java");
    command
        .args(["-Xmx800m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .args(["-Djava.net.preferIPv4Stack=true", "-cp", class_path, "Main", "generate", "--out"])
        .arg(folder)
        .args(["--seed", &seed.to_string(), "--tables", &tables.to_string(), "--cases", named])
        .stdin(Stdio::null())
        .stderr(File::create(folder.join("log")).unwrap());
    command
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}
