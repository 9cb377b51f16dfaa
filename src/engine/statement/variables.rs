//! psql's `:name`, `:'name'` and `:"name"`: set variables pasted into a text before it is parsed.
//!
//! For the prompt and for scripts only; values that come from elsewhere are bound as parameters and
//! never pasted. Which variables are set is the caller's. A value may hold a `;`, so that a pasted
//! text has to be split again.

use std::borrow::Cow;
use std::ops::Range;

use super::lexer::{Kind, Lexeme, lexemes};
use super::split::position_behind;
use crate::error::Position;

/// A text with variables pasted, which still knows where everything came from.
///
/// The map is one pair of byte ranges for each variable: where it stood, and where its value
/// stands. Between them, the two texts are the same.
#[derive(Clone, Debug)]
pub struct Pasted<'t> {
    original: &'t str,
    text: Cow<'t, str>,
    pastes: Vec<Paste>,
}

/// One variable: its place in the original, and that of its value in the pasted text, in bytes.
#[derive(Clone, Debug)]
struct Paste {
    original: Range<usize>,
    value: Range<usize>,
}

impl<'t> Pasted<'t> {
    /// The text with the values in it; borrowed if there was nothing to paste.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a place of [`text`](Self::text) stood in the original; within a value, where the `:`
    /// of its variable stood.
    pub fn locate(&self, position: Position) -> Position {
        if self.pastes.is_empty() {
            return position;
        }
        let at = offset(&self.text, position);
        let original = match self.pastes.iter().rfind(|paste| paste.value.start <= at) {
            None => at,
            Some(paste) if at < paste.value.end => paste.original.start,
            Some(paste) => paste.original.end + (at - paste.value.end),
        };
        position_behind(Position { line: 1, column: 1 }, &self.original[..original])
    }
}

/// Pastes the variables that `variable` knows into `text`; others are left as they are.
///
/// `:name` pastes the value as it is, with variables in it pasted too (but not one within itself);
/// `:'name'` pastes it as a literal, `:"name"` as a quoted name. Never pasted is what stands in
/// literals, quoted names and comments; behind another `:`, as in `a::int`; directly in `[…]`, where
/// a `:` makes a slice (`a[(:n)]` does paste); and in `{…}` directly behind a key, as in `{'k':v}`.
///
/// A value is read on its own: a quote that is open in it stays open no further.
pub fn paste<'t, 'v>(text: &'t str, variable: impl Fn(&str) -> Option<&'v str>) -> Pasted<'t> {
    let mut paster = Paster { variable, out: String::new(), active: Vec::new() };
    let pastes = paster.paste(text);
    let text_after = if pastes.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(paster.out) };
    Pasted { original: text, text: text_after, pastes }
}

struct Paster<F> {
    variable: F,
    out: String,
    /// The variables whose values are being pasted.
    active: Vec<String>,
}

impl<'v, F: Fn(&str) -> Option<&'v str>> Paster<F> {
    /// Appends `text` to the output, and says what was pasted directly into it.
    fn paste(&mut self, text: &str) -> Vec<Paste> {
        let mut pastes = Vec::new();
        let mut brackets = Brackets::default();
        let mut at = 0;
        let mut lexer = lexemes(text);
        while let Some(mut lexeme) = lexer.next() {
            lexeme.start = at;
            let reference = if lexeme.text == ":" && !brackets.own(text, at) {
                Reference::read(&text[lexeme.end()..])
            } else {
                None
            };
            let value = reference.and_then(|reference| self.value(reference));
            if let (Some(reference), Some(value)) = (reference, value) {
                let start = self.out.len();
                self.push(reference, value);
                let end = lexeme.end() + reference.length;
                pastes.push(Paste { original: at..end, value: start..self.out.len() });
                brackets.behind_key = false;
                at = end;
                // Lexemes do not end where names of variables do.
                lexer = lexemes(&text[at..]);
            } else {
                self.out.push_str(lexeme.text);
                brackets.follow(&lexeme);
                at = lexeme.end();
            }
        }
        pastes
    }

    fn value(&self, reference: Reference<'_>) -> Option<&'v str> {
        let nested = self.active.iter().any(|active| active == reference.name);
        if nested { None } else { (self.variable)(reference.name) }
    }

    fn push(&mut self, reference: Reference<'_>, value: &str) {
        match reference.quote {
            None => {
                self.active.push(reference.name.to_owned());
                self.paste(value);
                self.active.pop();
            }
            Some(quote) => {
                self.out.push(quote);
                for c in value.chars() {
                    self.out.push(c);
                    if c == quote {
                        self.out.push(c);
                    }
                }
                self.out.push(quote);
            }
        }
    }
}

/// What follows a `:`.
#[derive(Clone, Copy)]
struct Reference<'a> {
    name: &'a str,
    quote: Option<char>,
    /// Bytes behind the `:`, quotes included.
    length: usize,
}

