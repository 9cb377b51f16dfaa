//! `\profile`: where the time of a statement goes.

use super::{Argument, Command, Failed, Flow};
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
        let sql = if arguments.is_empty() { sql } else { arguments };
        let sql = format!("EXPLAIN ANALYZE {}", sql.trim().trim_end_matches(';'));
        let result = shell.result_of(&sql)?;
        let colored = shell.color.is_on(shell.output.is_terminal());
        shell.say(&profile::tree(&result.texts()?, colored))?;
        Ok(0)
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let sql = if arguments.is_empty() { shell.last()? } else { arguments.to_owned() };
        self.send(shell, &sql, arguments)?;
        Ok(Flow::Continue)
    }
}
