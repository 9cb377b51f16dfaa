//! `\echo`: a line among the results.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Write a line to the results.
pub(super) struct Echo;

impl Command for Echo {
    fn names(&self) -> &'static [&'static str] {
        &["echo", "qecho", "print"]
    }

    fn usage(&self) -> &'static str {
        "\\echo TEXT"
    }

    fn about(&self) -> &'static str {
        "write a line to the results"
    }

    fn example(&self) -> &'static str {
        "\\echo done"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let text = arguments.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        shell.say(text.unwrap_or(arguments))?;
        Ok(Flow::Continue)
    }
}
