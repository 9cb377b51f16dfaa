//! `\o`: results into a file.

use super::{Argument, Command, Failed, Flow};
use crate::repl::output::Output as Sink;
use crate::repl::shell::Shell;

/// Send results to a file, or back to standard output.
pub(super) struct Output;

impl Command for Output {
    fn names(&self) -> &'static [&'static str] {
        &["o", "out", "output"]
    }

    fn usage(&self) -> &'static str {
        "\\o [FILE or |PROGRAM]"
    }

    fn about(&self) -> &'static str {
        "send results to a file or a program, or back here"
    }

    fn example(&self) -> &'static str {
        "\\o result.csv"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let next = if arguments.is_empty() { Sink::stdout() } else { Sink::named(arguments)? };
        std::mem::replace(&mut shell.output, next).close()?;
        Ok(Flow::Continue)
    }
}
