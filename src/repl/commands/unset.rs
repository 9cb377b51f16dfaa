//! `\unset`: removes a variable.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Remove a variable.
pub(super) struct Unset;

impl Command for Unset {
    fn names(&self) -> &'static [&'static str] {
        &["unset"]
    }

    fn usage(&self) -> &'static str {
        "\\unset NAME"
    }

    fn about(&self) -> &'static str {
        "remove a variable"
    }

    fn example(&self) -> &'static str {
        "\\unset day"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.variables.unset(arguments);
        Ok(Flow::Continue)
    }
}
