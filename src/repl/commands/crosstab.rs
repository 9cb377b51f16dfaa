//! `\crosstabview`: a column becomes columns.

use super::Command;
use crate::error::Result as Answer;
use crate::repl::crosstab::crosstab;
use crate::repl::shell::Shell;

/// Show a result with the values of one column as columns.
pub(super) struct Crosstab;

impl Command for Crosstab {
    fn names(&self) -> &'static [&'static str] {
        &["crosstabview", "crosstab", "pivot"]
    }

    fn usage(&self) -> &'static str {
        "\\crosstabview [ROWS [COLUMNS [VALUES]]]"
    }

    fn about(&self) -> &'static str {
        "show a result with the values of one column as columns"
    }

    fn example(&self) -> &'static str {
        "select a, b, count(*) from t group by 1, 2 \\crosstabview"
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let result = shell.result_of(sql)?;
        let crossed = crosstab(&result, &arguments.split_whitespace().collect::<Vec<_>>())?;
        shell.show(&crossed)
    }
}
