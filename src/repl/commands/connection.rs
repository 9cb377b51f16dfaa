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
        let place = match (&shell.server, &shell.catalog_dir) {
            (Some(server), _) => format!("server: {server}"),
            (None, Some(folder)) => format!("catalog folder: {}", folder.display()),
            (None, None) => "catalog folder: none".to_owned(),
        };
        shell.say(&format!("current: {catalog}.{schema}"))?;
        shell.say(&place)?;
        shell.say(&format!("version: {}", env!("CARGO_PKG_VERSION")))?;
        Ok(Flow::Continue)
    }
}
