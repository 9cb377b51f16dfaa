//! Tab-separated values in the text format of PostgreSQL's COPY.
//!
//! Tab, line feed, carriage return and backslash are `\t`, `\n`, `\r` and `\\`, NULL is `\N`:
//! a line is always a row, a tab always ends a value, and nothing is ever quoted.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink};
use super::{Format, Options, Renderer};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Tsv;

impl Format for Tsv {
    fn name(&self) -> &'static str {
        "tsv"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["tabs"]
    }

    fn description(&self) -> &'static str {
        "tab-separated values; NULL is \\N, tabs and line breaks are escaped"
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer {
            schema: schema.clone(),
            header: options.header,
            blank_line: !options.first_result,
            started: false,
            null: options.null.clone().unwrap_or_else(|| "\\N".to_owned()),
            sink: Sink::new(None),
            scratch: Sink::new(None),
        }))
    }
}

#[derive(Debug)]
struct Writer {
    schema: SchemaRef,
    header: bool,
    blank_line: bool,
    started: bool,
    null: String,
    sink: Sink,
    /// Where a nested value is spelled before it is escaped.
    scratch: Sink,
}

impl Writer {
    fn start(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        if self.blank_line {
            self.sink.push("\n");
        }
        if self.header {
            for (position, field) in self.schema.fields().iter().enumerate() {
                if position > 0 {
                    self.sink.push("\t");
                }
                escape(field.name().as_bytes(), &mut self.sink.bytes);
            }
            self.sink.push("\n");
        }
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.start();
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        let plain: Vec<bool> = columns.iter().map(Column::is_plain).collect();
        for row in 0..batch.num_rows() {
            for (position, column) in columns.iter().enumerate() {
                if position > 0 {
                    self.sink.bytes.push(b'\t');
                }
                if column.is_null(row) {
                    self.sink.push(&self.null);
                } else if plain[position] {
                    column.write_text(row, &mut self.sink);
                } else if let Some(text) = column.string(row) {
                    escape(text.as_bytes(), &mut self.sink.bytes);
                } else {
                    self.scratch.bytes.clear();
                    column.write_text(row, &mut self.scratch);
                    escape(&self.scratch.bytes, &mut self.sink.bytes);
                }
            }
            self.sink.bytes.push(b'\n');
            self.sink.relieve(out)?;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.start();
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.scratch.notes()
    }
}

#[inline]
fn escape(text: &[u8], out: &mut Vec<u8>) {
    // Without an early exit the compiler can look at many bytes at once.
    let special = text.iter().fold(false, |any, &byte| {
        any | (byte == b'\t') | (byte == b'\n') | (byte == b'\r') | (byte == b'\\')
    });
    if !special {
        return out.extend_from_slice(text);
    }
    for &byte in text {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => out.push(byte),
        }
    }
}
