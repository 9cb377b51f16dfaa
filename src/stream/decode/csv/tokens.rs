//! Cuts CSV text into records and fields, strictly: a quote opens a field only at its start, and
//! only a delimiter or the record's end may follow the one that closes it.

use memchr::{memchr, memchr2, memchr3};

use super::CsvDialect;
use crate::stream::decode::bad::{BadKind, Flaw};
use crate::stream::decode::records::Extent;

/// How far a record with quoted line ends may reach, in bytes. Beyond, its quote is held to be
/// unclosed.
pub(in crate::stream::decode) const QUOTED_LIMIT: usize = 1 << 20;

/// Marks in the end of a span that its field has escaped quotes.
const ESCAPED: u32 = 1 << 31;

/// The bytes of one field, quotes included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(start: usize, end: usize, escaped: bool) -> Self {
        let Extent { start, end } = Extent::new(start, end);
        let mark = if escaped { ESCAPED } else { 0 };
        Self { start, end: end | mark }
    }

    pub(super) fn bytes(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..(self.end & !ESCAPED) as usize).unwrap_or_default()
    }

    pub(super) fn is_escaped(self) -> bool {
        self.end & ESCAPED != 0
    }
}

/// How many fields a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Exactly(usize),
    AtLeast(usize),
}

/// Cuts records and keeps the spans of their first fields, `stride` for each record.
#[derive(Clone, Debug)]
pub(in crate::stream::decode) struct Tokens {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    comment: Option<u8>,
    multiline: bool,
    width: Width,
    stride: usize,
    spans: Vec<Span>,
}

/// What stands at a position of the text.
#[derive(Debug)]
pub(in crate::stream::decode) struct Step {
    /// The end of the record without its line end.
    pub(in crate::stream::decode) end: usize,
    /// Where the next one starts.
    pub(in crate::stream::decode) next: usize,
    /// What it is.
    pub(in crate::stream::decode) found: Found,
    /// Whether more bytes might change the answer.
    pub(in crate::stream::decode) is_open: bool,
}

#[derive(Debug)]
pub(in crate::stream::decode) enum Found {
    /// An empty line or a comment.
    Nothing,
    /// A record whose fields were kept.
    Record,
    /// A broken record, none of whose fields were kept.
    Broken(Flaw),
}

/// A whole record: the number of its fields, where it ends, where the next one starts.
#[derive(Clone, Copy)]
struct Record {
    count: usize,
    end: usize,
    next: usize,
}

/// Why a record is broken, and whether more text might mend it.
struct Break {
    reason: String,
    is_open: bool,
}

/// How reading fields came to an end.
enum Quoted {
    /// Ends here.
    End(usize),
    /// Is broken, for this reason.
    Broken(String),
    /// Reaches the end of the text or of what may be read.
    Unclosed,
}

impl Tokens {
    pub(super) fn new(dialect: &CsvDialect, width: Width, stride: usize) -> Self {
        Self {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            escape: dialect.escape.filter(|&escape| Some(escape) != dialect.quote),
            comment: dialect.comment,
            multiline: dialect.multiline,
            width,
            stride,
            spans: Vec::new(),
        }
    }

    /// Finds borders only, in text whose quoted fields may hold line ends.
    pub(in crate::stream::decode) fn borders(dialect: &CsvDialect) -> Self {
        let dialect = CsvDialect { multiline: true, ..dialect.clone() };
        Self::new(&dialect, Width::AtLeast(0), 0)
    }

    /// For records whose borders are known: none is a comment, all may hold line ends.
    pub(super) fn of_messages(&self) -> Self {
        Self { comment: None, multiline: true, spans: Vec::new(), ..*self }
    }

    pub(super) fn clear(&mut self) {
        self.spans.clear();
    }

    /// Forgets the record that was kept last.
    pub(super) fn forget_last(&mut self) {
        self.spans.truncate(self.spans.len().saturating_sub(self.stride));
    }

