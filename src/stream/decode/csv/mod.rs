//! CSV records as rows.
//!
//! Everything that cannot be told apart for certain is a bad record, not a guess: a quote within
//! an unquoted field, text after a closing quote, a field too few or too many. The rules for
//! values are in `cell`, the cutting in `tokens`.

mod dialect;
mod header;
pub(super) mod infer;
#[cfg(test)]
mod tests;
pub(super) mod tokens;

use std::collections::HashSet;
use std::ops::Range;

use arrow::datatypes::DataType;
use memchr::memchr;

pub use self::dialect::CsvDialect;
pub use self::header::{Head, head};
pub use self::infer::{CsvGuess, Likely, infer_csv};
use self::tokens::{Found, Tokens, Width};
use super::assemble::{Assembler, Cells, Grid};
use super::bad::Flaw;
use super::cell::{Cell, Kind, Notation, sink};
use super::records::{Extent, Places, Records, Stored, after_lines, limit, line_ends};
use super::shape::{Shape, Source};
use super::{Chunk, Decoded, Decoder, TextEncoding};
use crate::error::{Error, Result};

/// Decodes the CSV files that have one header.
#[derive(Debug)]
pub struct CsvDecoder {
    dialect: CsvDialect,
    columns: Assembler,
    rules: Vec<Rule>,
    missing: Vec<usize>,
    tokens: Tokens,
}

/// How a column's field becomes a cell.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// `None` if this file does not have the column.
    field: Option<usize>,
    /// Whether the empty text is a value.
    is_text: bool,
}

impl CsvDecoder {
    /// A decoder for records with the names of `header` (see [`head`]); without a header columns
    /// are found by their position or number. `projection` lists the columns of the batches.
    ///
    /// # Errors
    /// `Config` for options that contradict each other or the columns, `Corrupt` if the header
    /// lacks a column that may not be NULL, `Unsupported` for types that text cannot have.
    pub fn try_new(
        shape: Shape,
        dialect: &CsvDialect,
        header: Option<&[String]>,
        projection: &[usize],
    ) -> Result<Self> {
        dialect.check()?;
        let (rules, missing) = find_columns(&shape, header)?;
        let fields = rules.iter().filter_map(|rule| rule.field);
        let stride = fields.max().map_or(0, |last| last + 1);
        let by_position =
            shape.columns.iter().all(|column| matches!(column.source, Source::Name(_)));
        let width = match (header, dialect.fields) {
            (Some(names), _) => Width::Exactly(names.len()),
            (None, Some(fields)) => Width::Exactly(fields),
            (None, None) if by_position => Width::Exactly(stride),
            (None, None) => Width::AtLeast(stride),
        };
        if let Width::Exactly(width) = width
            && width < stride
        {
            return Err(Error::config(format!(
                "a column is field {stride}, but records have {width}"
            )));
        }
        let notation = Notation {
            decimal_comma: dialect.decimal_comma,
            date_format: dialect.date_format.clone(),
            timestamp_format: dialect.timestamp_format.clone(),
        };
        let columns = Assembler::try_new(shape, projection, |column| sink(column, &notation))?;
        let tokens = Tokens::new(dialect, width, stride);
        Ok(Self { dialect: dialect.clone(), columns, rules, missing, tokens })
    }

    /// The columns that this file's header lacks; they are NULL in every row.
    pub fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// Cuts `text` into at most `max_records` records; the second is the position after them.
    fn cut(
        &mut self,
        text: &[u8],
        start: usize,
        max_records: usize,
        invalid: &[u64],
    ) -> (Records, usize) {
        let mut records = Records::default();
        let (mut at, mut line, mut valid_to) = (start, 0, start);
        let encoding = self.dialect.encoding;
        self.tokens.clear();
        while at < text.len() && records.len() < max_records.max(1) {
            let step = self.tokens.step(text, at);
            let bytes = text.get(at..step.end).unwrap_or_default();
            let extent = Extent::new(at, step.end);
            let is_valid = if encoding == TextEncoding::UTF_8 {
                // Many records are checked together; one that is not wholly among them, alone.
                if step.end > valid_to {
                    valid_to = at + valid_length(text.get(at..).unwrap_or_default());
                }
                step.end <= valid_to || std::str::from_utf8(bytes).is_ok()
            } else if invalid.is_empty() {
                true
            } else {
                let first = line;
                line += line_ends(text.get(at..step.next).unwrap_or_default()) as u64;
                let from = invalid.partition_point(|&invalid| invalid < first);
                invalid.get(from).is_none_or(|&invalid| invalid >= line.max(first + 1))
            };
            match step.found {
                Found::Nothing => {}
                found if !is_valid => {
                    if matches!(found, Found::Record) {
                        self.tokens.forget_last();
                    }
                    records.push_broken(extent, Flaw::encoding(encoding.name()));
                }
                Found::Record => records.rows.push(extent),
                Found::Broken(flaw) => records.push_broken(extent, flaw),
            }
            at = step.next;
        }
        (records, at)
    }

