//! JSON objects as rows: one to a line, one to a message, or the elements of one array.
//!
//! The grammar is checked in all of a record, also in members that no column asks for; those are
//! counted. Numbers keep their digits. A string stands for a number, date or truth value if it is
//! written exactly as one (`"7"` is the BIGINT 7); a VARCHAR takes numbers as written, and objects
//! and arrays as their JSON text. A key that a column asks for may occur once: the last one would
//! win silently elsewhere.

mod array;
mod infer;
mod nested;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use memchr::memchr;

pub use self::array::{ArraySplitter, Split};
pub use self::infer::{JsonGuess, JsonLayout, infer_json};
pub use self::nested::any_sink;
use self::scan::{Raw, Wrong, members, skip_space, whole};
use super::assemble::{Assembler, Cells, Grid};
use super::bad::Flaw;
use super::cell::{Cell, Sink};
use super::csv::byte_order_mark;
use super::records::{Extent, Places, Records, Stored, limit, line_ends};
use super::shape::{Shape, Source};
use super::{Chunk, Decoded, Decoder};
use crate::error::{Error, Result};

/// Decodes JSON objects.
#[derive(Debug)]
pub struct JsonDecoder {
    columns: Assembler,
    keys: Keys,
    /// For each column the slot of its outermost key, and the keys below.
    paths: Vec<(usize, Vec<String>)>,
    found: Vec<Raw>,
}

impl JsonDecoder {
    /// A decoder whose batches have the columns that `projection` lists.
    ///
    /// # Errors
    /// `Config` for columns that are found by number or have a format they cannot have,
    /// `Unsupported` for types that JSON cannot have.
    pub fn try_new(shape: Shape, projection: &[usize]) -> Result<Self> {
        let (mut keys, mut paths) = (Keys::default(), Vec::new());
        for column in &shape.columns {
            let (first, below) = match &column.source {
                Source::Name(name) => (name, Vec::new()),
                Source::Path(steps) => match steps.split_first() {
                    Some((first, below)) => (first, below.to_vec()),
                    None => (&column.name, Vec::new()),
                },
                Source::Field(_) => {
                    return Err(Error::config(format!(
                        "column {}: a JSON value is found by key or path, like `$.a.b`",
                        column.name
                    )));
                }
            };
            paths.push((keys.slot(first), below));
        }
        let columns = Assembler::try_new(shape, projection, any_sink)?;
        Ok(Self { columns, keys, paths, found: Vec::new() })
    }

    /// Finds the columns' keys in one record.
    fn record(&mut self, text: &[u8], range: Range<usize>) -> Result<u64, Flaw> {
        let bytes = text.get(range.clone()).unwrap_or_default();
        if std::str::from_utf8(bytes).is_err() {
            return Err(Flaw::encoding("UTF-8"));
        }
        let text = text.get(..range.end).unwrap_or_default();
        let kept = self.found.len();
        let found = self.find(text, range.start);
        if found.is_err() {
            self.found.truncate(kept);
        }
        found.map_err(|Wrong { at, what }| {
            let byte = at.saturating_sub(range.start) + 1;
            Flaw::malformed(format!("{what}, at byte {byte} of the record"))
        })
    }

    fn find(&mut self, text: &[u8], start: usize) -> Result<u64, Wrong> {
        let at = skip_space(text, start);
        let what = match text.get(at) {
            Some(b'{') => "",
            Some(b'[') => "a record is an object, not an array",
            Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                "a record is an object, not a single value"
            }
            Some(_) => "a record begins with `{`",
            None => "a record is an object, not nothing",
        };
        if !what.is_empty() {
            return Err(Wrong { at, what });
        }
        let kept = self.found.len();
        self.found.resize(kept + self.keys.count, Raw::default());
        let row = self.found.get_mut(kept..).unwrap_or_default();
        let (keys, mut ignored, mut position) = (&mut self.keys, 0, 0);
        let end = members(text, at, 0, |key, value| {
            let slot = keys.find(position, key, text);
            position += 1;
            match slot.and_then(|slot| row.get_mut(slot)) {
                Some(found) if found.is_missing() => *found = value,
                Some(_) => return Err(Wrong { at: key.start(), what: "the key occurs twice" }),
                None => ignored += 1,
            }
            Ok(())
        })?;
        let end = skip_space(text, end);
        if end < text.len() {
            return Err(Wrong { at: end, what: "text after the object" });
        }
        Ok(ignored)
    }

    fn assemble(&mut self, text: &[u8], records: Records, places: Places<'_>) -> Result<Decoded> {
        let count = self.keys.count;
        let values = Values { text, found: &self.found, count, paths: &self.paths };
        self.columns.assemble(&values, records, places)
    }
}

impl Decoder for JsonDecoder {
    /// A record is a line; one object over two lines is two broken records.
    fn decode(&mut self, chunk: Chunk<'_>, max_records: usize) -> Result<Decoded> {
        let text = chunk.bytes;
        limit(text)?;
        self.found.clear();
        let (mut records, mut ignored_keys) = (Records::default(), 0);
        let mut at = if chunk.byte_offset == 0 { byte_order_mark(text) } else { 0 };
        while at < text.len() && records.len() < max_records.max(1) {
            let rest = text.get(at..).unwrap_or_default();
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let end = at + line.len();
            if skip_space(line, 0) < line.len() {
                match self.record(text, at..end) {
                    Ok(ignored) => {
                        ignored_keys += ignored;
                        records.rows.push(Extent::new(at, end));
                    }
                    Err(flaw) => records.push_broken(Extent::new(at, end), flaw),
                }
            }
            at = text.len().min(at + length + 1);
        }
        let places = Places::new(chunk, text, Stored::Same);
        let decoded = self.assemble(text, records, places)?;
        let lines = line_ends(text.get(..at).unwrap_or_default()) as u64;
        Ok(Decoded { bytes: at, lines, ignored_keys, ..decoded })
    }

