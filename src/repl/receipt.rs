//! The receipt of a statement as the shell keeps it for reports.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;

use super::run::LastResult;
use crate::error::{Error, Result};

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    /// The table's full name or location; `statement` for what counts for all of it.
    pub source: String,
    /// What was counted.
    pub counter: String,
    /// How much.
    pub amount: u64,
    /// What about: a filter, a reason, a token; mostly empty.
    pub detail: String,
}

/// What the tables of a receipt are, as far as their sources say it: the schemas of records, the
/// snapshot that is read. `None` where none does.
///
/// # Errors
/// As [`lines`].
pub(super) fn formats(batches: &[RecordBatch]) -> Result<Option<LastResult>> {
    let mut lines = lines(batches)?;
    lines.retain(|line| line.counter == "format");
    if lines.is_empty() {
        return Ok(None);
    }
    let names = ["table", "what it is"].map(str::to_owned);
    let tables = lines.iter().map(|line| Some(line.source.clone())).collect();
    let records = lines.iter().map(|line| Some(line.detail.clone())).collect();
    LastResult::of_texts(&names, vec![tables, records]).map(Some)
}

/// The lines of `SHOW RECEIPT`'s answer.
///
/// # Errors
/// `Internal` for a batch that is none.
pub(super) fn lines(batches: &[RecordBatch]) -> Result<Vec<ReceiptLine>> {
    let mut lines = Vec::new();
    for batch in batches {
        let text = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
            column.ok_or_else(|| Error::internal(format!("a receipt without {name}")))
        };
        let amounts =
            batch.column_by_name("amount").and_then(|c| c.as_primitive_opt::<UInt64Type>());
        let amounts = amounts.ok_or_else(|| Error::internal("a receipt without amount"))?;
        let (sources, counters, details) = (text("source")?, text("counter")?, text("detail")?);
        lines.extend((0..batch.num_rows()).map(|at| ReceiptLine {
            source: sources.value(at).to_owned(),
            counter: counters.value(at).to_owned(),
            amount: amounts.value(at),
            detail: details.value(at).to_owned(),
        }));
    }
    Ok(lines)
}
