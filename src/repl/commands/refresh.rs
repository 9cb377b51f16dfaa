//! `\refresh`: looks again.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::repl::shell::Shell;

/// Forget what is cached and look again.
pub(super) struct Refresh;

impl Command for Refresh {
    fn names(&self) -> &'static [&'static str] {
        &["refresh", "#"]
    }

    fn usage(&self) -> &'static str {
        "\\refresh [CATALOG]"
    }

    fn about(&self) -> &'static str {
        "forget what is cached and look again"
    }

    fn example(&self) -> &'static str {
        "\\refresh lake"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Catalog]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let catalog = arguments.trim_end_matches(';');
        let catalog =
            if catalog.is_empty() { String::new() } else { format!(" CATALOG {catalog}") };
        sugar(shell, &format!("REFRESH{catalog}"))
    }
}
