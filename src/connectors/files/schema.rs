//! One schema for files that differ: columns by name, missing ones NULL, narrower ones widened.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::stream::decode::sql_type;

/// The schema that holds the columns of all of `files` (name and schema), in order of appearance.
///
/// # Errors
/// `Corrupt` when two files give a column types that no wider type holds, naming both.
pub(super) fn merge(files: &[(String, SchemaRef)]) -> Result<SchemaRef> {
    // Each column with the file that first had it, for the error.
    let mut columns: Vec<(FieldRef, &str, usize)> = Vec::new();
    for (file, schema) in files {
        for field in schema.fields() {
            match columns.iter_mut().find(|(known, _, _)| known.name() == field.name()) {
                None => columns.push((Arc::clone(field), file, 1)),
                Some((known, first, count)) => {
                    *count += 1;
                    let wider = widest(known.data_type(), field.data_type()).ok_or_else(|| {
                        Error::corrupt(format!(
                            "column {} is {} in {first} and {} in {file}",
                            field.name(),
                            sql_type(known.data_type()),
                            sql_type(field.data_type())
                        ))
                        .with_hint("declare the columns in a table file, or move one of the files")
                    })?;
                    let nullable = known.is_nullable() || field.is_nullable();
                    *known = Arc::new(Field::new(known.name(), wider, nullable));
                }
            }
        }
    }
    let fields: Fields = columns
        .into_iter()
        .map(|(field, _, count)| {
            // A column that some file lacks is NULL there.
            let nullable = field.is_nullable() || count < files.len();
            Arc::new(
                field.as_ref().clone().with_nullable(nullable).with_metadata(Default::default()),
            )
        })
        .collect();
    Ok(Arc::new(Schema::new(fields)))
}

/// The same columns with instants in a zone. An instant is the same in any; the zone decides how it
/// is shown, and what its day and hour are in `date_trunc`, `extract` and casts.
pub(super) fn in_timezone(schema: &Schema, timezone: &str) -> SchemaRef {
    let fields: Fields = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Timestamp(unit, Some(_)) => {
                let data_type = DataType::Timestamp(*unit, Some(timezone.into()));
                Arc::new(field.as_ref().clone().with_data_type(data_type))
            }
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// Checks that every column of a file can be read as the table declares it.
///
/// # Errors
/// `Corrupt`, naming the file and the column.
pub(super) fn check(file: &str, schema: &Schema, table: &Schema) -> Result<()> {
    for field in table.fields() {
        let Ok(own) = schema.field_with_name(field.name()) else { continue };
        if !reads_as(own.data_type(), field.data_type()) {
            return Err(Error::corrupt(format!(
                "{file}: column {} is {} and the table's is {}",
                field.name(),
                sql_type(own.data_type()),
                sql_type(field.data_type())
            ))
            .with_hint("declare a type that holds both in a table file, or move the file"));
        }
    }
    Ok(())
}

/// Whether values of `from` are values of `to` without loss.
pub(super) fn reads_as(from: &DataType, to: &DataType) -> bool {
    from == to || widest(from, to).is_some_and(|wider| wider == *to)
}

/// The narrowest type that holds the values of both; `None` when there is none.
fn widest(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as T;
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (T::Null, other) | (other, T::Null) => Some(other.clone()),
        (T::Dictionary(_, value), other) | (other, T::Dictionary(_, value)) => widest(value, other),
        (T::Struct(a), T::Struct(b)) => widest_struct(a, b).map(T::Struct),
        (T::List(a) | T::LargeList(a), T::List(b) | T::LargeList(b)) => {
            let item = widest(a.data_type(), b.data_type())?;
            let nullable = a.is_nullable() || b.is_nullable();
            Some(T::List(Arc::new(Field::new(a.name(), item, nullable))))
        }
        // Instants are the same in any zone.
        (T::Timestamp(a, zone), T::Timestamp(b, other)) if zone.is_some() == other.is_some() => {
            Some(T::Timestamp(*a.max(b), other.clone()))
        }
        (T::Decimal128(p, s), T::Decimal128(q, t)) => {
            let scale = *s.max(t);
            let whole = (i16::from(*p) - i16::from(*s)).max(i16::from(*q) - i16::from(*t));
            let precision = u8::try_from(whole + i16::from(scale)).ok()?;
            (precision <= 38).then_some(T::Decimal128(precision, scale))
        }
        (a, b) => {
            if text_rank(a).is_some() && text_rank(b).is_some() {
                return Some(if text_rank(a) >= text_rank(b) { a.clone() } else { b.clone() });
            }
            if binary_rank(a).is_some() && binary_rank(b).is_some() {
                return Some(if binary_rank(a) >= binary_rank(b) { a.clone() } else { b.clone() });
            }
            number(a, b)
        }
    }
}

fn text_rank(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Utf8 => Some(0),
        DataType::LargeUtf8 => Some(1),
        DataType::Utf8View => Some(2),
        _ => None,
    }
}

