//! Records (CSV, JSON, Avro, Protobuf) as Arrow batches and bad records, from byte slices.
//!
//! Whether a record is good depends on the table's [`Shape`], never on the query: every declared
//! column is checked in every record, only projected ones are built. A record of text is tokenised
//! once into spans; then each column walks its spans, so that a bad value costs one record and not
//! the batch. Records of binary formats fill [`values`] one after another, and take back their own. Reading blocks, listing files and naming the place (file, topic, absolute line) are the
//! caller's; what to do about too many bad records is too.

mod assemble;
pub mod avro;
mod bad;
pub mod boundary;
mod cell;
pub mod csv;
mod encoding;
mod filling;
mod framed;
pub mod json;
mod judge;
pub mod protobuf;
mod records;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod values;

use std::ops::Range;

use arrow::array::RecordBatch;

pub use self::bad::{BadKind, BadRecord, Flaw, RAW_LIMIT, VALUE_LIMIT, shown};
pub use self::cell::{Cell, Kind, Notation, Sink, sink, text::Bytes};
pub use self::encoding::TextEncoding;
pub use self::framed::{Framing, confluent};
pub use self::shape::{Column, OnError, Shape, Source, map_of, sql_type, type_text};
pub use self::text::TextDecoder;
use crate::error::Result;

/// Bytes that hold whole records, cut by [`boundary`] (or the last of their file).
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The records. At offset 0 a UTF-8 byte order mark is skipped.
    pub bytes: &'a [u8],
    /// Where `bytes` starts in the file or stream, in bytes.
    pub byte_offset: u64,
    /// The 1-based number of the first line, where the caller knows it; for error messages only.
    pub line: Option<u64>,
}

impl<'a> Chunk<'a> {
    /// The rest of the chunk after what a call of [`Decoder::decode`] has consumed.
    #[must_use]
    pub fn after(self, decoded: &Decoded) -> Chunk<'a> {
        Chunk {
            bytes: self.bytes.get(decoded.bytes..).unwrap_or_default(),
            byte_offset: self.byte_offset.saturating_add(decoded.bytes as u64),
            line: self.line.map(|line| line.saturating_add(decoded.lines)),
        }
    }
}

/// What was made of the head of a chunk.
#[derive(Debug)]
pub struct Decoded {
    /// The good rows with the projected columns, in the order of the records. A batch without
    /// columns keeps its row count.
    pub batch: RecordBatch,
    /// Bad records and values in the order of the records. Under [`OnError::Null`] a row of
    /// `batch` may have several; every one that is not a row has exactly one, with `diverted` set.
    pub bad: Vec<BadRecord>,
    /// Records seen: rows of `batch` plus diverted ones. Empty and comment lines are none.
    pub records: u64,
    /// Line ends within the consumed bytes.
    pub lines: u64,
    /// Bytes consumed.
    pub bytes: usize,
    /// JSON members that no column asks for.
    pub ignored_keys: u64,
}

/// Turns bytes into rows. One decoder serves one file after another only where their heads agree.
pub trait Decoder: std::fmt::Debug + Send {
    /// Decodes up to `max_records` records (one at least) from the start of `chunk`; call again
    /// with [`Chunk::after`] until nothing is left. The bound keeps the memory of wide tables in
    /// proportion. (CSV that is not UTF-8 and may have line ends within quotes is taken whole.)
    ///
    /// # Errors
    /// `Corrupt` at the first bad record under [`OnError::Fail`], and at the first value that does
    /// not fit its type where types were inferred; `Exhausted` for a chunk of 2 GiB or more.
    fn decode(&mut self, chunk: Chunk<'_>, max_records: usize) -> Result<Decoded>;

    /// Decodes records that are already apart, such as messages of a topic or elements of a JSON
    /// array: `records` are ascending ranges of `chunk.bytes`, each exactly one record, also if
    /// it is empty. [`BadRecord::record`] is then the index into `records`.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn decode_records(&mut self, chunk: Chunk<'_>, records: &[Range<usize>]) -> Result<Decoded>;
}
