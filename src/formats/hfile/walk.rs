//! Goes through the cells of one file between two rows, block by block.
//!
//! The walk fetches nothing: it says which bytes of the file it needs next and goes on when it was
//! given them, so that whoever drives it reads ahead as it likes.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::super::Broken;
use super::block::{BlockHeader, BlockKind};
use super::cells::{BlockCells, CellRef};
use super::file::HFile;

/// Rows from `start` up to, not including, `end`; an absent end is the last row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowRange {
    /// The first row; empty is the beginning.
    pub(crate) start: Vec<u8>,
    /// The first row that is not in the range any more.
    pub(crate) end: Option<Vec<u8>>,
}

impl RowRange {
    /// The range of one row.
    pub(crate) fn of_row(row: &[u8]) -> Self {
        let mut end = row.to_vec();
        end.push(0);
        Self { start: row.to_vec(), end: Some(end) }
    }

    /// Whether the range is that of one row.
    pub(crate) fn is_one_row(&self) -> bool {
        self.end.as_deref().and_then(|end| end.strip_suffix(&[0])) == Some(&self.start)
    }

    /// What both ranges have; `None` when that is nothing.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let start = self.start.clone().max(other.start.clone());
        let end = match (&self.end, &other.end) {
            (Some(a), Some(b)) => Some(a.min(b).clone()),
            (Some(end), None) | (None, Some(end)) => Some(end.clone()),
            (None, None) => None,
        };
        end.as_ref().is_none_or(|end| &start < end).then_some(Self { start, end })
    }

    /// Whether a row is in the range.
    pub(crate) fn contains(&self, row: &[u8]) -> bool {
        self.start.as_slice() <= row && self.end.as_deref().is_none_or(|end| row < end)
    }
}

/// What an attempt to go on came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is a current cell.
    Cell,
    /// These bytes of the file are needed first; more behind them are welcome.
    Need(Range<u64>),
    /// There are no more cells.
    End,
}

/// The walk.
#[derive(Debug)]
pub(crate) struct Walk {
    file: Arc<HFile>,
    rows: RowRange,
    // Cells before the first row are still being passed over.
    before_start: bool,
    // The next block, and the first byte behind the last one that can matter.
    at: u64,
    end: u64,
    // What was given and not used, without gaps, from `at` or before.
    given: VecDeque<(u64, Bytes)>,
    cells: BlockCells,
    // Whether `cells` has a block, and where that begins.
    in_block: bool,
    block: u64,
    // Since the last look: blocks and bytes of them, and cells.
    counts: Counts,
    broken: bool,
}

/// What a walk has gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Data blocks that were decoded.
    pub(crate) blocks: u64,
    /// Cells that were decoded.
    pub(crate) cells: u64,
}

impl Walk {
    /// A walk over the blocks in `blocks`, a range of the file that begins at a block, of which
    /// only the cells of `rows` matter.
    pub(crate) fn new(file: Arc<HFile>, blocks: Range<u64>, rows: RowRange) -> Self {
        Self {
            file,
            before_start: !rows.start.is_empty(),
            rows,
            at: blocks.start,
            end: blocks.end,
            given: VecDeque::new(),
            cells: BlockCells::default(),
            in_block: false,
            block: 0,
            counts: Counts::default(),
            broken: false,
        }
    }

    /// Takes bytes of the file that begin at `offset`. They follow what was given before.
    pub(crate) fn give(&mut self, offset: u64, bytes: Bytes) {
        self.given.push_back((offset, bytes));
    }

