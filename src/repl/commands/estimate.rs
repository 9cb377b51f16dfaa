//! `\estimate`: what would be read.

use super::{Argument, Command, Failed, Flow};
use crate::error::Result as Answer;
use crate::repl::shell::Shell;

/// What a statement would read, without running it.
pub(super) struct Estimate;

impl Command for Estimate {
    fn names(&self) -> &'static [&'static str] {
        &["estimate"]
    }

    fn usage(&self) -> &'static str {
        "\\estimate [SQL]"
    }

    fn about(&self) -> &'static str {
        "what a statement would read, without running it"
    }

    fn example(&self) -> &'static str {
        "\\estimate select * from events"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Sql]
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let sql = if arguments.is_empty() { sql } else { arguments };
        shell.statement(&format!("EXPLAIN ESTIMATE {}", sql.trim().trim_end_matches(';')))
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let sql = if arguments.is_empty() { shell.last()? } else { arguments.to_owned() };
        self.send(shell, &sql, arguments)?;
        Ok(Flow::Continue)
    }
}
