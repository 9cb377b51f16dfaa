//! `\gset`: variables from a row.

use super::Command;
use crate::error::Error;
use crate::error::Result as Answer;
use crate::repl::shell::Shell;

/// Set variables from the one row of a statement.
pub(super) struct ResultVariables;

impl Command for ResultVariables {
    fn names(&self) -> &'static [&'static str] {
        &["gset"]
    }

    fn usage(&self) -> &'static str {
        "\\gset [PREFIX]"
    }

    fn about(&self) -> &'static str {
        "set variables from the one row of a statement"
    }

    fn example(&self) -> &'static str {
        "select max(day) as day from t \\gset"
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let result = shell.result_of(sql)?;
        let texts = result.texts()?;
        let [row] = texts.as_slice() else {
            return Err(Error::sql(format!("\\gset takes one row, not {}", texts.len())));
        };
        for (field, value) in result.schema.fields().iter().zip(row) {
            let name = format!("{arguments}{}", field.name());
            match value {
                Some(value) => shell.variables.set(&name, value),
                None => shell.variables.unset(&name),
            }
        }
        Ok(1)
    }
}
