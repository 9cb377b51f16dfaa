//! `\profile`: where the time of a statement goes.

use super::{Argument, Command, explained};
use crate::error::Result as Answer;
use crate::repl::profile;
use crate::repl::shell::Shell;

/// Run a statement and show where its time goes.
pub(super) struct Profile;

impl Command for Profile {
    fn names(&self) -> &'static [&'static str] {
        &["profile"]
    }

    fn usage(&self) -> &'static str {
        "\\profile [SQL]"
    }

    fn about(&self) -> &'static str {
        "run a statement and show where its time goes"
    }

    fn example(&self) -> &'static str {
        "\\profile select count(*) from events"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Sql]
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let result = shell.result_of(&explained("ANALYZE", sql, arguments))?;
        let colored = shell.color.is_on(shell.output.is_terminal());
        shell.say(&profile::tree(&result.texts()?, colored))?;
        Ok(0)
    }
}
