//! `\dt`: tables and views, here or by a pattern in every catalog.

use super::{Argument, Command, Failed, Flow, like_text, sugar};
use crate::repl::shell::Shell;

/// List tables and views here, or by a pattern in every catalog.
pub(super) struct ListTables;

impl Command for ListTables {
    fn names(&self) -> &'static [&'static str] {
        &["dt", "dv", "dt+", "dv+", "tables"]
    }

    fn usage(&self) -> &'static str {
        "\\dt [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list tables and views here, or by a pattern in every catalog"
    }

    fn example(&self) -> &'static str {
        "\\dt *event*"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let pattern = arguments.trim_end_matches(';').replace('"', "");
        if pattern.is_empty() {
            return sugar(shell, "SHOW TABLES");
        }
        let mut parts: Vec<&str> = pattern.split('.').collect();
        let mut columns = vec!["table_catalog", "table_schema", "table_name"];
        let mut conditions = vec!["table_schema <> 'information_schema'".to_owned()];
        while let (Some(part), Some(column)) = (parts.pop(), columns.pop()) {
            conditions.push(format!("{column} ILIKE {}", like_text(part)));
        }
        sugar(
            shell,
            &format!(
                "SELECT table_name AS \"table\", lower(replace(table_type, 'BASE ', '')) AS kind, \
                 table_schema AS schema, table_catalog AS catalog \
                 FROM information_schema.tables WHERE {} ORDER BY 4, 3, 1",
                conditions.join(" AND ")
            ),
        )
    }
}
