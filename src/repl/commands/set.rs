//! `\set`: variables, pasted as `:name` and bound as `$name`.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Set a variable, or list them.
pub(super) struct Set;

impl Command for Set {
    fn names(&self) -> &'static [&'static str] {
        &["set"]
    }

    fn usage(&self) -> &'static str {
        "\\set [NAME VALUE]"
    }

    fn about(&self) -> &'static str {
        "set a variable, or list them"
    }

    fn example(&self) -> &'static str {
        "\\set day 2026-09-01"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let (name, value) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        if name.is_empty() {
            let lines: Vec<_> =
                shell.variables.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            for line in lines {
                shell.say(&line)?;
            }
            return Ok(Flow::Continue);
        }
        let value = value.trim();
        let text = value.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        shell.variables.set(name, &text.map_or(value.to_owned(), |text| text.replace("''", "'")));
        Ok(Flow::Continue)
    }
}
