//! `\d`: tables, or the columns of one.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::repl::shell::Shell;

/// List tables, or describe one.
pub(super) struct Describe;

impl Command for Describe {
    fn names(&self) -> &'static [&'static str] {
        &["d", "d+", "describe", "schema"]
    }

    fn usage(&self) -> &'static str {
        "\\d [TABLE]"
    }

    fn about(&self) -> &'static str {
        "list tables, or describe one"
    }

    fn example(&self) -> &'static str {
        "\\d lake.raw.users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            return sugar(shell, "SHOW TABLES");
        }
        sugar(shell, &format!("DESCRIBE {}", arguments.trim_end_matches(';')))
    }
}
