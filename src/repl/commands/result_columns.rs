//! `\gdesc`: the columns of a statement.

use super::{Command, Failed, Flow};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};

use crate::error::Error;
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
        let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
        let fields = schema.fields();
        let names = fields.iter().map(|field| field.name().clone()).collect();
        let types = fields.iter().map(|field| field.data_type().to_string()).collect();
        let columns = [("column", text(names)), ("type", text(types))];
        let batch =
            RecordBatch::try_from_iter(columns).map_err(|e| Error::internal(e.to_string()))?;
        shell.show(&LastResult::of(batch))
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let sql = shell.last()?;
        self.send(shell, &sql, arguments)?;
        Ok(Flow::Continue)
    }
}
