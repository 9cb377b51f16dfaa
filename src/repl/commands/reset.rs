//! `\r`: begin again. Behind an open statement the prompt itself does it.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Throw away the statement being typed.
pub(super) struct Reset;

impl Command for Reset {
    fn names(&self) -> &'static [&'static str] {
        &["r", "reset"]
    }

    fn usage(&self) -> &'static str {
        "\\r"
    }

    fn about(&self) -> &'static str {
        "throw away the statement being typed"
    }

    fn example(&self) -> &'static str {
        "\\r"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        shell.draft = None;
        Ok(Flow::Continue)
    }
}
