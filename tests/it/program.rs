//! Starts the program: in a folder of its own, with nothing of the user's environment.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// A folder with a catalog or without, and the program in it.
pub(crate) struct Program {
    folder: TempDir,
}

/// What a run left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Program {
    /// In an empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder, with the folders above it.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// The program with arguments, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.args(args).current_dir(self.folder.path());
        for (name, _) in std::env::vars() {
            if name.starts_with("SLUICE_") {
                command.env_remove(name);
            }
        }
        let home = self.folder.path();
        command.env("HOME", home).env("XDG_CONFIG_HOME", home).env("XDG_STATE_HOME", home);
        command
    }

    /// Starts a statement whose rows are taken one by one, as text with commas. The program waits with
    /// what nobody takes.
    pub(crate) fn rows(&self, sql: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut child = self
            .command(&["-c", sql, "--csv", "-t"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines)
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// The rows of the last statement as CSV without a header; the run must succeed.
    pub(crate) fn answer(&self, statements: &[&str]) -> String {
        let mut args = vec!["--csv", "-t"];
        for statement in statements {
            args.extend(["-c", statement]);
        }
        let ran = self.run(&args);
        assert_eq!(ran.code, 0, "{statements:?}: {}", ran.stderr);
        ran.stdout
    }

    /// The code and the standard error of a statement that must fail.
    pub(crate) fn failure(&self, statement: &str) -> (i32, String) {
        let ran = self.run(&["-c", statement]);
        assert_ne!(ran.code, 0, "{statement}: {}", ran.stdout);
        (ran.code, ran.stderr)
    }

    /// Runs the program with a text on standard input.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that reads no input may have closed it already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}
