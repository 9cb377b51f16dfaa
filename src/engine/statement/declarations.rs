//! Parameters that a script declares in its head: `-- @param NAME TYPE [required | = DEFAULT]`.
//!
//! The lines are comments to every other SQL tool. What a type means and whether a value fits it is
//! the binder's; types and defaults are text here.

use super::lexer::{Kind, Lexeme, lexemes};
use super::split::position_behind;
use crate::error::nearest;
use crate::error::{Error, Position, Result};

/// One `-- @param` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The name, without `$`.
    pub name: String,
    /// The type as it stands, such as `DECIMAL(10, 2)`.
    pub type_text: String,
    /// The value if none is given, without its quotes.
    pub default: Option<String>,
    /// Whether a value has to be given.
    pub required: bool,
    /// What follows `--` on the line; empty if nothing does.
    pub help: String,
    /// Where the name stands.
    pub position: Position,
}

/// How the line is written, for errors.
const FORM: &str = "write -- @param NAME TYPE [required | = DEFAULT] [-- help]";

/// The parameters that the comments before the first statement or command of `text` declare.
///
/// A default with spaces around it, with `--` in it, or empty, stands in single quotes.
///
/// # Errors
///
/// Kind `Sql`, with a position: a line that is not of this form, a name declared twice (names that
/// differ by case only are too close to be two), and a declaration behind the head, which would
/// otherwise be overlooked.
pub fn declarations(text: &str) -> Result<Vec<Declaration>> {
    let mut declared: Vec<Declaration> = Vec::new();
    let mut in_head = true;
    for lexeme in lexemes(text) {
        if lexeme.kind != Kind::LineComment {
            in_head &= lexeme.is_blank() || lexeme.text == "\u{feff}";
            continue;
        }
        let Some(line) = Line::of(text, &lexeme, in_head)? else { continue };
        let declaration = line.declaration()?;
        let same = |other: &&Declaration| other.name.eq_ignore_ascii_case(&declaration.name);
        if let Some(first) = declared.iter().find(same) {
            let message = format!(
                "parameter {}: declared twice, as {} on line {}",
                declaration.name, first.name, first.position.line
            );
            return Err(Error::sql(message).at(declaration.position));
        }
        declared.push(declaration);
    }
    Ok(declared)
}

/// What follows `@param` on a line.
struct Line<'a> {
    text: &'a str,
    /// Byte offset of the line's content in `text`.
    start: usize,
    content: &'a str,
}

impl<'a> Line<'a> {
    /// The declaration a comment is meant to be, if it is meant to be one.
    fn of(text: &'a str, comment: &Lexeme<'a>, in_head: bool) -> Result<Option<Self>> {
        let body = comment.text.trim_start_matches('-').trim_start();
        let word = body.split_whitespace().next().unwrap_or_default();
        let start = comment.end() - body.len();
        let line = Self { text, start: start + word.len(), content: body[word.len()..].trim_end() };
        if word.eq_ignore_ascii_case("@param") {
            if in_head {
                return Ok(Some(line));
            }
            let message = "@param stands before the first statement or command of a script";
            return Err(Error::sql(message).at(line.position(start)));
        }
        let is_slip = in_head && word.starts_with('@');
        if is_slip && nearest(word, std::iter::once("@param")).is_some() {
            let error = Error::sql(format!("{word} is no declaration; did you mean @param?"));
            return Err(error.with_hint(FORM).at(line.position(start)));
        }
        Ok(None)
    }

    fn position(&self, at: usize) -> Position {
        position_behind(Position { line: 1, column: 1 }, &self.text[..at])
    }

