//! Columns of typed values that are filled record by record: what is the same for all binary formats.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;

use super::bad::{BadKind, Flaw};
use super::judge::{Judge, Misfit, not_null};
use super::records::{Extent, Places, Records, Stored, limit, line_ends};
use super::shape::Shape;
use super::values::Values;
use super::{Chunk, Decoded};
use crate::error::{Error, Result};

/// The columns of one table.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) judge: Arc<Judge>,
    values: Vec<Values>,
    /// Which columns are built, not only looked at.
    built: Vec<bool>,
}

/// A value that does not fit, and what it was.
pub(super) struct Unfit {
    pub(super) flaw: Flaw,
    pub(super) shown: Option<String>,
}

/// One record's place in the columns.
pub(super) struct Row<'f> {
    values: &'f mut [Values],
    misfits: &'f mut Vec<(Misfit, Option<String>)>,
    row: usize,
}

impl Row<'_> {
    /// Appends a value to a column; one that does not fit becomes NULL, and the answer is false.
    ///
    /// # Errors
    /// A flaw of the record itself.
    pub(super) fn fill(
        &mut self,
        column: usize,
        fill: impl FnOnce(&mut Values) -> Result<(), Unfit>,
    ) -> Result<bool, Flaw> {
        let Some(values) = self.values.get_mut(column) else { return Ok(true) };
        let before = values.len();
        let Err(Unfit { flaw, shown }) = fill(values) else { return Ok(true) };
        if flaw.kind != BadKind::Type {
            return Err(flaw);
        }
        values.truncate(before);
        values.push_null();
        self.misfits.push((Misfit { row: self.row, column, flaw }, shown));
        Ok(false)
    }

    /// Appends NULL to a column that the record says nothing of.
    pub(super) fn absent(&mut self, column: usize) {
        let Some(values) = self.values.get_mut(column) else { return };
        values.push_null();
        if !values.is_nullable() {
            self.misfits.push((Misfit { row: self.row, column, flaw: not_null() }, None));
        }
    }
}

impl Filling {
    /// The columns of a shape, of which those of `projection` are built.
    ///
    /// # Errors
    /// As [`Values::new`].
    pub(super) fn try_new(shape: Shape, projection: &[usize]) -> Result<Self> {
        let values: Vec<Values> = shape.columns.iter().map(Values::new).collect::<Result<_>>()?;
        let judge = Arc::new(Judge::try_new(shape, projection)?);
        let built = (0..values.len()).map(|column| judge.builds(column)).collect();
        Ok(Self { judge, values, built })
    }

    /// Appends one value of a record to each column; appends nothing if any is flawed.
    pub(super) fn push(
        &mut self,
        read: impl FnOnce(&mut Row<'_>) -> Result<u64, Flaw>,
    ) -> Result<(), Flaw> {
        let row = self.len();
        let mut misfits = vec![];
        let mut into = Row { values: &mut self.values, misfits: &mut misfits, row };
        let flaw = read(&mut into).err();
        let flaw = flaw.or_else(|| misfits.into_iter().next().map(|(misfit, _)| misfit.flaw));
        let Some(flaw) = flaw else { return Ok(()) };
        self.values.iter_mut().for_each(|values| values.truncate(row));
        Err(flaw)
    }

    /// How many values a column has.
    pub(super) fn len(&self) -> usize {
        self.values.first().map_or(0, Values::len)
    }

    /// Appends NULL to each column.
    pub(super) fn push_null(&mut self) {
        self.values.iter_mut().for_each(Values::push_null);
    }

    /// The values of the first column; there are none then.
    pub(super) fn finish(&mut self) -> Result<ArrayRef> {
        let values = self.values.first_mut();
        values.ok_or_else(|| Error::internal("no column to fill"))?.finish()
    }

    /// Reads the records of a chunk one after another. `read` appends to all columns, and says how many
    /// parts of the record no column asks for; what it has appended of a broken one is taken back.
    pub(super) fn fill(
        &mut self,
        chunk: Chunk<'_>,
        ranges: &[Range<usize>],
        mut read: impl FnMut(&[u8], &mut Row<'_>) -> Result<u64, Flaw>,
    ) -> Result<Decoded> {
        let bytes = chunk.bytes;
        limit(bytes)?;
        let (mut records, mut misfits, mut ignored_keys) = (Records::default(), vec![], 0);
        for range in ranges {
            let extent = Extent::new(range.start, range.end);
            let record = bytes.get(range.clone()).unwrap_or_default();
            let (row, known) = (records.rows.len(), misfits.len());
            let mut into = Row { values: &mut self.values, misfits: &mut misfits, row };
            let done = read(record, &mut into);
            let is_broken = done.is_err();
            match done {
                Ok(ignored) => {
                    ignored_keys += ignored;
                    records.rows.push(extent);
                }
                Err(flaw) => {
                    misfits.truncate(known);
                    records.push_broken(extent, flaw);
                }
            }
            for (values, is_built) in self.values.iter_mut().zip(&self.built) {
                if !is_built {
                    values.truncate(0);
                } else if is_broken {
                    values.truncate(row);
                }
            }
        }
        let mut columns = Vec::with_capacity(self.values.len());
        for (values, is_built) in self.values.iter_mut().zip(&self.built) {
            columns.push(if *is_built { Some(values.finish()?) } else { None });
        }
        let (misfits, shown): (Vec<_>, Vec<_>) = misfits.into_iter().unzip();
        let shown: HashMap<(usize, usize), Option<String>> =
            misfits.iter().zip(shown).map(|(it, shown)| ((it.row, it.column), shown)).collect();
        let value = |it: &Misfit| shown.get(&(it.row, it.column)).cloned().flatten();
        let places = Places::new(chunk, bytes, Stored::Same);
        let decoded = self.judge.decoded(&columns, records, &misfits, places, value)?;
        let lines = line_ends(bytes) as u64;
        Ok(Decoded { bytes: bytes.len(), lines, ignored_keys, ..decoded })
    }
}
