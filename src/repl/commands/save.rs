//! `\save`: the last SELECT becomes a view.

use super::{Command, Failed, Flow};
use crate::repl::catalog_files::keep;
use crate::repl::shell::Shell;

/// Keep the last SELECT as a view of the catalog.
pub(super) struct Save;

impl Command for Save {
    fn names(&self) -> &'static [&'static str] {
        &["save"]
    }

    fn usage(&self) -> &'static str {
        "\\save NAME"
    }

    fn about(&self) -> &'static str {
        "keep the last SELECT as a view of the catalog"
    }

    fn example(&self) -> &'static str {
        "\\save daily_errors"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let sql = shell.last()?;
        let saved = keep(shell, arguments.trim_end_matches(';'), sql.trim().trim_end_matches(';'))?;
        eprintln!("{saved}");
        Ok(Flow::Continue)
    }
}
