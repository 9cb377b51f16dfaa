//! `\G` and `\gx`: the last statement again, records one column a line.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Run the last statement again, records one column a line.
pub(super) struct GoExpanded;

impl Command for GoExpanded {
    fn names(&self) -> &'static [&'static str] {
        &["G", "gx"]
    }

    fn usage(&self) -> &'static str {
        "\\G"
    }

    fn about(&self) -> &'static str {
        "run the last statement again, records one column a line"
    }

    fn example(&self) -> &'static str {
        "select * from users limit 1 \\gx"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        shell.again(true)?;
        Ok(Flow::Continue)
    }
}
