//! The head of a CSV file: what stands before its first record.

use super::tokens::{Found, Tokens, Width};
use super::{CsvDialect, byte_order_mark, distinct_names, unescape};
use crate::error::Result;
use crate::stream::decode::TextEncoding;
use crate::stream::decode::records::{after_lines, limit, line_ends};

/// What stands before the first record of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The names of the header, made distinct; `None` if the dialect has no header or the file
    /// ends before one.
    pub names: Option<Vec<String>>,
    /// Bytes up to the first record.
    pub bytes: usize,
    /// Line ends in them.
    pub lines: u64,
}

/// Reads the head of a file from its first bytes: byte order mark, skipped lines, header.
/// `None` if it is longer than `bytes`; never so if `at_end` says that they are the whole file.
///
/// # Errors
/// `Config` for options that contradict each other, `Corrupt` for a header with a broken quote.
pub fn head(bytes: &[u8], dialect: &CsvDialect, at_end: bool) -> Result<Option<Head>> {
    dialect.check()?;
    limit(bytes)?;
    let transcribed;
    let text = if dialect.encoding == TextEncoding::UTF_8 {
        bytes
    } else {
        transcribed = dialect.encoding.decode(bytes).0;
        transcribed.as_slice()
    };
    let start = byte_order_mark(text);
    let mut at = after_lines(text, start, dialect.skip_rows);
    if dialect.skip_rows > line_ends(text) && !at_end {
        return Ok(None);
    }
    let mut names = None;
    let mut tokens = Tokens::new(dialect, Width::AtLeast(0), usize::MAX);
    while dialect.header && names.is_none() && at < text.len() {
        tokens.clear();
        let step = tokens.step(text, at);
        if step.is_open && !at_end {
            return Ok(None);
        }
        match step.found {
            Found::Nothing => {}
            Found::Broken(flaw) => {
                return Err(crate::error::Error::corrupt(format!("the header: {}", flaw.reason)));
            }
            Found::Record => names = Some(distinct_names(texts(&tokens, text, dialect))),
        }
        at = step.next;
    }
    if names.is_none() && dialect.header && !at_end {
        return Ok(None);
    }
    let lines = line_ends(text.get(..at).unwrap_or_default());
    let bytes = if dialect.encoding == TextEncoding::UTF_8 {
        at
    } else if at >= text.len() {
        bytes.len()
    } else {
        after_lines(bytes, 0, lines)
    };
    Ok(Some(Head { names, bytes, lines: lines as u64 }))
}

/// The fields of the record that was cut last, without quotes.
pub(super) fn texts(tokens: &Tokens, text: &[u8], dialect: &CsvDialect) -> Vec<String> {
    let mut scratch = Vec::new();
    let text_of = |span: &super::tokens::Span| {
        let bytes = match span.bytes(text) {
            [first, inner @ .., _] if Some(*first) == dialect.quote => {
                if span.is_escaped() {
                    unescape(inner, dialect.escape.unwrap_or(*first), &mut scratch);
                    scratch.as_slice()
                } else {
                    inner
                }
            }
            bytes => bytes,
        };
        String::from_utf8_lossy(bytes).into_owned()
    };
    tokens.last().iter().map(text_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8], dialect: &CsvDialect) -> (Vec<String>, usize, u64) {
        let head = head(bytes, dialect, true).unwrap().unwrap();
        (head.names.unwrap_or_default(), head.bytes, head.lines)
    }

    #[test]
    fn a_header_is_found_behind_mark_comments_and_skipped_lines() {
        let dialect = CsvDialect { comment: Some(b'#'), skip_rows: 1, ..CsvDialect::default() };
        let bytes = b"\xef\xbb\xbfreport of may\n# x\n\na,\"b \"\"c\"\"\",a,\r\n1,2,3,4\r\n";
        let (names, end, lines) = names(bytes, &dialect);
        assert_eq!(names, ["a", "b \"c\"", "a_1", "column3"]);
        assert!(bytes[end..].starts_with(b"1,2"));
        assert_eq!(lines, 4);
    }

    #[test]
    fn a_header_that_is_cut_asks_for_more() {
        let dialect = CsvDialect::default();
        assert_eq!(head(b"a,b", &dialect, false).unwrap(), None);
        assert_eq!(names(b"a,b", &dialect).0, ["a", "b"]);
        assert_eq!(names(b"", &dialect), (vec![], 0, 0));
        assert!(head(b"a,\"b\n", &dialect, true).is_err());
        let none = CsvDialect { header: false, ..dialect };
        assert_eq!(names(b"a,b\n", &none), (vec![], 0, 0));
    }

    #[test]
    fn a_header_in_another_encoding_ends_where_its_bytes_end() {
        let dialect = CsvDialect { encoding: "gb18030".parse().unwrap(), ..CsvDialect::default() };
        let (names, end, _) = names(b"\xc4\xe3,b\n\xba\xc3,2\n", &dialect);
        assert_eq!((names[0].as_str(), end), ("你", 5));
    }
}
