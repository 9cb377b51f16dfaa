//! The cells of one family of one region that a read sees.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::Broken;
use super::super::hbase_manifest::Family;
use super::super::hfile::CellRef;
use super::super::hfile::walk::Counts;
use super::matcher::{Matcher, Withheld};
use super::merge::{Merge, Merged, StoreFileScan};
use super::settings::{ReadSettings, Rules};

/// What came of going to the next cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is a current cell; whether it is of another row than the one before.
    Cell {
        /// The first cell of its row that is seen.
        new_row: bool,
    },
    /// A file, by its number, needs bytes first.
    Need(usize, Range<u64>),
    /// There are no more cells.
    End,
}

/// The scan.
#[derive(Debug)]
pub(crate) struct FamilyScan {
    merge: Merge,
    matcher: Matcher,
    // Whether the row changed since the last cell that was seen.
    new_row: bool,
}

impl FamilyScan {
    /// A scan of a family's files in a region. `columns` are the only qualifiers that are given,
    /// with HBase's way of counting the versions of columns that are asked for by name.
    pub(crate) fn new(
        family: &Family,
        read: &ReadSettings,
        columns: Option<BTreeSet<Vec<u8>>>,
        files: Vec<StoreFileScan>,
    ) -> Self {
        let rules = Rules::new(read, family, columns);
        let matcher = Matcher::new(rules, family.new_version_behavior);
        Self { merge: Merge::new(files), matcher, new_row: true }
    }

    /// The files, by the numbers that [`Next::Need`] names.
    pub(crate) fn files_mut(&mut self) -> &mut [StoreFileScan] {
        self.merge.files_mut()
    }

    /// The current cell, after [`Next::Cell`].
    #[inline]
    pub(crate) fn cell(&self) -> Option<CellRef<'_>> {
        self.merge.cell()
    }

    /// The row of the current cell.
    #[inline]
    pub(crate) fn row(&self) -> &[u8] {
        self.merge.row()
    }

    /// Goes to the next cell that the read sees.
    ///
    /// # Errors
    /// When bytes are damaged, or say that not everybody may see them.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<Next, Broken> {
        loop {
            match self.merge.advance()? {
                Merged::Cell { new_row, new_column } => {
                    if new_row {
                        self.new_row = true;
                        self.matcher.start_row();
                    }
                    let Some(cell) = self.merge.cell() else { return Ok(Next::End) };
                    if self.matcher.sees(&cell, new_column)? {
                        let new_row = std::mem::take(&mut self.new_row);
                        return Ok(Next::Cell { new_row });
                    }
                }
                Merged::Need(file, range) => return Ok(Next::Need(file, range)),
                Merged::End => return Ok(Next::End),
            }
        }
    }

    /// What was read and withheld since this was last asked.
    pub(crate) fn take_counts(&mut self) -> (Counts, Withheld) {
        let mut sum = Counts::default();
        for file in self.merge.files_mut() {
            let counts = file.walk.take_counts();
            sum.blocks = sum.blocks.saturating_add(counts.blocks);
            sum.cells = sum.cells.saturating_add(counts.cells);
        }
        (sum, std::mem::take(&mut self.matcher.withheld))
    }
}
