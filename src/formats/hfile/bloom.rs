//! Bloom filters: whether a file can hold a row, or a column of a row, without reading its data.
//!
//! The filter is in chunks, each over a range of keys, with a head that says where they are.
//! Source: `CompoundBloomFilter`, `BloomFilterUtil`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/hfile/CompoundBloomFilter.java>).

use std::borrow::Cow;

use bytes::Bytes;

use super::super::input::Input;
use super::index::IndexEntry;
use super::key::{Key, kind};

/// The head of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BloomHead {
    hashes: u32,
    hash: Hash,
    keys: Keys,
    // By the first key of each, in order.
    chunks: Vec<IndexEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Jenkins,
    Murmur,
}

/// What was put into a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Rows.
    Rows,
    /// Prefixes of rows with a length.
    Prefixes(usize),
    /// Rows with a qualifier, as keys of cells.
    Columns,
}

impl BloomHead {
    /// Reads the payload of a head; `None` for filters that do not help to find rows, and for
    /// those that are not known: a filter only saves work.
    pub(crate) fn parse(payload: &Bytes, kind: &str, prefix: Option<usize>) -> Option<Self> {
        let keys = match kind {
            "ROW" => Keys::Rows,
            "ROWPREFIX_FIXED_LENGTH" => Keys::Prefixes(prefix?),
            "ROWCOL" => Keys::Columns,
            _ => return None,
        };
        let mut input = Input::new(payload);
        if input.u32()? != 3 {
            return None;
        }
        let _bytes = input.u64()?;
        let hashes = input.u32()?;
        let hash = match input.u32()? {
            0 => Hash::Jenkins,
            1 => Hash::Murmur,
            _ => return None,
        };
        let _keys = (input.u64()?, input.u64()?);
        let count = input.length()?;
        let comparator = input.vlength()?;
        input.take(comparator)?;
        if hash == Hash::Jenkins || hashes == 0 || hashes > 64 {
            return None;
        }
        let entries = payload.slice_ref(input.rest());
        let (chunks, _) = super::index::root(&entries, count).ok()?;
        Some(Self { hashes, hash, keys, chunks })
    }

    /// Whether it can be asked only for a row and a column together.
    pub(crate) fn is_of_columns(&self) -> bool {
        self.keys == Keys::Columns
    }

    /// The chunk that knows whether a row is in the file: its place, and what to ask it for. A filter
    /// [of columns](Self::is_of_columns) is asked for the qualifier as well; the empty one is that of
    /// what hides all columns of a row.
    /// `Err` is the answer of the head alone: such a row is not there.
    pub(crate) fn chunk<'r>(
        &self,
        row: &'r [u8],
        qualifier: &[u8],
    ) -> Result<(&IndexEntry, Cow<'r, [u8]>), Absent> {
        let asked = match self.keys {
            Keys::Rows => Cow::Borrowed(row),
            Keys::Prefixes(length) => Cow::Borrowed(row.get(..length).unwrap_or(row)),
            Keys::Columns => Cow::Owned(first_of_column(row, qualifier).ok_or(Absent)?),
        };
        let after = self.chunks.partition_point(|chunk| match self.keys {
            Keys::Rows | Keys::Prefixes(_) => chunk.key.as_ref() <= asked.as_ref(),
            Keys::Columns => Key::parse(&chunk.key)
                .is_some_and(|first| (first.row, first.qualifier) <= (row, qualifier)),
        });
        match after.checked_sub(1).and_then(|at| self.chunks.get(at)) {
            Some(chunk) => Ok((chunk, asked)),
            None => Err(Absent),
        }
    }

    /// Whether a chunk's bits allow that `key` was put in.
    pub(crate) fn may_hold(&self, chunk: &[u8], key: &[u8]) -> bool {
        let Some(bits) = i32::try_from(chunk.len()).ok().and_then(|bytes| bytes.checked_mul(8))
        else {
            return true;
        };
        if bits == 0 {
            return false;
        }
        let first = murmur(key, 0);
        let step = murmur(key, first);
        let mut at = first;
        (0..self.hashes).all(|_| {
            let bit = at.checked_rem(bits).unwrap_or_default().unsigned_abs();
            at = at.wrapping_add(step);
            let byte = usize::try_from(bit >> 3).ok().and_then(|byte| chunk.get(byte));
            byte.is_none_or(|byte| byte & (1 << (bit & 7)) != 0)
        })
    }
}

/// The key before every cell of a column, without a family: what a filter of columns holds. `None` of a
/// row that is longer than rows can be.
fn first_of_column(row: &[u8], qualifier: &[u8]) -> Option<Vec<u8>> {
    let mut key = u16::try_from(row.len()).ok()?.to_be_bytes().to_vec();
    key.extend_from_slice(row);
    key.push(0);
    key.extend_from_slice(qualifier);
    key.extend_from_slice(&i64::MAX.to_be_bytes());
    key.push(kind::MAXIMUM);
    Some(key)
}

/// The row is not in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Absent;

/// 32-bit Murmur2 as HBase computes it: bytes of the tail keep their sign.
fn murmur(bytes: &[u8], seed: i32) -> i32 {
    const M: i32 = 0x5bd1_e995;
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    let mut hash = seed ^ length;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = i32::from_le_bytes(*word).wrapping_mul(M);
        k ^= (k.cast_unsigned() >> 24).cast_signed();
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        let signed = |at: usize| tail.get(at).map_or(0, |byte| i32::from(byte.cast_signed()));
        hash ^= (signed(2) << 16) ^ (signed(1) << 8) ^ signed(0);
        hash = hash.wrapping_mul(M);
    }
    hash ^= (hash.cast_unsigned() >> 13).cast_signed();
    hash = hash.wrapping_mul(M);
    hash ^ (hash.cast_unsigned() >> 15).cast_signed()
}
