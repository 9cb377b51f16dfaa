//! `\f`: what stands between values.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Show or set what stands between values of csv and unaligned.
pub(super) struct Separator;

impl Command for Separator {
    fn names(&self) -> &'static [&'static str] {
        &["f", "separator"]
    }

    fn usage(&self) -> &'static str {
        "\\f [TEXT]"
    }

    fn about(&self) -> &'static str {
        "show or set what stands between values of csv and unaligned"
    }

    fn example(&self) -> &'static str {
        "\\f ;"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            let text =
                shell.display.options.separator.clone().unwrap_or_else(|| "usual".to_owned());
            shell.say(&text)?;
            return Ok(Flow::Continue);
        }
        shell.display.set("fieldsep", arguments.trim_matches('\''))?;
        Ok(Flow::Continue)
    }
}
