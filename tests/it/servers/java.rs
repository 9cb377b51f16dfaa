//! Programs in Java beside the tests, of `tests/servers`, built with Maven.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::maven;

/// The command that runs the main class of `tests/servers/<name>`, with a heap of so many megabytes.
pub(super) fn command(name: &'static str, main: &str, heap: u32, options: &[&str]) -> Command {
    let built = maven::built(name);
    let jar = built.join(format!("{name}-1.jar"));
    let class_path = format!("{}:{}", jar.display(), built.join("jars/*").display());
    let mut command = Command::new("java");
    command
        .arg(format!("-Xmx{heap}m"))
        .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"])
        .args(options)
        .args(["-cp", &class_path, main]);
    command
}

/// A folder for a program, which removes it itself when it ends.
pub(super) fn folder() -> PathBuf {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep()
}

/// A server that takes lines of words, and ends when there are no more: with this process.
pub(super) struct Server {
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    process: Mutex<Child>,
}

impl Server {
    /// Starts it, its errors in the file `log` of a folder, and gives the words that it is ready with.
    pub(super) fn start(mut command: Command, folder: &Path) -> (Self, Vec<String>) {
        let log = folder.join("log");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .expect("java starts");
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(words) = line.strip_prefix("ready ") else {
            let log = std::fs::read_to_string(log).unwrap_or_default();
            panic!("{command:?} does not start: {line}\n{log}");
        };
        let words = words.split_whitespace().map(str::to_owned).collect();
        (Self { pipes: Mutex::new((stdin, stdout)), process: Mutex::new(process) }, words)
    }

    /// Ends it as a machine that loses its power.
    pub(super) fn kill(&self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Runs a command of the server's: its words. It must succeed.
    pub(super) fn run(&self, words: &[&str]) -> String {
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
}
