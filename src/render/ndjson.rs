//! JSON objects, one row per line.
//!
//! Every object has all keys, NULL is `null`. Integers and decimals keep all digits, dates and
//! instants are ISO 8601, binary is hexadecimal. A name that comes twice gets a suffix: `a`, `a_1`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Objects, Sink};
use super::{Format, Options, Renderer};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Ndjson;

impl Format for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["jsonl", "jsonlines"]
    }

    fn description(&self) -> &'static str {
        "one JSON object per row and line"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, _: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer { objects: Objects::new(schema.fields()), sink: Sink::new(None) }))
    }
}

#[derive(Debug)]
struct Writer {
    objects: Objects,
    sink: Sink,
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let columns = Column::of_batch(batch, self.objects.len())?;
        for row in 0..batch.num_rows() {
            self.objects.write_row(&columns, row, &mut self.sink);
            self.sink.bytes.push(b'\n');
            self.sink.relieve(out)?;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, _: &mut dyn Write) -> Result<()> {
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        self.sink.notes()
    }
}
