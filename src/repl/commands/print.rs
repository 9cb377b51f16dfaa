//! `\p`: the last statement.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Show the last statement.
pub(super) struct Print;

impl Command for Print {
    fn names(&self) -> &'static [&'static str] {
        &["p"]
    }

    fn usage(&self) -> &'static str {
        "\\p"
    }

    fn about(&self) -> &'static str {
        "show the statement being typed, or the last one"
    }

    fn example(&self) -> &'static str {
        "\\p"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        let last = shell.last.as_deref().map_or("nothing has been run yet", str::trim).to_owned();
        shell.say(&last)?;
        Ok(Flow::Continue)
    }
}
