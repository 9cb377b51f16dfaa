//! `\pager`: when results are paged.

use super::{Argument, Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Page what is longer than the screen.
pub(super) struct Pager;

impl Command for Pager {
    fn names(&self) -> &'static [&'static str] {
        &["pager"]
    }

    fn usage(&self) -> &'static str {
        "\\pager [on|off|always]"
    }

    fn about(&self) -> &'static str {
        "page what is longer than the screen"
    }

    fn example(&self) -> &'static str {
        "\\pager off"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off", "always"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let choice = if arguments.is_empty() { "on" } else { arguments };
        shell.display.set("pager", choice)?;
        Ok(Flow::Continue)
    }
}
