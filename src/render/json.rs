//! One JSON array per result, an object per row; values are spelled as in `ndjson`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Objects, Sink};
use super::{Format, Options, Renderer};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn description(&self) -> &'static str {
        "one JSON array of objects per result"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, _: &Options) -> Result<Box<dyn Renderer>> {
        let objects = Objects::new(schema.fields());
        Ok(Box::new(Writer { objects, sink: Sink::new(None), started: false }))
    }
}

#[derive(Debug)]
struct Writer {
    objects: Objects,
    sink: Sink,
    /// Whether a row was written.
    started: bool,
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let columns = Column::of_batch(batch, self.objects.len())?;
        for row in 0..batch.num_rows() {
            self.sink.push(if std::mem::replace(&mut self.started, true) { ",\n" } else { "[" });
            self.objects.write_row(&columns, row, &mut self.sink);
            self.sink.relieve(out)?;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.sink.push(if self.started { "]\n" } else { "[]\n" });
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.sink.notes()
    }
}
