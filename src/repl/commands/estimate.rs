//! `\estimate`: what would be read.

use super::{Argument, Command, explained};
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
        shell.statement(&explained("ESTIMATE", sql, arguments))
    }
}
