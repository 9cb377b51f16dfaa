//! `\?`: the commands.

use super::{Argument, COMMANDS, Command, Failed, Flow, unknown};
use crate::repl::shell::Shell;

/// List the commands.
pub(super) struct Help;

impl Command for Help {
    fn names(&self) -> &'static [&'static str] {
        &["?", "help"]
    }

    fn usage(&self) -> &'static str {
        "\\? [COMMAND]"
    }

    fn about(&self) -> &'static str {
        "list the commands, or explain one"
    }

    fn example(&self) -> &'static str {
        "\\? watch"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Command]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let wanted = arguments.trim_start_matches(['\\', '.']);
        if wanted.is_empty() {
            for command in COMMANDS {
                shell.say(&format!("{:<28} {}", command.usage(), command.about()))?;
            }
            shell.say("")?;
            shell.say(
                "\\? NAME shows an example. Statements end with ; and may take several lines;",
            )?;
            shell.say("SHOW SETTINGS lists the settings, SHOW FUNCTIONS the functions.")?;
            return Ok(Flow::Continue);
        }
        let Some(command) = COMMANDS.iter().find(|command| command.names().contains(&wanted))
        else {
            return Err(unknown(wanted).into());
        };
        shell.say(&format!("{:<28} {}", command.usage(), command.about()))?;
        let others: Vec<String> =
            command.names()[1..].iter().map(|name| format!("\\{name}")).collect();
        if !others.is_empty() {
            shell.say(&format!("{:<28} {}", "also", others.join(" ")))?;
        }
        shell.say(&format!("{:<28} {}", "example", command.example()))?;
        Ok(Flow::Continue)
    }
}
