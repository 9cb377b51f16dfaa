//! Comma-separated values as RFC 4180 has them, with line feeds between the rows.
//!
//! NULL is nothing at all and an empty string is `""`, so both can be told apart; with a NULL text
//! of the caller's, strings that look like it are quoted. A value is quoted only where it must be.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink};
use super::{Format, Options, Renderer};
use crate::error::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(super) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn description(&self) -> &'static str {
        "comma-separated values; NULL is empty, an empty string is \"\""
    }

    fn is_machine(&self) -> bool {
        true
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        let separator = options.separator.clone().unwrap_or_else(|| ",".to_owned()).into_bytes();
        if separator.is_empty() || separator.iter().any(|byte| b"\"\r\n".contains(byte)) {
            return Err(Error::config(
                "the separator of csv must not be empty and not hold a quote or a line break",
            ));
        }
        let quoting =
            Quoting { first: separator[0], null: options.null.clone().unwrap_or_default() };
        Ok(Box::new(Writer {
            schema: schema.clone(),
            header: options.header,
            blank_line: !options.first_result,
            started: false,
            separator,
            quoting,
            sink: Sink::new(None),
            scratch: Sink::new(None),
            blank_nulls: 0,
        }))
    }
}

#[derive(Debug)]
struct Writer {
    schema: SchemaRef,
    header: bool,
    blank_line: bool,
    started: bool,
    separator: Vec<u8>,
    quoting: Quoting,
    sink: Sink,
    /// Where a nested value is spelled before it is quoted.
    scratch: Sink,
    /// NULLs that are a whole line, which many readers skip.
    blank_nulls: u64,
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
                    self.sink.bytes.extend_from_slice(&self.separator);
                }
                self.quoting.write(field.name(), &mut self.sink.bytes);
            }
            self.sink.push("\n");
        }
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.start();
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        // A separator or NULL text that numbers and dates can look like sends them through the
        // quoting, too.
        let first = self.quoting.first;
        let risky = first.is_ascii_alphanumeric()
            || b"+-.: ".contains(&first)
            || !self.quoting.null.is_empty();
        let plain: Vec<bool> = columns.iter().map(|column| column.is_plain() && !risky).collect();
        for row in 0..batch.num_rows() {
            for (position, column) in columns.iter().enumerate() {
                if position > 0 {
                    self.sink.bytes.extend_from_slice(&self.separator);
                }
                if column.is_null(row) {
                    self.sink.push(&self.quoting.null);
                } else if plain[position] {
                    column.write_text(row, &mut self.sink);
                } else if let Some(text) = column.string(row) {
                    self.quoting.write(text, &mut self.sink.bytes);
                } else {
                    self.scratch.bytes.clear();
                    column.write_text(row, &mut self.scratch);
                    let text = String::from_utf8_lossy(&self.scratch.bytes);
                    self.quoting.write(&text, &mut self.sink.bytes);
                }
            }
            self.sink.bytes.push(b'\n');
            self.sink.relieve(out)?;
        }
        if let ([column], true) = (columns.as_slice(), self.quoting.null.is_empty()) {
            let nulls = (0..batch.num_rows()).filter(|row| column.is_null(*row)).count();
            self.blank_nulls += nulls as u64;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.start();
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.scratch.notes();
        match self.blank_nulls {
            0 => {}
            1 => notes.push("1 NULL is an empty line, which many readers of csv skip".to_owned()),
            count => {
                notes.push(format!("{count} NULLs are empty lines, which many readers of csv skip"))
            }
        }
        notes
    }
}

/// When a value needs quotes.
#[derive(Debug)]
struct Quoting {
    /// The separator's first byte.
    first: u8,
    /// The text of NULL.
    null: String,
}

impl Quoting {
    /// Adds a text, in quotes if it could be taken for something else.
    #[inline]
    fn write(&self, text: &str, out: &mut Vec<u8>) {
        let bytes = text.as_bytes();
        // Without an early exit the compiler can look at many bytes at once.
        let special = bytes.iter().fold(false, |any, &byte| {
            any | (byte == self.first) | (byte == b'"') | (byte == b'\n') | (byte == b'\r')
        });
        if !special && !bytes.is_empty() && text != self.null {
            return out.extend_from_slice(bytes);
        }
        out.push(b'"');
        for &byte in bytes {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        out.push(b'"');
    }
}