    fn decode_records(&mut self, chunk: Chunk<'_>, ranges: &[Range<usize>]) -> Result<Decoded> {
        let text = chunk.bytes;
        limit(text)?;
        self.found.clear();
        let (mut records, mut ignored_keys) = (Records::default(), 0);
        for range in ranges {
            let extent = Extent::new(range.start, range.end);
            match self.record(text, range.clone()) {
                Ok(ignored) => {
                    ignored_keys += ignored;
                    records.rows.push(extent);
                }
                Err(flaw) => records.push_broken(extent, flaw),
            }
        }
        let places = Places::new(chunk, text, Stored::Same);
        let decoded = self.assemble(text, records, places)?;
        let lines = line_ends(text) as u64;
        Ok(Decoded { bytes: text.len(), lines, ignored_keys, ..decoded })
    }
}

/// Reads one text of JSON into a sink of [`any_sink`]; appends nothing if it is none or does not fit.
///
/// # Errors
/// What is wrong with it.
pub fn push_json(text: &[u8], into: &mut dyn Sink) -> Result<(), Flaw> {
    if std::str::from_utf8(text).is_err() {
        return Err(Flaw::encoding("UTF-8"));
    }
    let value = whole(text).map_err(|Wrong { at, what }| {
        Flaw::malformed(format!("{what}, at byte {} of the value", at + 1))
    })?;
    match value.cell(text, &mut Vec::new()) {
        Some(cell) => into.push(cell),
        None => {
            into.push_null();
            Ok(())
        }
    }
}

/// The outermost keys that columns ask for.
#[derive(Debug, Default)]
struct Keys {
    slots: HashMap<Vec<u8>, usize>,
    count: usize,
    /// The keys of an earlier record by their position, as records mostly look alike.
    seen: Vec<(Vec<u8>, Option<usize>)>,
}

impl Keys {
    /// How many positions, and how many bytes of each key, are remembered.
    const SEEN: usize = 1024;

    fn slot(&mut self, key: &str) -> usize {
        let count = &mut self.count;
        *self.slots.entry(key.as_bytes().to_vec()).or_insert_with(|| {
            *count += 1;
            *count - 1
        })
    }

    fn find(&mut self, position: usize, key: Raw, text: &[u8]) -> Option<usize> {
        let mut scratch = Vec::new();
        let key = key.plain(text, &mut scratch);
        if let Some((seen, slot)) = self.seen.get(position)
            && seen == key
        {
            return *slot;
        }
        let slot = self.slots.get(key).copied();
        if key.len() <= Self::SEEN {
            let entry = (key.to_vec(), slot);
            if let Some(seen) = self.seen.get_mut(position) {
                *seen = entry;
            } else if self.seen.len() == position && position < Self::SEEN {
                self.seen.push(entry);
            }
        }
        slot
    }
}

/// Records as cells.
struct Values<'a> {
    text: &'a [u8],
    found: &'a [Raw],
    count: usize,
    paths: &'a [(usize, Vec<String>)],
}

impl Grid for Values<'_> {
    type Cells<'g>
        = Member<'g>
    where
        Self: 'g;

    fn cells(&self, column: usize) -> Member<'_> {
        let (slot, below) = match self.paths.get(column) {
            Some((slot, below)) => (*slot, below.as_slice()),
            None => (usize::MAX, &[][..]),
        };
        Member { text: self.text, found: self.found, count: self.count, slot, below }
    }
}

/// One member of every record.
struct Member<'a> {
    text: &'a [u8],
    found: &'a [Raw],
    count: usize,
    slot: usize,
    below: &'a [String],
}

impl Cells for Member<'_> {
    #[inline]
    fn cell<'s>(&'s self, row: usize, scratch: &'s mut Vec<u8>) -> Result<Option<Cell<'s>>, Flaw> {
        let Some(raw) = self.found.get((row * self.count).saturating_add(self.slot)) else {
            return Ok(None);
        };
        if self.below.is_empty() {
            return Ok(raw.cell(self.text, scratch));
        }
        self.deep(*raw, scratch)
    }

    fn may_be_flawed(&self) -> bool {
        !self.below.is_empty()
    }
}

impl Member<'_> {
    fn deep<'s>(
        &'s self,
        mut raw: Raw,
        scratch: &'s mut Vec<u8>,
    ) -> Result<Option<Cell<'s>>, Flaw> {
        let mut text = self.text;
        for step in self.below {
            let object = raw.bytes(text);
            match object.first() {
                None | Some(b'n') => return Ok(None),
                Some(b'{') => raw = member(object, step, scratch)?,
                Some(_) => {
                    return Err(Flaw::mistyped(format!("no object that could have `{step}`")));
                }
            }
            text = object;
        }
        Ok(raw.cell(text, scratch))
    }
}

/// The member `name` of an object.
fn member(object: &[u8], name: &str, scratch: &mut Vec<u8>) -> Result<Raw, Flaw> {
    let mut found = Raw::default();
    members(object, 0, 0, |key, value| {
        if key.plain(object, scratch) == name.as_bytes() {
            if !found.is_missing() {
                return Err(Flaw::malformed(format!("the key `{name}` occurs twice")));
            }
            found = value;
        }
        Ok(())
    })?;
    Ok(found)
}
