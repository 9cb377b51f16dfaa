//! `\format`: how results are written.

use super::{Argument, Command, Failed, Flow};
use crate::render;
use crate::repl::shell::Shell;

/// Set the output format.
pub(super) struct Format;

impl Command for Format {
    fn names(&self) -> &'static [&'static str] {
        &["format", "mode"]
    }

    fn usage(&self) -> &'static str {
        "\\format NAME"
    }

    fn about(&self) -> &'static str {
        "set the output format"
    }

    fn example(&self) -> &'static str {
        "\\format markdown"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Format]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            let names: Vec<_> = render::FORMATS.iter().map(|format| format.name()).collect();
            shell.say(&format!("{} (of {})", shell.display.format.name(), names.join(", ")))?;
            return Ok(Flow::Continue);
        }
        shell.display.format = render::format(arguments)?;
        Ok(Flow::Continue)
    }
}
