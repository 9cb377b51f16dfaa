//! `\g`: the last statement again.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Run the last statement again.
pub(super) struct Go;

impl Command for Go {
    fn names(&self) -> &'static [&'static str] {
        &["g", "last"]
    }

    fn usage(&self) -> &'static str {
        "\\g"
    }

    fn about(&self) -> &'static str {
        "run the last statement again"
    }

    fn example(&self) -> &'static str {
        "select 1 \\g"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        shell.again(false)?;
        Ok(Flow::Continue)
    }
}
