//! The statement being typed, coloured: keywords, literals, the pair of the bracket at the cursor,
//! names that do not exist, and the prompts of its further lines.

mod unknown;

use std::collections::HashSet;
use std::fmt::Write;

use super::color::{BOLD, CYAN, DIM, GREEN, MAGENTA, PAIR, RESET, UNKNOWN};
use super::draft::{Draft, is_keyword};
use super::names::Names;
use super::prompt::lines::{INDENT, prompt_of};
use crate::engine::statement::lexer::{Kind, Lexeme, lexemes};
use crate::engine::statement::split::{PartKind, split};

/// Longer statements are not looked at for names: every key looks at all of it.
const LONGEST: usize = 16 * 1024;

/// `text` with colours, or with the prompts of its lines alone.
pub(super) fn highlight(text: &str, cursor: usize, names: &Names, colored: bool) -> String {
    let mut painter = Painter { text, out: String::with_capacity(2 * text.len()), at: 0, colored };
    if !colored {
        painter.push("", text);
        return painter.out;
    }
    for part in split(text) {
        let begin = painter.at;
        let offset = cursor.checked_sub(begin).filter(|offset| *offset <= part.text.len());
        if part.kind == PartKind::Command {
            let end = part.text.find(char::is_whitespace).unwrap_or(part.text.len());
            painter.push(BOLD, &part.text[..end]);
            painter.push("", &part.text[end..]);
            continue;
        }
        let wrong = if part.kind == PartKind::Statement && part.text.len() <= LONGEST {
            unknown::names(&Draft::read(part.text), offset, names)
        } else {
            HashSet::new()
        };
        let pair = offset.and_then(|offset| pair(part.text, offset));
        for lexeme in lexemes(part.text) {
            let in_pair = pair.is_some_and(|pair| pair.contains(&lexeme.start));
            let style = match in_pair {
                true => PAIR,
                false if wrong.contains(&lexeme.start) => UNKNOWN,
                false => style(lexeme),
            };
            painter.push(style, lexeme.text);
        }
    }
    painter.out
}

fn style(lexeme: Lexeme<'_>) -> &'static str {
    match lexeme.kind {
        Kind::LineComment | Kind::BlockComment => DIM,
        Kind::Literal | Kind::DollarLiteral => GREEN,
        Kind::Number => CYAN,
        Kind::Parameter => MAGENTA,
        Kind::Word if is_keyword(lexeme.text) => BOLD,
        Kind::Word | Kind::QuotedName | Kind::Symbol | Kind::Space => "",
    }
}

/// Where the bracket at or before byte `offset` and its other one stand.
fn pair(text: &str, offset: usize) -> Option<[usize; 2]> {
    let brackets: Vec<Lexeme<'_>> = lexemes(text)
        .filter(|lexeme| "()[]{}".contains(lexeme.text) && lexeme.text.len() == 1)
        .collect();
    let at = |offset: usize| brackets.iter().position(|bracket| bracket.start == offset);
    let one = at(offset).or_else(|| offset.checked_sub(1).and_then(at))?;
    let opens = |bracket: &Lexeme<'_>| "([{".contains(bracket.text);
    let mut depth = 0;
    let mut other = |bracket: &&Lexeme<'_>| {
        depth += if opens(bracket) == opens(&brackets[one]) { 1 } else { -1 };
        depth == 0
    };
    let found = if opens(&brackets[one]) {
        brackets[one..].iter().find(&mut other)
    } else {
        brackets[..=one].iter().rev().find(&mut other)
    };
    Some([brackets[one].start, found?.start])
}

/// Writes pieces of a text with styles, and the prompts of its lines in the place of their indents.
struct Painter<'t> {
    text: &'t str,
    out: String,
    /// How much of the text has been written.
    at: usize,
    colored: bool,
}

impl Painter<'_> {
    fn push(&mut self, style: &str, piece: &str) {
        self.out.push_str(style);
        let mut begin = 0;
        for (indent, _) in piece.match_indices(INDENT) {
            let is_line_start = self.text[..self.at + indent].ends_with('\n');
            if !is_line_start {
                continue;
            }
            self.out.push_str(&piece[begin..indent]);
            let prompt = prompt_of(&self.text[..self.at + indent]);
            // Writing to a String cannot fail.
            let _ = match self.colored {
                true => write!(self.out, "{RESET}{DIM}{prompt}{RESET}{style}"),
                false => self.out.write_str(prompt),
            };
            begin = indent + INDENT.len();
        }
        self.out.push_str(&piece[begin..]);
        if !style.is_empty() {
            self.out.push_str(RESET);
        }
        self.at += piece.len();
    }
}

#[cfg(test)]
mod tests;
