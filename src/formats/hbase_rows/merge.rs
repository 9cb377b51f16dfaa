//! The files of one family put into one order: row, family, qualifier, newest first.
//!
//! Source: `KeyValueHeap`, `CellComparatorImpl`, `StoreFileComparators`.

use std::cmp::Ordering;

use super::super::Broken;
use super::super::hfile::{CellRef, Step, Walk};

/// What decides between cells that are equal in everything: the file that is newer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// The highest sequence id of the file.
    pub(crate) sequence: i64,
    /// Its size; the larger file counts as the older.
    pub(crate) size: std::cmp::Reverse<u64>,
    /// When it was loaded in bulk; never is after always.
    pub(crate) bulk_loaded: i64,
    /// Its name.
    pub(crate) name: String,
}

/// A file in the merge.
#[derive(Debug)]
pub(crate) struct StoreFileScan {
    /// The cells.
    pub(crate) walk: Walk,
    /// The sequence id that counts for every cell, in files that were loaded in bulk.
    pub(crate) sequence: Option<i64>,
    /// See [`Rank`].
    pub(crate) rank: Rank,
}

impl StoreFileScan {
    #[inline]
    fn cell(&self) -> CellRef<'_> {
        let cell = self.walk.cell();
        match self.sequence {
            Some(sequence) => cell.with_sequence(sequence),
            None => cell,
        }
    }
}

/// What came of going to the next cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    /// There is a current cell; whether it is of another row or column than the one before.
    Cell { new_row: bool, new_column: bool },
    /// A file needs bytes first.
    Need(usize, std::ops::Range<u64>),
    /// There are no more cells.
    End,
}

/// The merge: a heap of files by their current cells.
#[derive(Debug)]
pub(super) struct Merge {
    // In order of rank, so that a later one wins a tie.
    files: Vec<StoreFileScan>,
    // Numbers of files that have a current cell; the first is the least.
    heap: Vec<usize>,
    // Files that have still to be advanced before there is an order.
    waiting: Vec<usize>,
    // Whether the first of the heap was given and must go on.
    given: bool,
    // Row and qualifier of the last cell, where there are several files.
    row: Vec<u8>,
    qualifier: Vec<u8>,
    // The file whose cell was the last one, as long as it has gone on alone.
    last: Option<usize>,
}

impl Merge {
    pub(super) fn new(mut files: Vec<StoreFileScan>) -> Self {
        files.sort_by(|a, b| a.rank.cmp(&b.rank));
        let waiting = (0..files.len()).collect();
        Self {
            files,
            heap: vec![],
            waiting,
            given: false,
            row: vec![],
            qualifier: vec![],
            last: None,
        }
    }

    /// The files, by the numbers that [`Merged::Need`] names.
    pub(super) fn files_mut(&mut self) -> &mut [StoreFileScan] {
        &mut self.files
    }

    /// The current cell.
    #[inline]
    pub(super) fn cell(&self) -> Option<CellRef<'_>> {
        self.heap.first().and_then(|top| self.files.get(*top)).map(StoreFileScan::cell)
    }

    /// Goes to the next cell.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Merged, Broken> {
        let mut continues = false;
        if let ([file], true) = (self.files.as_mut_slice(), self.given) {
            // Most families have one file: there is no order to keep.
            return match file.walk.advance()? {
                Step::Cell => Ok(Merged::Cell {
                    new_row: !file.walk.same_row(),
                    new_column: !file.walk.same_column(),
                }),
                Step::Need(range) => Ok(Merged::Need(0, range)),
                Step::End => {
                    self.heap.clear();
                    self.given = false;
                    Ok(Merged::End)
                }
            };
        }
        if self.given {
            let Some(top) = self.heap.first().copied() else { return Ok(Merged::End) };
            let Some(file) = self.files.get_mut(top) else { return Ok(Merged::End) };
            match file.walk.advance()? {
                Step::Cell => {
                    continues = self.last == Some(top) && file.walk.same_column();
                    if self.heap.len() > 1 {
                        self.sink(0);
                        continues &= self.heap.first() == Some(&top);
                    }
                }
                Step::Need(range) => return Ok(Merged::Need(top, range)),
                Step::End => {
                    self.heap.swap_remove(0);
                    self.sink(0);
                }
            }
            self.given = false;
        }
        while let Some(number) = self.waiting.last().copied() {
            let Some(file) = self.files.get_mut(number) else { return Ok(Merged::End) };
            match file.walk.advance()? {
                Step::Cell => {
                    self.heap.push(number);
                    self.rise();
                }
                Step::Need(range) => return Ok(Merged::Need(number, range)),
                Step::End => {}
            }
            self.waiting.pop();
        }
        let Some(top) = self.heap.first().copied() else { return Ok(Merged::End) };
        self.given = true;
        if continues {
            return Ok(Merged::Cell { new_row: false, new_column: false });
        }
        let first = self.last.is_none();
        self.last = Some(top);
        let Some(file) = self.files.get(top) else { return Ok(Merged::End) };
        let (row, qualifier) = (file.walk.cell().row(), file.walk.cell().qualifier());
        let new_row = first || self.row != row;
        if new_row {
            self.row.clear();
            self.row.extend_from_slice(row);
        }
        let new_column = new_row || self.qualifier != qualifier;
        if new_column {
            self.qualifier.clear();
            self.qualifier.extend_from_slice(qualifier);
        }
        Ok(Merged::Cell { new_row, new_column })
    }

    /// The row of the current cell.
    #[inline]
    pub(super) fn row(&self) -> &[u8] {
        self.cell().map(|cell| cell.row()).unwrap_or_default()
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (Some(left), Some(right)) = (self.files.get(a), self.files.get(b)) else {
            return false;
        };
        match order(&left.cell(), &right.cell()) {
            Ordering::Less => true,
            Ordering::Equal => a > b,
            Ordering::Greater => false,
        }
    }

    /// Moves an element of the heap down to where it belongs.
    fn sink(&mut self, mut at: usize) {
        loop {
            let left = at.wrapping_mul(2).wrapping_add(1);
            let Some(mut least) = self.heap.get(left).copied() else { return };
            let mut child = left;
            if let Some(right) = self.heap.get(left.wrapping_add(1)).copied()
                && self.before(right, least)
            {
                (least, child) = (right, left.wrapping_add(1));
            }
            let Some(this) = self.heap.get(at).copied() else { return };
            if !self.before(least, this) {
                return;
            }
            self.heap.swap(at, child);
            at = child;
        }
    }

    /// Moves the last element of the heap up to where it belongs.
    fn rise(&mut self) {
        let mut at = self.heap.len().saturating_sub(1);
        while let Some(parent) = at.checked_sub(1).map(|at| at / 2) {
            let (Some(this), Some(above)) = (self.heap.get(at), self.heap.get(parent)) else {
                return;
            };
            if !self.before(*this, *above) {
                return;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
    }
}

/// The order of cells: newest first, deletions before values, later writing before earlier.
pub(super) fn order(a: &CellRef<'_>, b: &CellRef<'_>) -> Ordering {
    let parts = a.row().cmp(b.row()).then_with(|| a.family().cmp(b.family()));
    parts
        .then_with(|| a.qualifier().cmp(b.qualifier()))
        .then_with(|| b.timestamp().cmp(&a.timestamp()))
        .then_with(|| b.kind().cmp(&a.kind()))
        .then_with(|| b.sequence().cmp(&a.sequence()))
}
