//! `\check`: what is wrong with a catalog.

use super::{Argument, Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Can it be reached, and what is wrong.
pub(super) struct Check;

impl Command for Check {
    fn names(&self) -> &'static [&'static str] {
        &["check"]
    }

    fn usage(&self) -> &'static str {
        "\\check [CATALOG]"
    }

    fn about(&self) -> &'static str {
        "can it be reached, and what is wrong"
    }

    fn example(&self) -> &'static str {
        "\\check lake"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Catalog]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let catalog = arguments.trim_end_matches(';');
        let found = shell.statement(&format!("CHECK CATALOG {catalog}"))?;
        if found == 0 {
            shell.say("everything can be reached and nothing is wrong")?;
        }
        Ok(Flow::Continue)
    }
}
