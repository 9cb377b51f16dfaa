//! `\receipt`: what the last statement read, or its read point written to a file.

use arrow::array::AsArray;

use super::{Argument, Command, Failed, Flow, sugar};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Show the last statement's receipt, or save its read point.
pub(super) struct Receipt;

impl Command for Receipt {
    fn names(&self) -> &'static [&'static str] {
        &["receipt"]
    }

    fn usage(&self) -> &'static str {
        "\\receipt [save FILE]"
    }

    fn about(&self) -> &'static str {
        "what the last statement read; save its read point"
    }

    fn example(&self) -> &'static str {
        "\\receipt"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["save"]), Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let (word, file) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        match (word, file.trim().trim_matches('\'')) {
            ("", _) => sugar(shell, "SHOW RECEIPT"),
            ("save", file) if !file.is_empty() => {
                let content = read_point(shell)?;
                std::fs::write(file, content)
                    .map_err(|e| Error::config(format!("{file}: {e}")).with_source(e))?;
                Ok(Flow::Continue)
            }
            _ => Err(Error::sql("\\receipt takes nothing, or save FILE").into()),
        }
    }
}

/// What the last statement has pinned, as text.
pub(super) fn read_point(shell: &mut Shell) -> Result<String, Error> {
    let batches = shell.fetch("SHOW READ POINT")?;
    let content = batches.first().and_then(|batch| {
        let column = batch.column_by_name("content")?.as_string_opt::<i32>()?;
        column.iter().next().flatten()
    });
    content.map(str::to_owned).ok_or_else(|| Error::internal("a read point without content"))
}
