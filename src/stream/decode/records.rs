//! Records of a chunk before they are rows: where each lies in the text, and where it was stored.

use std::ops::Range;

use super::Chunk;
use super::bad::Flaw;
use crate::error::{Error, Result};

/// A record's bytes within the text, without the line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Extent {
    /// Positions are below 2 GiB, which [`limit`] has seen to.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Refuses texts that spans and Arrow's offsets cannot count.
pub(super) fn limit(text: &[u8]) -> Result<()> {
    if i32::try_from(text.len()).is_ok() {
        return Ok(());
    }
    Err(Error::new(
        crate::error::ErrorKind::Exhausted,
        format!("a chunk of {} bytes is too large to decode, 2 GiB is the limit", text.len()),
    ))
}

/// The records of a chunk in their order: rows to be, and broken ones between them.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) rows: Vec<Extent>,
    pub(super) broken: Vec<Broken>,
}

/// A record that is none.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) rows_before: usize,
    pub(super) extent: Extent,
    pub(super) flaw: Flaw,
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.broken.len()
    }

    pub(super) fn push_broken(&mut self, extent: Extent, flaw: Flaw) {
        self.broken.push(Broken { rows_before: self.rows.len(), extent, flaw });
    }
}

/// Where the records of a text were stored. Asked in the order of the records.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) chunk: Chunk<'a>,
    text: &'a [u8],
    stored: Stored<'a>,
    at: usize,
    line: u64,
}

/// How the text relates to the chunk's bytes.
#[derive(Debug)]
pub(super) enum Stored<'a> {
    /// It is them.
    Same,
    /// It is their transcription line by line; the position of the line asked for last.
    Lines(usize),
    /// It is their transcription record by record.
    Records(&'a [Range<usize>]),
}

/// Where one record was stored.
pub(super) struct Place<'a> {
    pub(super) raw: &'a [u8],
    pub(super) byte_offset: u64,
    pub(super) line: u64,
}

impl<'a> Places<'a> {
    pub(super) fn new(chunk: Chunk<'a>, text: &'a [u8], stored: Stored<'a>) -> Self {
        Self { chunk, text, stored, at: 0, line: 0 }
    }

    /// The place of a record.
    pub(super) fn find(&mut self, record: usize, extent: Extent) -> Place<'a> {
        let range = extent.range();
        let passed = line_ends(self.text.get(self.at..range.start).unwrap_or_default());
        self.at = range.start;
        self.line += passed as u64;
        let bytes = self.chunk.bytes;
        let stored = match &mut self.stored {
            Stored::Same => range,
            Stored::Records(ranges) => {
                let range = ranges.get(record).cloned().unwrap_or_default();
                self.line = line_ends(bytes.get(..range.start).unwrap_or_default()) as u64;
                range
            }
            Stored::Lines(start) => {
                *start = after_lines(bytes, *start, passed);
                let within = line_ends(self.text.get(range).unwrap_or_default());
                let mut end = after_lines(bytes, *start, within + 1);
                for terminator in [b'\n', b'\r'] {
                    if end > *start && bytes.get(end - 1) == Some(&terminator) {
                        end -= 1;
                    }
                }
                *start..end
            }
        };
        let byte_offset = self.chunk.byte_offset.saturating_add(stored.start as u64);
        Place { raw: bytes.get(stored).unwrap_or_default(), byte_offset, line: self.line }
    }
}

pub(super) fn line_ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// The position after `count` line ends from `start`.
pub(super) fn after_lines(bytes: &[u8], start: usize, count: usize) -> usize {
    let Some(last) = count.checked_sub(1) else {
        return start;
    };
    let rest = bytes.get(start..).unwrap_or_default();
    memchr::memchr_iter(b'\n', rest).nth(last).map_or(bytes.len(), |end| start + end + 1)
}
