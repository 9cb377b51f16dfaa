//! `\a`: a table, or values joined by a separator.

use super::{Command, Failed, Flow};
use crate::render;
use crate::repl::shell::Shell;

/// Switch between table and unaligned.
pub(super) struct Align;

impl Command for Align {
    fn names(&self) -> &'static [&'static str] {
        &["a"]
    }

    fn usage(&self) -> &'static str {
        "\\a"
    }

    fn about(&self) -> &'static str {
        "switch between table and unaligned"
    }

    fn example(&self) -> &'static str {
        "\\a"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        let name = if shell.display.format.name() == "unaligned" { "table" } else { "unaligned" };
        shell.display.format = render::format(name)?;
        Ok(Flow::Continue)
    }
}
