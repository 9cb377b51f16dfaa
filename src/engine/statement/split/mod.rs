//! The one statement splitter of prompt, files and standard input.
//!
//! It cuts a text into [`Part`]s that joined give the text back byte for byte. It decides what is a
//! statement and what a command, not what they mean: words of commands are the prompt's, and a
//! statement with a syntax error is a statement. How literals and comments end is `lexer`'s.

use super::lexer::{Kind, lexemes};
use crate::error::Position;

/// What a [`Part`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// SQL with the comments before it and the `;` that ends it.
    Statement,
    /// A line `\word arguments` or `.word arguments`, with its line end.
    Command,
    /// Nothing to run: white space, comments, a `;` alone, a byte-order mark.
    Blank,
}

/// Whether a text can be run, or more has to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Everything is ended.
    Complete,
    /// The text ends within something.
    NeedsMore(Open),
}

/// What a text ends within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A literal in quotes.
    InString,
    /// A quoted name.
    InQuotedName,
    /// A literal between `$$` or `$tag$`.
    InDollarString,
    /// A `/* … */` comment.
    InComment,
    /// A statement that only lacks its end.
    NoSemicolon,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The piece as it stands, comments, end and white space included.
    pub text: &'a str,
    /// What it is.
    pub kind: PartKind,
    /// Where it starts.
    pub start: Position,
    /// Where its first character stands that is neither white space nor comment; where it starts,
    /// if there is none.
    pub token: Position,
    /// Whether it is ended: by `;`, or by a command behind it that sends it, such as `\gx`. The
    /// last statement of a file runs without; the prompt waits for it.
    pub completeness: Completeness,
}

impl<'a> Part<'a> {
    /// The word of a command without its `\` or `.`, and what follows it on the line.
    ///
    /// A `;` right behind the word, which fingers add, is dropped: `\q;` is `\q`.
    pub fn command(&self) -> Option<(&'a str, &'a str)> {
        let line = self.text.strip_prefix(['\\', '.'])?;
        if self.kind != PartKind::Command {
            return None;
        }
        let (word, rest) = line.split_at(word_length(line));
        Some((word, rest.trim_start_matches(';').trim()))
    }

    /// A place within `text`, as a parser tells it, as a place in the text that was split.
    pub fn locate(&self, within: Position) -> Position {
        let line = self.start.line + within.line.saturating_sub(1);
        let column = match within.line {
            0 | 1 => self.start.column + within.column.saturating_sub(1),
            _ => within.column,
        };
        Position { line, column }
    }
}

/// Commands that send the statement before them, so that they stand where a `;` would.
///
/// `\G` is the `\gx` of MySQL and Trino.
const SENDING: [&str; 13] = [
    "g",
    "G",
    "gx",
    "gdesc",
    "gset",
    "gexec",
    "watch",
    "crosstabview",
    "crosstab",
    "pivot",
    "chart",
    "estimate",
    "profile",
];

/// Whether a command of this name ends the statement before it.
pub fn sends_statement(name: &str) -> bool {
    SENDING.contains(&name)
}

/// Begins many files on Windows, and, in files joined by `cat`, the second one too.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Cuts `text` into parts; none of them is empty.
///
/// * A statement ends with its `;`. Comments before it are part of it, as a script's `-- @param`
///   lines are. What follows the last `;` is a statement too if it is more than blanks.
/// * A command is the rest of a line whose `\` stands where a statement could begin, or whose
///   `.` does so as the first character of a line or of a part, followed by a letter. Comments
///   before it are a blank part.
/// * `\g`, `\gx`, `\G` and their like end a statement; the statement is followed by the command
///   as a part of its own.
/// * A byte-order mark belongs to a blank part with what stands before it: it begins a file.
pub fn split(text: &str) -> Vec<Part<'_>> {
    let mut splitter =
        Splitter { text, parts: Vec::new(), begin: 0, position: Position { line: 1, column: 1 } };
    while splitter.begin < text.len() {
        splitter.part();
    }
    splitter.parts
}

/// Whether the prompt can run `text`, or waits for more.
pub fn is_complete(text: &str) -> Completeness {
    let last = split(text).into_iter().rfind(|part| part.kind != PartKind::Blank);
    last.map_or(Completeness::Complete, |part| part.completeness)
}

