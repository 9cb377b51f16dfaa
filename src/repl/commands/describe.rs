//! `\d`: tables, or the columns of one.

use super::{Argument, Command, Failed, Flow, list_tables, sugar};
use crate::repl::shell::Shell;

/// List tables, or describe one.
pub(super) struct Describe;

impl Command for Describe {
    fn names(&self) -> &'static [&'static str] {
        &["d", "describe", "schema"]
    }

    fn usage(&self) -> &'static str {
        "\\d [TABLE]"
    }

    fn about(&self) -> &'static str {
        "list tables, or describe one"
    }

    fn example(&self) -> &'static str {
        "\\d users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let table = arguments.trim_end_matches(';');
        if table.is_empty() {
            return sugar(shell, "SHOW TABLES");
        }
        if table.contains(['*', '?']) && !table.starts_with('\'') {
            return list_tables::ListTables.run(shell, table);
        }
        shell.statement(&format!("DESCRIBE {table}"))?;
        Ok(Flow::Continue)
    }
}
