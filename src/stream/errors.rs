//! Bad records as rows: the columns of `errors('t')` before those that say where they are.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryArray, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field};

use super::decode::BadRecord;
use crate::error::{Error, Result};

/// The columns.
pub(super) fn fields() -> Vec<Field> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    vec![
        text("kind", false),
        text("reason", false),
        text("column_name", true),
        text("value", true),
        Field::new("raw", DataType::Binary, true),
        Field::new("raw_length", DataType::Int64, false),
    ]
}

/// One of the columns.
pub(super) fn column(bad: &[BadRecord], at: usize) -> Result<ArrayRef> {
    let texts = |of: &dyn Fn(&BadRecord) -> Option<String>| -> ArrayRef {
        Arc::new(bad.iter().map(of).collect::<StringArray>())
    };
    Ok(match at {
        0 => texts(&|record| Some(record.kind.as_str().to_owned())),
        1 => texts(&|record| Some(record.reason.clone())),
        2 => texts(&|record| record.column_name.clone()),
        3 => texts(&|record| record.value.clone()),
        4 => Arc::new(BinaryArray::from_iter_values(bad.iter().map(|record| &record.raw))),
        5 => {
            let length = |record: &BadRecord| i64::try_from(record.raw_length).unwrap_or(i64::MAX);
            Arc::new(Int64Array::from_iter_values(bad.iter().map(length)))
        }
        other => return Err(Error::internal(format!("errors() has no column {other}"))),
    })
}
