//! One line per value, for rows too wide to stand side by side: psql's expanded display.
//!
//! Nothing is ever cut; a line break inside a value goes on below it.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::{Column, Sink, escaped, one_line, printable, width};
use super::{Format, Lines, Options, Renderer, row_count};
use crate::error::Result;

/// Columns a record's line reaches beyond the names, if the terminal is that wide.
const BEYOND: usize = 40;

/// See the module.
#[derive(Debug)]
pub(super) struct Vertical;

impl Format for Vertical {
    fn name(&self) -> &'static str {
        "vertical"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["expanded", "line"]
    }

    fn description(&self) -> &'static str {
        "one line per value, as psql's \\x"
    }

    fn is_machine(&self) -> bool {
        false
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        let names: Vec<String> =
            schema.fields().iter().map(|field| one_line(field.name()).into_owned()).collect();
        let name_width = names.iter().map(|name| width(name)).max().unwrap_or(0);
        let pad = |name: String| {
            let padding = " ".repeat(name_width - width(&name));
            name + &padding
        };
        Ok(Box::new(Writer {
            names: names.into_iter().map(pad).collect(),
            name_width,
            line_width: (name_width + BEYOND).min(options.width.unwrap_or(usize::MAX)),
            lines: options.lines,
            blank_line: !options.first_result,
            header: options.header,
            footer: options.footer,
            null: options.null.clone().unwrap_or_else(|| "NULL".to_owned()),
            sink: Sink::new(None),
            scratch: Sink::new(options.float_digits),
            rows: 0,
        }))
    }
}

#[derive(Debug)]
struct Writer {
    /// Names, all of one width.
    names: Vec<String>,
    name_width: usize,
    line_width: usize,
    lines: Lines,
    /// Whether a blank line is still to be written in front.
    blank_line: bool,
    header: bool,
    footer: bool,
    null: String,
    sink: Sink,
    /// Where a value is spelled before it is made printable.
    scratch: Sink,
    rows: u64,
}

impl Writer {
    /// `-[ RECORD 1 ]-+----`; the crossing stands over the bar between names and values.
    fn write_record_line(&mut self) {
        if !self.header {
            if self.rows > 1 {
                self.sink.push("\n");
            }
            return;
        }
        let (dash, crossing) = match self.lines {
            Lines::Ascii => ("-", "+"),
            Lines::Unicode if self.rows == 1 => ("─", "┬"),
            Lines::Unicode => ("─", "┼"),
        };
        let title = format!("[ RECORD {} ]", self.rows);
        self.sink.push(dash);
        self.sink.push(&title);
        for column in title.len() + 1..self.line_width {
            self.sink.push(if column == self.name_width + 1 { crossing } else { dash });
        }
        self.sink.push("\n");
    }

    /// The value in `scratch`, behind its name; further lines of it behind blanks.
    fn write_value(&mut self, position: usize) {
        let bar = match self.lines {
            Lines::Ascii => " |",
            Lines::Unicode => " │",
        };
        let text = String::from_utf8_lossy(&self.scratch.bytes);
        for (number, line) in printable(&text).split('\n').enumerate() {
            if number == 0 {
                self.sink.push(&self.names[position]);
            } else {
                self.sink.bytes.resize(self.sink.bytes.len() + self.name_width, b' ');
            }
            self.sink.push(bar);
            if !line.is_empty() {
                self.sink.push(" ");
                self.sink.push(line);
            }
            self.sink.push("\n");
        }
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        let shown = escaped(batch);
        let batch = shown.as_ref().unwrap_or(batch);
        let columns = Column::of_batch(batch, self.names.len())?;
        if batch.num_rows() > 0 && std::mem::take(&mut self.blank_line) {
            self.sink.push("\n");
        }
        for row in 0..batch.num_rows() {
            self.rows += 1;
            self.write_record_line();
            for (position, column) in columns.iter().enumerate() {
                self.scratch.bytes.clear();
                if column.is_null(row) {
                    self.scratch.push(&self.null);
                } else {
                    column.write_text(row, &mut self.scratch);
                }
                self.write_value(position);
            }
            self.sink.relieve(out)?;
        }
        self.sink.drain(out)
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.footer {
            if std::mem::take(&mut self.blank_line) {
                self.sink.push("\n");
            }
            self.sink.push(&row_count(self.rows));
            self.sink.push("\n");
        }
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        self.scratch.notes()
    }
}
