//! `\x`: records one column a line.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::shell::Shell;

/// Show records one column a line.
pub(super) struct Expanded;

impl Command for Expanded {
    fn names(&self) -> &'static [&'static str] {
        &["x"]
    }

    fn usage(&self) -> &'static str {
        "\\x [on|off]"
    }

    fn about(&self) -> &'static str {
        "show records one column a line"
    }

    fn example(&self) -> &'static str {
        "\\x on"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.display.expanded = switch("x", arguments, shell.display.expanded)?;
        Ok(Flow::Continue)
    }
}
