//! Where in a file some rows are: by its Bloom filter, its index, its first and last row.

use std::collections::BTreeSet;
use std::ops::Range;

use super::file::OpenFile;
use crate::error::Result;
use crate::formats::hfile::RowRange;
use crate::formats::hfile::index;

/// What was found out.
pub(super) enum Located {
    /// The blocks that can have the rows.
    Blocks(Range<u64>),
    /// None has; what said so.
    Nowhere(&'static str),
}

impl OpenFile {
    /// The blocks that can have some rows, or where `columns` are given, these columns of them.
    pub(super) async fn locate(
        &self,
        rows: &RowRange,
        columns: Option<&BTreeSet<Vec<u8>>>,
    ) -> Result<Located> {
        let file = &self.file;
        let Some((first, _)) = file.trailer.data else { return Ok(Located::Nowhere("empty")) };
        let before = rows.end.as_deref().is_some_and(|end| file.first_row() >= end);
        let behind = file.info.last_row.as_ref().is_some_and(|last| *last < rows.start);
        if before || behind {
            return Ok(Located::Nowhere("by row range"));
        }
        if rows.is_one_row() && !self.may_hold(&rows.start, columns).await? {
            return Ok(Located::Nowhere("by Bloom filter"));
        }
        let start = if rows.start.is_empty() { first } else { self.start_of(&rows.start).await? };
        let end = match &rows.end {
            None => file.trailer.load_on_open,
            Some(end) => self.end_of(end).await?,
        };
        Ok(Located::Blocks(start..end.max(start)))
    }

    async fn may_hold(&self, row: &[u8], columns: Option<&BTreeSet<Vec<u8>>>) -> Result<bool> {
        let Some(bloom) = &self.file.bloom else { return Ok(true) };
        // What hides all columns of a row has no qualifier.
        let hidden: &[u8] = &[];
        let columns = match (bloom.is_of_columns(), columns) {
            (false, _) => None,
            (true, None) => return Ok(true),
            (true, Some(columns)) => Some(columns),
        };
        let columns = columns.into_iter().flatten().map(Vec::as_slice);
        for qualifier in std::iter::once(hidden).chain(columns) {
            if let Ok((chunk, asked)) = bloom.chunk(row, qualifier)
                && bloom.may_hold(&self.filter(chunk).await?, &asked)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the block begins in which a row begins, if it is in the file.
    async fn start_of(&self, row: &[u8]) -> Result<u64> {
        let mut entry = self.file.root.get(index::start(&self.file.root, row)).cloned();
        for _ in 1..self.file.trailer.index_levels {
            let Some(above) = &entry else { break };
            let entries = self.index(above).await?;
            entry = entries.get(index::start(&entries, row)).cloned();
        }
        let first = self.file.trailer.data.map_or(0, |(first, _)| first);
        Ok(entry.map_or(first, |entry| entry.offset))
    }

    /// Where the last block ends that can have rows before `row`.
    async fn end_of(&self, row: &[u8]) -> Result<u64> {
        let last = |entries: &[index::IndexEntry]| {
            let at = index::end(entries, row).checked_sub(1);
            at.and_then(|at| entries.get(at)).cloned()
        };
        let mut entry = last(&self.file.root);
        for _ in 1..self.file.trailer.index_levels {
            let Some(above) = &entry else { break };
            let entries = self.index(above).await?;
            entry = last(&entries);
        }
        let end = self.file.trailer.load_on_open;
        Ok(entry.map_or(0, |entry| entry.end().min(end)))
    }
}

impl OpenFile {
    /// Rows that divide the file into about so many parts of equal bytes, from its index.
    pub(in super::super) async fn rows_of_blocks(&self, parts: usize) -> Result<Vec<Vec<u8>>> {
        let mut entries = self.file.root.clone();
        // A root of few entries points to indexes of many blocks: one level down is enough.
        if entries.len() < parts && self.file.trailer.index_levels > 1 {
            let mut below = vec![];
            for entry in &entries {
                below.extend(self.index(entry).await?.iter().cloned());
            }
            entries = below;
        }
        let step = entries.len().div_ceil(parts.max(1)).max(1);
        let rows = entries.iter().step_by(step).skip(1).map(|entry| entry.row().to_vec());
        Ok(rows.collect())
    }
}
