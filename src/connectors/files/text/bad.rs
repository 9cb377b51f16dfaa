//! Bad records as rows: the columns of `errors('t')`.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::stream::decode::BadRecord;

/// The columns of `errors('t')`, before those of the partitions.
pub(in super::super) fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![
        text("kind", false),
        text("reason", false),
        text("column_name", true),
        text("value", true),
        Field::new("raw", DataType::Binary, false),
        number("raw_length"),
        text("_file", false),
        number("_line"),
        number("_byte_offset"),
    ]))
}

/// Bad records of a file whose decoded part began behind `line` line ends.
pub(super) fn batch(
    bad: &[BadRecord],
    file: &str,
    line: u64,
    projection: &[usize],
) -> Result<RecordBatch> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let numbers = |of: &dyn Fn(&BadRecord) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(bad.iter().map(|record| number(of(record)))))
    };
    let texts = |of: &dyn Fn(&BadRecord) -> Option<String>| -> ArrayRef {
        Arc::new(bad.iter().map(of).collect::<StringArray>())
    };
    let column = |at: &usize| -> Result<ArrayRef> {
        Ok(match at {
            0 => texts(&|record| Some(record.kind.as_str().to_owned())),
            1 => texts(&|record| Some(record.reason.clone())),
            2 => texts(&|record| record.column_name.clone()),
            3 => texts(&|record| record.value.clone()),
            4 => Arc::new(BinaryArray::from_iter_values(bad.iter().map(|record| &record.raw))),
            5 => numbers(&|record| record.raw_length),
            6 => texts(&|_| Some(file.to_owned())),
            7 => numbers(&|record| line + record.line + 1),
            8 => numbers(&|record| record.byte_offset),
            other => return Err(Error::internal(format!("errors() has no column {other}"))),
        })
    };
    let columns = projection.iter().map(column).collect::<Result<Vec<_>>>()?;
    let projected = schema().project(projection).map_err(|e| Error::internal(e.to_string()))?;
    let options = RecordBatchOptions::new().with_row_count(Some(bad.len()));
    RecordBatch::try_new_with_options(Arc::new(projected), columns, &options)
        .map_err(|e| Error::internal(e.to_string()))
}
