//! `\e`: a statement in the user's editor.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::prompt::editor::edit;
use crate::repl::shell::Shell;

/// Edit the last statement, or a file.
pub(super) struct Edit;

impl Command for Edit {
    fn names(&self) -> &'static [&'static str] {
        &["e", "edit"]
    }

    fn usage(&self) -> &'static str {
        "\\e [FILE]"
    }

    fn about(&self) -> &'static str {
        "edit the last statement, or a file, and run it"
    }

    fn example(&self) -> &'static str {
        "\\e"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let file = arguments.trim_matches('\'');
        if !file.is_empty() {
            let text = std::fs::read_to_string(file)
                .map_err(|e| Error::config(format!("{file}: {e}")).with_source(e))?;
            shell.draft = Some(edit(&text)?);
            return Ok(Flow::Continue);
        }
        let last = shell.last.clone().unwrap_or_default();
        shell.draft = Some(edit(last.trim())?);
        Ok(Flow::Continue)
    }
}
