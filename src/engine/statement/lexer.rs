//! Where literals, comments and names begin and end: the lexical ground of every text pass here.
//!
//! The lexer never fails and its lexemes joined are the text, so that it also serves text that is
//! still being typed. Values and keywords are the parser's. The edges are those of `sqlparser`'s
//! tokenizer with its Generic dialect, oddities included (`q'[…]'`, `r'''…'''`, `//`), because a
//! statement cut elsewhere than the parser reads it would be two wrong statements; the tests in
//! `laws` hold the two together.

use std::str::Chars;

/// What a [`Lexeme`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A run of white space.
    Space,
    /// `-- …` with its line feed.
    LineComment,
    /// `/* … */`, nested.
    BlockComment,
    /// Any literal in quotes: `'…'`, `E'…'`, `q'[…]'`.
    Literal,
    /// `"…"` or `` `…` ``.
    QuotedName,
    /// `$$…$$` or `$tag$…$tag$`.
    DollarLiteral,
    /// A name or keyword.
    Word,
    /// A number.
    Number,
    /// `$1`, `$name`, `?`, `?1`, or a `$` alone.
    Parameter,
    /// Everything else: one character, or an operator of several that has to be read at once.
    Symbol,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub struct Lexeme<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
    /// Byte offset of `text`.
    pub start: usize,
    /// False where the text ended before the closing quote or `*/`.
    pub closed: bool,
}

impl Lexeme<'_> {
    /// Byte offset behind the lexeme.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it carries no meaning: white space or a comment.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::LineComment | Kind::BlockComment)
    }
}

/// The lexemes of `text`.
pub fn lexemes(text: &str) -> Lexer<'_> {
    Lexer { text, chars: text.chars() }
}

/// An iterator over [`Lexeme`]s.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    chars: Chars<'a>,
}

/// Operators that contain the beginning of a comment or of a variable.
///
/// The tokenizer reads `a //* b` as an integer division and a product, not as a comment.
const OPERATORS: [&str; 6] = ["||/", "|/", "//", "::", ":=", "#-"];

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Lexeme<'a>> {
        let rest = self.chars.as_str();
        let start = self.text.len() - rest.len();
        let (kind, closed) = self.read(rest)?;
        let text = &rest[..rest.len() - self.chars.as_str().len()];
        Some(Lexeme { kind, text, start, closed })
    }
}

