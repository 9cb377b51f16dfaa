//! `\getenv`: a variable from the environment.

use super::{Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Set a variable from the environment.
pub(super) struct Getenv;

impl Command for Getenv {
    fn names(&self) -> &'static [&'static str] {
        &["getenv"]
    }

    fn usage(&self) -> &'static str {
        "\\getenv NAME VARIABLE"
    }

    fn about(&self) -> &'static str {
        "set a variable from the environment"
    }

    fn example(&self) -> &'static str {
        "\\getenv home HOME"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let Some((name, variable)) = arguments.split_once(char::is_whitespace) else {
            return Err(
                Error::sql("\\getenv takes a name and a variable of the environment").into()
            );
        };
        match std::env::var(variable.trim()) {
            Ok(value) => shell.variables.set(name, &value),
            Err(_) => shell.variables.unset(name),
        }
        Ok(Flow::Continue)
    }
}