impl<'a> Reference<'a> {
    fn read(rest: &'a str) -> Option<Self> {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let inner = rest.get(usize::from(quote.is_some())..)?;
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let name = &inner[..inner.find(|c| !is_name(c)).unwrap_or(inner.len())];
        let closed = quote.is_none_or(|quote| inner[name.len()..].starts_with(quote));
        let length = name.len() + if quote.is_some() { 2 } else { 0 };
        (closed && !name.is_empty()).then_some(Self { name, quote, length })
    }
}

/// The brackets that are open, for the colons that belong to them.
#[derive(Debug, Default)]
struct Brackets {
    open: Vec<char>,
    /// The last lexeme could be a key of `{key:value}`.
    behind_key: bool,
}

impl Brackets {
    /// Whether the `:` at byte `at` of `text` is a slice's, an entry's or a cast's.
    fn own(&self, text: &str, at: usize) -> bool {
        match self.open.last() {
            Some('[') => true,
            Some('{') if self.behind_key => true,
            _ => text[..at].ends_with(':'),
        }
    }

    fn follow(&mut self, lexeme: &Lexeme<'_>) {
        self.behind_key = !lexeme.is_blank()
            && (lexeme.kind != Kind::Symbol || matches!(lexeme.text, ")" | "]" | "}"));
        match lexeme.text {
            "(" | "[" | "{" => self.open.extend(lexeme.text.chars()),
            ")" | "]" | "}" => {
                self.open.pop();
            }
            _ => {}
        }
    }
}

/// The byte of a place in `text`; the end, if it is beyond.
fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 1..position.line {
        match text[start..].find('\n') {
            Some(feed) => start += feed + 1,
            None => return text.len(),
        }
    }
    let mut characters = text[start..].char_indices();
    let before = usize::try_from(position.column.saturating_sub(1)).unwrap_or(usize::MAX);
    characters.nth(before).map_or(text.len(), |(at, _)| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pasted(text: &str) -> String {
        paste(text, variable).text().to_owned()
    }

    fn variable(name: &str) -> Option<&'static str> {
        match name {
            "t" => Some("lake.raw.events"),
            "who" => Some("O'Hara \"x\""),
            "n" => Some("7"),
            "macro" => Some("select :n, ':n' from :t"),
            "loop" => Some("1 + :loop"),
            "lines" => Some("1,\n2"),
            "none" => Some(""),
            "int" => Some("WRONG"),
            _ => None,
        }
    }

    #[test]
    fn the_three_forms_paste_text_literal_and_name() {
        assert_eq!(pasted("select * from :t;"), "select * from lake.raw.events;");
        assert_eq!(pasted("where a = :'who'"), "where a = 'O''Hara \"x\"'");
        assert_eq!(pasted("select :\"who\""), "select \"O'Hara \"\"x\"\"\"");
        assert_eq!(pasted("e:'n'e:n.x"), "e'7'e7.x");
    }

    #[test]
    fn what_is_not_set_or_not_a_variable_is_left() {
        for text in [
            "select :unset, :'unset', :\"unset\", :'n, : n, :",
            "select ':n' || E'\\':n' || \":n\" || `:n` || $$:n$$ || $x$ :n $x$",
            "select 1 -- :n\n/* :n /* :n */ :n */",
            "select a::int, a:::n",
            "select f(n := 1)",
            "select a[:n], a[1:n], a[b[1]:n]",
            "select {'a':n, b:n}, map {1:n}",
        ] {
            let pasted = paste(text, variable);
            assert_eq!(pasted.text(), text);
            assert!(matches!(pasted.text, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn parentheses_and_a_space_make_a_variable_of_it_within_brackets() {
        assert_eq!(pasted("select a[(:n)], {'a': :n}, [1]:n"), "select a[(7)], {'a': 7}, [1]7");
    }

    #[test]
    fn variables_in_a_value_are_pasted_but_none_into_itself() {
        assert_eq!(pasted(":macro;"), "select 7, ':n' from lake.raw.events;");
        assert_eq!(pasted(":loop"), "1 + :loop");
        assert_eq!(pasted(":'macro'"), "'select :n, '':n'' from :t'");
    }

    #[test]
    fn a_place_behind_a_value_is_found_in_the_original() {
        let pasted = paste("select :lines, nmae\nfrom :t x, :none nowhere", variable);
        assert_eq!(pasted.text(), "select 1,\n2, nmae\nfrom lake.raw.events x,  nowhere");
        let at = |line, column| pasted.locate(Position { line, column });
        assert_eq!(at(1, 7), Position { line: 1, column: 7 });
        // Both lines of the value.
        assert_eq!(at(1, 9), Position { line: 1, column: 8 });
        assert_eq!(at(2, 1), Position { line: 1, column: 8 });
        assert_eq!(at(2, 4), Position { line: 1, column: 16 });
        assert_eq!(at(3, 22), Position { line: 2, column: 9 });
        assert_eq!(at(3, 26), Position { line: 2, column: 18 });
        assert_eq!(at(99, 1), Position { line: 2, column: 25 });
    }

    #[test]
    fn a_place_stays_where_nothing_was_pasted() {
        let place = Position { line: 3, column: 5 };
        assert_eq!(paste("select 1", variable).locate(place), place);
    }
}
