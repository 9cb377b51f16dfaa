//! `\dconfig`: the settings.

use super::{Argument, Command, Failed, Flow, like, sugar};
use crate::repl::shell::Shell;

/// List settings, their values and where they come from.
pub(super) struct Settings;

impl Command for Settings {
    fn names(&self) -> &'static [&'static str] {
        &["dconfig", "settings"]
    }

    fn usage(&self) -> &'static str {
        "\\dconfig [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list settings, their values and where they come from"
    }

    fn example(&self) -> &'static str {
        "\\dconfig *timeout*"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Setting]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        sugar(shell, &format!("SHOW SETTINGS{}", like(arguments)))
    }
}
