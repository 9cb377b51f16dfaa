//! `\!`: a command of the system's shell.

use std::process::Command as Program;

use super::{Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Run a command of the system's shell.
pub(super) struct System;

impl Command for System {
    fn names(&self) -> &'static [&'static str] {
        &["!", "shell", "system"]
    }

    fn usage(&self) -> &'static str {
        "\\! [COMMAND]"
    }

    fn about(&self) -> &'static str {
        "run a command of the system's shell, or the shell"
    }

    fn example(&self) -> &'static str {
        "\\! ls exports"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        // What stands before it in the output is seen before what it prints.
        shell.output.flush()?;
        let named = std::env::var("SHELL").ok().filter(|name| !name.is_empty());
        let program = named.unwrap_or_else(|| "sh".to_owned());
        let mut command = Program::new(&program);
        if !arguments.is_empty() {
            command.args(["-c", arguments]);
        }
        let status = command.status().map_err(|e| Error::unavailable(format!("{program}: {e}")))?;
        shell.variables.set("SHELL_ERROR", if status.success() { "false" } else { "true" });
        shell.variables.set("SHELL_EXIT_CODE", &status.code().unwrap_or(-1).to_string());
        Ok(Flow::Continue)
    }
}
