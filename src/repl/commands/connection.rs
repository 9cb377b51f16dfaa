//! `\conninfo`: where this prompt is.

use super::{Command, Failed, Flow};
use crate::repl::shell::Shell;

/// Say what this prompt is connected to.
pub(super) struct Connection;

impl Command for Connection {
    fn names(&self) -> &'static [&'static str] {
        &["conninfo"]
    }

    fn usage(&self) -> &'static str {
        "\\conninfo"
    }

    fn about(&self) -> &'static str {
        "say what this prompt is connected to"
    }

    fn example(&self) -> &'static str {
        "\\conninfo"
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = arguments;
        let [catalog, schema] = shell.session.home();
        let folder =
            shell.catalog_dir.clone().map_or("none".to_owned(), |f| f.display().to_string());
        shell.say(&format!("current: {catalog}.{schema}"))?;
        shell.say(&format!("catalog folder: {folder}"))?;
        shell.say(&format!("version: {}", env!("CARGO_PKG_VERSION")))?;
        Ok(Flow::Continue)
    }
}
