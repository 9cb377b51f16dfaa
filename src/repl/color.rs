//! Whether and how things are coloured. Everything reads the same without.

use std::io::IsTerminal;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// At a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

impl ColorChoice {
    /// Whether something that may be a terminal is coloured.
    pub(super) fn is_on(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
                is_terminal && !set("NO_COLOR") && !dumb
            }
        }
    }

    /// Whether what goes to standard error is coloured.
    pub(super) fn on_stderr(self) -> bool {
        self.is_on(std::io::stderr().is_terminal())
    }
}

/// Ends every style.
pub(super) const RESET: &str = "\x1b[0m";
/// Keywords, prompts.
pub(super) const BOLD: &str = "\x1b[1m";
/// Comments, hints, notes.
pub(super) const DIM: &str = "\x1b[2m";
/// Literals.
pub(super) const GREEN: &str = "\x1b[32m";
/// Numbers.
pub(super) const CYAN: &str = "\x1b[36m";
/// Parameters.
pub(super) const MAGENTA: &str = "\x1b[35m";
/// A pair of brackets.
pub(super) const PAIR: &str = "\x1b[1;33m";
/// A name that does not exist: red, and underlined for who sees no red.
pub(super) const UNKNOWN: &str = "\x1b[4;31m";
