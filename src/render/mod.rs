//! Results as text or bytes: record batches go in, a table, csv, json or parquet comes out.
//!
//! This file holds the list of formats, their two traits and the options all of them share. One
//! file (or folder) per format stands beside it; `cell` spells single values for the text formats.
//! Which format is used, where the bytes go, what is flushed when and how many rows are shown is
//! the caller's business.

mod arrow;
mod cell;
mod csv;
mod html;
mod json;
mod markdown;
mod ndjson;
mod options;
mod parquet;
mod table;
mod tsv;
mod unaligned;
mod vertical;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;

use crate::error::{Error, Result};

pub use options::{Border, Lines, Options};

/// Every format, in the order help and error messages list them.
pub static FORMATS: &[&dyn Format] = &[
    &table::Table,
    &vertical::Vertical,
    &csv::Csv,
    &tsv::Tsv,
    &json::Json,
    &ndjson::Ndjson,
    &unaligned::Unaligned,
    &markdown::Markdown,
    &html::Html,
    &parquet::Parquet,
    &arrow::Arrow,
];

/// A way to write results down.
pub trait Format: fmt::Debug + Sync {
    /// The name users type.
    fn name(&self) -> &'static str;

    /// Other names users may type.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the format is for, in a few words for a help text.
    fn description(&self) -> &'static str;

    /// Whether a program reads it: every row is written, without a cap and without color.
    fn is_machine(&self) -> bool;

    /// Whether one output holds exactly one result: nothing may be appended to it.
    fn holds_one_result(&self) -> bool {
        false
    }

    /// Starts one result whose batches will have the columns of `schema`.
    ///
    /// # Errors
    ///
    /// `Config` for an option the format cannot honor, `Unsupported` for a column type it cannot
    /// hold.
    fn open(&self, schema: &SchemaRef, options: &Options) -> Result<Box<dyn Renderer>>;
}

/// One result being written.
///
/// Bytes go to `out` as soon as they are known; `out` is never flushed here. A failed write is an
/// error of kind `Unavailable` whose `source()` is the [`io::Error`].
pub trait Renderer: fmt::Debug + Send {
    /// Writes the rows of `batch`.
    ///
    /// # Errors
    ///
    /// `Unavailable` if `out` fails, `Unsupported` for a value the format cannot hold.
    fn write(&mut self, batch: &RecordBatch, out: &mut dyn Write) -> Result<()>;

    /// Writes what follows the last row; also the header, if there was no batch at all.
    ///
    /// # Errors
    ///
    /// As [`Renderer::write`].
    fn finish(&mut self, out: &mut dyn Write) -> Result<()>;

    /// What the output does not show as it is, one sentence each; complete after
    /// [`Renderer::finish`].
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The format that `name` names, by its name or an alias, in any case.
///
/// # Errors
///
/// `Config` for an unknown name; the message lists the names, the hint the nearest one.
pub fn format(name: &str) -> Result<&'static dyn Format> {
    let wanted = name.to_ascii_lowercase();
    let names = |format: &&'static dyn Format| {
        std::iter::once(format.name()).chain(format.aliases().iter().copied())
    };
    if let Some(found) = FORMATS.iter().find(|format| names(format).any(|known| known == wanted)) {
        return Ok(*found);
    }
    let list: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
    let error = Error::config(format!(
        "unknown output format '{name}', must be one of {}",
        list.join(", ")
    ));
    let nearest = FORMATS
        .iter()
        .flat_map(names)
        .map(|known| (edit_distance(&wanted, known), known))
        .min_by_key(|(distance, _)| *distance);
    Err(match nearest {
        Some((distance, known)) if 2 * distance <= wanted.chars().count() + 1 => {
            error.with_hint(format!("did you mean '{known}'?"))
        }
        _ => error,
    })
}

/// How many characters must be put in, taken out or replaced to make one word of the other.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// A write to the output failed; the cause is kept, so that a closed pipe can be recognized.
fn output_error(error: io::Error) -> Error {
    Error::unavailable("cannot write the output").with_source(error)
}

/// `(1 row)`, `(3 rows)`: the line psql ends a result with.
fn row_count(rows: u64) -> String {
    format!("({rows} row{})", if rows == 1 { "" } else { "s" })
}
