//! A table of GitHub's Markdown, for issues and notes.
//!
//! What Markdown or HTML would take for markup is escaped; a line break is `<br>`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink, numbers, printable};
use super::{Format, Options, Renderer, row_count};
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["md"]
    }

    fn description(&self) -> &'static str {
        "a table in GitHub's Markdown"
    }

    fn is_machine(&self) -> bool {
        false
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer {
            schema: schema.clone(),
            blank_line: !options.first_result,
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
    blank_line: bool,
    footer: bool,
    started: bool,
    null: String,
    sink: Sink,
    /// Where a value is spelled before it is escaped.
    scratch: Sink,
    rows: u64,
}

impl Writer {
    /// Names and the line below them: Markdown knows no table without.
    fn start(&mut self) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        if self.blank_line {
            self.sink.push("\n");
        }
        if self.schema.fields().is_empty() {
            return;
        }
        for field in self.schema.fields() {
            self.sink.push("| ");
            escape(field.name(), &mut self.sink);
            self.sink.push(" ");
        }
        self.sink.push("|\n");
        for number in numbers(&self.schema) {
            self.sink.push(if number { "| ---: " } else { "| --- " });
        }
        self.sink.push("|\n");
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.start();
        self.rows += batch.num_rows() as u64;
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        if columns.is_empty() {
            return self.sink.drain(out);
        }
        for row in 0..batch.num_rows() {
            for column in &columns {
                self.sink.push("| ");
                self.scratch.bytes.clear();
                if column.is_null(row) {
                    self.scratch.push(&self.null);
                } else {
                    column.write_text(row, &mut self.scratch);
                }
                escape(&String::from_utf8_lossy(&self.scratch.bytes), &mut self.sink);
                self.sink.push(" ");
            }
            self.sink.push("|\n");
            self.sink.relieve(out)?;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        self.start();
        if self.footer {
            // The empty line ends the table.
            self.sink.push("\n");
            self.sink.push(&row_count(self.rows));
            self.sink.push("\n");
        }
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.scratch.notes()
    }
}

fn escape(text: &str, sink: &mut Sink) {
    let safe = printable(text);
    let mut before = ' ';
    let mut characters = safe.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => sink.push("<br>"),
            '<' => sink.push("&lt;"),
            '&' => sink.push("&amp;"),
            '\\' | '|' | '*' | '`' | '~' | '[' => {
                sink.push("\\");
                sink.bytes.push(character as u8);
            }
            // Inside a word it is no markup, and names are easier to read without.
            '_' if !(before.is_alphanumeric()
                && characters.peek().is_some_and(|next| next.is_alphanumeric())) =>
            {
                sink.push("\\_");
            }
            character => sink.push(character.encode_utf8(&mut [0; 4])),
        }
        before = character;
    }
}
