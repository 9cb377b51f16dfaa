//! Bytes that mostly are text, for people: a field that says so is shown as printable characters and
//! `\x00`, as the shell of HBase shows it. Formats that machines read have hexadecimal digits.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema};

/// The key and value in a field's metadata.
const SAYS: (&str, &str) = ("sluice.bytes", "escaped");

fn says_so(field: &Field) -> bool {
    field.metadata().get(SAYS.0).is_some_and(|value| value == SAYS.1)
}

/// The batch with texts in the place of such bytes; `None` if it has none.
pub(in crate::render) fn escaped(batch: &RecordBatch) -> Option<RecordBatch> {
    let schema = batch.schema_ref();
    if !schema.fields().iter().any(|field| says_so(field)) {
        return None;
    }
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        let shown = says_so(field).then(|| texts(column).or_else(|| map(column))).flatten();
        shown.unwrap_or_else(|| Arc::clone(column))
    });
    let columns: Vec<ArrayRef> = columns.collect();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()
}

/// Bytes as texts.
fn texts(column: &ArrayRef) -> Option<ArrayRef> {
    let DataType::Binary = column.data_type() else { return None };
    let texts: StringArray =
        column.as_binary::<i32>().iter().map(|bytes| bytes.map(text)).collect();
    Some(Arc::new(texts))
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if (b' '..=b'~').contains(byte) && *byte != b'\\' {
            text.push(char::from(*byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// A map of bytes with texts for its values.
fn map(column: &ArrayRef) -> Option<ArrayRef> {
    let DataType::Map(entries, sorted) = column.data_type() else { return None };
    let DataType::Struct(fields) = entries.data_type() else { return None };
    let maps = column.as_map();
    let values = texts(maps.values())?;
    let fields = Fields::from(vec![
        fields.first()?.as_ref().clone(),
        Field::new("value", DataType::Utf8, true),
    ]);
    let columns = vec![Arc::clone(maps.keys()), values];
    let pairs = StructArray::try_new(fields.clone(), columns, None).ok()?;
    let entry = Arc::new(Field::new("entries", DataType::Struct(fields), false));
    let nulls = maps.nulls().cloned();
    let shown = MapArray::try_new(entry, maps.offsets().clone(), pairs, nulls, *sorted).ok()?;
    Some(Arc::new(shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::BinaryArray;

    #[test]
    fn only_fields_that_say_so_are_escaped() {
        let says = [(SAYS.0.to_owned(), SAYS.1.to_owned())].into();
        let schema = Schema::new(vec![
            Field::new("a", DataType::Binary, true).with_metadata(says),
            Field::new("b", DataType::Binary, true),
        ]);
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"x\x00\\"[..]), None]));
        let batch =
            RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(&bytes), bytes]).unwrap();
        let shown = escaped(&batch).unwrap();
        assert_eq!(shown.column(0).as_string::<i32>().value(0), "x\\x00\\x5C");
        assert!(shown.column(0).is_null(1));
        assert_eq!(shown.column(1).data_type(), &DataType::Binary);
    }
}
