//! From records cut into cells to one batch and its bad records: every declared column is walked,
//! projected ones are built, and what does not fit is set aside as the shape says.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::bad::{BadKind, BadRecord, Flaw, RAW_LIMIT, shown};
use super::cell::{Cell, Sink};
use super::shape::{Column, OnError, Shape};
use super::{Chunk, Decoded};
use crate::error::{Error, Result};

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

/// A record's bytes within the text, without the line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Extent {
    /// Positions are below 2 GiB, which [`limit`] has seen to.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Refuses texts that spans and Arrow's offsets cannot count.
pub(super) fn limit(text: &[u8]) -> Result<()> {
    if i32::try_from(text.len()).is_ok() {
        return Ok(());
    }
    Err(Error::new(
        crate::error::ErrorKind::Exhausted,
        format!("a chunk of {} bytes is too large to decode, 2 GiB is the limit", text.len()),
    ))
}

/// The records of a chunk in their order: rows to be, and broken ones between them.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) rows: Vec<Extent>,
    broken: Vec<Broken>,
}

#[derive(Debug)]
struct Broken {
    rows_before: usize,
    extent: Extent,
    flaw: Flaw,
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.broken.len()
    }

    pub(super) fn push_broken(&mut self, extent: Extent, flaw: Flaw) {
        self.broken.push(Broken { rows_before: self.rows.len(), extent, flaw });
    }
}

/// Where the records of a text were stored. Asked in the order of the records.
#[derive(Debug)]
pub(super) struct Places<'a> {
    chunk: Chunk<'a>,
    text: &'a [u8],
    stored: Stored<'a>,
    at: usize,
    line: u64,
}

/// How the text relates to the chunk's bytes.
#[derive(Debug)]
pub(super) enum Stored<'a> {
    /// It is them.
    Same,
    /// It is their transcription line by line; the position of the line asked for last.
    Lines(usize),
    /// It is their transcription record by record.
    Records(&'a [Range<usize>]),
}

struct Place<'a> {
    raw: &'a [u8],
    byte_offset: u64,
    line: u64,
}

impl<'a> Places<'a> {
    pub(super) fn new(chunk: Chunk<'a>, text: &'a [u8], stored: Stored<'a>) -> Self {
        Self { chunk, text, stored, at: 0, line: 0 }
    }

    fn find(&mut self, record: usize, extent: Extent) -> Place<'a> {
        let range = extent.range();
        let passed = line_ends(self.text.get(self.at..range.start).unwrap_or_default());
        self.at = range.start;
        self.line += passed as u64;
        let bytes = self.chunk.bytes;
        let stored = match &mut self.stored {
            Stored::Same => range,
            Stored::Records(ranges) => {
                let range = ranges.get(record).cloned().unwrap_or_default();
                self.line = line_ends(bytes.get(..range.start).unwrap_or_default()) as u64;
                range
            }
            Stored::Lines(start) => {
                *start = after_lines(bytes, *start, passed);
                let within = line_ends(self.text.get(range).unwrap_or_default());
                let mut end = after_lines(bytes, *start, within + 1);
                for terminator in [b'\n', b'\r'] {
                    if end > *start && bytes.get(end - 1) == Some(&terminator) {
                        end -= 1;
                    }
                }
                *start..end
            }
        };
        let byte_offset = self.chunk.byte_offset.saturating_add(stored.start as u64);
        Place { raw: bytes.get(stored).unwrap_or_default(), byte_offset, line: self.line }
    }
}

pub(super) fn line_ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// The position after `count` line ends from `start`.
pub(super) fn after_lines(bytes: &[u8], start: usize, count: usize) -> usize {
    let Some(last) = count.checked_sub(1) else {
        return start;
    };
    let rest = bytes.get(start..).unwrap_or_default();
    memchr::memchr_iter(b'\n', rest).nth(last).map_or(bytes.len(), |end| start + end + 1)
}

/// Walks the columns of a table.
pub(super) struct Assembler {
    shape: Shape,
    projection: Vec<usize>,
    schema: SchemaRef,
    sinks: Vec<Box<dyn Sink>>,
}

impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("shape", &self.shape)
            .field("projection", &self.projection)
            .finish_non_exhaustive()
    }
}

/// A value that does not fit.
struct Misfit {
    row: usize,
    column: usize,
    flaw: Flaw,
}

impl Assembler {
    pub(super) fn try_new(
        shape: Shape,
        projection: &[usize],
        sink: impl Fn(&Column) -> Result<Box<dyn Sink>>,
    ) -> Result<Self> {
        let sinks = shape.columns.iter().map(sink).collect::<Result<Vec<_>>>()?;
        let fields = projection
            .iter()
            .map(|&index| {
                let column = shape
                    .columns
                    .get(index)
                    .ok_or_else(|| Error::internal(format!("no column {index} to project")))?;
                Ok(Field::new(&column.name, column.data_type.clone(), column.nullable))
            })
            .collect::<Result<Vec<_>>>()?;
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { shape, projection: projection.to_vec(), schema, sinks })
    }

    /// Fills in everything of a [`Decoded`] but the counts of lines, bytes and keys.
    pub(super) fn assemble<G: Grid>(
        &mut self,
        grid: &G,
        records: Records,
        mut places: Places<'_>,
    ) -> Result<Decoded> {
        let rows = records.rows.len();
        let mut misfits = Vec::new();
        let mut arrays: Vec<Option<ArrayRef>> = Vec::with_capacity(self.sinks.len());
        for (index, (column, sink)) in self.shape.columns.iter().zip(&mut self.sinks).enumerate() {
            let is_built = self.projection.contains(&index);
            let walk = Walk { cells: grid.cells(index), column, index, rows };
            if is_built {
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
        let records_count = records.len() as u64;
        let sorted = self.judge(grid, records, &misfits, &mut places)?;
        let arrays = self
            .projection
            .iter()
            .filter_map(|&index| arrays.get(index).cloned().flatten())
            .collect();
        let batch = self.batch(arrays, rows, &sorted.diverted)?;
        Ok(Decoded {
            batch,
            bad: sorted.bad,
            records: records_count,
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
    fn judge<G: Grid>(
        &self,
        grid: &G,
        records: Records,
        misfits: &[Misfit],
        places: &mut Places<'_>,
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
            self.judge_row(grid, group, (row, record), (&place, places.chunk), &mut sorted)?;
        }
    }

    fn judge_row<G: Grid>(
        &self,
        grid: &G,
        misfits: &[Misfit],
        (row, record): (usize, usize),
        (place, chunk): (&Place<'_>, Chunk<'_>),
        sorted: &mut Sorted,
    ) -> Result<()> {
        let mut scratch = Vec::new();
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
            let cells = grid.cells(misfit.column);
            let cell = cells.cell(row, &mut scratch).ok().flatten();
            let value = cell.map(|cell| shown(cell.text));
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

fn not_null() -> Flaw {
    Flaw::mistyped("NULL in a column that is NOT NULL")
}
