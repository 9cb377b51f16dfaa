//! Laws of the text passes on pseudo-random texts of nasty tokens, and their agreement with the parser.
//!
//! The fuzz target `split` checks the same laws on arbitrary text.

use super::caret::excerpt;
use super::declarations::declarations;
use super::lexer::lexemes;
use super::split::{Completeness, Open, PartKind, is_complete, position_behind, split};
use super::variables::paste;
use crate::error::Position;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Pieces that open, close, double or look like the beginning of something.
const TOKENS: &[&str] = &[
    "'", "''", "'''", "\"", "\"\"", "`", "$$", "$a$", "$1", "$name", "$", "a$b", "--", "-- c\n",
    "/*", "*/", "/", "*", "//", "|", "||", ";", ";", ";", "\n", "\r\n", " ", "\t", "\u{feff}", "é",
    "日", "e", "E'", "x'", "n", "q", "q'[", "]'", "Q'(", ")'", "r", "r'", "b\"", "U&'", "&",
    "select", "1", "1e5", "0x1f", ".", ".5", "1.", "L", "-", ">", ":", "::", ":a", "[", "]", "(",
    ")", ",", "_", "?",
];

/// Pieces that make commands; apart, since the parser knows none.
const COMMANDS: &[&str] =
    &["\\", "\\g", "\\gx\n", "\\d t\n", ".tables", "\n.mode csv\n", "\\G", "\\q;"];

/// Xorshift: the same texts on every machine.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self, alphabets: &[&[&'static str]]) -> String {
        let tokens: Vec<&str> = alphabets.concat();
        let length = self.below(14);
        (0..length).map(|_| tokens[self.below(tokens.len())]).collect()
    }
}

#[test]
fn parts_joined_are_the_text_and_each_split_again_is_itself() {
    let mut generator = Generator(0x5EED);
    for _ in 0..200_000 {
        let text = generator.text(&[TOKENS, COMMANDS]);
        let parts = split(&text);
        let joined: String = parts.iter().map(|part| part.text).collect();
        assert_eq!(joined, text);
        for part in parts {
            let again = split(part.text);
            assert_eq!(again.len(), 1, "{:?} of {text:?}", part.text);
            assert_eq!((again[0].text, again[0].kind), (part.text, part.kind), "{text:?}");
        }
    }
}

#[test]
fn lexemes_joined_are_the_text() {
    let mut generator = Generator(0xBEEF);
    for _ in 0..50_000 {
        let text = generator.text(&[TOKENS, COMMANDS]);
        let joined: String = lexemes(&text).map(|lexeme| lexeme.text).collect();
        assert_eq!(joined, text);
        assert!(lexemes(&text).all(|lexeme| !lexeme.text.is_empty()));
    }
}

/// Texts as both we and the parser read them, with the parser's tokens.
///
/// Without commands and marks, which the parser knows none of, and without texts it refuses. `#` and
/// a lone `@` are not in the alphabet: the tokenizer takes whatever follows them, quotes and `;`
/// included, for a part of a name. Nor is `/*!`, whose content it reads as SQL.
fn readable(seed: u64) -> impl Iterator<Item = (String, Vec<TokenWithSpan>)> {
    let mut generator = Generator(seed);
    let texts = std::iter::repeat_with(move || generator.text(&[TOKENS])).take(200_000);
    texts.filter_map(|text| {
        let foreign = text.contains('\u{feff}')
            || split(&text).iter().any(|part| part.kind == PartKind::Command);
        let tokens = Tokenizer::new(&GenericDialect {}, &text).tokenize_with_location();
        tokens.ok().filter(|_| !foreign).map(|tokens| (text, tokens))
    })
}

#[test]
fn the_parser_finds_the_same_statements() {
    let mut compared = 0;
    for (text, tokens) in readable(0xCAFE) {
        let ends: Vec<_> = tokens
            .iter()
            .filter(|token| token.token == Token::SemiColon)
            .map(|token| (token.span.start.line, token.span.start.column))
            .collect();
        let mut place = Position { line: 1, column: 1 };
        let mut ours = Vec::new();
        for part in split(&text) {
            assert_eq!(part.start, place, "{text:?}");
            place = position_behind(place, part.text);
            // A blank part may end within a comment; only a `;` outside one is an end.
            if lexemes(part.text).last().is_some_and(|last| last.text == ";") {
                ours.push((place.line, place.column - 1));
            }
        }
        compared += usize::from(!ends.is_empty());
        assert_eq!(ours, ends, "{text:?}");
    }
    assert!(compared > 10_000, "only {compared} texts with a statement could be compared");
}

#[test]
fn what_the_parser_can_read_is_complete_but_for_a_semicolon() {
    for (text, _) in readable(0xD00D) {
        let completeness = is_complete(&text);
        let ended = matches!(
            completeness,
            Completeness::Complete | Completeness::NeedsMore(Open::NoSemicolon)
        );
        assert!(ended, "{completeness:?} {text:?}");
    }
}

#[test]
fn what_the_parser_finds_open_is_open() {
    // An escape that does not exist is told as "Unterminated encoded string literal".
    const OPEN: [&str; 4] = [
        "Unterminated string literal",
        "Unterminated dollar-quoted",
        "Unexpected EOF while in a multi-line comment",
        "Expected close delimiter",
    ];
    let mut generator = Generator(0xFACE);
    let mut open = 0;
    for _ in 0..100_000 {
        let text = generator.text(&[TOKENS]);
        let foreign = split(&text).iter().any(|part| part.kind == PartKind::Command);
        let Err(error) = Tokenizer::new(&GenericDialect {}, &text).tokenize() else { continue };
        if foreign || !OPEN.iter().any(|message| error.message.starts_with(message)) {
            continue;
        }
        open += 1;
        let ours = is_complete(&text);
        assert!(
            matches!(ours, Completeness::NeedsMore(open) if open != Open::NoSemicolon),
            "{ours:?} {text:?}"
        );
    }
    assert!(open > 10_000, "only {open} texts ended within something");
}

#[test]
fn pasting_changes_only_variables_and_every_place_is_found_in_the_original() {
    let mut generator = Generator(0xACE);
    let mut pasted_any = 0;
    for _ in 0..50_000 {
        let text = generator.text(&[TOKENS, &[":a", ":'a'", ":\"a\"", "[", "{"]]);
        assert_eq!(paste(&text, |_| None).text(), text);
        let pasted = paste(&text, |name| (name == "a").then_some("new\nline"));
        pasted_any += usize::from(pasted.text() != text);
        let mut place = Position { line: 1, column: 1 };
        let mut last = place;
        for c in pasted.text().chars() {
            let original = pasted.locate(place);
            assert!(original >= last && excerpt(&text, original, 80).is_some(), "{text:?}");
            last = original;
            place = position_behind(place, c.encode_utf8(&mut [0; 4]));
        }
    }
    assert!(pasted_any > 5_000, "only {pasted_any} texts had a variable");
}

#[test]
fn an_error_in_a_head_has_a_place_in_the_text() {
    let mut generator = Generator(0xF1);
    let words = &["-- @param ", "a ", "INT ", "required ", "= ", "DECIMAL(10, 2)", "-- ", "\n"];
    for _ in 0..50_000 {
        let text = generator.text(&[words, words, words, TOKENS]);
        match declarations(&text) {
            Ok(declared) => assert!(declared.iter().all(|it| !it.type_text.is_empty())),
            Err(error) => {
                let place = error.position().expect("an error of a head has a place");
                assert!(excerpt(&text, place, 80).is_some(), "{place:?} {text:?}");
            }
        }
    }
}
