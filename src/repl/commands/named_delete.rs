//! `\nd`: forgets a named query.

use super::{Argument, Command, Failed, Flow};
use crate::repl::named_queries;
use crate::repl::shell::Shell;

/// Forget a query that has a name.
pub(super) struct NamedDelete;

impl Command for NamedDelete {
    fn names(&self) -> &'static [&'static str] {
        &["nd"]
    }

    fn usage(&self) -> &'static str {
        "\\nd NAME"
    }

    fn about(&self) -> &'static str {
        "forget a query that has a name"
    }

    fn example(&self) -> &'static str {
        "\\nd top_users"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Query]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = shell;
        named_queries::delete(arguments)?;
        Ok(Flow::Continue)
    }
}
