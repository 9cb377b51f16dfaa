//! What is asked before a statement that destroys or replaces something.

use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::run::cancelled;
use super::shell::Shell;
use crate::engine::statement::lexer::{Kind, lexemes};
use crate::error::{Error, Result};

/// What a statement destroys; `None` for one that destroys nothing.
pub(super) fn of(sql: &str) -> Option<String> {
    let tokens: Vec<_> = lexemes(sql).filter(|lexeme| !lexeme.is_blank()).collect();
    let word = |at: usize| tokens.get(at).map(|token| token.text.to_ascii_uppercase());
    let has = |wanted: &str| {
        tokens
            .iter()
            .any(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(wanted))
    };
    match (word(0)?.as_str(), word(1)?.as_str()) {
        ("DROP", what) => Some(format!("this drops a {}", what.to_ascii_lowercase())),
        ("CLEAN", _) => Some("this removes files that killed writes have left".to_owned()),
        ("DELETE" | "TRUNCATE", _) => Some("this removes rows".to_owned()),
        ("COPY", _) if has("OVERWRITE") => Some("this replaces what is there".to_owned()),
        ("COPY", _) => {
            let target = tokens.iter().rposition(|token| token.text.eq_ignore_ascii_case("TO"))?;
            let path = tokens.get(target + 1).filter(|token| token.kind == Kind::Literal)?;
            let path = path.text.trim_matches('\'');
            std::path::Path::new(path).is_file().then(|| format!("this replaces {path}"))
        }
        _ => None,
    }
}

/// How often it is looked whether an answer is there.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether standard input has a line.
fn is_readable() -> std::io::Result<bool> {
    let stdin = std::io::stdin();
    let mut asked = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    Ok(poll(&mut asked, PollTimeout::ZERO)? > 0)
}

impl Shell {
    /// Asks; a person who says nothing says no. Ctrl-C is a no as well.
    ///
    /// # Errors
    /// `Unavailable` when nobody can answer, `Cancelled` when it is interrupted.
    pub(super) fn is_confirmed(&mut self, warning: &str) -> Result<bool> {
        if !std::io::stdin().is_terminal() {
            return Ok(true);
        }
        let Self { runtime, interrupts, .. } = self;
        let failed = |e: std::io::Error| Error::unavailable(format!("no answer: {e}"));
        runtime.block_on(async {
            interrupts.listen()?;
            eprint!("{warning}: go on? [y/N] ");
            std::io::stderr().flush().map_err(failed)?;
            // The terminal gives whole lines: what can be read is the answer.
            while !is_readable().map_err(failed)? {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                    interrupt = interrupts.next() => {
                        eprintln!();
                        return Err(cancelled(interrupt));
                    }
                }
            }
            let mut answer = String::new();
            std::io::stdin().read_line(&mut answer).map_err(failed)?;
            Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_destroys_is_asked_for_and_nothing_else() {
        assert_eq!(of("-- c\ndrop view v").as_deref(), Some("this drops a view"));
        assert!(of("copy t to 'x' (overwrite)").is_some());
        for harmless in
            ["select 'drop table x'", "create view drop_it as select 1", "copy t to 'new.csv'", ""]
        {
            assert_eq!(of(harmless), None, "{harmless}");
        }
    }
}
