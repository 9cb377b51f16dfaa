//! The grammar of JSON (RFC 8259), strictly: finds the members of objects and the elements of
//! arrays without making values of them.
//!
//! Text is valid UTF-8, which callers have checked.

use memchr::memchr;

use crate::stream::decode::bad::Flaw;
use crate::stream::decode::cell::{Cell, Kind};
use crate::stream::decode::records::Extent;

/// How deep objects and arrays may be nested.
const DEPTH: usize = 128;

/// Marks in the end of a [`Raw`] that its string has escapes.
const ESCAPED: u32 = 1 << 31;

/// A place where text is not JSON.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl From<Wrong> for Flaw {
    fn from(wrong: Wrong) -> Self {
        Self::malformed(wrong.what)
    }
}

/// A value as it is written, strings with their quotes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Raw {
    start: u32,
    end: u32,
}

impl Raw {
    fn new(start: usize, end: usize, escaped: bool) -> Self {
        let Extent { start, end } = Extent::new(start, end);
        let mark = if escaped { ESCAPED } else { 0 };
        Self { start, end: end | mark }
    }

    /// Whether there is a value at all.
    pub(super) fn is_missing(self) -> bool {
        self.end == 0
    }

    /// Where it starts in its text.
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn bytes(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..(self.end & !ESCAPED) as usize).unwrap_or_default()
    }

    /// A string without quotes and escapes; anything else as it is.
    #[inline]
    pub(super) fn plain<'s>(self, text: &'s [u8], scratch: &'s mut Vec<u8>) -> &'s [u8] {
        match self.bytes(text) {
            [b'"', inner @ .., b'"'] if self.end & ESCAPED != 0 => {
                unescape(inner, scratch);
                scratch
            }
            [b'"', inner @ .., b'"'] => inner,
            other => other,
        }
    }

    /// The value as a cell; `None` for `null` and for nothing.
    #[inline]
    pub(super) fn cell<'s>(self, text: &'s [u8], scratch: &'s mut Vec<u8>) -> Option<Cell<'s>> {
        let kind = match self.bytes(text).first()? {
            b'n' => return None,
            b'"' => Kind::Text,
            b't' | b'f' => Kind::Boolean,
            b'{' | b'[' => Kind::Nested,
            _ => Kind::Number,
        };
        Some(Cell { text: self.plain(text, scratch), kind })
    }
}

/// The first position from `at` that is not white space.
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// The one value that a text is.
pub(super) fn whole(text: &[u8]) -> Result<Raw, Wrong> {
    if u32::try_from(text.len()).is_ok_and(|length| length & ESCAPED == 0) {
        let start = skip_space(text, 0);
        let (end, escaped) = value(text, start, 0)?;
        let after = skip_space(text, end);
        if after < text.len() {
            return Err(Wrong { at: after, what: "text after the value" });
        }
        return Ok(Raw::new(start, end, escaped));
    }
    Err(Wrong { at: 0, what: "longer than 2 GiB" })
}

/// Reads the object whose brace is at `at` and calls `member` with each key and value. Returns the
/// position after it.
pub(super) fn members<E: From<Wrong>>(
    text: &[u8],
    at: usize,
    depth: usize,
    mut member: impl FnMut(Raw, Raw) -> Result<(), E>,
) -> Result<usize, E> {
    let mut at = skip_space(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        if text.get(at) != Some(&b'"') {
            return Err(Wrong { at, what: "a key in quotes is expected" }.into());
        }
        let (end, escaped) = string(text, at)?;
        let key = Raw::new(at, end, escaped);
        at = skip_space(text, end);
        if text.get(at) != Some(&b':') {
            return Err(Wrong { at, what: "`:` is expected after a key" }.into());
        }
        let start = skip_space(text, at + 1);
        let (end, escaped) = value(text, start, depth + 1)?;
        member(key, Raw::new(start, end, escaped))?;
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return Err(Wrong { at, what: "`,` or `}` is expected" }.into()),
        }
    }
}

/// Reads the array whose bracket is at `at` and calls `element` with each value. Returns the
/// position after it.
pub(super) fn elements<E: From<Wrong>>(
    text: &[u8],
    at: usize,
    depth: usize,
    mut element: impl FnMut(Raw) -> Result<(), E>,
) -> Result<usize, E> {
    let mut at = skip_space(text, at + 1);
    if text.get(at) == Some(&b']') {
        return Ok(at + 1);
    }
    loop {
        let (end, escaped) = value(text, at, depth + 1)?;
        element(Raw::new(at, end, escaped))?;
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b']') => return Ok(at + 1),
            _ => return Err(Wrong { at, what: "`,` or `]` is expected" }.into()),
        }
    }
}

/// The end of the value at `at`, and whether it is a string with escapes.
fn value(text: &[u8], at: usize, depth: usize) -> Result<(usize, bool), Wrong> {
    let word = |word: &[u8]| {
        if text.get(at..).unwrap_or_default().starts_with(word) {
            Ok((at + word.len(), false))
        } else {
            Err(Wrong { at, what: "a value is expected" })
        }
    };
    match text.get(at) {
        Some(b'{' | b'[') if depth >= DEPTH => Err(Wrong { at, what: "nested more than 128 deep" }),
        Some(b'"') => string(text, at),
        Some(b'-' | b'0'..=b'9') => Ok((number(text, at)?, false)),
        Some(b'{') => Ok((members(text, at, depth, |_, _| Ok::<(), Wrong>(()))?, false)),
        Some(b'[') => Ok((elements(text, at, depth, |_| Ok::<(), Wrong>(()))?, false)),
        Some(b't') => word(b"true"),
        Some(b'f') => word(b"false"),
        Some(b'n') => word(b"null"),
        Some(_) => Err(Wrong { at, what: "a value is expected" }),
        None => Err(Wrong { at, what: "the text ends within a value" }),
    }
}

