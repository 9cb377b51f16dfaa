//! The prompt at a terminal of 80 columns: lines, Ctrl-C, Ctrl-D, history, commands.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::program::Program;

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const PROMPT: &str = "session.default> ";
/// What the editor sends when a line is taken: it is drawn again and again before.
const TAKEN: &str = "\x1b[?2004l";

/// The program at a terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    reader: JoinHandle<()>,
    // Whether the terminal is to be closed.
    closes: Arc<AtomicBool>,
    // What came and was not waited for yet.
    pub(crate) seen: String,
}

fn open_terminal() -> (OwnedFd, OwnedFd) {
    let (mut ours, mut theirs) = (0, 0);
    let mut size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: all pointers are to locals that outlive the call; both descriptors are new and ours.
    unsafe {
        let opened = libc::openpty(
            &raw mut ours,
            &raw mut theirs,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &raw mut size,
        );
        assert_eq!(opened, 0, "no terminal: {}", std::io::Error::last_os_error());
        // A program that holds its own terminal would never see it closed.
        for end in [ours, theirs] {
            assert_eq!(libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC), 0);
        }
        (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs))
    }
}

/// Whether something can be read within a moment.
fn is_readable(file: &File) -> bool {
    let mut asked = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor, which outlives the call.
    unsafe { libc::poll(&raw mut asked, 1, 50) > 0 }
}

impl Terminal {
    /// Starts the program and waits for its prompt.
    pub(crate) fn start(program: &Program) -> Self {
        Self::start_with(program, &[], &[])
    }

