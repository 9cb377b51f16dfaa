//! `\timing`: the time of every statement.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::shell::Shell;

/// Show the time of every statement.
pub(super) struct Timing;

impl Command for Timing {
    fn names(&self) -> &'static [&'static str] {
        &["timing", "timer"]
    }

    fn usage(&self) -> &'static str {
        "\\timing [on|off]"
    }

    fn about(&self) -> &'static str {
        "show the time of every statement"
    }

    fn example(&self) -> &'static str {
        "\\timing on"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.display.timing = switch("timing", arguments, shell.display.timing)?;
        Ok(Flow::Continue)
    }
}