    fn assemble(&mut self, text: &[u8], records: Records, places: Places<'_>) -> Result<Decoded> {
        let fields =
            Fields { text, tokens: &self.tokens, rules: &self.rules, dialect: &self.dialect };
        self.columns.assemble(&fields, records, places)
    }

    fn decode_utf8(&mut self, chunk: Chunk<'_>, max_records: usize) -> Result<Decoded> {
        let text = chunk.bytes;
        limit(text)?;
        let start = if chunk.byte_offset == 0 { byte_order_mark(text) } else { 0 };
        let (records, end) = self.cut(text, start, max_records, &[]);
        let places = Places::new(chunk, text, Stored::Same);
        let decoded = self.assemble(text, records, places)?;
        let lines = line_ends(text.get(..end).unwrap_or_default()) as u64;
        Ok(Decoded { bytes: end, lines, ..decoded })
    }

    /// Takes as many lines as records are wanted; where records may have several lines, all of
    /// the chunk, as transcribing it anew for every batch would cost more than it saves.
    fn decode_transcribed(&mut self, chunk: Chunk<'_>, max_records: usize) -> Result<Decoded> {
        let bytes = if self.dialect.multiline {
            chunk.bytes
        } else {
            let end = after_lines(chunk.bytes, 0, max_records.max(1));
            chunk.bytes.get(..end).unwrap_or_default()
        };
        let (text, invalid) = self.dialect.encoding.decode(bytes);
        limit(&text)?;
        let (records, _) = self.cut(&text, 0, usize::MAX, &invalid);
        let places = Places::new(chunk, &text, Stored::Lines(0));
        let decoded = self.assemble(&text, records, places)?;
        Ok(Decoded { bytes: bytes.len(), lines: line_ends(bytes) as u64, ..decoded })
    }
}

impl Decoder for CsvDecoder {
    fn decode(&mut self, chunk: Chunk<'_>, max_records: usize) -> Result<Decoded> {
        if self.dialect.encoding == TextEncoding::UTF_8 {
            self.decode_utf8(chunk, max_records)
        } else {
            self.decode_transcribed(chunk, max_records)
        }
    }

    fn decode_records(&mut self, chunk: Chunk<'_>, ranges: &[Range<usize>]) -> Result<Decoded> {
        let encoding = self.dialect.encoding;
        let mut text = Vec::with_capacity(chunk.bytes.len());
        let mut records = Records::default();
        let for_messages = self.tokens.of_messages();
        let for_lines = std::mem::replace(&mut self.tokens, for_messages);
        for range in ranges {
            let bytes = chunk.bytes.get(range.clone()).unwrap_or_default();
            let start = text.len();
            let is_valid = if encoding == TextEncoding::UTF_8 {
                text.extend_from_slice(bytes);
                std::str::from_utf8(bytes).is_ok()
            } else {
                let (decoded, invalid) = encoding.decode(bytes);
                text.extend_from_slice(&decoded);
                invalid.is_empty()
            };
            let extent = Extent::new(start, text.len());
            if !is_valid {
                records.push_broken(extent, Flaw::encoding(encoding.name()));
                continue;
            }
            let step = self.tokens.step(&text, start);
            match step.found {
                Found::Record if step.next == text.len() => records.rows.push(extent),
                Found::Record => {
                    self.tokens.forget_last();
                    records.push_broken(extent, Flaw::malformed("more than one line"));
                }
                Found::Nothing => records.push_broken(extent, Flaw::malformed("empty")),
                Found::Broken(flaw) => records.push_broken(extent, flaw),
            }
        }
        let decoded = limit(&text).and_then(|()| {
            let places = Places::new(chunk, &text, Stored::Records(ranges));
            self.assemble(&text, records, places)
        });
        self.tokens = for_lines;
        let lines = line_ends(chunk.bytes) as u64;
        Ok(Decoded { bytes: chunk.bytes.len(), lines, ..decoded? })
    }
}

/// How many of the next bytes are valid UTF-8, as far as that is looked into.
fn valid_length(text: &[u8]) -> usize {
    const AHEAD: usize = 16 * 1024;
    let ahead = text.get(..AHEAD).unwrap_or(text);
    match std::str::from_utf8(ahead) {
        Ok(_) => ahead.len(),
        Err(error) => error.valid_up_to(),
    }
}

/// The length of the UTF-8 byte order mark at the start of `bytes`.
pub(super) fn byte_order_mark(bytes: &[u8]) -> usize {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(MARK) { MARK.len() } else { 0 }
}

