//! The data index: which block a row begins in. Keys in it are lower bounds: the writer may store a
//! shorter key that lies between the last cell of one block and the first of the next.
//!
//! Source: `HFileBlockIndex`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/hfile/HFileBlockIndex.java>).

use bytes::Bytes;

use super::super::Broken;
use super::super::input::Input;
use super::key::Key;

/// A block and the least key it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Where the block begins.
    pub(crate) offset: u64,
    /// Its bytes in the file, header and checksums included.
    pub(crate) size: u32,
    /// A serialized cell key in the data index, a plain name or row in others.
    pub(crate) key: Bytes,
}

impl IndexEntry {
    /// The row of the key; empty if it is none.
    pub(crate) fn row(&self) -> &[u8] {
        Key::parse(&self.key).map(|key| key.row).unwrap_or_default()
    }

    /// Where the block ends.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.size))
    }
}

/// The entries of a root index block, whose number the trailer knows, and what follows them.
pub(crate) fn root(payload: &Bytes, count: usize) -> Result<(Vec<IndexEntry>, usize), Broken> {
    let mut input = Input::new(payload);
    let entries = root_entries(payload, &mut input, count);
    let entries = entries.ok_or_else(|| Broken::short("root index block"))?;
    Ok((entries, payload.len().saturating_sub(input.len())))
}

fn root_entries(payload: &Bytes, input: &mut Input<'_>, count: usize) -> Option<Vec<IndexEntry>> {
    // An entry takes at least 13 bytes.
    let mut entries = Vec::with_capacity(count.min(payload.len() / 13));
    for _ in 0..count {
        let (offset, size) = (input.u64()?, input.u32()?);
        let length = input.vlength()?;
        let key = payload.slice_ref(input.take(length)?);
        entries.push(IndexEntry { offset, size, key });
    }
    Some(entries)
}

/// The entries of a leaf or intermediate index block.
pub(crate) fn inner(payload: &Bytes) -> Result<Vec<IndexEntry>, Broken> {
    inner_entries(payload).ok_or_else(|| Broken::corrupt("index block", "cannot be read"))
}

fn inner_entries(payload: &Bytes) -> Option<Vec<IndexEntry>> {
    let mut input = Input::new(payload);
    let count = input.length()?;
    // Four bytes of the secondary index and twelve of the entry.
    if count > input.len() / 16 {
        return None;
    }
    let ends = (0..=count).map(|_| input.length()).collect::<Option<Vec<_>>>()?;
    let mut entries = Vec::with_capacity(count);
    for pair in ends.windows(2) {
        let [start, end] = pair else { return None };
        let (offset, size) = (input.u64()?, input.u32()?);
        let key = input.take(end.checked_sub(*start)?.checked_sub(12)?)?;
        entries.push(IndexEntry { offset, size, key: payload.slice_ref(key) });
    }
    Some(entries)
}

/// The entry of the block in which a row begins, if it occurs at all.
pub(crate) fn start(entries: &[IndexEntry], row: &[u8]) -> usize {
    let after = entries.partition_point(|entry| {
        !Key::parse(&entry.key).is_some_and(|key| key.is_after_start_of(row))
    });
    after.saturating_sub(1)
}

/// The number of entries whose blocks may hold rows before `row`.
pub(crate) fn end(entries: &[IndexEntry], row: &[u8]) -> usize {
    entries.partition_point(|entry| entry.row() < row)
}
