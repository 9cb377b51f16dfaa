//! Arrow's IPC stream, which can be read from a pipe; the file format would need a seekable input.
//!
//! Types, names and metadata are kept as they are. Buffers are not compressed, so that every
//! implementation reads them.

use std::io::Write;

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;
use ::arrow::error::ArrowError;
use ::arrow::ipc::writer::StreamWriter;

use super::{Format, Options, Renderer, output_error};
use crate::error::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(super) struct Arrow;

impl Format for Arrow {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["arrows", "ipc"]
    }

    fn description(&self) -> &'static str {
        "Arrow IPC stream"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn holds_one_result(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, _: &Options) -> Result<Box<dyn Renderer>> {
        let stream = StreamWriter::try_new(Vec::new(), schema).map_err(refused)?;
        Ok(Box::new(Writer { schema: schema.clone(), stream }))
    }
}

struct Writer {
    schema: SchemaRef,
    /// Writes into memory; what is there is passed on after every batch.
    stream: StreamWriter<Vec<u8>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("pending", &self.stream.get_ref().len()).finish()
    }
}

impl Writer {
    fn drain(&mut self, out: &mut dyn Write) -> Result<()> {
        self.stream.flush().map_err(refused)?;
        let bytes = self.stream.get_mut();
        out.write_all(bytes).map_err(output_error)?;
        bytes.clear();
        Ok(())
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        // The stream holds buffers without their types, so others would be misread.
        let fields = self.schema.fields();
        let same = fields.len() == batch.num_columns()
            && fields
                .iter()
                .zip(batch.columns())
                .all(|(field, column)| field.data_type().equals_datatype(column.data_type()));
        if !same {
            return Err(Error::internal("a batch is not of the result's schema"));
        }
        self.stream.write(batch).map_err(refused)?;
        self.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.stream.finish().map_err(refused)?;
        self.drain(out)
    }
}

/// Memory takes every write, so what fails is the encoding.
fn refused(error: ArrowError) -> Error {
    Error::unsupported(format!("cannot be written as arrow: {error}")).with_source(error)
}
