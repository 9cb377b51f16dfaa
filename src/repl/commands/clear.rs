//! `\clear`: an empty screen.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Empty the screen.
pub(super) struct Clear;

impl Command for Clear {
    fn names(&self) -> &'static [&'static str] {
        &["clear"]
    }

    fn usage(&self) -> &'static str {
        "\\clear"
    }

    fn about(&self) -> &'static str {
        "empty the screen"
    }

    fn example(&self) -> &'static str {
        "\\clear"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        if shell.interactive {
            eprint!("\x1b[H\x1b[2J");
        }
        Ok(Flow::Continue)
    }
}