impl Lexer<'_> {
    fn read(&mut self, rest: &str) -> Option<(Kind, bool)> {
        let mut next = rest.chars();
        let first = next.next()?;
        if let Some((prefix, literal)) = literal_at(rest) {
            self.skip(prefix);
            return Some((Kind::Literal, self.literal(literal)));
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            self.skip(operator.len());
            return Some((Kind::Symbol, true));
        }
        let read = match (first, next.next()) {
            ('-', Some('-')) => {
                self.skip(rest.find('\n').map_or(rest.len(), |feed| feed + 1));
                (Kind::LineComment, true)
            }
            ('/', Some('*')) => (Kind::BlockComment, self.block_comment()),
            ('"' | '`', _) => {
                self.skip(1);
                (Kind::QuotedName, self.quoted(first, false))
            }
            ('$', _) => self.dollar(rest),
            ('?', _) => {
                self.skip(1);
                self.take_while(char::is_numeric);
                (Kind::Parameter, true)
            }
            ('0'..='9', _) | ('.', Some('0'..='9')) => {
                self.number();
                (Kind::Number, true)
            }
            _ if first.is_whitespace() => {
                self.take_while(char::is_whitespace);
                (Kind::Space, true)
            }
            _ if is_name_start(first) => {
                self.take_while(is_name_part);
                (Kind::Word, true)
            }
            _ => {
                self.skip(first.len_utf8());
                (Kind::Symbol, true)
            }
        };
        Some(read)
    }

    fn skip(&mut self, bytes: usize) {
        self.chars = self.chars.as_str().get(bytes..).unwrap_or_default().chars();
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.chars.as_str();
        self.skip(rest.find(|c| !accept(c)).unwrap_or(rest.len()));
    }

    fn peek(&self) -> Option<char> {
        self.chars.clone().next()
    }

    /// Moves behind the next `end`, or to the end of the text.
    fn skip_behind(&mut self, end: &str) -> bool {
        let rest = self.chars.as_str();
        let found = rest.find(end);
        self.skip(found.map_or(rest.len(), |at| at + end.len()));
        found.is_some()
    }

    /// Reads behind an opening `quote`; two of them are one of the text.
    fn quoted(&mut self, quote: char, backslashes: bool) -> bool {
        while let Some(c) = self.chars.next() {
            if c == '\\' && backslashes {
                self.chars.next();
            } else if c == quote {
                if self.peek() != Some(quote) {
                    return true;
                }
                self.chars.next();
            }
        }
        false
    }

    fn literal(&mut self, literal: Literal) -> bool {
        match literal {
            Literal::Quoted { quote, backslashes } => self.quoted(quote, backslashes),
            Literal::Tripled(end) => self.skip_behind(end),
            Literal::Delimited(end) => {
                self.chars.next();
                while let Some(c) = self.chars.next() {
                    if c == end && self.peek() == Some('\'') {
                        self.chars.next();
                        return true;
                    }
                }
                false
            }
        }
    }

    fn block_comment(&mut self) -> bool {
        self.skip(2);
        let mut depth = 1_usize;
        while let Some(c) = self.chars.next() {
            match (c, self.peek()) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => continue,
            }
            self.chars.next();
            if depth == 0 {
                return true;
            }
        }
        false
    }

    fn dollar(&mut self, rest: &str) -> (Kind, bool) {
        self.skip(1);
        self.take_while(|c| c.is_alphanumeric() || c == '_');
        if self.peek() != Some('$') {
            return (Kind::Parameter, true);
        }
        self.skip(1);
        let tag = &rest[..rest.len() - self.chars.as_str().len()];
        (Kind::DollarLiteral, self.skip_behind(tag))
    }

    /// Numbers matter for where they end: in `1e'a'` the literal is an escaped one.
    fn number(&mut self) {
        if let Some(hex) = self.chars.as_str().strip_prefix("0x") {
            self.chars = hex.chars();
            self.take_while(|c| c.is_ascii_hexdigit());
            return;
        }
        self.take_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') {
            self.skip(1);
            self.take_while(|c| c.is_ascii_digit());
        }
        let rest = self.chars.as_str();
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.chars = digits.chars();
                self.take_while(|c| c.is_ascii_digit());
            }
        }
        if self.peek() == Some('L') {
            self.skip(1);
        }
    }
}

