//! `\maxrows`: how many rows are shown.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Set how many rows are shown at a terminal; 0 shows all.
pub(super) struct RowLimit;

impl Command for RowLimit {
    fn names(&self) -> &'static [&'static str] {
        &["maxrows"]
    }

    fn usage(&self) -> &'static str {
        "\\maxrows [ROWS]"
    }

    fn about(&self) -> &'static str {
        "set how many rows are shown at a terminal; 0 shows all"
    }

    fn example(&self) -> &'static str {
        "\\maxrows 100"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            shell.say(&shell.display.display_rows.to_string())?;
            return Ok(Flow::Continue);
        }
        shell.display.set("display_rows", arguments)?;
        Ok(Flow::Continue)
    }
}
