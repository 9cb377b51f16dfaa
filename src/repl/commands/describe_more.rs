//! `\d+`: a table in full.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::repl::shell::Shell;
use crate::repl::{partitions, receipt};

/// Describe a table: columns, what it would read, how it is made.
pub(super) struct DescribeMore;

impl Command for DescribeMore {
    fn names(&self) -> &'static [&'static str] {
        &["d+"]
    }

    fn usage(&self) -> &'static str {
        "\\d+ TABLE"
    }

    fn about(&self) -> &'static str {
        "describe a table: columns, what it would read, partitions, how it is made"
    }

    fn example(&self) -> &'static str {
        "\\d+ users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let table = arguments.trim_end_matches(';');
        if table.is_empty() {
            return sugar(shell, "SHOW TABLES");
        }
        shell.statement(&format!("DESCRIBE {table}"))?;
        shell.statement(&format!("EXPLAIN ESTIMATE SELECT * FROM {table}"))?;
        // Planned to its listing and not run: that says which partitions there are.
        shell.fetch(&format!("SELECT * FROM {table} LIMIT 0"))?;
        let pinned = super::receipt::read_point(shell);
        if let Some(partitions) = pinned.ok().and_then(|text| partitions::of(&text).transpose()) {
            shell.show(&partitions?)?;
        }
        // Which schema says what records are, which snapshot is read.
        let receipt = shell.fetch("SHOW RECEIPT")?;
        if let Some(formats) = receipt::formats(&receipt)? {
            shell.show(&formats)?;
        }
        // The path of a file has no statement that makes it.
        if table.starts_with('\'') {
            return Ok(Flow::Continue);
        }
        sugar(shell, &format!("SHOW CREATE TABLE {table}"))
    }
}