    /// An error at byte `at` of the content.
    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::sql(message).with_hint(FORM).at(self.position(self.start + at))
    }

    fn declaration(&self) -> Result<Declaration> {
        let (specification, help) = self.help()?;
        let pieces: Vec<Lexeme<'_>> =
            lexemes(specification).filter(|lexeme| !lexeme.is_blank()).collect();
        let (name, rest) = match pieces.split_first() {
            None => return Err(self.error(0, "@param names no parameter")),
            Some((name, rest)) => (name, rest),
        };
        let is_plain = |c: char| c.is_alphanumeric() || c == '_';
        if name.kind != Kind::Word || !name.text.chars().all(is_plain) {
            let bare = name.text.trim_start_matches(['$', ':']);
            let message = match bare.len() < name.text.len() && !bare.is_empty() {
                true => format!("a parameter is declared without its sign: {bare}"),
                false => format!("{} is no name for a parameter", name.text),
            };
            return Err(self.error(name.start, message));
        }
        let (type_pieces, end) = self.type_pieces(name.text, rest)?;
        let Some((first, last)) = type_pieces.first().zip(type_pieces.last()) else {
            return Err(self.error(name.end(), format!("parameter {}: no type", name.text)));
        };
        let default = match end {
            Some(end) if end.text == "=" => {
                Some(self.default(name.text, specification, end.end())?)
            }
            _ => None,
        };
        Ok(Declaration {
            name: name.text.to_owned(),
            type_text: specification[first.start..last.end()].to_owned(),
            required: default.is_none() && end.is_some(),
            default,
            help: help.to_owned(),
            position: self.position(self.start + name.start),
        })
    }

    /// The content before the help, and the help.
    fn help(&self) -> Result<(&'a str, &'a str)> {
        let Some(comment) = lexemes(self.content).find(|piece| piece.kind == Kind::LineComment)
        else {
            return Ok((self.content, ""));
        };
        let before = &self.content[..comment.start];
        if !before.ends_with(char::is_whitespace) {
            let message = "-- begins the help: put a space before it, or the default in quotes";
            return Err(self.error(comment.start, message));
        }
        Ok((before, comment.text.trim_start_matches('-').trim()))
    }

    /// The pieces of the type, and the `required` or `=` behind them.
    fn type_pieces<'p>(
        &self,
        name: &str,
        pieces: &'p [Lexeme<'a>],
    ) -> Result<(&'p [Lexeme<'a>], Option<&'p Lexeme<'a>>)> {
        let is_end =
            |piece: &Lexeme<'_>| piece.text == "=" || piece.text.eq_ignore_ascii_case("required");
        let length = pieces.iter().position(is_end).unwrap_or(pieces.len());
        let (type_pieces, behind) = pieces.split_at(length);
        let mut open = Vec::new();
        for piece in type_pieces {
            let fits = match piece.text {
                "(" | "[" | "<" => {
                    open.push(piece);
                    true
                }
                ")" | "]" | ">" => open.pop().is_some_and(|open| closes(open.text, piece.text)),
                "," => true,
                _ => matches!(piece.kind, Kind::Word | Kind::Number | Kind::QuotedName),
            };
            if !fits {
                let message = format!("parameter {name}: {} in its type", piece.text);
                return Err(self.error(piece.start, message));
            }
        }
        if let Some(open) = open.pop() {
            let message = format!("parameter {name}: {} in its type is not closed", open.text);
            return Err(self.error(open.start, message));
        }
        match behind {
            [required, next, ..] if required.text != "=" => {
                let message = match next.text {
                    "=" => format!("parameter {name}: required, so that a default is never used"),
                    text => format!("parameter {name}: {text} behind required"),
                };
                Err(self.error(next.start, message))
            }
            _ => Ok((type_pieces, behind.first())),
        }
    }

    /// The default that stands behind byte `from` of the specification.
    fn default(&self, name: &str, specification: &str, from: usize) -> Result<String> {
        let text = specification[from..].trim();
        if text.is_empty() {
            let message = format!("parameter {name}: no default behind =; an empty one is ''");
            return Err(self.error(from, message));
        }
        if !text.contains('\'') {
            return Ok(text.to_owned());
        }
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        match inner {
            Some(inner) if inner.split("''").all(|piece| !piece.contains('\'')) => {
                Ok(inner.replace("''", "'"))
            }
            _ => {
                let message = format!(
                    "parameter {name}: a default with a quote in it stands in quotes, with the \
                     quote doubled"
                );
                Err(self.error(from, message))
            }
        }
    }
}