    pub(super) fn span(&self, row: usize, field: usize) -> Option<Span> {
        self.spans.get(row * self.stride + field).copied()
    }

    /// The fields of the record that was kept last.
    pub(super) fn last(&self) -> &[Span] {
        self.spans.get(self.spans.len().saturating_sub(self.stride)..).unwrap_or_default()
    }

    /// Reads the record at `at`, which must be within `text`.
    pub(in crate::stream::decode) fn step(&mut self, text: &[u8], at: usize) -> Step {
        let rest = text.get(at..).unwrap_or_default();
        let (line, next) = match memchr(b'\n', rest) {
            Some(end) => (rest.get(..end).unwrap_or_default(), at + end + 1),
            None => (rest, text.len()),
        };
        let is_ended = next > at && text.get(next - 1) == Some(&b'\n');
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let end = at + line.len();
        let first = line.first().copied();
        if first.is_none() || first == self.comment {
            return Step { end, next, found: Found::Nothing, is_open: !is_ended };
        }
        let kept = self.spans.len();
        let has_quote = self.quote.is_some_and(|quote| memchr(quote, line).is_some());
        let (record, is_open) = if has_quote {
            match self.quoted(text, at, (end, next)) {
                Ok(record) => (record, text.get(record.next - 1) != Some(&b'\n')),
                Err(Break { reason, is_open }) => {
                    self.spans.truncate(kept);
                    let found = Found::Broken(Flaw::malformed(reason));
                    return Step { end, next, found, is_open: is_open || !is_ended };
                }
            }
        } else {
            (Record { count: self.plain(at, line), end, next }, !is_ended)
        };
        let Record { count, end, next } = record;
        let found = match self.width {
            Width::Exactly(width) if count != width => Err((width, "")),
            Width::AtLeast(width) if count < width => Err((width, " at least")),
            _ => Ok(()),
        };
        let found = match found {
            Ok(()) => Found::Record,
            Err((width, at_least)) => {
                self.spans.truncate(kept);
                let s = if count == 1 { "" } else { "s" };
                let reason = format!("{count} field{s} where {width}{at_least} are expected");
                Found::Broken(Flaw { kind: BadKind::Ragged, reason: reason.into() })
            }
        };
        Step { end, next, found, is_open }
    }

    fn keep(&mut self, count: usize, start: usize, end: usize, escaped: bool) {
        if count < self.stride {
            self.spans.push(Span::new(start, end, escaped));
        }
    }

    /// Cuts a line without quotes, eight bytes at a time. Returns the number of fields.
    fn plain(&mut self, at: usize, line: &[u8]) -> usize {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let pattern = u64::from_le_bytes([self.delimiter; 8]);
        let (words, rest) = line.as_chunks::<8>();
        let (mut count, mut start, mut base) = (0, at, at);
        for word in words {
            let differing = u64::from_le_bytes(*word) ^ pattern;
            // The high bit of every byte that is zero: no carry leaves a byte.
            let mut hits = !(((differing & LOW) + LOW) | differing | LOW);
            while hits != 0 {
                let end = base + (hits.trailing_zeros() / 8) as usize;
                self.keep(count, start, end, false);
                count += 1;
                start = end + 1;
                hits &= hits - 1;
            }
            base += 8;
        }
        for (index, &byte) in rest.iter().enumerate() {
            if byte == self.delimiter {
                self.keep(count, start, base + index, false);
                count += 1;
                start = base + index + 1;
            }
        }
        self.keep(count, start, at + line.len(), false);
        count + 1
    }