/// How a literal in quotes ends.
#[derive(Clone, Copy, Debug)]
enum Literal {
    /// At the next quote that is not doubled, nor behind a backslash where those count.
    Quoted { quote: char, backslashes: bool },
    /// At the next three quotes.
    Tripled(&'static str),
    /// At this character followed by a quote: `q'[…]'`.
    Delimited(char),
}

/// The literal that `rest` begins with, and the length of what opens it.
fn literal_at(rest: &str) -> Option<(usize, Literal)> {
    let plain = |quote| Literal::Quoted { quote, backslashes: false };
    let escaped = Literal::Quoted { quote: '\'', backslashes: true };
    let bytes = rest.as_bytes();
    let first = bytes.first()?.to_ascii_lowercase();
    let second = bytes.get(1).copied();
    match (first, second) {
        (b'\'', _) => Some((1, plain('\''))),
        (b'b', Some(b'"')) => Some((2, plain('"'))),
        (b'b' | b'n', Some(b'\'')) => Some((2, plain('\''))),
        (b'e' | b'x', Some(b'\'')) => Some((2, escaped)),
        (b'u', Some(b'&')) if bytes.get(2) == Some(&b'\'') => Some((3, plain('\''))),
        (b'r', Some(b'\'')) => Some(raw(rest, "'''", '\'')),
        (b'r', Some(b'"')) => Some(raw(rest, "\"\"\"", '"')),
        (b'q', Some(b'\'')) => Some(delimited(rest, 2)),
        (b'n', Some(b'q' | b'Q')) if bytes.get(2) == Some(&b'\'') => Some(delimited(rest, 3)),
        _ => None,
    }
}

fn raw(rest: &str, triple: &'static str, quote: char) -> (usize, Literal) {
    if rest[1..].starts_with(triple) {
        (1 + triple.len(), Literal::Tripled(triple))
    } else {
        (2, Literal::Quoted { quote, backslashes: false })
    }
}

fn delimited(rest: &str, prefix: usize) -> (usize, Literal) {
    let end = match rest[prefix..].chars().next() {
        // Not a delimiter: the parser will say so, and a plain literal is what was meant.
        None | Some(' ' | '\t' | '\r' | '\n') => {
            return (prefix, Literal::Quoted { quote: '\'', backslashes: false });
        }
        Some('[') => ']',
        Some('{') => '}',
        Some('<') => '>',
        Some('(') => ')',
        Some(other) => other,
    };
    (prefix, Literal::Delimited(end))
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '#' | '@')
}

/// `$` is one, which keeps `a$b` a name.
fn is_name_part(c: char) -> bool {
    is_name_start(c) || c.is_ascii_digit() || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        lexemes(text).map(|lexeme| (lexeme.kind, lexeme.text)).collect()
    }

    #[test]
    fn every_literal_is_one_lexeme() {
        for text in [
            "'it''s'",
            r"E'a\'b'",
            r"x'\''",
            "N'a'",
            "b\"a;\"",
            "r'''a';'b'''",
            r"r'\'",
            "q'[it's]'",
            "nq'xit'sx'",
            "u&'a;'",
        ] {
            assert_eq!(kinds(text), [(Kind::Literal, text)]);
        }
        assert_eq!(kinds("$t$ a;$$ $t$"), [(Kind::DollarLiteral, "$t$ a;$$ $t$")]);
        assert_eq!(kinds("\"a\"\"b\""), [(Kind::QuotedName, "\"a\"\"b\"")]);
        assert_eq!(kinds("`a;b`"), [(Kind::QuotedName, "`a;b`")]);
    }

    #[test]
    fn a_backslash_is_a_character_in_a_plain_literal() {
        let read = [(Kind::Literal, r"'a\'"), (Kind::Word, "b")];
        assert_eq!(kinds(r"'a\'b"), read);
    }

    #[test]
    fn dollars_are_parameters_parts_of_names_or_quotes() {
        let read = [
            (Kind::Parameter, "$1"),
            (Kind::Symbol, ","),
            (Kind::Parameter, "$day"),
            (Kind::Symbol, ","),
            (Kind::Word, "a$b$c"),
        ];
        assert_eq!(kinds("$1,$day,a$b$c"), read);
    }

    #[test]
    fn operators_that_contain_a_comment_sign_do_not_open_one() {
        let read = [(Kind::Symbol, "//"), (Kind::Symbol, "*"), (Kind::Word, "b")];
        assert_eq!(kinds("//*b"), read);
    }

    #[test]
    fn a_number_ends_before_the_literal_behind_it() {
        let read = [(Kind::Number, "1"), (Kind::Literal, r"e'\''")];
        assert_eq!(kinds(r"1e'\''"), read);
        assert_eq!(kinds("1.5e-3L'x'"), [(Kind::Number, "1.5e-3L"), (Kind::Literal, "'x'")]);
    }

    #[test]
    fn what_the_text_ends_inside_of_is_not_closed() {
        for text in ["'a", "E'a\\", "/* /* */", "\"a", "$x$ $y$", "q'[a]", "r'''a''"] {
            assert!(lexemes(text).last().is_some_and(|last| !last.closed), "{text}");
        }
    }
}
