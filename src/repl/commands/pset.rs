//! `\pset`: the options of results.

use super::{Argument, Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Set an option of results: format, null, border, footer, header, display_rows, fieldsep, float_digits, expanded.
pub(super) struct Pset;

impl Command for Pset {
    fn names(&self) -> &'static [&'static str] {
        &["pset"]
    }

    fn usage(&self) -> &'static str {
        "\\pset NAME VALUE"
    }

    fn about(&self) -> &'static str {
        "set an option of results: format, null, border, footer, header, display_rows, fieldsep, float_digits, expanded"
    }

    fn example(&self) -> &'static str {
        "\\pset null (none)"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Option, Argument::OptionValue]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let (name, value) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        shell.display.set(name, value.trim().trim_matches('\''))?;
        Ok(Flow::Continue)
    }
}
