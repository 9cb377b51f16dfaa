//! An HTML table without any style, as psql's `\H`; for mails and pages.
//!
//! NULL is emphasized, so that the text `NULL` looks different; a line break is `<br>`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink, numbers, printable};
use super::{Format, Options, Renderer, row_count};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn description(&self) -> &'static str {
        "an HTML table"
    }

    fn is_machine(&self) -> bool {
        false
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer {
            numbers: numbers(schema),
            schema: schema.clone(),
            blank_line: !options.first_result,
            header: options.header,
            footer: options.footer,
            started: false,
            null: options.null.clone().unwrap_or_else(|| "NULL".to_owned()),
            sink: Sink::new(None),
            scratch: Sink::new(options.float_digits),
            rows: 0,
        }))
    }
}

#[derive(Debug)]
struct Writer {
    schema: SchemaRef,
    /// Which columns are set flush right.
    numbers: Vec<bool>,
    blank_line: bool,
    header: bool,
    footer: bool,
    started: bool,
    null: String,
    sink: Sink,
    /// Where a value is spelled before it is escaped.
    scratch: Sink,
    rows: u64,
}

impl Writer {
    fn start(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        self.sink.push(if self.blank_line { "\n<table>\n" } else { "<table>\n" });
        if self.header {
            self.sink.push("<thead>\n<tr>");
            for field in self.schema.fields() {
                self.sink.push("<th>");
                escape(field.name(), &mut self.sink);
                self.sink.push("</th>");
            }
            self.sink.push("</tr>\n</thead>\n");
        }
        self.sink.push("<tbody>\n");
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.start();
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        for row in 0..batch.num_rows() {
            self.sink.push("<tr>");
            for (column, number) in columns.iter().zip(&self.numbers) {
                self.sink.push(if *number { "<td align=\"right\">" } else { "<td>" });
                if column.is_null(row) {
                    self.sink.push("<em>");
                    escape(&self.null, &mut self.sink);
                    self.sink.push("</em>");
                } else {
                    self.scratch.bytes.clear();
                    column.write_text(row, &mut self.scratch);
                    escape(&String::from_utf8_lossy(&self.scratch.bytes), &mut self.sink);
                }
                self.sink.push("</td>");
            }
            self.sink.push("</tr>\n");
            self.sink.relieve(out)?;
        }
        self.rows += batch.num_rows() as u64;
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.start();
        self.sink.push("</tbody>\n</table>\n");
        if self.footer {
            self.sink.push(&format!("<p>{}</p>\n", row_count(self.rows)));
        }
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.scratch.notes()
    }
}

fn escape(text: &str, sink: &mut Sink) {
    for character in printable(text).chars() {
        match character {
            '&' => sink.push("&amp;"),
            '<' => sink.push("&lt;"),
            '>' => sink.push("&gt;"),
            '"' => sink.push("&quot;"),
            '\n' => sink.push("<br>"),
            character => sink.push(character.encode_utf8(&mut [0; 4])),
        }
    }
}
