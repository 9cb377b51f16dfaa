//! `\infer`: a table file from the data.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::catalog_files::propose;
use crate::repl::shell::Shell;

/// Propose a table file from the data, and write it.
pub(super) struct Infer;

impl Command for Infer {
    fn names(&self) -> &'static [&'static str] {
        &["infer"]
    }

    fn usage(&self) -> &'static str {
        "\\infer TABLE"
    }

    fn about(&self) -> &'static str {
        "propose a table file from the data, and write it"
    }

    fn example(&self) -> &'static str {
        "\\infer users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let table = arguments.trim_end_matches(';');
        if table.is_empty() {
            return Err(Error::sql("\\infer takes a table").into());
        }
        propose(shell, table)?;
        Ok(Flow::Continue)
    }
}