    /// Cuts a record with quotes; its first line ends at `line_end`, the next starts at
    /// `line_next`. A record that breaks on a later line breaks for what its first line shows, so
    /// that it does not matter how much text follows.
    fn quoted(
        &mut self,
        text: &[u8],
        at: usize,
        (line_end, line_next): (usize, usize),
    ) -> Result<Record, Break> {
        let line = text.get(..line_end).unwrap_or_default();
        let kept = self.spans.len();
        let mut is_open = false;
        if self.multiline {
            let limit = text.len().min((at + QUOTED_LIMIT).max(line_next));
            let within = text.get(..limit).unwrap_or_default();
            let (quoted, count) = self.fields(within, at);
            match quoted {
                Quoted::End(end) => match within.get(end..).unwrap_or_default() {
                    [b'\n', ..] => return Ok(Record { count, end, next: end + 1 }),
                    [b'\r', b'\n', ..] => return Ok(Record { count, end, next: end + 2 }),
                    _ if limit == text.len() => return Ok(Record { count, end, next: limit }),
                    _ => {}
                },
                Quoted::Broken(_) => {}
                Quoted::Unclosed => is_open = limit == text.len(),
            }
        }
        self.spans.truncate(kept);
        let reason = match self.fields(line, at) {
            (Quoted::End(end), count) => return Ok(Record { count, end, next: line_next }),
            (Quoted::Broken(reason), _) => reason,
            (Quoted::Unclosed, count) if self.multiline => {
                format!("the quote of field {} is not closed", count + 1)
            }
            (Quoted::Unclosed, count) => format!(
                "the quote of field {} is not closed on its line; `multiline` reads on",
                count + 1
            ),
        };
        Err(Break { reason, is_open })
    }

    /// Cuts fields from `at` to the record's end, which is a line end outside quotes or the end of
    /// `text`.
    fn fields(&mut self, text: &[u8], at: usize) -> (Quoted, usize) {
        let (mut start, mut count) = (at, 0);
        let Some(quote) = self.quote else {
            return (Quoted::Unclosed, count);
        };
        loop {
            let rest = text.get(start..).unwrap_or_default();
            let end = if rest.first() == Some(&quote) {
                let Some((end, escaped)) = self.closing(text, start + 1, quote) else {
                    return (Quoted::Unclosed, count);
                };
                self.keep(count, start, end, escaped);
                match text.get(end..).unwrap_or_default() {
                    [] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'] => {}
                    [next, ..] if *next == self.delimiter => {}
                    _ => {
                        let reason = format!("text after the closing quote of field {}", count + 1);
                        return (Quoted::Broken(reason), count);
                    }
                }
                end
            } else {
                let found = if self.multiline {
                    memchr3(self.delimiter, quote, b'\n', rest)
                } else {
                    memchr2(self.delimiter, quote, rest)
                };
                let end = start + found.unwrap_or(rest.len());
                match text.get(end) {
                    Some(byte) if *byte == quote => {
                        let reason = format!("a quote within the unquoted field {}", count + 1);
                        return (Quoted::Broken(reason), count);
                    }
                    Some(byte) if *byte == self.delimiter => {
                        self.keep(count, start, end, false);
                        end
                    }
                    _ => {
                        let field = text.get(start..end).unwrap_or_default();
                        let field = field.strip_suffix(b"\r").unwrap_or(field);
                        let end = start + field.len();
                        self.keep(count, start, end, false);
                        end
                    }
                }
            };
            count += 1;
            if text.get(end) != Some(&self.delimiter) {
                return (Quoted::End(end), count);
            }
            start = end + 1;
        }
    }

    /// The position after the quote that closes a field, and whether the field has escapes.
    fn closing(&self, text: &[u8], from: usize, quote: u8) -> Option<(usize, bool)> {
        let (mut at, mut escaped) = (from, false);
        loop {
            let rest = text.get(at..)?;
            let Some(escape) = self.escape else {
                let end = at + memchr(quote, rest)?;
                if text.get(end + 1) != Some(&quote) {
                    return Some((end + 1, escaped));
                }
                (at, escaped) = (end + 2, true);
                continue;
            };
            let end = at + memchr2(quote, escape, rest)?;
            if text.get(end) == Some(&quote) {
                return Some((end + 1, escaped));
            }
            (at, escaped) = (end + 2, true);
        }
    }
}
