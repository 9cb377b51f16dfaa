//! Values with a bar between them and nothing else done to them: psql's `-A`.
//!
//! Meant for shell scripts that know their data: a bar or a line break inside a value is written
//! as it is. NULL is nothing, as psql has it.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink};
use super::{Format, Options, Renderer, row_count};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Unaligned;

impl Format for Unaligned {
    fn name(&self) -> &'static str {
        "unaligned"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["list"]
    }

    fn description(&self) -> &'static str {
        "values with | between them, unquoted, as psql -A"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer {
            schema: schema.clone(),
            header: options.header,
            footer: options.footer,
            separator: options.separator.clone().unwrap_or_else(|| "|".to_owned()),
            null: options.null.clone().unwrap_or_default(),
            sink: Sink::new(None),
            rows: 0,
        }))
    }
}

#[derive(Debug)]
struct Writer {
    schema: SchemaRef,
    /// Whether the names are still to be written.
    header: bool,
    footer: bool,
    separator: String,
    null: String,
    sink: Sink,
    rows: u64,
}

impl Writer {
    fn start(&mut self) {
        if std::mem::replace(&mut self.header, false) {
            let names: Vec<&str> =
                self.schema.fields().iter().map(|field| field.name().as_str()).collect();
            self.sink.push(&names.join(&self.separator));
            self.sink.push("\n");
        }
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.start();
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        for row in 0..batch.num_rows() {
            for (position, column) in columns.iter().enumerate() {
                if position > 0 {
                    self.sink.push(&self.separator);
                }
                if column.is_null(row) {
                    self.sink.push(&self.null);
                } else {
                    column.write_text(row, &mut self.sink);
                }
            }
            self.sink.push("\n");
            self.sink.relieve(out)?;
        }
        self.rows += batch.num_rows() as u64;
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.start();
        if self.footer {
            self.sink.push(&row_count(self.rows));
            self.sink.push("\n");
        }
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.sink.notes()
    }
}
