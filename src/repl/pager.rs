//! What does not fit on the screen goes through a pager: `$PAGER`, or one of our own.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use super::own_pager::OwnPager;

/// Where the pager's command may stand, the strongest first. An empty one means none.
const VARIABLES: [&str; 2] = ["PSQL_PAGER", "PAGER"];

/// When there is a pager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Paging {
    /// For what is longer than the screen.
    #[default]
    On,
    /// Never.
    Off,
    /// For every result.
    Always,
}

/// Who pages.
#[derive(Debug)]
enum Pager {
    Program(Child),
    Own(OwnPager),
}

impl Pager {
    /// The user's, or ours; none when the user wants none or it is not there.
    fn start() -> Option<Self> {
        let named = VARIABLES.iter().find_map(|name| std::env::var(name).ok());
        let Some(command) = named else { return OwnPager::start().map(Self::Own) };
        let program = command.split_whitespace().next()?.to_owned();
        let found = program.contains('/')
            || std::env::var_os("PATH").is_some_and(|paths| {
                std::env::split_paths(&paths).any(|folder| folder.join(&program).is_file())
            });
        // Its own interrupts are its own business.
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).stdin(Stdio::piped());
        found.then(|| shell.spawn().ok().map(Self::Program)).flatten()
    }

    /// Hands over bytes; false when it has been left.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        match self {
            Self::Own(pager) => Ok(pager.write(bytes)),
            Self::Program(program) => match program.stdin.as_mut() {
                None => Ok(false),
                Some(stdin) => match stdin.write_all(bytes) {
                    Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
                    result => result.map(|()| true),
                },
            },
        }
    }

    /// No more comes; waits until it is left.
    fn end(self) -> std::io::Result<()> {
        match self {
            Self::Own(pager) => {
                pager.end();
                Ok(())
            }
            Self::Program(mut program) => {
                drop(program.stdin.take());
                program.wait().map(drop)
            }
        }
    }
}

/// A result that may have to be paged: held back until it is known.
#[derive(Debug, Default)]
pub(super) struct Page {
    held: Vec<u8>,
    pager: Option<Pager>,
    /// Whether it goes straight to the terminal.
    is_direct: bool,
    paging: Paging,
    is_left: bool,
}

impl Page {
    pub(super) fn new(paging: Paging) -> Self {
        Self { paging, ..Self::default() }
    }

    /// Ends the result: shows what is held back, or waits for the pager to be left.
    pub(super) fn end(mut self) -> std::io::Result<()> {
        if self.pager.is_none() && self.paging == Paging::Always {
            self.open()?;
        }
        let Some(pager) = self.pager.take() else {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(&self.held)?;
            return stdout.flush();
        };
        pager.end()
    }

    fn is_long(&self) -> bool {
        let rows = terminal_size::terminal_size().map_or(24, |(_, rows)| usize::from(rows.0));
        // Two lines are for the footer and the next prompt.
        memchr::memchr_iter(b'\n', &self.held).count() + 2 > rows
    }

    /// Starts the pager with what is held back; without one, the terminal has it all.
    fn open(&mut self) -> std::io::Result<()> {
        let held = std::mem::take(&mut self.held);
        match Pager::start() {
            Some(pager) => self.pager = Some(pager),
            None => self.is_direct = true,
        }
        self.write_all(&held)
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.is_direct {
            return std::io::stdout().write(bytes);
        }
        if self.is_left {
            return Ok(bytes.len());
        }
        if let Some(pager) = &mut self.pager {
            // Who leaves the pager has seen enough; the result goes on to be counted.
            self.is_left = !pager.write(bytes)?;
            return Ok(bytes.len());
        }
        self.held.extend_from_slice(bytes);
        if self.paging == Paging::Off || self.is_long() {
            if self.paging == Paging::Off {
                self.is_direct = true;
                let held = std::mem::take(&mut self.held);
                std::io::stdout().write_all(&held)?;
            } else {
                self.open()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.is_direct { std::io::stdout().flush() } else { Ok(()) }
    }
}
