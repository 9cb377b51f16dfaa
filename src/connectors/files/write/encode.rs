//! Batches to the bytes of a file, one variant per format.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_avro::errors::AvroError;
use arrow_avro::writer::{AvroWriter, WriterBuilder as AvroBuilder};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use datafusion::arrow::json::writer::{LineDelimited, Writer as JsonWriter, WriterBuilder};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::options::Encoding;
use super::orc::OrcEncoder;
use super::stored::{converted, stored};
use super::text::{Compressor, CsvLines};
use crate::error::{Error, Result};

/// Encoded bytes of a row group at which it is written, so that memory stays bounded.
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Rows of a block of an Avro file, which is compressed and read as a whole.
const AVRO_BLOCK_ROWS: usize = 4096;

/// Where encoders write: memory that is emptied after every batch.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self, into: &mut Vec<u8>) {
        into.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Format {
    Parquet(Box<ArrowWriter<Sink>>),
    Arrow(Box<FileWriter<Sink>>),
    Avro(Box<AvroWriter<Sink>>),
    Orc(OrcEncoder),
    Csv(CsvLines<Sink>),
    Json(JsonWriter<Compressor<Sink>, LineDelimited>),
}

/// The encoder of one file.
pub(super) struct Encoder {
    schema: SchemaRef,
    sink: Sink,
    format: Format,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Encoder {
    /// The encoder of a file with these columns.
    ///
    /// # Errors
    /// `Unsupported` for columns that the format cannot hold.
    pub(super) fn new(encoding: &Encoding, schema: &SchemaRef) -> Result<Self> {
        let sink = Sink::default();
        let out = sink.clone();
        let schema = stored(encoding.format(), schema)?;
        let format = match encoding {
            Encoding::Parquet { compression, row_group_rows } => {
                let properties = WriterProperties::builder()
                    .set_compression(*compression)
                    .set_max_row_group_row_count(Some(*row_group_rows))
                    .build();
                let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties));
                Format::Parquet(Box::new(writer.map_err(parquet_refused)?))
            }
            Encoding::Arrow { compression } => {
                let options = IpcWriteOptions::default().try_with_compression(*compression);
                let writer = options
                    .and_then(|options| FileWriter::try_new_with_options(out, &schema, options));
                Format::Arrow(Box::new(writer.map_err(refused)?))
            }
            Encoding::Avro { compression } => {
                let builder = AvroBuilder::new(schema.as_ref().clone());
                let writer = builder.with_compression(*compression).build(out);
                Format::Avro(Box::new(writer.map_err(avro_refused)?))
            }
            Encoding::Orc { compression } => {
                Format::Orc(OrcEncoder::new(out, Arc::clone(&schema), *compression)?)
            }
            Encoding::Csv { header, delimiter, null, compression } => {
                let out = Compressor::new(*compression, out).map_err(ArrowError::from);
                let lines = out
                    .and_then(|out| CsvLines::new(out, &schema, *header, *delimiter, null.clone()));
                Format::Csv(lines.map_err(refused)?)
            }
            Encoding::Json { compression } => {
                let out = Compressor::new(*compression, out).map_err(ArrowError::from);
                let builder = WriterBuilder::new().with_explicit_nulls(true);
                Format::Json(builder.build(out.map_err(refused)?))
            }
        };
        Ok(Self { schema, sink, format })
    }

    /// Encodes a batch; the bytes that are ready are added to `out`.
    pub(super) fn write(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        match &mut self.format {
            Format::Parquet(writer) => {
                writer.write(batch).map_err(parquet_refused)?;
                if writer.in_progress_size() >= ROW_GROUP_BYTES {
                    writer.flush().map_err(parquet_refused)?;
                }
            }
            Format::Arrow(writer) => {
                writer.write(&converted(batch, &self.schema)?).map_err(refused)?;
            }
            Format::Avro(writer) => {
                let batch = converted(batch, &self.schema)?;
                for start in (0..batch.num_rows()).step_by(AVRO_BLOCK_ROWS) {
                    let rows = AVRO_BLOCK_ROWS.min(batch.num_rows() - start);
                    writer.write(&batch.slice(start, rows)).map_err(avro_refused)?;
                }
            }
            Format::Orc(encoder) => encoder.write(converted(batch, &self.schema)?)?,
            Format::Csv(lines) => lines.write(batch).map_err(refused)?,
            Format::Json(writer) => writer.write(batch).map_err(refused)?,
        }
        self.sink.take(out);
        Ok(())
    }

    /// Ends the file; its last bytes are added to `out`.
    pub(super) fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        match self.format {
            Format::Parquet(writer) => writer.close().map(drop).map_err(parquet_refused)?,
            Format::Arrow(mut writer) => writer.finish().map_err(refused)?,
            Format::Avro(mut writer) => writer.finish().map_err(avro_refused)?,
            Format::Orc(mut encoder) => encoder.finish()?,
            Format::Csv(lines) => lines.finish().map_err(refused)?,
            Format::Json(mut writer) => {
                writer.finish().map_err(refused)?;
                writer.into_inner().finish().map_err(ArrowError::from).map_err(refused)?;
            }
        }
        self.sink.take(out);
        Ok(())
    }
}

/// Memory takes every write, so what fails is the encoding.
fn refused(error: ArrowError) -> Error {
    Error::unsupported(format!("the rows cannot be written in this format: {error}"))
        .with_source(error)
}

fn parquet_refused(error: ParquetError) -> Error {
    Error::unsupported(format!("the rows cannot be written as parquet: {error}")).with_source(error)
}

fn avro_refused(error: AvroError) -> Error {
    Error::unsupported(format!("the rows cannot be written as avro: {error}")).with_source(error)
}
