//! `\?`: the commands.

use super::{COMMANDS, Command, Failed, Flow};
use crate::repl::shell::Shell;

/// List the commands.
pub(super) struct Help;

impl Command for Help {
    fn names(&self) -> &'static [&'static str] {
        &["?", "h", "help"]
    }

    fn usage(&self) -> &'static str {
        "\\? [COMMAND]"
    }

    fn about(&self) -> &'static str {
        "list the commands"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let wanted = arguments.trim_start_matches('\\');
        for command in COMMANDS {
            if wanted.is_empty() || command.names().contains(&wanted) {
                shell.say(&format!("{:<26} {}", command.usage(), command.about()))?;
            }
        }
        if wanted.is_empty() {
            shell.say("")?;
            shell.say("Statements end with ; and may take several lines. SHOW SETTINGS lists the settings.")?;
        }
        Ok(Flow::Continue)
    }
}
