//! `\confirm`: whether it is asked before something is destroyed.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::shell::Shell;

/// Ask before a statement that destroys something.
pub(super) struct Confirm;

impl Command for Confirm {
    fn names(&self) -> &'static [&'static str] {
        &["confirm"]
    }

    fn usage(&self) -> &'static str {
        "\\confirm [on|off]"
    }

    fn about(&self) -> &'static str {
        "ask before a statement that destroys something"
    }

    fn example(&self) -> &'static str {
        "\\confirm off"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        shell.warns = switch("confirm", arguments, shell.warns)?;
        Ok(Flow::Continue)
    }
}
