//! `\errors`: bad records.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::error::Error;
use crate::repl::shell::Shell;

/// The records of a table that are not what it declares.
pub(super) struct Errors;

impl Command for Errors {
    fn names(&self) -> &'static [&'static str] {
        &["errors"]
    }

    fn usage(&self) -> &'static str {
        "\\errors TABLE"
    }

    fn about(&self) -> &'static str {
        "the records of a table that are not what it declares"
    }

    fn example(&self) -> &'static str {
        "\\errors users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            return Err(Error::sql("\\errors takes a table").into());
        }
        let name = shell.full_name(arguments.trim_end_matches(';').trim_matches('\''))?.join(".");
        sugar(shell, &format!("SELECT * FROM errors('{}')", name.replace('\'', "''")))
    }
}