    /// What was walked since this was last asked.
    pub(crate) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// The current cell, after [`Step::Cell`].
    #[inline]
    pub(crate) fn cell(&self) -> CellRef<'_> {
        self.cells.cell()
    }

    /// Whether the current cell has the row of the one before.
    #[inline]
    pub(crate) fn same_row(&self) -> bool {
        self.cells.same_row()
    }

    /// Whether the current cell has the row and the column of the one before.
    #[inline]
    pub(crate) fn same_column(&self) -> bool {
        self.cells.same_column()
    }

    /// Whether this is the file whose bytes could not be read.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Goes to the next cell.
    ///
    /// # Errors
    /// When a block is damaged, with its offset.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<Step, Broken> {
        let step = self.step();
        self.broken |= step.is_err();
        step
    }

    #[inline]
    fn step(&mut self) -> Result<Step, Broken> {
        loop {
            if self.in_block {
                if self.cells.advance().map_err(|e| e.at(self.block))? {
                    self.counts.cells = self.counts.cells.wrapping_add(1);
                    if self.before_start {
                        if self.cells.row() < self.rows.start.as_slice() {
                            continue;
                        }
                        self.before_start = false;
                    }
                    if !self.cells.same_row()
                        && self.rows.end.as_deref().is_some_and(|end| self.cells.row() >= end)
                    {
                        self.finish();
                        return Ok(Step::End);
                    }
                    return Ok(Step::Cell);
                }
                self.in_block = false;
            }
            if self.at >= self.end {
                self.finish();
                return Ok(Step::End);
            }
            if let Some(need) = self.next_block()? {
                return Ok(Step::Need(need));
            }
        }
    }

    /// Drops what was given and will not be used.
    fn finish(&mut self) {
        self.at = self.end;
        self.given.clear();
    }

    /// Decodes the block at `at` if it is data; gives the range that is missing for it.
    fn next_block(&mut self) -> Result<Option<Range<u64>>, Broken> {
        let offset = self.at;
        let trailer = &self.file.trailer;
        let (checksums, codec) = (trailer.has_checksums(), trailer.codec);
        let header_size = BlockHeader::size(checksums);
        let Some(header) = self.piece(offset, header_size) else {
            return Ok(Some(self.missing(offset, header_size)));
        };
        let header = BlockHeader::parse(&header, checksums, codec).map_err(|e| e.at(offset))?;
        let total = header.total();
        let next = offset.saturating_add(u64::try_from(total).unwrap_or(u64::MAX));
        if next > self.file.trailer.load_on_open {
            return Err(Broken::corrupt(
                header.kind.name(),
                format!("says {total} bytes, which is more than the data of the file"),
            )
            .at(offset));
        }
        if matches!(header.kind, BlockKind::Data | BlockKind::EncodedData) {
            let Some(block) = self.piece(offset, total) else {
                return Ok(Some(self.missing(offset, total)));
            };
            let payload = header.payload(&block, codec).map_err(|e| e.at(offset))?;
            self.cells.start(header.kind, payload, &self.file.info).map_err(|e| e.at(offset))?;
            self.counts.blocks = self.counts.blocks.wrapping_add(1);
            (self.in_block, self.block) = (true, offset);
        } else if let Some((_, last)) = self.file.trailer.data
            && offset > last
        {
            // Behind the data stand other blocks.
            self.end = offset;
        } else {
            // Not needed for a walk, but a file with damage in it is not read in silence.
            let Some(block) = self.piece(offset, total) else {
                return Ok(Some(self.missing(offset, total)));
            };
            header.verify(&block).map_err(|e| e.at(offset))?;
        }
        self.at = next;
        self.forget(next);
        Ok(None)
    }

    fn missing(&self, offset: u64, size: usize) -> Range<u64> {
        // What is given is without gaps, so what is missing begins where it ends.
        let given = self
            .given
            .back()
            .map(|(at, bytes)| at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        given.unwrap_or(offset).max(offset)..offset.saturating_add(size)
    }

    /// Bytes of the file, if all of them were given: shared where one gift has them, else copied.
    fn piece(&self, offset: u64, size: usize) -> Option<Bytes> {
        let mut copied: Option<BytesMut> = None;
        let mut missing = size;
        let mut at = offset;
        for (start, bytes) in &self.given {
            let skip = at.checked_sub(*start).and_then(|skip| usize::try_from(skip).ok())?;
            let Some(rest) = bytes.get(skip..).filter(|rest| !rest.is_empty()) else { continue };
            let taken = rest.get(..missing).unwrap_or(rest);
            if copied.is_none() && taken.len() == size {
                return Some(bytes.slice_ref(taken));
            }
            copied.get_or_insert_default().extend_from_slice(taken);
            missing = missing.checked_sub(taken.len())?;
            if missing == 0 {
                return copied.map(BytesMut::freeze);
            }
            at = at.saturating_add(u64::try_from(taken.len()).ok()?);
        }
        None
    }

    /// Drops gifts that end at or before `offset`.
    fn forget(&mut self, offset: u64) {
        while let Some((start, bytes)) = self.given.front() {
            let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if end > offset {
                break;
            }
            self.given.pop_front();
        }
    }
}