/// Where each column is in a record, and which columns are not.
fn find_columns(shape: &Shape, header: Option<&[String]>) -> Result<(Vec<Rule>, Vec<usize>)> {
    let (mut rules, mut missing) = (Vec::new(), Vec::new());
    for (index, column) in shape.columns.iter().enumerate() {
        let field = match (&column.source, header) {
            (Source::Name(name), Some(header)) => find_name(name, header)?,
            (Source::Name(_), None) => Some(index),
            (Source::Field(field), Some(header)) => Some(*field).filter(|&it| it < header.len()),
            (Source::Field(field), None) => Some(*field),
            (Source::Path(_), _) => {
                return Err(Error::config(format!(
                    "column {}: a CSV field is found by header name or number, like `#3`",
                    column.name
                )));
            }
        };
        if field.is_none() {
            if !column.nullable {
                return Err(Error::corrupt(format!(
                    "column {} is NOT NULL, but the header does not have it",
                    column.name
                )));
            }
            missing.push(index);
        }
        let is_text = matches!(
            column.data_type,
            DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView
        );
        rules.push(Rule { field, is_text });
    }
    Ok((rules, missing))
}

/// The field with exactly this name, else the only one that is equal without case.
fn find_name(name: &str, header: &[String]) -> Result<Option<usize>> {
    if let Some(index) = header.iter().position(|other| other == name) {
        return Ok(Some(index));
    }
    let lower = name.to_lowercase();
    let mut alike = (0..header.len())
        .filter(|&index| header.get(index).is_some_and(|other| other.to_lowercase() == lower));
    let first = alike.next();
    if let (Some(one), Some(other)) = (first, alike.next()) {
        let named = |index: usize| header.get(index).map_or("", String::as_str);
        return Err(Error::config(format!(
            "column {name} may be `{}` or `{}` of the header",
            named(one),
            named(other)
        )));
    }
    Ok(first)
}

/// Makes names distinct as DuckDB does: the second `a` is `a_1`, the third field without a name
/// `column2`.
fn distinct_names(names: Vec<String>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let written: HashSet<String> = names.iter().cloned().collect();
    let name_of = |(index, name): (usize, String)| {
        let name = if name.is_empty() { format!("column{index}") } else { name };
        let mut unique = name.clone();
        let mut suffix = 0_usize;
        while taken.contains(&unique) || (suffix > 0 && written.contains(&unique)) {
            suffix += 1;
            unique = format!("{name}_{suffix}");
        }
        taken.insert(unique.clone());
        unique
    };
    names.into_iter().enumerate().map(name_of).collect()
}

/// Records as cells.
struct Fields<'a> {
    text: &'a [u8],
    tokens: &'a Tokens,
    rules: &'a [Rule],
    dialect: &'a CsvDialect,
}

impl Grid for Fields<'_> {
    type Cells<'g>
        = Field<'g>
    where
        Self: 'g;

    fn cells(&self, column: usize) -> Field<'_> {
        let null = &self.dialect.null;
        Field {
            text: self.text,
            tokens: self.tokens,
            rule: self.rules.get(column).copied().unwrap_or(Rule { field: None, is_text: true }),
            quote: self.dialect.quote,
            escape: self.dialect.escape,
            empty_is_null: null.iter().any(String::is_empty),
            has_null_words: null.iter().any(|null| !null.is_empty()),
            null,
        }
    }
}

/// One field of every record.
struct Field<'a> {
    text: &'a [u8],
    tokens: &'a Tokens,
    rule: Rule,
    quote: Option<u8>,
    escape: Option<u8>,
    empty_is_null: bool,
    has_null_words: bool,
    null: &'a [String],
}

impl Field<'_> {
    fn is_null(&self, unquoted: &[u8]) -> bool {
        if unquoted.is_empty() {
            return self.empty_is_null;
        }
        self.has_null_words && self.null.iter().any(|null| null.as_bytes() == unquoted)
    }
}

impl Cells for Field<'_> {
    #[inline]
    fn cell<'s>(&'s self, row: usize, scratch: &'s mut Vec<u8>) -> Result<Option<Cell<'s>>, Flaw> {
        let span = self.rule.field.and_then(|field| self.tokens.span(row, field));
        let Some(span) = span else {
            return Ok(None);
        };
        let bytes = span.bytes(self.text);
        let text = match bytes {
            [first, inner @ .., _] if Some(*first) == self.quote => {
                if span.is_escaped() {
                    unescape(inner, self.escape.unwrap_or(*first), scratch);
                    scratch.as_slice()
                } else {
                    inner
                }
            }
            _ if self.is_null(bytes) => return Ok(None),
            _ => bytes,
        };
        if self.rule.is_text {
            return Ok(Some(Cell { text, kind: Kind::Text }));
        }
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Cell { text: trimmed(text), kind: Kind::Text }))
    }

    fn may_be_flawed(&self) -> bool {
        false
    }
}

/// Blanks around a number or date are not part of it.
fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_blank(text.first()) || is_blank(text.last()) { text.trim_ascii() } else { text }
}

/// Drops every `escape` and keeps what follows it.
fn unescape(mut inner: &[u8], escape: u8, scratch: &mut Vec<u8>) {
    scratch.clear();
    while let Some(at) = memchr(escape, inner) {
        scratch.extend_from_slice(inner.get(..at).unwrap_or_default());
        scratch.extend(inner.get(at + 1));
        inner = inner.get(at + 2..).unwrap_or_default();
    }
    scratch.extend_from_slice(inner);
}
