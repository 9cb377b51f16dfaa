//! A Parquet file, compressed with zstd, written row group by row group.
//!
//! Row groups are bounded in rows and bytes, so memory is too. The Arrow schema is stored beside
//! Parquet's own, so that Arrow readers get the same types back; columns that all other readers
//! would take for plain integers (seconds, `Date64`) are stored as milliseconds. Columns of one
//! name get suffixes, since hardly any reader takes such files. What Parquet cannot hold is refused
//! before a byte is written.

use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};

use super::cell::unique_names;
use super::{Format, Options, Renderer, output_error};
use crate::error::{Error, Result};

/// Rows of a group, if its bytes do not end it before.
const GROUP_ROWS: usize = 1 << 20;
/// Encoded bytes at which a group is ended.
const GROUP_BYTES: usize = 128 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn description(&self) -> &'static str {
        "a Parquet file, compressed with zstd"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn holds_one_result(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, _: &Options) -> Result<Box<dyn Renderer>> {
        if schema.fields().is_empty() {
            return Err(Error::unsupported("parquet cannot hold rows without columns"));
        }
        let names = unique_names(schema.fields());
        let fields = schema.fields().iter().zip(names).map(|(field, name)| {
            let stored = stored_type(field.data_type())
                .map_err(|error| error.within(format_args!("column \"{}\"", field.name())))?;
            Ok(field.as_ref().clone().with_name(name).with_data_type(stored))
        });
        let fields = fields.collect::<Result<Vec<Field>>>()?;
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let file = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
        Ok(Box::new(Writer { schema, file: file.map_err(refused)? }))
    }
}

struct Writer {
    /// The columns as they are stored.
    schema: SchemaRef,
    /// Writes into memory; what is there is passed on after every batch.
    file: ArrowWriter<Vec<u8>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Writer {
    fn drain(&mut self, out: &mut dyn Write) -> Result<()> {
        let bytes = self.file.inner_mut();
        out.write_all(bytes).map_err(output_error)?;
        bytes.clear();
        Ok(())
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        if batch.num_columns() != self.schema.fields().len() {
            return Err(Error::internal("a batch is not of the result's schema"));
        }
        let columns = batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(Arc::clone(column));
            }
            let exact = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, field.data_type(), &exact).map_err(|cause| {
                Error::unsupported(format!("column \"{}\": {cause}", field.name()))
                    .with_source(cause)
            })
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let stored = RecordBatch::try_new(self.schema.clone(), columns).map_err(|cause| {
            Error::internal(format!("a batch is not of the result's schema: {cause}"))
                .with_source(cause)
        })?;
        self.file.write(&stored).map_err(refused)?;
        if self.file.in_progress_size() >= GROUP_BYTES {
            self.file.flush().map_err(refused)?;
        }
        self.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.file.finish().map_err(refused)?;
        self.drain(out)
    }
}

/// The type a column is stored as.
fn stored_type(data_type: &DataType) -> Result<DataType> {
    check(data_type)?;
    Ok(match data_type {
        DataType::RunEndEncoded(_, values) => stored_type(values.data_type())?,
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Timestamp(TimeUnit::Second, zone) => {
            DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
        }
        other => other.clone(),
    })
}

/// Refuses what Parquet has no type for, at any depth.
fn check(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Union(..) | DataType::Interval(IntervalUnit::MonthDayNano) => {
            Err(Error::unsupported(format!("parquet has no type for {data_type}"))
                .with_hint("cast the column to text"))
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::Map(item, _)
        | DataType::RunEndEncoded(_, item) => check(item.data_type()),
        DataType::Dictionary(_, values) => check(values),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| check(field.data_type())),
        _ => Ok(()),
    }
}

/// Memory takes every write, so what fails is the encoding.
fn refused(error: ParquetError) -> Error {
    Error::unsupported(format!("cannot be written as parquet: {error}")).with_source(error)
}
