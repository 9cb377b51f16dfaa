//! Which records stay rows, and what is said of the others, as the table's shape wants it.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::bad::{BadKind, BadRecord, Flaw, RAW_LIMIT};
use super::records::{Extent, Place, Places, Records};
use super::shape::{OnError, Shape};
use super::{Chunk, Decoded};
use crate::error::{Error, Result};

/// A value that does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) flaw: Flaw,
}

/// Judges the records of one table.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) shape: Shape,
    projection: Vec<usize>,
    schema: SchemaRef,
}

impl Judge {
    /// For batches with the columns that `projection` lists.
    pub(super) fn try_new(shape: Shape, projection: &[usize]) -> Result<Self> {
        let field = |&index: &usize| {
            let column = shape.columns.get(index);
            let column =
                column.ok_or_else(|| Error::internal(format!("no column {index} to project")))?;
            Ok(Field::new(&column.name, column.data_type.clone(), column.nullable))
        };
        let fields = projection.iter().map(field).collect::<Result<Vec<_>>>()?;
        Ok(Self { projection: projection.to_vec(), schema: Arc::new(Schema::new(fields)), shape })
    }

    /// Whether a column is in the batches.
    pub(super) fn builds(&self, column: usize) -> bool {
        self.projection.contains(&column)
    }

    /// Everything of a [`Decoded`] but the counts of lines, bytes and keys. `columns` are arrays of all
    /// records that may be rows, for those columns that are built; misfits come by their rows, and
    /// `value` is asked for the texts of some.
    pub(super) fn decoded(
        &self,
        columns: &[Option<ArrayRef>],
        records: Records,
        misfits: &[Misfit],
        places: Places<'_>,
        value: impl FnMut(&Misfit) -> Option<String>,
    ) -> Result<Decoded> {
        let (rows, count) = (records.rows.len(), records.len() as u64);
        let sorted = self.judge(records, misfits, places, value)?;
        let built = self.projection.iter();
        let built = built.filter_map(|&index| columns.get(index).cloned().flatten()).collect();
        Ok(Decoded {
            batch: self.batch(built, rows, &sorted.diverted)?,
            bad: sorted.bad,
            records: count,
            lines: 0,
            bytes: 0,
            ignored_keys: 0,
        })
    }

    fn batch(&self, arrays: Vec<ArrayRef>, rows: usize, diverted: &[usize]) -> Result<RecordBatch> {
        let broken = |error| Error::internal("columns do not make a batch").with_source(error);
        let kept = rows - diverted.len();
        let arrays = if diverted.is_empty() {
            arrays
        } else {
            let mut left = diverted.iter().copied().peekable();
            let kept = BooleanBuffer::collect_bool(rows, |row| left.next_if_eq(&row).is_none());
            let kept = BooleanArray::new(kept, None);
            let filter = |array: ArrayRef| arrow::compute::filter(&array, &kept).map_err(broken);
            arrays.into_iter().map(filter).collect::<Result<Vec<_>>>()?
        };
        let options = RecordBatchOptions::new().with_row_count(Some(kept));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(broken)
    }

    /// Sorts misfits and broken records into one list, or into the first error.
    fn judge(
        &self,
        records: Records,
        misfits: &[Misfit],
        mut places: Places<'_>,
        mut value: impl FnMut(&Misfit) -> Option<String>,
    ) -> Result<Sorted> {
        let mut sorted = Sorted::default();
        let mut broken = records.broken.into_iter().enumerate().peekable();
        let mut misfits = misfits.chunk_by(|one, other| one.row == other.row);
        loop {
            let next = misfits.next();
            let row = next.and_then(<[Misfit]>::first).map_or(usize::MAX, |misfit| misfit.row);
            while let Some((before, broken)) =
                broken.next_if(|(_, broken)| broken.rows_before <= row)
            {
                let record = broken.rows_before + before;
                let place = places.find(record, broken.extent);
                if self.shape.on_error == OnError::Fail {
                    return Err(error_at(&place, places.chunk, &broken.flaw.reason));
                }
                sorted.broken_before += 1;
                sorted.bad.push(bad_record(&place, record, broken.flaw));
            }
            let Some(group) = next else {
                return Ok(sorted);
            };
            let record = row + sorted.broken_before;
            let extent = records.rows.get(row).copied().unwrap_or(Extent::new(0, 0));
            let place = places.find(record, extent);
            let place = (&place, places.chunk);
            self.judge_row(group, (row, record), place, &mut value, &mut sorted)?;
        }
    }

