//! `\c`: another current catalog and schema.

use super::{Argument, Command, Failed, Flow, sugar};
use crate::repl::shell::Shell;

/// Say or change the current catalog and schema.
pub(super) struct Connect;

impl Command for Connect {
    fn names(&self) -> &'static [&'static str] {
        &["c", "connect"]
    }

    fn usage(&self) -> &'static str {
        "\\c [CATALOG[.SCHEMA]]"
    }

    fn about(&self) -> &'static str {
        "say or change the current catalog and schema"
    }

    fn example(&self) -> &'static str {
        "\\c lake.reports"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Schema]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if !arguments.is_empty() {
            return sugar(shell, &format!("USE {}", arguments.trim_end_matches(';')));
        }
        let [catalog, schema] = shell.session.home();
        shell.say(&format!("{catalog}.{schema}"))?;
        Ok(Flow::Continue)
    }
}