fn binary_rank(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Binary => Some(0),
        DataType::LargeBinary => Some(1),
        DataType::BinaryView => Some(2),
        _ => None,
    }
}

fn widest_struct(a: &Fields, b: &Fields) -> Option<Fields> {
    let mut fields: Vec<FieldRef> = a.iter().cloned().collect();
    for field in b {
        match fields.iter_mut().find(|known| known.name() == field.name()) {
            None => fields.push(Arc::new(field.as_ref().clone().with_nullable(true))),
            Some(known) => {
                let wider = widest(known.data_type(), field.data_type())?;
                let nullable = known.is_nullable() || field.is_nullable();
                *known = Arc::new(Field::new(known.name(), wider, nullable));
            }
        }
    }
    for field in &mut fields {
        if !b.iter().any(|known| known.name() == field.name()) {
            *field = Arc::new(field.as_ref().clone().with_nullable(true));
        }
    }
    Some(fields.into())
}

/// Integers widen to integers that hold both, small integers to floats that hold them exactly.
fn number(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as T;
    let bits = |data_type: &DataType| match data_type {
        T::Int8 => Some((true, 8)),
        T::Int16 => Some((true, 16)),
        T::Int32 => Some((true, 32)),
        T::Int64 => Some((true, 64)),
        T::UInt8 => Some((false, 8)),
        T::UInt16 => Some((false, 16)),
        T::UInt32 => Some((false, 32)),
        T::UInt64 => Some((false, 64)),
        _ => None,
    };
    match (bits(a), bits(b)) {
        (Some((true, x)), Some((true, y))) => signed(x.max(y)),
        (Some((false, x)), Some((false, y))) => unsigned(x.max(y)),
        (Some((true, signed_bits)), Some((false, bits)))
        | (Some((false, bits)), Some((true, signed_bits))) => signed(signed_bits.max(bits * 2)),
        _ => match (a, b) {
            (T::Float32, T::Float64) | (T::Float64, T::Float32) => Some(T::Float64),
            (other, T::Float64) | (T::Float64, other) => match bits(other) {
                Some((_, bits)) if bits <= 32 => Some(T::Float64),
                _ => None,
            },
            (other, T::Float32) | (T::Float32, other) => match bits(other) {
                Some((_, bits)) if bits <= 16 => Some(T::Float32),
                _ => None,
            },
            _ => None,
        },
    }
}

fn signed(bits: u32) -> Option<DataType> {
    match bits {
        8 => Some(DataType::Int8),
        16 => Some(DataType::Int16),
        32 => Some(DataType::Int32),
        64 => Some(DataType::Int64),
        _ => None,
    }
}

fn unsigned(bits: u32) -> Option<DataType> {
    match bits {
        8 => Some(DataType::UInt8),
        16 => Some(DataType::UInt16),
        32 => Some(DataType::UInt32),
        64 => Some(DataType::UInt64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
        let fields: Vec<_> =
            fields.iter().map(|(name, t)| Field::new(*name, t.clone(), false)).collect();
        Arc::new(Schema::new(fields))
    }

    #[test]
    fn a_missing_column_is_nullable_and_a_narrow_one_is_widened() {
        let files = [
            ("a".to_owned(), schema(&[("id", DataType::Int32), ("x", DataType::Utf8)])),
            ("b".to_owned(), schema(&[("x", DataType::Utf8View), ("id", DataType::Int64)])),
            ("c".to_owned(), schema(&[("id", DataType::Int64), ("new", DataType::Boolean)])),
        ];
        let merged = merge(&files).unwrap();
        let shown: Vec<_> = merged
            .fields()
            .iter()
            .map(|f| format!("{} {} {}", f.name(), f.data_type(), f.is_nullable()))
            .collect();
        assert_eq!(shown, ["id Int64 false", "x Utf8View true", "new Boolean true"]);
    }

    #[test]
    fn types_that_nothing_holds_are_an_error_with_both_files() {
        let files = [
            ("a.parquet".to_owned(), schema(&[("id", DataType::Int64)])),
            ("b.parquet".to_owned(), schema(&[("id", DataType::Utf8)])),
        ];
        let error = merge(&files).unwrap_err();
        assert_eq!(error.message(), "column id is BIGINT in a.parquet and VARCHAR in b.parquet");
    }

    #[test]
    fn a_wider_file_does_not_read_as_a_narrower_table() {
        assert!(reads_as(&DataType::Int32, &DataType::Int64));
        assert!(!reads_as(&DataType::Int64, &DataType::Int32));
        assert!(!reads_as(&DataType::Int64, &DataType::Float64));
        assert!(!reads_as(&DataType::UInt64, &DataType::Int64));
        assert!(reads_as(&DataType::Decimal128(8, 2), &DataType::Decimal128(10, 4)));
    }
}
