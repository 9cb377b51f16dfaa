//! `\copy`: a result into a file.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Write a result into a file.
pub(super) struct Copy;

impl Command for Copy {
    fn names(&self) -> &'static [&'static str] {
        &["copy"]
    }

    fn usage(&self) -> &'static str {
        "\\copy (QUERY) or TABLE to FILE"
    }

    fn about(&self) -> &'static str {
        "write a result into a file"
    }

    fn example(&self) -> &'static str {
        "\\copy (select * from users) to 'users.parquet'"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Sql]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let text = arguments.trim().trim_end_matches(';');
        let lower = text.to_ascii_lowercase();
        if let Some(at) = lower.find(" from ").filter(|_| !text.starts_with('(')) {
            let error = Error::unsupported("\\copy writes files and reads none");
            let file = text[at + 6..].split_whitespace().next().unwrap_or_default();
            return Err(error.with_hint(format!("a file is a table: SELECT * FROM {file}")).into());
        }
        // psql's options without brackets.
        let plain = [" csv header", " with csv header", " with (format csv, header)"];
        let text = match plain.iter().find(|end| lower.ends_with(**end)) {
            Some(end) => format!("{} (FORMAT csv, HEADER true)", &text[..text.len() - end.len()]),
            None => text.to_owned(),
        };
        let sql = format!("COPY {text}");
        if shell.interactive && !shell.confirm(&sql)? {
            return Err(Error::cancelled("cancelled").into());
        }
        shell.last = Some(sql.clone());
        sugar(shell, &sql)
    }
}
