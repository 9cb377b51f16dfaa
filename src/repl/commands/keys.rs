//! `\keys`: how lines are edited.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Choose the keys of the prompt.
pub(super) struct Keys;

impl Command for Keys {
    fn names(&self) -> &'static [&'static str] {
        &["keys"]
    }

    fn usage(&self) -> &'static str {
        "\\keys vi|emacs"
    }

    fn about(&self) -> &'static str {
        "edit lines with the keys of vi or Emacs"
    }

    fn example(&self) -> &'static str {
        "\\keys vi"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["vi", "emacs"])]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        match arguments {
            "" => shell.say(if shell.keys_are_vi { "vi" } else { "emacs" })?,
            "vi" | "VI" => shell.keys_are_vi = true,
            "emacs" | "EMACS" => shell.keys_are_vi = false,
            other => {
                let error = Error::sql(format!("\\keys takes vi or emacs, not `{other}`"));
                return Err(error.into());
            }
        }
        Ok(Flow::Continue)
    }
}
