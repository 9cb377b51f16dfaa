//! Rows side by side under their names, for people.
//!
//! The first rows (1,000 unless told otherwise) are held back to learn how wide the columns are,
//! then everything streams. Without a terminal width nothing is ever cut, later values that are
//! longer than the column push the line out of shape. With one, long texts are cut and columns
//! hidden, both marked in the table and told in the notes (`fit` decides). A value with line breaks
//! takes several lines, each but the last with a mark behind it.

mod fit;
mod lines;

#[cfg(test)]
mod tests;

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::cell::{Column, Sink, cut, escaped, is_number, one_line, printable, width};
use super::{Format, Options, Renderer, row_count};
use crate::error::Result;
use fit::{Slot, Wish};
use lines::{Rule, Style};

/// Rows that are looked at for widths, if there are so many before the first one is written.
const MEASURED: usize = 1000;
/// Hidden columns that are named, if there are so many.
const HIDDEN_NAMED: usize = 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Table;

impl Format for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["aligned", "box", "duckbox", "column"]
    }

    fn description(&self) -> &'static str {
        "rows under their names, for people"
    }

    fn is_machine(&self) -> bool {
        false
    }

    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>> {
        Ok(Box::new(Writer {
            schema: schema.clone(),
            style: Style { border: options.border, lines: options.lines },
            null: options.null.clone().unwrap_or_else(|| "NULL".to_owned()),
            options: options.clone(),
            held: Vec::new(),
            held_rows: 0,
            slots: None,
            cells: Vec::new(),
            sink: Sink::new(None),
            scratch: Sink::new(options.float_digits),
            rows: 0,
            cut: 0,
        }))
    }
}

#[derive(Debug)]
struct Writer {
    schema: SchemaRef,
    options: Options,
    style: Style,
    null: String,
    /// Batches that wait for the layout.
    held: Vec<RecordBatch>,
    held_rows: usize,
    /// The layout, once it is known.
    slots: Option<Vec<Slot>>,
    /// The values of the row being drawn, one per slot.
    cells: Vec<Cell>,
    sink: Sink,
    /// Where a value is spelled before it is made printable.
    scratch: Sink,
    rows: u64,
    /// Values that were cut.
    cut: u64,
}

/// A value in its slot.
#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    right: bool,
    null: bool,
}

impl Writer {
    /// Puts the printable text of a value into `cell`.
    fn fill(&mut self, column: &Column<'_>, row: usize, cell: &mut Cell) {
        cell.text.clear();
        cell.null = column.is_null(row);
        if cell.null {
            cell.text.push_str(&one_line(&self.null));
        } else if let Some(text) = column.string(row) {
            cell.text.push_str(&printable(text));
        } else {
            self.scratch.bytes.clear();
            column.write_text(row, &mut self.scratch);
            cell.text.push_str(&printable(&String::from_utf8_lossy(&self.scratch.bytes)));
        }
    }

