//! `\errverbose`: the last error in full.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Show the last error with its causes.
pub(super) struct LastError;

impl Command for LastError {
    fn names(&self) -> &'static [&'static str] {
        &["errverbose"]
    }

    fn usage(&self) -> &'static str {
        "\\errverbose"
    }

    fn about(&self) -> &'static str {
        "show the last error with its causes"
    }

    fn example(&self) -> &'static str {
        "\\errverbose"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        let Some(error) = shell.last_error.clone() else {
            shell.say("there has been no error")?;
            return Ok(Flow::Continue);
        };
        shell.say(&format!("error: {error}"))?;
        shell.say(&format!("kind: {}", error.kind()))?;
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            shell.say(&format!("cause: {error}"))?;
            cause = error.source();
        }
        Ok(Flow::Continue)
    }
}
