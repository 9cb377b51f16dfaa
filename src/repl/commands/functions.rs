//! `\df`: the functions.

use super::{Argument, Command, Failed, Flow, like, sugar};
use crate::repl::shell::Shell;

/// List functions.
pub(super) struct Functions;

impl Command for Functions {
    fn names(&self) -> &'static [&'static str] {
        &["df", "df+"]
    }

    fn usage(&self) -> &'static str {
        "\\df [PATTERN]"
    }

    fn about(&self) -> &'static str {
        "list functions"
    }

    fn example(&self) -> &'static str {
        "\\df date*"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Function]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        sugar(shell, &format!("SHOW FUNCTIONS{}", like(arguments)))
    }
}