struct Splitter<'a> {
    text: &'a str,
    parts: Vec<Part<'a>>,
    /// Byte offset of the part being read.
    begin: usize,
    position: Position,
}

impl<'a> Splitter<'a> {
    /// Reads one part, or a blank one and the command behind it.
    fn part(&mut self) {
        // Byte offset of the first lexeme that is no blank.
        let mut token = None;
        let mut open = Open::NoSemicolon;
        // Byte offset behind a `\word` that sends nothing: in `\g\gx` no command begins.
        let mut word_end = 0;
        for lexeme in lexemes(&self.text[self.begin..]) {
            let (start, end) = (self.begin + lexeme.start, self.begin + lexeme.end());
            if !lexeme.closed {
                open = open_in(lexeme.kind);
            }
            match lexeme.text {
                ";" => {
                    let kind = token.map_or(PartKind::Blank, |_| PartKind::Statement);
                    return self.push(kind, token, end, Completeness::Complete);
                }
                BYTE_ORDER_MARK if token.is_none() => {
                    return self.push(PartKind::Blank, None, end, Completeness::Complete);
                }
                _ if token.is_none() && self.is_command(start) => {
                    self.push(PartKind::Blank, None, start, Completeness::Complete);
                    return self.push_command();
                }
                "\\" if start >= word_end => {
                    let length = word_length(&self.text[end..]);
                    if sends_statement(&self.text[end..end + length]) {
                        self.push(PartKind::Statement, token, start, Completeness::Complete);
                        return self.push_command();
                    }
                    word_end = end + length;
                }
                // An open comment is no blank: it hides what was meant to run.
                _ if token.is_none() && (!lexeme.is_blank() || !lexeme.closed) => {
                    token = Some(start);
                }
                _ => {}
            }
        }
        let (kind, completeness) = match token {
            Some(_) => (PartKind::Statement, Completeness::NeedsMore(open)),
            None => (PartKind::Blank, Completeness::Complete),
        };
        self.push(kind, token, self.text.len(), completeness);
    }

    /// Whether a command stands at byte `at`, given that a statement could begin there.
    fn is_command(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        let first_of_line = at == self.begin || self.text[..at].ends_with('\n');
        let dotted = || rest[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        rest.starts_with('\\') || (rest.starts_with('.') && first_of_line && dotted())
    }

    fn push_command(&mut self) {
        let rest = &self.text[self.begin..];
        let end = self.begin + rest.find('\n').map_or(rest.len(), |feed| feed + 1);
        self.push(PartKind::Command, Some(self.begin), end, Completeness::Complete);
    }

    /// Makes a part of what lies before byte `end`, if that is anything.
    fn push(
        &mut self,
        kind: PartKind,
        token: Option<usize>,
        end: usize,
        completeness: Completeness,
    ) {
        if end == self.begin {
            return;
        }
        let text = &self.text[self.begin..end];
        let start = self.position;
        let token =
            token.map_or(start, |token| position_behind(start, &self.text[self.begin..token]));
        self.parts.push(Part { text, kind, start, token, completeness });
        // No editor counts the mark as a column.
        let counted = text.strip_suffix(BYTE_ORDER_MARK).filter(|_| kind == PartKind::Blank);
        self.position = position_behind(start, counted.unwrap_or(text));
        self.begin = end;
    }
}

/// The place behind `text` that starts at `start`; lines end with a line feed, as the parser counts.
pub(super) fn position_behind(start: Position, text: &str) -> Position {
    let characters = |text: &str| text.chars().count() as u64;
    match text.rsplit_once('\n') {
        Some((lines, last)) => Position {
            line: start.line + 1 + lines.matches('\n').count() as u64,
            column: 1 + characters(last),
        },
        None => Position { line: start.line, column: start.column + characters(text) },
    }
}

fn open_in(kind: Kind) -> Open {
    match kind {
        Kind::Literal => Open::InString,
        Kind::QuotedName => Open::InQuotedName,
        Kind::DollarLiteral => Open::InDollarString,
        Kind::BlockComment => Open::InComment,
        Kind::Space
        | Kind::LineComment
        | Kind::Word
        | Kind::Number
        | Kind::Parameter
        | Kind::Symbol => Open::NoSemicolon,
    }
}

/// Length in bytes of the command word at the beginning of `line`.
fn word_length(line: &str) -> usize {
    line.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(line.len())
}

#[cfg(test)]
mod tests;
