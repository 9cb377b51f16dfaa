//! `\x`: records one column a line.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::output::Expanded as When;
use crate::repl::shell::Shell;

/// Show records one column a line.
pub(super) struct Expanded;

impl Command for Expanded {
    fn names(&self) -> &'static [&'static str] {
        &["x"]
    }

    fn usage(&self) -> &'static str {
        "\\x [on|off|auto]"
    }

    fn about(&self) -> &'static str {
        "show records one column a line"
    }

    fn example(&self) -> &'static str {
        "\\x on"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off", "auto"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let now = shell.display.expanded != When::Off;
        shell.display.expanded = match arguments {
            "auto" => When::Auto,
            _ if switch("x", arguments, now)? => When::On,
            _ => When::Off,
        };
        Ok(Flow::Continue)
    }
}
