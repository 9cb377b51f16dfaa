//! `\nullvalue`: how NULL is written.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Set how NULL is written.
pub(super) struct NullText;

impl Command for NullText {
    fn names(&self) -> &'static [&'static str] {
        &["nullvalue"]
    }

    fn usage(&self) -> &'static str {
        "\\nullvalue TEXT"
    }

    fn about(&self) -> &'static str {
        "set how NULL is written"
    }

    fn example(&self) -> &'static str {
        "\\nullvalue (none)"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.display.set("null", arguments.trim_matches('\''))?;
        Ok(Flow::Continue)
    }
}