fn closes(open: &str, close: &str) -> bool {
    matches!((open, close), ("(", ")") | ("[", "]") | ("<", ">"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Declaration {
        let mut all = declarations(line).unwrap();
        assert_eq!(all.len(), 1, "{line}");
        all.remove(0)
    }

    fn refused(text: &str) -> (String, Position) {
        let error = declarations(text).unwrap_err();
        (error.message().to_owned(), error.position().unwrap())
    }

    #[test]
    fn a_head_declares_its_parameters_in_order() {
        let text = "\u{feff}-- What it is for.\n\
                    -- @param day DATE required -- the day, UTC\n\
                    /* more */\n\
                    --@PARAM price DECIMAL(10, 2) = 9.50\r\n\
                    -- @param since TIMESTAMP WITH TIME ZONE = 2026-09-01 00:00:00Z -- from\n\
                    -- @param note VARCHAR = 'it''s -- here'\n\
                    -- @param tags VARCHAR[]\n\
                    select $day;";
        let all = declarations(text).unwrap();
        let read: Vec<_> = all
            .iter()
            .map(|it| (&*it.name, &*it.type_text, it.default.as_deref(), it.required, &*it.help))
            .collect();
        assert_eq!(
            read,
            [
                ("day", "DATE", None, true, "the day, UTC"),
                ("price", "DECIMAL(10, 2)", Some("9.50"), false, ""),
                ("since", "TIMESTAMP WITH TIME ZONE", Some("2026-09-01 00:00:00Z"), false, "from"),
                ("note", "VARCHAR", Some("it's -- here"), false, ""),
                ("tags", "VARCHAR[]", None, false, ""),
            ]
        );
        assert_eq!(all[1].position, Position { line: 4, column: 10 });
    }

    #[test]
    fn an_empty_default_stands_in_quotes() {
        assert_eq!(one("-- @param a VARCHAR = ''").default.as_deref(), Some(""));
        assert_eq!(one("-- @param a INT=5").default.as_deref(), Some("5"));
    }

    #[test]
    fn other_comments_declare_nothing() {
        let text = "-- @author me\n-- a @param in a sentence\n-- parameters\n/* @param b INT */";
        assert_eq!(declarations(text).unwrap(), []);
        assert_eq!(declarations("select '\n-- @param a INT\n'").unwrap(), []);
    }

    #[test]
    fn a_malformed_line_is_refused_where_it_is_wrong() {
        for (line, message, column) in [
            ("-- @param", "@param names no parameter", 10),
            ("-- @param $day DATE", "a parameter is declared without its sign: day", 11),
            ("-- @param 1 DATE", "1 is no name for a parameter", 11),
            ("-- @param day", "parameter day: no type", 14),
            ("-- @param day required", "parameter day: no type", 14),
            ("-- @param a INT =", "parameter a: no default behind =; an empty one is ''", 18),
            ("-- @param a INT := 5", "parameter a: := in its type", 17),
            ("-- @param a DECIMAL(10", "parameter a: ( in its type is not closed", 20),
            ("-- @param a DECIMAL 10)", "parameter a: ) in its type", 23),
            ("-- @param a INT required now", "parameter a: now behind required", 26),
            (
                "-- @param a INT required = 5",
                "parameter a: required, so that a default is never used",
                26,
            ),
            (
                "-- @param a VARCHAR = x--y",
                "-- begins the help: put a space before it, or the default in quotes",
                24,
            ),
            (
                "-- @param a VARCHAR = it's",
                "parameter a: a default with a quote in it stands in quotes, with the quote doubled",
                22,
            ),
            ("-- @params a INT", "@params is no declaration; did you mean @param?", 4),
        ] {
            assert_eq!(refused(line), (message.to_owned(), Position { line: 1, column }), "{line}");
        }
    }

    #[test]
    fn a_name_is_declared_once_whatever_its_case() {
        let (message, position) = refused("-- @param day DATE\n-- @param Day DATE\nselect 1");
        assert_eq!(message, "parameter Day: declared twice, as day on line 1");
        assert_eq!(position, Position { line: 2, column: 11 });
    }

    #[test]
    fn a_declaration_behind_the_head_is_refused_rather_than_overlooked() {
        let (message, position) = refused("select 1;\n  -- @param day DATE\nselect $day;");
        assert_eq!(message, "@param stands before the first statement or command of a script");
        assert_eq!(position, Position { line: 2, column: 6 });
    }
}
