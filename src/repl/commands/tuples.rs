//! `\t`: rows alone.

use super::{Argument, Command, Failed, Flow, switch};
use crate::repl::shell::Shell;

/// Leave out column names and footers.
pub(super) struct Tuples;

impl Command for Tuples {
    fn names(&self) -> &'static [&'static str] {
        &["t"]
    }

    fn usage(&self) -> &'static str {
        "\\t [on|off]"
    }

    fn about(&self) -> &'static str {
        "leave out column names and footers"
    }

    fn example(&self) -> &'static str {
        "\\t on"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["on", "off"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let rows_alone = switch("t", arguments, !shell.display.options.header)?;
        shell.display.options.header = !rows_alone;
        shell.display.options.footer = !rows_alone;
        Ok(Flow::Continue)
    }
}
