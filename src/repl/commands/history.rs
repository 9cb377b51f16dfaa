//! `\s`: what was typed.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::prompt::history::text;
use crate::repl::shell::Shell;

/// Show what was typed.
pub(super) struct History;

impl Command for History {
    fn names(&self) -> &'static [&'static str] {
        &["s", "history"]
    }

    fn usage(&self) -> &'static str {
        "\\s [FILE]"
    }

    fn about(&self) -> &'static str {
        "show what was typed, or write it to a file"
    }

    fn example(&self) -> &'static str {
        "\\s"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let text = text(&shell.variables);
        let file = arguments.trim_matches('\'');
        if file.is_empty() {
            shell.say(&text)?;
            return Ok(Flow::Continue);
        }
        std::fs::write(file, text)
            .map_err(|e| Error::config(format!("{file}: {e}")).with_source(e))?;
        Ok(Flow::Continue)
    }
}