    fn judge_row(
        &self,
        misfits: &[Misfit],
        (row, record): (usize, usize),
        (place, chunk): (&Place<'_>, Chunk<'_>),
        value: &mut impl FnMut(&Misfit) -> Option<String>,
        sorted: &mut Sorted,
    ) -> Result<()> {
        let columns = &self.shape.columns;
        let nullable = |misfit: &Misfit| columns.get(misfit.column).is_some_and(|it| it.nullable);
        // What cannot stay as NULL comes first, so that it is the one reason given.
        let fatal =
            misfits.iter().find(|misfit| misfit.flaw.kind != BadKind::Type || !nullable(misfit));
        let keeps_row = fatal.is_none() && self.shape.on_error == OnError::Null;
        let raw: Arc<[u8]> = head(place.raw).into();
        let chosen = if keeps_row {
            misfits
        } else {
            let one = fatal.or(misfits.first());
            one.map(std::slice::from_ref).unwrap_or_default()
        };
        for misfit in chosen {
            let name = columns.get(misfit.column).map(|column| column.name.clone());
            let value = value(misfit);
            let is_inferred = !self.shape.declared && misfit.flaw.kind == BadKind::Type;
            if is_inferred || self.shape.on_error == OnError::Fail {
                let name = name.unwrap_or_default();
                let value = value.map(|value| format!(": `{value}`")).unwrap_or_default();
                let text = format!("column {name}: {}{value}", misfit.flaw.reason);
                let error = error_at(place, chunk, &text);
                return Err(if is_inferred { error.with_hint(INFERRED) } else { error });
            }
            sorted.bad.push(BadRecord {
                kind: misfit.flaw.kind,
                reason: misfit.flaw.reason.clone().into_owned(),
                column_name: name,
                value,
                raw: Arc::clone(&raw),
                raw_length: place.raw.len() as u64,
                byte_offset: place.byte_offset,
                line: place.line,
                record: record as u64,
                diverted: !keeps_row,
            });
        }
        if !keeps_row {
            sorted.diverted.push(row);
        }
        Ok(())
    }
}

const INFERRED: &str = "the type was inferred from a sample; `INFER TABLE t` writes a table file \
    in which the column can have another type, and with declared columns `on_error` can set such \
    records aside";

/// Bad records, and the rows that are none.
#[derive(Default)]
struct Sorted {
    bad: Vec<BadRecord>,
    diverted: Vec<usize>,
    broken_before: usize,
}

fn head(raw: &[u8]) -> &[u8] {
    raw.get(..RAW_LIMIT).unwrap_or(raw)
}

fn bad_record(place: &Place<'_>, record: usize, flaw: Flaw) -> BadRecord {
    BadRecord {
        kind: flaw.kind,
        reason: flaw.reason.into_owned(),
        column_name: None,
        value: None,
        raw: head(place.raw).into(),
        raw_length: place.raw.len() as u64,
        byte_offset: place.byte_offset,
        line: place.line,
        record: record as u64,
        diverted: true,
    }
}

fn error_at(place: &Place<'_>, chunk: Chunk<'_>, what: &str) -> Error {
    let byte = place.byte_offset;
    match chunk.line {
        Some(first) => {
            let line = first.saturating_add(place.line);
            Error::corrupt(format!("line {line} (byte {byte}): {what}"))
        }
        None => Error::corrupt(format!("record at byte {byte}: {what}")),
    }
}

/// Why a column that is NOT NULL has no value.
pub(super) fn not_null() -> Flaw {
    Flaw::mistyped("NULL in a column that is NOT NULL")
}
