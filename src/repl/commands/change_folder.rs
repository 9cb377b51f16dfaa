//! `\cd`: another folder.

use super::{Argument, Command, Failed, Flow};
use crate::error::Error;
use crate::repl::shell::Shell;

/// Change the folder that paths start from.
pub(super) struct ChangeFolder;

impl Command for ChangeFolder {
    fn names(&self) -> &'static [&'static str] {
        &["cd"]
    }

    fn usage(&self) -> &'static str {
        "\\cd [FOLDER]"
    }

    fn about(&self) -> &'static str {
        "change the folder that paths start from"
    }

    fn example(&self) -> &'static str {
        "\\cd exports"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::File]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let _ = shell;
        let folder = match arguments.trim_matches('\'') {
            "" => dirs::home_dir().unwrap_or_default(),
            folder => folder.into(),
        };
        std::env::set_current_dir(&folder)
            .map_err(|e| Error::config(format!("{}: {e}", folder.display())).with_source(e))?;
        Ok(Flow::Continue)
    }
}
