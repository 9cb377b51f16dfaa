//! `\dn`: the schemas of the current catalog.

use super::{Argument, Command, Failed, Flow, like, sugar};
use crate::repl::shell::Shell;

/// List schemas of the current catalog.
pub(super) struct ListSchemas;

impl Command for ListSchemas {
    fn names(&self) -> &'static [&'static str] {
        &["dn", "dn+"]
    }

    fn usage(&self) -> &'static str {
        "\\dn [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list schemas of the current catalog"
    }

    fn example(&self) -> &'static str {
        "\\dn lake"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Catalog]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        sugar(shell, &format!("SHOW SCHEMAS{}", like(arguments)))
    }
}
