//! `\g`: runs a statement, perhaps into a file.

use super::{Argument, Command};
use crate::error::Result as Answer;
use crate::repl::shell::Shell;

/// Run the statement, or the last one, into a file or a program.
pub(super) struct Go;

impl Command for Go {
    fn names(&self) -> &'static [&'static str] {
        &["g"]
    }

    fn usage(&self) -> &'static str {
        "\\g [FILE or |PROGRAM]"
    }

    fn about(&self) -> &'static str {
        "run the statement, or the last one, into a file or a program"
    }

    fn example(&self) -> &'static str {
        "select 1 \\g one.csv"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        if arguments.is_empty() {
            return shell.statement(sql);
        }
        let target = crate::repl::output::Output::named(arguments)?;
        let before = std::mem::replace(&mut shell.output, target);
        let result = shell.statement(sql);
        let target = std::mem::replace(&mut shell.output, before);
        target.close()?;
        result
    }
}
