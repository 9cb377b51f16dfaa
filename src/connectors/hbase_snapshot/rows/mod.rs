//! Cells become columns: a row per cell, a map per family, or the columns that a table file declares.

mod bad;
mod cells;
mod decode;
pub(super) mod encode;
mod escape;
mod mapped;
mod maps;
pub(super) mod ordered;
#[cfg(test)]
mod tests;
mod turned;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};

use super::recipe::{Mapped, Recipe, Shape};
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::Family;
use crate::formats::hfile::CellRef;
pub(super) use decode::{decoder, values_of};
pub(super) use escape::{escape, unescape};
pub(super) use turned::Turn;

/// A batch is given on when its values take so many bytes, however few rows it has.
const BATCH_BYTES: usize = 16 << 20;

/// The columns of rows of a shape, in a table with these families.
pub(super) fn schema_of(shape: &Shape, families: &[Family]) -> SchemaRef {
    match shape {
        Shape::Cells => cells::schema(),
        Shape::Maps => maps::schema(families),
        Shape::Bad(_) => bad::schema(),
        Shape::Mapped(columns) => {
            let field = |column: &Mapped| {
                decode::bytes(Field::new(&column.name, column.data_type.clone(), true))
            };
            Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
        }
    }
}

/// Rows on their way into a batch.
#[derive(Debug)]
pub(super) enum Rows {
    /// A row per cell.
    Cells(cells::CellRows),
    /// Maps.
    Maps(maps::MapRows),
    /// Declared columns.
    Mapped(mapped::MappedRows),
    /// Values that do not decode.
    Bad(Box<bad::BadRows>),
}

impl Rows {
    /// For a scan of some columns, which reads these families of the recipe.
    pub(super) fn new(recipe: &Recipe, projection: &[usize], families: &[usize]) -> Result<Self> {
        Ok(match &recipe.shape {
            Shape::Cells => Self::Cells(cells::CellRows::new(recipe, projection, families)),
            Shape::Maps => Self::Maps(maps::MapRows::new(projection, families)),
            Shape::Mapped(columns) => {
                Self::Mapped(mapped::MappedRows::new(recipe, columns, projection, families)?)
            }
            Shape::Bad(columns) => {
                let rows = bad::BadRows::new(recipe, columns, projection, families)?;
                Self::Bad(Box::new(rows))
            }
        })
    }

    /// Takes a cell of the family with this number among those that are read. The first cell of a
    /// row ends the row before.
    #[inline]
    pub(super) fn cell(&mut self, family: usize, cell: &CellRef<'_>, new_row: bool) -> Result<()> {
        match self {
            Self::Cells(rows) => {
                rows.cell(family, cell);
                Ok(())
            }
            Self::Maps(rows) => {
                rows.cell(family, cell, new_row);
                Ok(())
            }
            Self::Mapped(rows) => rows.cell(family, cell, new_row),
            Self::Bad(rows) => rows.cell(family, cell, new_row),
        }
    }

    /// The region has ended, and with it the row.
    pub(super) fn end(&mut self) {
        match self {
            Self::Cells(_) | Self::Bad(_) => {}
            Self::Maps(rows) => rows.end_row(),
            Self::Mapped(rows) => rows.end_row(),
        }
    }

    /// Whether a row was begun that may get more cells.
    #[inline]
    pub(super) fn is_in_row(&self) -> bool {
        matches!(self, Self::Maps(_) | Self::Mapped(_))
    }

    /// Whole rows so far.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Cells(rows) => rows.len(),
            Self::Maps(rows) => rows.len(),
            Self::Mapped(rows) => rows.len(),
            Self::Bad(rows) => rows.len(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Cells(rows) => rows.bytes,
            Self::Maps(rows) => rows.bytes,
            Self::Mapped(rows) => rows.bytes,
            Self::Bad(rows) => rows.bytes,
        }
    }

    /// Whether the batch should be given on before another row begins.
    #[inline]
    pub(super) fn is_full(&self, most: usize) -> bool {
        self.len() >= most || self.bytes() >= BATCH_BYTES
    }

    /// Values that were looked at, and those of them that do not decode, since this was last asked.
    pub(super) fn take_tally(&mut self) -> (u64, u64) {
        match self {
            Self::Mapped(rows) => rows.take_tally(),
            _ => (0, 0),
        }
    }

    /// The rows as a batch; there are none then.
    pub(super) fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        let rows = self.len();
        let columns = match self {
            Self::Cells(cells) => cells.finish(),
            Self::Maps(maps) => maps.finish(),
            Self::Mapped(mapped) => mapped.finish()?,
            Self::Bad(bad) => bad.finish()?,
        };
        batch(schema, columns, rows)
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|e| Error::internal(format!("cells do not become a batch: {e}")))
}
