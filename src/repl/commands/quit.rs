//! `\q`: leaves.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Leave.
pub(super) struct Quit;

impl Command for Quit {
    fn names(&self) -> &'static [&'static str] {
        &["q", "quit", "exit"]
    }

    fn usage(&self) -> &'static str {
        "\\q"
    }

    fn about(&self) -> &'static str {
        "leave"
    }

    fn example(&self) -> &'static str {
        "\\q"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = (shell, arguments);
        Ok(Flow::Quit)
    }
}
