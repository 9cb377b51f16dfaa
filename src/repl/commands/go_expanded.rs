//! `\gx` and `\G`: runs a statement and shows one column a line.

use super::Command;
use crate::error::Result as Answer;
use crate::repl::shell::Shell;

/// Run the statement, or the last one, one column a line.
pub(super) struct GoExpanded;

impl Command for GoExpanded {
    fn names(&self) -> &'static [&'static str] {
        &["gx", "G"]
    }

    fn usage(&self) -> &'static str {
        "\\gx"
    }

    fn about(&self) -> &'static str {
        "run the statement, or the last one, one column a line"
    }

    fn example(&self) -> &'static str {
        "select * from users limit 1 \\gx"
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let _ = arguments;
        shell.expanded(|shell| shell.statement(sql))
    }
}
