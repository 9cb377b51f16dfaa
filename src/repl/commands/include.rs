//! `\i` and `\ir`: run a file.

use std::path::PathBuf;

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Run a file.
pub(super) struct Include;

impl Command for Include {
    fn names(&self) -> &'static [&'static str] {
        &["i", "ir", "include", "read"]
    }

    fn usage(&self) -> &'static str {
        "\\i FILE"
    }

    fn about(&self) -> &'static str {
        "run a file"
    }

    fn example(&self) -> &'static str {
        "\\i report.sql"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let path = arguments.trim_matches('\'');
        if path.is_empty() {
            return Err(Error::sql("\\i takes a file").into());
        }
        // Both start at the file that includes, so that a script runs the same from anywhere;
        // a file that is not there is looked for from the working directory.
        let beside = shell.source.folder.as_ref().map(|folder| folder.join(path));
        let beside = beside.filter(|path| path.exists());
        shell.include(&beside.unwrap_or_else(|| PathBuf::from(path)))
    }
}