    /// Lays the columns out after the rows held back, writes the names and those rows.
    fn start(&mut self, out: &mut dyn Write) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        let slots = self.lay_out(&held)?;
        if !self.options.first_result {
            self.sink.push("\n");
        }
        if !slots.is_empty() {
            self.style.write_rule(Rule::Top, &widths(&slots), &mut self.sink);
            if self.options.header {
                self.write_names(&slots);
                self.style.write_rule(Rule::Middle, &widths(&slots), &mut self.sink);
            }
        }
        self.slots = Some(slots);
        held.iter().try_for_each(|batch| self.write_rows(batch, out))
    }

    fn lay_out(&mut self, held: &[RecordBatch]) -> Result<Vec<Slot>> {
        let counted = self.scratch.non_finite;
        let mut wishes: Vec<Wish> = Vec::new();
        for field in self.schema.fields() {
            let name = if self.options.header { width(&one_line(field.name())) } else { 0 };
            wishes.push(Wish { natural: name, elastic: is_elastic(field.data_type()) });
        }
        let mut values = vec![0; wishes.len()];
        let mut cell = Cell::default();
        let mut left = self.options.sample_rows.max(MEASURED);
        for batch in held {
            let rows = batch.num_rows().min(left);
            left -= rows;
            let shown = escaped(batch);
            let batch = shown.as_ref().unwrap_or(batch);
            for (column, value) in
                Column::of_batch(batch, self.schema.fields().len())?.iter().zip(&mut values)
            {
                for row in 0..rows {
                    self.fill(column, row, &mut cell);
                    *value = cell.text.split('\n').map(width).max().unwrap_or(0).max(*value);
                }
            }
        }
        for (wish, value) in wishes.iter_mut().zip(&values) {
            wish.natural = wish.natural.max(*value);
        }
        // The rows are spelled again when they are drawn.
        self.scratch.non_finite = counted;
        let between = self.style.between();
        let Some(room) = self.options.width.map(|width| self.style.room(width)) else {
            return Ok(fit::natural(&wishes));
        };
        if self.options.sample_rows < MEASURED {
            fit::leave_room(&mut wishes, &values, room, between);
        }
        let needed: usize = wishes.iter().map(|wish| wish.natural + between).sum();
        Ok(if needed > room { fit::fit(&wishes, room, between) } else { fit::natural(&wishes) })
    }

    fn write_names(&mut self, slots: &[Slot]) {
        let name = |slot: &Slot| match slot {
            Slot::Gap => Cell { text: self.style.hidden().to_owned(), ..Cell::default() },
            Slot::Shown { index, .. } => {
                let field = self.schema.field(*index);
                Cell {
                    text: one_line(field.name()).into_owned(),
                    right: is_number(field.data_type()),
                    null: false,
                }
            }
        };
        let names: Vec<Cell> = slots.iter().map(name).collect();
        let start = if self.options.color { "\x1b[1m" } else { "" };
        self.write_row(slots, &names, start);
    }

    fn write_rows(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let Some(slots) = self.slots.take() else {
            return Ok(());
        };
        let mut cells = std::mem::take(&mut self.cells);
        cells.resize(slots.len(), Cell::default());
        let shown = escaped(batch);
        let batch = shown.as_ref().unwrap_or(batch);
        let columns = Column::of_batch(batch, self.schema.fields().len())?;
        let rows = if columns.is_empty() { 0 } else { batch.num_rows() };
        for row in 0..rows {
            for (slot, cell) in slots.iter().zip(&mut cells) {
                match slot {
                    Slot::Gap => self.style.hidden().clone_into(&mut cell.text),
                    Slot::Shown { index, .. } => {
                        cell.right = is_number(self.schema.field(*index).data_type());
                        self.fill(&columns[*index], row, cell);
                    }
                }
            }
            self.write_row(&slots, &cells, "");
            self.sink.relieve(out)?;
        }
        self.cells = cells;
        self.slots = Some(slots);
        self.sink.drain(out)
    }

    /// Adds one row, as many lines as its highest value has; `color` starts every value.
    fn write_row(&mut self, slots: &[Slot], cells: &[Cell], color: &str) {
        let mut lines: Vec<_> = cells.iter().map(|cell| cell.text.split('\n').peekable()).collect();
        loop {
            self.style.write_left(&mut self.sink);
            for (position, cell) in cells.iter().enumerate() {
                if position > 0 {
                    self.style.write_between(&mut self.sink);
                }
                let line = lines[position].next().unwrap_or_default();
                let color = if cell.null && self.options.color { "\x1b[2m" } else { color };
                self.write_line(line, &slots[position], cell.right, color);
                let goes_on = lines[position].peek().is_some();
                self.sink.push(if goes_on { self.style.continued() } else { " " });
            }
            self.style.write_right(&mut self.sink);
            if !lines.iter_mut().any(|line| line.peek().is_some()) {
                break;
            }
        }
    }

    /// Adds one line of a value, cut or padded to its slot.
    fn write_line(&mut self, line: &str, slot: &Slot, right: bool, color: &str) {
        let (room, may_cut) = match slot {
            Slot::Gap => (1, false),
            Slot::Shown { index, width } => {
                let elastic = is_elastic(self.schema.field(*index).data_type());
                (*width, elastic && self.options.width.is_some())
            }
        };
        let (shown, mark) = match if may_cut { cut(line, room) } else { None } {
            Some(start) => (start, self.style.hidden()),
            None => (line, ""),
        };
        self.cut += u64::from(!mark.is_empty());
        let padding = room.saturating_sub(width(shown) + usize::from(!mark.is_empty()));
        let blanks = self.sink.bytes.len() + if right { padding } else { 0 };
        self.sink.bytes.resize(blanks, b' ');
        self.sink.push(color);
        self.sink.push(shown);
        self.sink.push(mark);
        if !color.is_empty() {
            self.sink.push("\x1b[0m");
        }
        let blanks = self.sink.bytes.len() + if right { 0 } else { padding };
        self.sink.bytes.resize(blanks, b' ');
    }
}

impl Renderer for Writer {
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()> {
        if self.slots.is_some() {
            return self.write_rows(batch, out);
        }
        self.held_rows += batch.num_rows();
        self.held.push(batch.clone());
        if self.held_rows >= self.options.sample_rows { self.start(out) } else { Ok(()) }
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.slots.is_none() {
            self.start(out)?;
        }
        if let Some(slots) = self.slots.as_deref().filter(|slots| !slots.is_empty()) {
            self.style.write_rule(Rule::Bottom, &widths(slots), &mut self.sink);
        }
        if self.options.footer {
            self.sink.push(&row_count(self.rows));
            self.sink.push("\n");
        }
        self.sink.drain(out)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.scratch.notes();
        let shown = |index: usize| {
            let slots = self.slots.iter().flatten();
            slots
                .into_iter()
                .any(|slot| matches!(slot, Slot::Shown { index: i, .. } if *i == index))
        };
        let fields = self.schema.fields().iter().enumerate();
        let hidden: Vec<&str> = fields
            .filter(|(index, _)| self.slots.is_some() && !shown(*index))
            .map(|(_, field)| field.name().as_str())
            .collect();
        if !hidden.is_empty() {
            let plural = if hidden.len() == 1 { "" } else { "s" };
            let named = hidden.iter().take(HIDDEN_NAMED).copied().collect::<Vec<_>>().join(", ");
            let more = if hidden.len() > HIDDEN_NAMED { ", …" } else { "" };
            notes.push(format!(
                "{} column{plural} hidden to fit the terminal: {}{more}",
                hidden.len(),
                one_line(&named)
            ));
        }
        match self.cut {
            0 => {}
            1 => notes.push("1 text cut to fit the terminal".to_owned()),
            count => notes.push(format!("{count} texts cut to fit the terminal")),
        }
        notes
    }
}

fn widths(slots: &[Slot]) -> Vec<usize> {
    slots
        .iter()
        .map(|slot| match slot {
            Slot::Shown { width, .. } => *width,
            Slot::Gap => 1,
        })
        .collect()
}

/// Whether values of the type may be cut: a part of a text is still a text, a part of a number is
/// another number.
fn is_elastic(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_elastic(values),
        DataType::RunEndEncoded(_, values) => is_elastic(values.data_type()),
        other => other.is_string() || other.is_binary() || other.is_nested(),
    }
}
