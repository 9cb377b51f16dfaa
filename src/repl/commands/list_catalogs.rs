//! `\l`: the catalogs.

use super::{Command, Failed, Flow, like, sugar};
use crate::repl::shell::Shell;

/// List catalogs.
pub(super) struct ListCatalogs;

impl Command for ListCatalogs {
    fn names(&self) -> &'static [&'static str] {
        &["l", "l+", "databases"]
    }

    fn usage(&self) -> &'static str {
        "\\l [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list catalogs"
    }

    fn example(&self) -> &'static str {
        "\\l"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        sugar(shell, &format!("SHOW CATALOGS{}", like(arguments)))
    }
}
