//! Single values as text or JSON: one accessor per column and batch, chosen by its type once.
//!
//! `values` finds the accessor for an Arrow array, this file spells what it reads; `number` and
//! `temporal` know the digits, `display` makes text fit for a terminal, `object` writes rows as
//! JSON objects. Separators, quoting and layout are the formats' business.

mod display;
mod escaped;
mod number;
mod object;
mod sink;
mod strings;
mod temporal;
mod values;

#[cfg(test)]
mod tests;

use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, SchemaRef};

use crate::error::{Error, Result};
use values::{Clock, Values};

pub(super) use display::{cut, one_line, printable, width};
pub(super) use escaped::escaped;
pub(super) use object::{Objects, unique_names};
pub(super) use sink::Sink;

/// One column of one batch, ready to be spelled row by row.
#[derive(Debug)]
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

impl<'a> Column<'a> {
    /// The columns of a batch, which must be `expected` in number.
    ///
    /// # Errors
    ///
    /// `Unsupported` if an instant's time zone is not known, or the type is one without a text;
    /// `Internal` if the batch has other columns than the result.
    pub(super) fn of_batch(batch: &'a RecordBatch, expected: usize) -> Result<Vec<Self>> {
        if batch.num_columns() != expected {
            return Err(Error::internal(format!(
                "a batch of {} columns in a result of {expected}",
                batch.num_columns()
            )));
        }
        let schema = batch.schema_ref();
        let columns = batch.columns().iter().zip(schema.fields());
        columns
            .map(|(array, field)| {
                Self::new(array.as_ref())
                    .map_err(|error| error.within(format_args!("column \"{}\"", field.name())))
            })
            .collect()
    }

    /// The accessor of an array.
    ///
    /// # Errors
    ///
    /// As [`Column::of_batch`].
    pub(super) fn new(array: &'a dyn Array) -> Result<Self> {
        // The logical nulls: a dictionary's keys may point at a NULL.
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Ok(Self { nulls, values: Values::new(array)? })
    }

    /// Whether the value is NULL.
    #[inline]
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// The value itself, if it is a string.
    #[inline]
    pub(super) fn string(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Utf8(array) => Some(array.value(row)),
            Values::LargeUtf8(array) => Some(array.value(row)),
            Values::Utf8View(array) => Some(array.value(row)),
            Values::Indirect(indices, values) => values.string(indices[row]),
            _ => None,
        }
    }

    /// Whether all texts of the column are made of letters, digits and `+-.: ` alone.
    pub(super) fn is_plain(&self) -> bool {
        match &self.values {
            Values::Utf8(_)
            | Values::LargeUtf8(_)
            | Values::Utf8View(_)
            | Values::List { .. }
            | Values::Struct(_)
            | Values::Map { .. }
            | Values::Union { .. } => false,
            Values::Indirect(_, values) => values.is_plain(),
            _ => true,
        }
    }

    /// Adds the text of a value that is not NULL; lists, structs and maps are JSON.
    #[inline]
    pub(super) fn write_text(&self, row: usize, sink: &mut Sink) {
        match &self.values {
            Values::Utf8(array) => sink.push(array.value(row)),
            Values::LargeUtf8(array) => sink.push(array.value(row)),
            Values::Utf8View(array) => sink.push(array.value(row)),
            Values::Float(values) => values.get(row).write_text(sink),
            Values::Indirect(indices, values) => values.write_text(indices[row], sink),
            Values::Union { rows, children } => match rows[row] {
                (child, at) if !children[child].is_null(at) => children[child].write_text(at, sink),
                _ => {}
            },
            Values::List { .. } | Values::Struct(_) | Values::Map { .. } => {
                self.write_json(row, sink);
            }
            Values::Clock(clock) => write_clock(clock, row, b' ', &mut sink.bytes),
            Values::Interval(intervals) => intervals.get(row).write_text(&mut sink.bytes),
            Values::Bytes(bytes) => strings::write_hex(bytes.get(row), &mut sink.bytes),
            values => write_bare(values, row, &mut sink.bytes),
        }
    }

    /// Adds a value as JSON, NULL as `null`.
    #[inline]
    pub(super) fn write_json(&self, row: usize, sink: &mut Sink) {
        if self.is_null(row) {
            return sink.push("null");
        }
        match &self.values {
            Values::Null => sink.push("null"),
            Values::Utf8(array) => strings::write_json(array.value(row), &mut sink.bytes),
            Values::LargeUtf8(array) => strings::write_json(array.value(row), &mut sink.bytes),
            Values::Utf8View(array) => strings::write_json(array.value(row), &mut sink.bytes),
            Values::Float(values) => values.get(row).write_json(sink),
            Values::Indirect(indices, values) => values.write_json(indices[row], sink),
            Values::Union { rows, children } => {
                let (child, at) = rows[row];
                children[child].write_json(at, sink);
            }
            Values::List { ranges, items } => {
                sink.bytes.push(b'[');
                for (position, item) in ranges.get(row).enumerate() {
                    if position > 0 {
                        sink.bytes.push(b',');
                    }
                    items.write_json(item, sink);
                }
                sink.bytes.push(b']');
            }
            Values::Struct(members) => members.write_row(row, sink),
            Values::Map { ranges, keys, values } => {
                sink.bytes.push(b'{');
                for (position, entry) in ranges.get(row).enumerate() {
                    if position > 0 {
                        sink.bytes.push(b',');
                    }
                    keys.write_key(entry, sink);
                    sink.bytes.push(b':');
                    values.write_json(entry, sink);
                }
                sink.bytes.push(b'}');
            }
            Values::Clock(clock) => {
                sink.bytes.push(b'"');
                write_clock(clock, row, b'T', &mut sink.bytes);
                sink.bytes.push(b'"');
            }
            Values::Interval(intervals) => {
                sink.bytes.push(b'"');
                intervals.get(row).write_iso(&mut sink.bytes);
                sink.bytes.push(b'"');
            }
            Values::Bytes(bytes) => {
                sink.bytes.push(b'"');
                strings::write_hex(bytes.get(row), &mut sink.bytes);
                sink.bytes.push(b'"');
            }
            values => write_bare(values, row, &mut sink.bytes),
        }
    }

    /// Adds a map's key as the string JSON wants: what is no string becomes one.
    fn write_key(&self, row: usize, sink: &mut Sink) {
        let mut key = Sink::new(None);
        if self.is_null(row) {
            key.push("null");
        } else {
            self.write_text(row, &mut key);
        }
        sink.non_finite += key.non_finite;
        strings::write_json(&String::from_utf8_lossy(&key.bytes), &mut sink.bytes);
    }
}