    /// As [`Terminal::start`], with arguments and variables of the environment.
    pub(crate) fn start_with(program: &Program, args: &[&str], env: &[(&str, &str)]) -> Self {
        let (ours, theirs) = open_terminal();
        let mut command = program.command(args);
        command.env("TERM", "xterm").env("NO_COLOR", "1").env("PAGER", "");
        for (name, value) in env {
            match *value {
                "unset" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        command.stdin(Stdio::from(theirs.try_clone().unwrap()));
        command.stdout(Stdio::from(theirs.try_clone().unwrap()));
        command.stderr(Stdio::from(theirs));
        // SAFETY: both calls are safe between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        // The command holds copies of the terminal, which would keep it open for ever.
        drop(command);
        let keyboard = File::from(ours);
        let mut ours = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        let closes = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !closed.load(Ordering::Acquire) {
                if !is_readable(&ours) {
                    continue;
                }
                match ours.read(&mut buffer) {
                    Ok(length @ 1..) if sender.send(buffer[..length].to_vec()).is_ok() => {}
                    _ => break,
                }
            }
        });
        let mut terminal = Self { child, keyboard, screen, reader, closes, seen: String::new() };
        terminal.wait_for(PROMPT);
        terminal
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the screen has shown `text`; returns what came up to it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let _ = self.child.kill();
                    panic!("`{text}` did not come; the screen since then:\n{}", self.seen);
                }
            }
        }
    }

    /// Types a line and returns what is shown up to the next prompt, without what is typed.
    pub(crate) fn line(&mut self, text: &str) -> String {
        self.type_text(text);
        self.type_text("\r");
        self.wait_for(TAKEN);
        let shown = self.wait_for(PROMPT);
        shown.replace('\r', "")
    }

    /// Waits for a text a moment only.
    pub(crate) fn comes(&mut self, text: &str, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while !self.seen.contains(text) {
            match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => return false,
            }
        }
        true
    }

    /// Types until an answer comes: keys that came too late for a query clear what follows them.
    pub(crate) fn get_in_step(&mut self) {
        for number in 0.. {
            self.type_text(&format!("\\echo step {number}\r"));
            let answer = format!("\nstep {number}\r");
            if self.comes(&answer, Duration::from_secs(2)) {
                self.wait_for(&answer);
                self.wait_for(PROMPT);
                return;
            }
            assert!(number < 20, "no answer; the screen:\n{}", self.seen);
        }
    }

    /// Makes the terminal as wide as that.
    pub(crate) fn resize(&mut self, columns: u16) {
        let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the descriptor is open and the size outlives the call.
        let resized = unsafe { libc::ioctl(self.keyboard.as_raw_fd(), libc::TIOCSWINSZ, &size) };
        assert_eq!(resized, 0);
    }

    /// Closes the terminal, as a window is; returns how the program has ended.
    pub(crate) fn close(self) -> ExitStatus {
        let Self { mut child, keyboard, screen, reader, closes, .. } = self;
        closes.store(true, Ordering::Release);
        reader.join().unwrap();
        drop((keyboard, screen));
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if Instant::now() > until {
                let _ = child.kill();
                panic!("it lives on without a terminal");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn code(mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        drop(self.keyboard);
        code
    }
}

#[test]
fn statements_take_lines_until_their_end() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("select 40\r");
    let shown = terminal.line("+ 2 as n;");
    assert!(shown.contains("42"), "{shown}");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn ctrl_c_ends_the_query_and_keeps_the_session() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.line("create view answer as select 42 as n;");
    terminal.line("\\set kept forty");
    terminal.line("\\echo before");
    terminal.type_text("select count(*) as nested from generate_series(1, 1000000) a ");
    terminal.type_text("join generate_series(1, 1000000) b on a.value * b.value < -1;\r");
    // Not while the line is read: that would clear it. Progress is shown of what runs.
    terminal.wait_for("Ctrl-C cancels");
    // Once: with the signal, the terminal throws away what is not read yet, the answer to the key
    // before it too.
    terminal.type_text(CTRL_C);
    terminal.wait_for("cancelled");
    terminal.get_in_step();
    let shown = terminal.line("select n, ':kept' as no, :'kept' as yes from answer;");
    assert!(shown.contains("42") && shown.contains("forty"), "{shown}");
    terminal.line("\\echo after");
    terminal.type_text("\\q\r");
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn ctrl_c_at_the_prompt_clears_the_line() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.type_text("select wrong");
    terminal.wait_for("wrong");
    terminal.type_text(CTRL_C);
    terminal.wait_for(PROMPT);
    let shown = terminal.line("select 7 as n;");
    assert!(shown.contains('7') && !shown.contains("error"), "{shown}");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn tables_fit_the_terminal_and_stop_at_the_cap() {
    let mut terminal = Terminal::start(&Program::new());
    let shown = terminal.line("select repeat('wide ', 100) as a, repeat('long ', 100) as b;");
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}\n{shown}");
    let shown = terminal.line("select value from generate_series(1, 1000000000000);");
    assert!(shown.contains("only the first 1000 rows were computed"), "{shown}");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn the_commands_of_the_prompt_work() {
    let program = Program::new();
    program.write("two.sql", "select 1 + 1 as two;\n");
    let mut terminal = Terminal::start(&program);
    terminal.line("create view answer as select 42 as n;");
    assert!(terminal.line("\\?").contains("\\timing"));
    assert!(terminal.line("\\dt").contains("answer"));
    assert!(terminal.line("\\d answer").contains("n"));
    assert!(terminal.line("\\i two.sql").contains('2'));
    terminal.line("\\timing");
    assert!(terminal.line("select 1 as n;").contains("time: "));
    terminal.line("\\x");
    let shown = terminal.line("select 5 as first, 6 as second;");
    let fifth = shown.lines().position(|line| line.contains('5'));
    assert!(fifth != shown.lines().position(|line| line.contains('6')), "{shown}");
    terminal.line("\\o out.txt");
    terminal.line("select 'in the file' as n;");
    terminal.type_text(CTRL_D);
    assert_eq!(terminal.code(), Some(0));
    assert!(std::fs::read_to_string(program.path("out.txt")).unwrap().contains("in the file"));
    let history = std::fs::read_to_string(program.path("sluice/history")).unwrap();
    assert!(history.contains("select 5 as first"), "{history}");
}

#[test]
fn sigterm_at_the_prompt_ends_it_with_143() {
    let mut terminal = Terminal::start(&Program::new());
    terminal.line("select 1 as n;");
    let id = terminal.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(terminal.code(), Some(143));
}
