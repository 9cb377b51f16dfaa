//! `\headers`: column names or none.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::shell::Shell;

/// Show column names or not.
pub(super) struct Headers;

impl Command for Headers {
    fn names(&self) -> &'static [&'static str] {
        &["headers", "header"]
    }

    fn usage(&self) -> &'static str {
        "\\headers [on|off]"
    }

    fn about(&self) -> &'static str {
        "show column names or not"
    }

    fn example(&self) -> &'static str {
        "\\headers off"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.display.options.header = switch("headers", arguments, shell.display.options.header)?;
        Ok(Flow::Continue)
    }
}