/// Adds what text and JSON spell alike and without quotes.
#[inline]
fn write_bare(values: &Values<'_>, row: usize, out: &mut Vec<u8>) {
    match values {
        Values::Boolean(array) => {
            out.extend_from_slice(if array.value(row) { b"true" } else { b"false" });
        }
        Values::Signed(integers) => number::write_signed(integers.get(row), out),
        Values::Unsigned(integers) => number::write_unsigned(integers.get(row), out),
        Values::Decimal(decimals, scale) => decimals.write(row, *scale, out),
        // Spelled by the callers, or without any text.
        Values::Null
        | Values::Float(_)
        | Values::Clock(_)
        | Values::Interval(_)
        | Values::Bytes(_)
        | Values::Utf8(_)
        | Values::LargeUtf8(_)
        | Values::Utf8View(_)
        | Values::List { .. }
        | Values::Struct(_)
        | Values::Map { .. }
        | Values::Indirect(..)
        | Values::Union { .. } => {}
    }
}

/// Adds a date, a time of day or a timestamp.
#[inline]
fn write_clock(clock: &Clock<'_>, row: usize, between: u8, out: &mut Vec<u8>) {
    match clock {
        Clock::Days(values) => temporal::write_date(i64::from(values[row]), out),
        Clock::Millis(values) => match (values[row].div_euclid(86_400_000), values[row]) {
            (days, millis) if days * 86_400_000 == millis => temporal::write_date(days, out),
            (_, millis) => temporal::write_timestamp(millis, 1000, None, between, out),
        },
        Clock::Time32(values, per_second) => {
            temporal::write_time(i64::from(values[row]), *per_second, out);
        }
        Clock::Time64(values, per_second) => temporal::write_time(values[row], *per_second, out),
        Clock::Instant(values, per_second, zone) => {
            temporal::write_timestamp(values[row], *per_second, *zone, between, out);
        }
    }
}

/// Whether values of the type are set flush right.
pub(super) fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        DataType::RunEndEncoded(_, values) => is_number(values.data_type()),
        other => other.is_numeric(),
    }
}

/// Which columns of a schema are set flush right.
pub(super) fn numbers(schema: &SchemaRef) -> Vec<bool> {
    schema.fields().iter().map(|field| is_number(field.data_type())).collect()
}
