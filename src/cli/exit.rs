//! Exit codes: what a script in CI can tell apart without reading a message.

use std::process::ExitCode;

use crate::error::ErrorKind;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exit(u8);

impl Exit {
    /// All statements ran.
    pub(super) const SUCCESS: Self = Self(0);
    /// The command line itself is wrong.
    pub(super) const USAGE: Self = Self(1);
    /// Ctrl-C.
    const CANCELLED: Self = Self(130);
    /// SIGTERM.
    pub(super) const TERMINATED: Self = Self(143);

    /// After an error of `-c` or of the command line.
    pub(super) fn of_command_line(kind: ErrorKind) -> Self {
        Self::of(kind, 1)
    }

    /// After an error of a script: `-f` or standard input.
    pub(super) fn of_script(kind: ErrorKind) -> Self {
        Self::of(kind, 3)
    }

    fn of(kind: ErrorKind, other: u8) -> Self {
        match kind {
            ErrorKind::Unavailable | ErrorKind::Denied | ErrorKind::Unauthenticated => Self(2),
            ErrorKind::Exhausted | ErrorKind::TimedOut => Self(5),
            ErrorKind::Cancelled => Self::CANCELLED,
            ErrorKind::Config
            | ErrorKind::Sql
            | ErrorKind::NotFound
            | ErrorKind::Corrupt
            | ErrorKind::Unsupported
            | ErrorKind::Gone
            | ErrorKind::Internal => Self(other),
        }
    }

    /// As the system takes it.
    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(self.0)
    }
}
