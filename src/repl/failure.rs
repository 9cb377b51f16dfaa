//! A statement that failed, as it is told: where it stands, and what was probably meant.

use super::error_text::error_text;
use super::shell::Source;
use crate::engine::statement::lexer::{Kind, Lexeme, lexemes};
use crate::error::{Error, Position};

/// A statement that failed, with the place in its file.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The text that positions count from.
    pub text: String,
    /// The place in `text`.
    pub position: Option<Position>,
    /// Where the text comes from.
    pub source: Source,
    /// SIGTERM ended it, not Ctrl-C.
    pub terminated: bool,
}

impl Failure {
    /// The error as people read it.
    pub fn text(&self) -> String {
        // An error without a place of its own is not at the statement's first word.
        let is_quoted = self.error.position().is_some() && !self.text.is_empty();
        let quoted = self.position.filter(|_| is_quoted);
        error_text(&self.error, &self.text, quoted)
    }

    /// The text with the name that was probably meant in the place of the wrong one.
    pub(super) fn corrected(&self) -> Option<String> {
        let meant = self.error.hint()?.strip_prefix("did you mean ")?.strip_suffix('?')?;
        let position = self.position.filter(|_| self.error.position().is_some())?;
        let line = usize::try_from(position.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(position.column).ok()?.checked_sub(1)?;
        let before: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let line = self.text.get(before..)?;
        let at = before + line.char_indices().nth(column)?.0;
        let parts = dotted(&self.text, at);
        // Of `t.cty` the last part is wrong, of `raw.users` all of it, for `lake.raw.users`.
        let wrong = parts.get(parts.len().saturating_sub(meant.split('.').count())..)?;
        let (first, last) = (wrong.first()?, wrong.last()?);
        let (before, behind) = (&self.text[..first.start], &self.text[last.end()..]);
        Some(format!("{before}{meant}{behind}").trim_end().to_owned())
    }

    /// `file:line:column` of the statement.
    pub fn place(&self) -> String {
        match self.position {
            Some(at) => format!("{}:{}:{}", self.source.name, at.line, at.column),
            None => self.source.name.clone(),
        }
    }

    /// Whether the reader of our results has gone: a quiet end, not a failure.
    pub fn is_closed_pipe(&self) -> bool {
        let mut current: Option<&(dyn std::error::Error + 'static)> = Some(&self.error);
        while let Some(error) = current {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::BrokenPipe
            {
                return true;
            }
            current = error.source();
        }
        false
    }
}

/// The parts of the name that begins at a place of a text; none if there is no name.
fn dotted(text: &str, at: usize) -> Vec<Lexeme<'_>> {
    let mut parts = Vec::new();
    let mut lexemes = lexemes(text).skip_while(|lexeme| lexeme.end() <= at);
    while let Some(part) = lexemes.next()
        && matches!(part.kind, Kind::Word | Kind::QuotedName)
    {
        parts.push(part);
        if lexemes.next().is_none_or(|lexeme| lexeme.text != ".") {
            break;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_stands_in_the_place_of_the_name_that_is_wrong() {
        for (typed, column, meant, corrected) in [
            ("select * from usrs", 15, "users", "select * from users"),
            ("select * from users u;", 15, "lake.raw.users", "select * from lake.raw.users u;"),
            ("select * from raw.usrs", 15, "users", "select * from raw.users"),
            ("select * from a.b.usrs", 15, "lake.raw.users", "select * from lake.raw.users"),
            ("select t.cty + 1 from t", 8, "city", "select t.city + 1 from t"),
            ("select \"Cty\" from t", 8, "city", "select city from t"),
        ] {
            let position = Some(Position { line: 1, column });
            let failure = Failure {
                error: Error::sql("wrong")
                    .at(Position { line: 1, column })
                    .with_hint(format!("did you mean {meant}?")),
                text: typed.to_owned(),
                position,
                source: Source { name: String::new(), folder: None },
                terminated: false,
            };
            assert_eq!(failure.corrected().as_deref(), Some(corrected));
        }
    }
}
