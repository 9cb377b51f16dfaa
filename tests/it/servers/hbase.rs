//! A real HBase that makes tables, takes snapshots of them, and says what its scanners find there:
//! `tests/servers/hbase`, built with Maven.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use super::java;

/// What was made, and what serves it.
pub(crate) struct Made {
    /// Has `manifest.json`, and a folder for each case.
    pub(crate) folder: tempfile::TempDir,
    /// Where the same cases lie in HDFS, if they do.
    pub(crate) hdfs: Option<String>,
    // Its end ends the process.
    _stdin: Option<ChildStdin>,
    process: Child,
}

impl Drop for Made {
    fn drop(&mut self) {
        drop(self._stdin.take());
        // It may have ended by itself.
        let _ = self.process.wait();
    }
}

/// Makes cases; with `hdfs`, in a cluster as well, which runs as long as the answer lives.
pub(crate) fn make(seed: u64, tables: usize, cases: &str, hdfs: bool) -> Made {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut process = java::command("hbase", "Main", 1000, &[])
        .args(["generate", "--cases", cases, "--out"])
        .arg(folder.path())
        .args(["--seed", &seed.to_string(), "--tables", &tables.to_string()])
        .args(hdfs.then_some("--hdfs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("java starts");
    let (stdin, stdout) = (process.stdin.take(), process.stdout.take().unwrap());
    let mut line = String::new();
    let mut made = Made { folder, hdfs: None, _stdin: stdin, process };
    let told = |folder: &Path| std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    if hdfs {
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let ready = line.trim().strip_prefix("ready ").map(str::to_owned);
        assert!(ready.is_some(), "HBase makes nothing: {line}\n{}", told(made.folder.path()));
        made.hdfs = ready;
    } else {
        let ended = made.process.wait().unwrap();
        assert!(ended.success(), "HBase makes nothing:\n{}", told(made.folder.path()));
    }
    made
}
