//! Where the blocks of an Avro container are: behind the header, and each behind the mark that ends
//! the one before it. <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>
//!
//! Own, as the asynchronous reader of arrow-avro neither looks whether blocks end with their mark
//! nor takes pieces of files in which no block begins.

use std::ops::Range;

use arrow_avro::errors::AvroError;
use arrow_avro::reader::{HeaderInfo, read_header_info};
use bytes::{Bytes, BytesMut};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::error::{Error, Result};
use crate::spi::store_error;

/// The length of a mark.
const MARK: u64 = 16;

/// So many bytes are read to find the header, and four times as many each time they do not do.
const HEAD_BYTES: u64 = 64 * 1024;

/// The most bytes of the two numbers that a block begins with.
const NUMBERS: u64 = 20;

/// A block.
pub(super) struct Block {
    /// Where it begins in the file.
    pub(super) place: u64,
    /// All of it, with the mark.
    pub(super) bytes: Bytes,
    /// How many records it says it has.
    pub(super) records: u64,
}

/// What a container begins with.
pub(super) struct Head {
    /// Parsed.
    pub(super) info: HeaderInfo,
    /// As it stands in the file.
    pub(super) bytes: Bytes,
}

/// A file in a store.
pub(super) struct Container<'a> {
    /// Where it is.
    pub(super) store: &'a dyn ObjectStore,
    /// What it is.
    pub(super) file: &'a ObjectMeta,
    /// Its name for people.
    pub(super) outer: &'a str,
}

impl Container<'_> {
    async fn get(&self, range: Range<u64>) -> Result<Bytes> {
        let bytes = self.store.get_range(&self.file.location, range).await;
        bytes.map_err(|e| store_error(self.outer, e))
    }

    /// Its header.
    ///
    /// # Errors
    /// `Corrupt` for what is no container.
    pub(super) async fn head(&self) -> Result<Head> {
        let mut length = HEAD_BYTES.min(self.file.size);
        loop {
            let bytes = match length {
                0 => Bytes::new(),
                length => self.get(0..length).await?,
            };
            match read_header_info(bytes.as_ref()) {
                Ok(info) => {
                    let end = usize::try_from(info.header_len()).unwrap_or(usize::MAX);
                    let bytes = bytes.get(..end).map(Bytes::copy_from_slice).unwrap_or_default();
                    return Ok(Head { info, bytes });
                }
                Err(AvroError::EOF(_)) if length < self.file.size => {
                    length = length.saturating_mul(4).min(self.file.size);
                }
                Err(e) => return Err(self.corrupt(&format!("its header: {e}"))),
            }
        }
    }

    /// All blocks that begin in a range of bytes.
    ///
    /// # Errors
    /// `Corrupt` for a block that does not end with the mark, or where the file ends.
    pub(super) async fn blocks(&self, head: &Head, range: Range<u64>) -> Result<Vec<Block>> {
        let (size, first) = (self.file.size, head.info.header_len());
        // A block begins in the range if the mark before it ends there.
        let start = range.start.max(first).saturating_sub(MARK);
        let end = range.end.min(size);
        if end <= start + MARK {
            return Ok(vec![]);
        }
        let mark = head.info.sync();
        let mut piece = Piece { start, bytes: self.get(start..end).await? };
        let found = piece.bytes.windows(mark.len()).position(|window| window == mark);
        let Some(found) = found else { return Ok(vec![]) };
        let mut at = start + found as u64 + MARK;
        let mut found = vec![];
        while at < end {
            self.extend(&mut piece, (at + NUMBERS).min(size)).await?;
            let numbers = numbers(piece.at(at..piece.end()));
            let (records, length) = numbers.ok_or_else(|| self.broken(at, "it has no length"))?;
            let next = at.checked_add(length).and_then(|end| end.checked_add(MARK));
            let next = next.filter(|next| *next <= size);
            let next = next.ok_or_else(|| self.broken(at, "the file ends before it does"))?;
            self.extend(&mut piece, next).await?;
            if piece.at(next - MARK..next) != mark {
                return Err(self.broken(at, "it does not end with the file's mark"));
            }
            found.push((at..next, records));
            at = next;
        }
        let block = |(range, records): (Range<u64>, u64)| {
            let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX);
            let bytes = piece.bytes.slice(place(range.start)..place(range.end));
            Block { place: range.start, bytes, records }
        };
        Ok(found.into_iter().map(block).collect())
    }

    /// Reads on, if that is needed.
    async fn extend(&self, piece: &mut Piece, end: u64) -> Result<()> {
        if end > piece.end() {
            let more = self.get(piece.end()..end).await?;
            let mut all = BytesMut::with_capacity(piece.bytes.len() + more.len());
            all.extend_from_slice(&piece.bytes);
            all.extend_from_slice(&more);
            piece.bytes = all.freeze();
        }
        Ok(())
    }

    fn broken(&self, at: u64, what: &str) -> Error {
        self.corrupt(&format!("the block at byte {at}: {what}"))
    }

    /// An error about the file.
    pub(super) fn corrupt(&self, what: &str) -> Error {
        Error::corrupt(format!("{} is broken: {what}", self.outer))
    }
}

/// Bytes of a file from a place on.
struct Piece {
    start: u64,
    bytes: Bytes,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn at(&self, range: Range<u64>) -> &[u8] {
        let place = |at: u64| usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.bytes.get(place(range.start)..place(range.end)).unwrap_or_default()
    }
}

/// How many records a block has, and its length up to its mark.
fn numbers(bytes: &[u8]) -> Option<(u64, u64)> {
    let (records, first) = long(bytes)?;
    let (data, second) = long(bytes.get(first..)?)?;
    let start = u64::try_from(first + second).ok()?;
    let end = start.checked_add(u64::try_from(data).ok()?)?;
    Some((u64::try_from(records).ok()?, end))
}

/// A `long` of Avro, and how many bytes it has.
fn long(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at * 7).ok()?)?;
        if byte & 0x80 == 0 {
            let half = i64::try_from(value >> 1).ok()?;
            return Some((if value & 1 == 0 { half } else { !half }, at + 1));
        }
    }
    None
}
