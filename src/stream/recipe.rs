//! What all splits of a scan share: whose records, what they are, which columns. No credential.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::decode::avro::{AvroDecoder, AvroFormat};
use super::decode::csv::{CsvDecoder, CsvDialect};
use super::decode::json::JsonDecoder;
use super::decode::protobuf::{ProtobufDecoder, ProtobufFormat};
use super::decode::{Column, Decoder, Framing, Shape, TextDecoder};
use super::errors;
use super::meta::MetaColumn;
use super::schemas::SchemaBook;
use super::source::{OffsetUnit, TimeOrder};
use crate::error::Result;
use crate::spi::{RowShare, ScanUnit, StatementContext, TableLimits};

/// The one column of records that are only bytes.
pub(super) const VALUE: &str = "value";

/// What a record's value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Format {
    /// One JSON object.
    Json,
    /// One line of CSV without a header.
    Csv(CsvDialect),
    /// A value in Avro's binary encoding.
    Avro(AvroFormat),
    /// A message of Protobuf.
    Protobuf(ProtobufFormat),
    /// Bytes, in a column of this name.
    Raw(String),
}

/// What keys are.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Text if not given.
    pub(super) format: Option<Format>,
    /// The column, which is the whole key.
    pub(super) column: Column,
}

impl Format {
    /// Whether records name their schemas, so that those have to be looked up.
    pub(super) fn names_schemas(&self) -> bool {
        let framing = match self {
            Self::Avro(format) => format.framing,
            Self::Protobuf(format) => format.framing,
            Self::Json | Self::Csv(_) | Self::Raw(_) => Framing::None,
        };
        framing == Framing::Confluent
    }
}

/// The good records of a table, or the bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// The table itself.
    Good,
    /// `errors('t')`.
    Bad,
}

/// The recipe.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// What people call the table.
    pub(super) label: String,
    /// The connector.
    pub(super) system: String,
    /// The catalog that knows how to reach the system.
    pub(super) catalog: String,
    pub(super) stream: String,
    pub(super) format: Format,
    /// What keys are, where they are more than bytes.
    pub(super) key: Option<Key>,
    /// The columns of the values; none for bytes.
    pub(super) shape: Shape,
    pub(super) half: Half,
    pub(super) max_bad_records: Option<RowShare>,
    /// Whether records that were deleted before they were read are passed, and told.
    pub(super) skips_lost: bool,
    pub(super) limits: TableLimits,
    /// Of `shape`, the column that is a record's time, where records come without one.
    pub(super) event_time: Option<usize>,
    /// What a filter on `_timestamp` can rely on.
    pub(super) times: TimeOrder,
    /// What offsets count.
    pub(super) unit: OffsetUnit,
    /// All columns of the table.
    pub(super) schema: SchemaRef,
}

impl Recipe {
    /// The columns that come from the values (or from bad records) and how many they are.
    pub(super) fn value_fields(half: Half, format: &Format, shape: &Shape) -> Vec<Field> {
        match (half, format) {
            (Half::Bad, _) => errors::fields(),
            (Half::Good, Format::Raw(name)) => vec![Field::new(name, DataType::Binary, true)],
            (Half::Good, _) => shape
                .columns
                .iter()
                .map(|it| Field::new(&it.name, it.data_type.clone(), it.nullable))
                .collect(),
        }
    }

    /// How many columns come before those about records.
    pub(super) fn values(&self) -> usize {
        // The first of those is always the same, and no value has its name.
        let is_first = |field: &Arc<Field>| field.name() == MetaColumn::Partition.name();
        let fields = self.schema.fields();
        fields.iter().position(is_first).unwrap_or(fields.len())
    }

    /// The columns of a projection.
    pub(super) fn projected(&self, projection: &[usize]) -> datafusion::common::Result<Schema> {
        Ok(self.schema.project(projection)?)
    }

    /// A decoder of the values that builds the columns of `projection`; `None` for bytes. Schemas
    /// that records name are looked up in `book`.
    pub(super) fn decoder(
        &self,
        projection: &[usize],
        book: &Arc<SchemaBook>,
    ) -> Result<Option<Box<dyn Decoder>>> {
        decoder(&self.format, self.shape.clone(), projection, book)
    }

    /// A decoder of the keys; `None` where they are bytes.
    pub(super) fn key_decoder(&self, book: &Arc<SchemaBook>) -> Result<Option<Box<dyn Decoder>>> {
        let Some(Key { format, column }) = &self.key else { return Ok(None) };
        let (columns, on_error) = (vec![column.clone()], self.shape.on_error);
        let shape = Shape { columns, declared: true, on_error };
        match format {
            Some(format) => decoder(format, shape, &[0], book),
            None => Ok(Some(Box::new(TextDecoder::try_new(shape, &[0])?))),
        }
    }

    /// How to read less of the table.
    pub(super) fn advice(&self) -> String {
        match self.unit {
            OffsetUnit::Records => "filter by _timestamp, _partition or _offset".to_owned(),
            OffsetUnit::Bytes => "filter by _partition or _offset".to_owned(),
        }
    }

    /// Counts what a scan has asked the system for.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond its limit with it.
    pub(super) fn meter(
        &self,
        statement: &StatementContext,
        unit: ScanUnit,
        amount: u64,
    ) -> Result<()> {
        let advice = self.advice();
        statement.meter().add_scan(unit, amount, self.limits, &self.label, &advice)
    }
}

/// A decoder of records of a format.
fn decoder(
    format: &Format,
    shape: Shape,
    projection: &[usize],
    book: &Arc<SchemaBook>,
) -> Result<Option<Box<dyn Decoder>>> {
    Ok(match format {
        Format::Json => Some(Box::new(JsonDecoder::try_new(shape, projection)?)),
        Format::Csv(dialect) => {
            Some(Box::new(CsvDecoder::try_new(shape, dialect, None, projection)?))
        }
        Format::Avro(format) => {
            let book = Arc::clone(book);
            Some(Box::new(AvroDecoder::try_new(shape, format, book, projection)?))
        }
        Format::Protobuf(format) => {
            let book = Arc::clone(book);
            Some(Box::new(ProtobufDecoder::try_new(shape, format, book, projection)?))
        }
        Format::Raw(_) => None,
    })
}
