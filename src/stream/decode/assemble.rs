//! From records cut into cells to one batch and its bad records: every declared column is walked,
//! projected ones are built, and what does not fit is set aside as the shape says.

use std::fmt;

use arrow::array::ArrayRef;

use super::Decoded;
use super::bad::{Flaw, shown};
use super::cell::{Cell, Sink};
use super::judge::{Judge, Misfit, not_null};
use super::records::{Places, Records};
use super::shape::{Column, Shape};
use crate::error::Result;

/// The rows of a chunk, cut into cells.
pub(super) trait Grid {
    /// One column of the grid.
    type Cells<'g>: Cells
    where
        Self: 'g;

    /// The cells of a declared column.
    fn cells(&self, column: usize) -> Self::Cells<'_>;
}

/// The cells of one column.
pub(super) trait Cells {
    /// The value in a row; `None` for NULL. `scratch` is room for unescaped text.
    fn cell<'s>(&'s self, row: usize, scratch: &'s mut Vec<u8>) -> Result<Option<Cell<'s>>, Flaw>;

    /// Whether [`Cells::cell`] may find a flaw of its own.
    fn may_be_flawed(&self) -> bool;
}

/// Walks the columns of a table.
pub(super) struct Assembler {
    judge: Judge,
    sinks: Vec<Box<dyn Sink>>,
}

impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler").field("judge", &self.judge).finish_non_exhaustive()
    }
}

impl Assembler {
    pub(super) fn try_new(
        shape: Shape,
        projection: &[usize],
        sink: impl Fn(&Column) -> Result<Box<dyn Sink>>,
    ) -> Result<Self> {
        let sinks = shape.columns.iter().map(sink).collect::<Result<Vec<_>>>()?;
        Ok(Self { judge: Judge::try_new(shape, projection)?, sinks })
    }

    /// Fills in everything of a [`Decoded`] but the counts of lines, bytes and keys.
    pub(super) fn assemble<G: Grid>(
        &mut self,
        grid: &G,
        records: Records,
        places: Places<'_>,
    ) -> Result<Decoded> {
        let rows = records.rows.len();
        let mut misfits = Vec::new();
        let mut arrays: Vec<Option<ArrayRef>> = Vec::with_capacity(self.sinks.len());
        let columns = &self.judge.shape.columns;
        for (index, (column, sink)) in columns.iter().zip(&mut self.sinks).enumerate() {
            let walk = Walk { cells: grid.cells(index), column, index, rows };
            if self.judge.builds(index) {
                sink.reserve(rows);
                walk.build(sink.as_mut(), &mut misfits);
                arrays.push(Some(sink.finish()?));
            } else {
                if !column.nullable || !sink.takes_anything() || walk.cells.may_be_flawed() {
                    walk.check(sink.as_mut(), &mut misfits);
                }
                arrays.push(None);
            }
        }
        // Columns were walked one after another; the sort is stable.
        misfits.sort_by_key(|misfit| misfit.row);
        let mut scratch = Vec::new();
        let value = |misfit: &Misfit| {
            let cells = grid.cells(misfit.column);
            let cell = cells.cell(misfit.row, &mut scratch).ok().flatten();
            cell.map(|cell| shown(cell.text))
        };
        self.judge.decoded(&arrays, records, &misfits, places, value)
    }
}

/// One column of a grid.
struct Walk<'a, C> {
    cells: C,
    column: &'a Column,
    index: usize,
    rows: usize,
}

impl<C: Cells> Walk<'_, C> {
    fn build(&self, sink: &mut dyn Sink, misfits: &mut Vec<Misfit>) {
        let mut scratch = Vec::new();
        for row in 0..self.rows {
            let pushed = match self.cells.cell(row, &mut scratch) {
                Ok(Some(cell)) => sink.push(cell),
                Ok(None) if self.column.nullable => {
                    sink.push_null();
                    continue;
                }
                Ok(None) => Err(not_null()),
                Err(flaw) => Err(flaw),
            };
            if let Err(flaw) = pushed {
                sink.push_null();
                misfits.push(Misfit { row, column: self.index, flaw });
            }
        }
    }

    fn check(&self, sink: &mut dyn Sink, misfits: &mut Vec<Misfit>) {
        let mut scratch = Vec::new();
        for row in 0..self.rows {
            let checked = match self.cells.cell(row, &mut scratch) {
                Ok(Some(cell)) => sink.check(cell),
                Ok(None) if self.column.nullable => Ok(()),
                Ok(None) => Err(not_null()),
                Err(flaw) => Err(flaw),
            };
            if let Err(flaw) = checked {
                misfits.push(Misfit { row, column: self.index, flaw });
            }
        }
    }
}
