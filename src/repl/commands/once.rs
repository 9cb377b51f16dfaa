//! `\once`: the next result into a file.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Send the next result, and no further one, to a file or a program.
pub(super) struct Once;

impl Command for Once {
    fn names(&self) -> &'static [&'static str] {
        &["once"]
    }

    fn usage(&self) -> &'static str {
        "\\once FILE or |PROGRAM"
    }

    fn about(&self) -> &'static str {
        "send the next result, and no further one, to a file or a program"
    }

    fn example(&self) -> &'static str {
        "\\once result.csv"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            return Err(Error::sql("\\once takes a file, or a program behind |").into());
        }
        shell.once = Some(arguments.to_owned());
        Ok(Flow::Continue)
    }
}
