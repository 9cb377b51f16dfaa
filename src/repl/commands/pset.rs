//! `\pset`: the options of results.

use super::{Argument, Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Show or set the options of results.
pub(super) struct Pset;

impl Command for Pset {
    fn names(&self) -> &'static [&'static str] {
        &["pset"]
    }

    fn usage(&self) -> &'static str {
        "\\pset [NAME VALUE]"
    }

    fn about(&self) -> &'static str {
        "show or set the options of results"
    }

    fn example(&self) -> &'static str {
        "\\pset null (none)"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Option, Argument::OptionValue]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            return options(shell);
        }
        let (name, value) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        shell.display.set(name, value.trim().trim_matches('\''))?;
        Ok(Flow::Continue)
    }
}

/// Every option with its value.
fn options(shell: &mut Shell) -> Result<Flow, Failed> {
    for (name, value) in shell.display.values() {
        shell.say(&format!("{name:<13} {value}"))?;
    }
    Ok(Flow::Continue)
}
