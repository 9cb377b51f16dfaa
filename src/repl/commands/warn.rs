//! `\warn`: a line on standard error.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Write a line to standard error.
pub(super) struct Warn;

impl Command for Warn {
    fn names(&self) -> &'static [&'static str] {
        &["warn"]
    }

    fn usage(&self) -> &'static str {
        "\\warn TEXT"
    }

    fn about(&self) -> &'static str {
        "write a line to standard error"
    }

    fn example(&self) -> &'static str {
        "\\warn half of it is done"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = shell;
        eprintln!("{}", arguments.trim_matches('\''));
        Ok(Flow::Continue)
    }
}
