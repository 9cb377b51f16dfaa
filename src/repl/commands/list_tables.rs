//! `\dt`: tables and views, here or in every catalog.

use super::{Argument, Command, Failed, Flow, like, sugar};
use crate::repl::shell::Shell;

/// List tables and views; a pattern looks through the current catalog.
pub(super) struct ListTables;

impl Command for ListTables {
    fn names(&self) -> &'static [&'static str] {
        &["dt", "dv", "tables"]
    }

    fn usage(&self) -> &'static str {
        "\\dt [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list tables and views; a pattern looks through the current catalog"
    }

    fn example(&self) -> &'static str {
        "\\dt *event*"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        if arguments.is_empty() {
            return sugar(shell, "SHOW TABLES");
        }
        let [catalog, _] = shell.session.home();
        let catalog = catalog.replace('"', "\"\"");
        sugar(shell, &format!("SHOW TABLES FROM \"{catalog}\"{}", like(arguments)))
    }
}
