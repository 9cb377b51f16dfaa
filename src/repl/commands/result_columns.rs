//! `\gdesc`: the columns of a statement.

use super::Command;
use crate::engine::sql_type_name;
use crate::error::Result as Answer;
use crate::repl::run::LastResult;
use crate::repl::shell::Shell;

/// Show the columns of a statement without its rows.
pub(super) struct ResultColumns;

impl Command for ResultColumns {
    fn names(&self) -> &'static [&'static str] {
        &["gdesc"]
    }

    fn usage(&self) -> &'static str {
        "\\gdesc"
    }

    fn about(&self) -> &'static str {
        "show the columns of a statement without its rows"
    }

    fn example(&self) -> &'static str {
        "select * from users \\gdesc"
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let _ = arguments;
        let schema = shell.schema_of(sql)?;
        let fields = schema.fields().iter();
        let column = fields.clone().map(|field| Some(field.name().clone())).collect();
        let types = fields.map(|field| Some(sql_type_name(field.data_type()))).collect();
        let names = ["column", "type"].map(str::to_owned);
        shell.show(&LastResult::of_texts(&names, vec![column, types])?)
    }
}
