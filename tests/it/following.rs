//! The program while it follows a stream: its lines as they come, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::program::{Program, Ran};

/// How long a line may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that follows.
pub(crate) struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    /// Runs one command that does not end; its rows are CSV without names.
    pub(crate) fn start(program: &Program, command: &str) -> Self {
        Self::start_with(program, &["-c", command, "--csv", "-t", "-q"])
    }

    /// Runs the program with arguments.
    pub(crate) fn start_with(program: &Program, arguments: &[&str]) -> Self {
        let mut command = program.command(arguments);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line comes")
    }

    /// The next lines.
    pub(crate) fn lines(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }

    /// The line that comes within a time, if one does.
    pub(crate) fn line_within(&self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }

    /// Presses Ctrl-C; what came since, how it ended, and after how long.
    pub(crate) fn interrupt(self) -> (Ran, Duration) {
        let id = i32::try_from(self.child.id()).unwrap();
        let pressed = Instant::now();
        // SAFETY: the process is ours and was not waited for.
        assert_eq!(unsafe { libc::kill(id, libc::SIGINT) }, 0);
        (self.end(), pressed.elapsed())
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> Ran {
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let mut stdout = String::new();
        for line in self.lines {
            stdout.push_str(&line);
            stdout.push('\n');
        }
        Ran { stdout, stderr, code }
    }
}
