//! `\g`, `\G` and `\gx`: the last statement again.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Run the last statement again; \\G shows records one column a line.
pub(super) struct Go;

impl Command for Go {
    fn names(&self) -> &'static [&'static str] {
        &["g", "G", "gx", "last"]
    }

    fn usage(&self) -> &'static str {
        "\\g, \\G, \\gx"
    }

    fn about(&self) -> &'static str {
        "run the last statement again; \\G shows records one column a line"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        shell.again(false)?;
        Ok(Flow::Continue)
    }
}