fn number(text: &[u8], start: usize) -> Result<usize, Wrong> {
    let digits = |mut at: usize| {
        while let Some(b'0'..=b'9') = text.get(at) {
            at += 1;
        }
        at
    };
    let some_digits = |at: usize| {
        let end = digits(at);
        if end == at { Err(Wrong { at, what: "a digit is expected" }) } else { Ok(end) }
    };
    let first = if text.get(start) == Some(&b'-') { start + 1 } else { start };
    let mut at = some_digits(first)?;
    if text.get(first) == Some(&b'0') && at > first + 1 {
        return Err(Wrong { at: first, what: "a number begins with 0" });
    }
    if text.get(at) == Some(&b'.') {
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = matches!(text.get(at + 1), Some(b'+' | b'-'));
        at = some_digits(at + 1 + usize::from(sign))?;
    }
    Ok(at)
}

/// The end of the string whose quote is at `start`, and whether it has escapes.
fn string(text: &[u8], start: usize) -> Result<(usize, bool), Wrong> {
    let (mut at, mut escaped) = (start + 1, false);
    loop {
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                at = escape(text, at)?;
                escaped = true;
            }
            Some(_) => return Err(Wrong { at, what: "a control character within a string" }),
            None => return Err(Wrong { at, what: "the text ends within a string" }),
        }
    }
}

/// The first quote, backslash or control character from `at`; eight bytes are looked at together.
#[inline]
fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, _) = text.get(at..).unwrap_or_default().as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let (quote, slash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
        // Bits above the first hit may be wrong, for a borrow; the first is right.
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & HIGH;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at)
        && byte >= 0x20
        && byte != b'"'
        && byte != b'\\'
    {
        at += 1;
    }
    at
}

/// The end of the escape whose backslash is at `at`.
fn escape(text: &[u8], at: usize) -> Result<usize, Wrong> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let unit = hex4(text, at).ok_or(Wrong { at, what: "`\\u` takes four digits" })?;
            match unit {
                0xd800..=0xdbff => match hex4(text, at + 6) {
                    Some(0xdc00..=0xdfff) => Ok(at + 12),
                    _ => Err(Wrong { at, what: "a lone surrogate" }),
                },
                0xdc00..=0xdfff => Err(Wrong { at, what: "a lone surrogate" }),
                _ => Ok(at + 6),
            }
        }
        Some(_) => Err(Wrong { at, what: "not an escape" }),
        None => Err(Wrong { at, what: "the text ends within a string" }),
    }
}

/// The code unit of the `\u` escape at `at`.
fn hex4(text: &[u8], at: usize) -> Option<u32> {
    let &[b'\\', b'u', ref digits @ ..] = text.get(at..at + 6)? else {
        return None;
    };
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

/// The text of a string that [`string`] has accepted.
fn unescape(mut inner: &[u8], scratch: &mut Vec<u8>) {
    scratch.clear();
    while let Some(at) = memchr(b'\\', inner) {
        scratch.extend_from_slice(inner.get(..at).unwrap_or_default());
        let mut length = 2;
        match inner.get(at + 1) {
            Some(b'b') => scratch.push(0x08),
            Some(b'f') => scratch.push(0x0c),
            Some(b'n') => scratch.push(b'\n'),
            Some(b'r') => scratch.push(b'\r'),
            Some(b't') => scratch.push(b'\t'),
            Some(b'u') => {
                length = 6;
                let mut code = hex4(inner, at).unwrap_or(0xfffd);
                if (0xd800..0xdc00).contains(&code) {
                    let low = hex4(inner, at + 6).unwrap_or(0xdc00);
                    code = 0x10000 + ((code - 0xd800) << 10) + (low.saturating_sub(0xdc00) & 0x3ff);
                    length = 12;
                }
                let character = char::from_u32(code).unwrap_or('\u{fffd}');
                scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(&other) => scratch.push(other),
            None => {}
        }
        inner = inner.get(at + length..).unwrap_or_default();
    }
    scratch.extend_from_slice(inner);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_json(text: &str) -> bool {
        let end = value(text.as_bytes(), 0, 0).map(|(end, _)| end);
        end.is_ok_and(|end| end == text.len())
    }

    #[test]
    fn the_grammar_is_the_one_of_serde_json() {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "a",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud83d",
            "0",
            "12",
            "-",
            ".",
            "e",
            "E",
            "+",
            "true",
            "null",
            "fals",
            " ",
            "\t",
            "\u{1}",
            "é",
            "\"a\":",
            "1.5",
            "{\"a\":1}",
            "[1,2]",
            "\"x y z long text\"",
        ];
        let mut state = 7_u64;
        let mut next = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % bound
        };
        let mut good = 0;
        for _ in 0..200_000 {
            let text: String = (0..next(6) + 1).map(|_| pieces[next(pieces.len())]).collect();
            let text = text.trim();
            let theirs = serde_json::from_str::<serde_json::Value>(text);
            assert_eq!(is_json(text), theirs.is_ok(), "{text}");
            if let Ok(serde_json::Value::String(theirs)) = theirs {
                let raw = Raw::new(0, text.len(), true);
                assert_eq!(raw.plain(text.as_bytes(), &mut Vec::new()), theirs.as_bytes());
            }
            good += usize::from(is_json(text));
        }
        assert!(good > 10_000);
    }

    #[test]
    fn depth_is_limited() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_json(&deep(128)));
        assert!(!is_json(&deep(129)));
        assert!(!is_json(&"[".repeat(1_000_000)));
    }
}
