//! The types in which a format keeps values, where it does not have those of the rows: wider ones that
//! hold all of them, or a refusal that names the column.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit,
};
use datafusion::arrow::error::ArrowError;

use super::super::schema::reads_as;
use super::options::WriteFormat;
use crate::error::{Error, Result};
use crate::stream::decode::sql_type;

/// Names that no record of Avro can have: those of its types.
const AVRO_TYPES: [&str; 8] =
    ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// The columns of a file of this format.
///
/// # Errors
/// `Unsupported` for a column that it cannot hold.
pub(super) fn stored(format: WriteFormat, schema: &SchemaRef) -> Result<SchemaRef> {
    let convert: fn(&str, &FieldRef) -> Result<FieldRef> = match format {
        WriteFormat::Arrow => |_, field| Ok(unpacked(field)),
        WriteFormat::Avro => |column, field| avro_field(column, field),
        WriteFormat::Orc => |column, field| orc_field(column, field),
        WriteFormat::Parquet | WriteFormat::Csv | WriteFormat::Json => {
            return Ok(Arc::clone(schema));
        }
    };
    let fields = schema.fields().iter().map(|field| convert(field.name(), field));
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

/// Whether what is stored is read as the columns of its table again.
///
/// # Errors
/// `Unsupported`, naming the column that is not.
pub(super) fn read_again(format: WriteFormat, table: &SchemaRef) -> Result<()> {
    let stored = stored(format, table)?;
    for (kept, wanted) in stored.fields().iter().zip(table.fields()) {
        let (kept, wanted) = (kept.data_type(), unpacked(wanted));
        if !reads_as(kept, wanted.data_type()) {
            return Err(Error::unsupported(format!(
                "column {} is {}, which {} files keep as {}",
                wanted.name(),
                sql_type(wanted.data_type()),
                format.title(),
                sql_type(kept)
            ))
            .with_hint("declare the column with the type that the files have"));
        }
    }
    Ok(())
}

/// A batch in the columns of the file.
pub(super) fn converted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        let wanted = field.data_type();
        if column.data_type() == wanted {
            return Ok(compacted(column));
        }
        let wrong = |e: ArrowError| {
            Error::unsupported(format!("column {} cannot be written: {e}", field.name()))
        };
        let cast_to = cast(column, wanted).map_err(wrong)?;
        // Only times of day become coarser.
        if matches!(column.data_type(), DataType::Time64(TimeUnit::Nanosecond))
            && cast(&cast_to, column.data_type()).map_err(wrong)?.as_ref() != column.as_ref()
        {
            return Err(Error::unsupported(format!(
                "column {} has times with nanoseconds, and Avro keeps microseconds",
                field.name()
            )));
        }
        Ok(cast_to)
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)
        .map_err(|e| Error::internal(e.to_string()))
}

/// An Arrow file has one dictionary per column for all batches, so plain values are written.
fn unpacked(field: &FieldRef) -> FieldRef {
    match field.data_type() {
        DataType::Dictionary(_, values) => {
            Arc::new(Field::new(field.name(), values.as_ref().clone(), field.is_nullable()))
        }
        _ => Arc::clone(field),
    }
}

/// A view column without the bytes that none of its values names: IPC writes all of them.
fn compacted(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => Arc::clone(column),
    }
}

/// What stands for a type in ORC and Avro alike; the type itself where nothing does.
fn common(data_type: &DataType) -> DataType {
    use DataType as T;
    match data_type {
        T::Dictionary(_, values) => common(values),
        // A column of NULL alone: any type holds it.
        T::Null | T::LargeUtf8 | T::Utf8View => T::Utf8,
        T::LargeBinary | T::BinaryView => T::Binary,
        T::Float16 => T::Float32,
        T::UInt32 => T::Int64,
        T::Date64 => T::Date32,
        other => other.clone(),
    }
}

fn refused(format: WriteFormat, column: &str, data_type: &DataType) -> Error {
    let (title, shown) = (format.title(), sql_type(data_type));
    Error::unsupported(format!("column {column} is {shown}, which is not written to {title} files"))
        .with_hint("CAST it to a type that they have, or write Parquet")
}

fn orc_field(column: &str, field: &FieldRef) -> Result<FieldRef> {
    use DataType as T;
    let kept = match common(field.data_type()) {
        T::UInt8 => T::Int16,
        T::UInt16 => T::Int32,
        T::Timestamp(unit, Some(_)) => T::Timestamp(unit, Some("UTC".into())),
        kept @ (T::Boolean
        | T::Int8
        | T::Int16
        | T::Int32
        | T::Int64
        | T::Float32
        | T::Float64
        | T::Utf8
        | T::Binary
        | T::Date32
        | T::Timestamp(_, None)) => kept,
        other => return Err(refused(WriteFormat::Orc, column, &other)),
    };
    Ok(Arc::new(Field::new(field.name(), kept, field.is_nullable())))
}

fn avro_field(column: &str, field: &FieldRef) -> Result<FieldRef> {
    let name = field.name();
    let fits = |at: usize, byte: u8| {
        byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
    };
    if name.is_empty() || !name.bytes().enumerate().all(|(at, byte)| fits(at, byte)) {
        return Err(Error::unsupported(format!(
            "`{name}` cannot be a name in an Avro file: they are letters of ASCII, digits and _"
        ))
        .with_hint("give the column another name: expression AS name"));
    }
    let kept = avro_type(column, field.data_type())?;
    if matches!(kept, DataType::Struct(_) | DataType::FixedSizeBinary(_))
        && AVRO_TYPES.contains(&name.as_str())
    {
        return Err(Error::unsupported(format!(
            "column {column}: in an Avro file, a {} cannot be called {name}",
            sql_type(&kept)
        ))
        .with_hint("give it another name"));
    }
    Ok(Arc::new(Field::new(name, kept, field.is_nullable())))
}

fn avro_type(column: &str, data_type: &DataType) -> Result<DataType> {
    use DataType as T;
    Ok(match common(data_type) {
        T::Int8 | T::Int16 | T::UInt8 | T::UInt16 => T::Int32,
        T::UInt64 => T::Decimal128(20, 0),
        T::Time32(_) => T::Time32(TimeUnit::Millisecond),
        T::Time64(_) => T::Time64(TimeUnit::Microsecond),
        T::Timestamp(TimeUnit::Second, zone) => {
            T::Timestamp(TimeUnit::Millisecond, zone.map(|_| "+00:00".into()))
        }
        T::Timestamp(unit, zone) => T::Timestamp(unit, zone.map(|_| "+00:00".into())),
        T::Decimal32(precision, scale) | T::Decimal64(precision, scale) if scale >= 0 => {
            T::Decimal128(precision, scale)
        }
        kept @ T::Decimal128(precision, scale)
            if scale >= 0 && precision <= DECIMAL128_MAX_PRECISION =>
        {
            kept
        }
        kept @ T::Decimal256(_, scale) if scale >= 0 => kept,
        T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) => {
            T::List(avro_field(column, &item)?)
        }
        T::Struct(fields) => {
            let fields = fields.iter().map(|field| avro_field(column, field));
            T::Struct(fields.collect::<Result<_>>()?)
        }
        T::Map(entries, sorted) => {
            let entry = avro_type(column, entries.data_type())?;
            let is_text = matches!(&entry, T::Struct(fields)
                if fields.first().is_some_and(|key| *key.data_type() == T::Utf8));
            if !is_text {
                return Err(refused(WriteFormat::Avro, column, data_type));
            }
            T::Map(Arc::new(Field::new(entries.name(), entry, false)), sorted)
        }
        kept @ (T::Boolean
        | T::Int32
        | T::Int64
        | T::Float32
        | T::Float64
        | T::Utf8
        | T::Binary
        | T::FixedSizeBinary(_)
        | T::Date32) => kept,
        other => return Err(refused(WriteFormat::Avro, column, &other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(format: WriteFormat, data_type: DataType) -> Result<DataType, String> {
        let schema = Arc::new(Schema::new(vec![Field::new("x", data_type, true)]));
        let stored = stored(format, &schema).map_err(|e| e.message().to_owned())?;
        Ok(stored.field(0).data_type().clone())
    }

    #[test]
    fn values_are_kept_in_types_that_hold_them_all_or_refused() {
        use DataType as T;
        let (orc, avro) = (WriteFormat::Orc, WriteFormat::Avro);
        assert_eq!(kept(orc, T::UInt16), Ok(T::Int32));
        assert_eq!(kept(avro, T::UInt64), Ok(T::Decimal128(20, 0)));
        let packed = T::Dictionary(Box::new(T::Int32), Box::new(T::Utf8View));
        assert_eq!(kept(avro, packed), Ok(T::Utf8));
        let item = |name: &str| Arc::new(Field::new(name, T::Int16, true));
        let list = kept(avro, T::LargeList(item("item"))).unwrap();
        assert_eq!(list, T::List(Arc::new(Field::new("item", T::Int32, true))));
        for (format, data_type, message) in [
            (
                orc,
                T::Decimal128(10, 2),
                "column x is DECIMAL(10,2), which is not written to ORC files",
            ),
            (orc, T::UInt64, "column x is BIGINT UNSIGNED, which is not written to ORC files"),
            (
                avro,
                T::Struct(vec![item("a b")].into()),
                "`a b` cannot be a name in an Avro file: they are letters of ASCII, digits and _",
            ),
        ] {
            assert_eq!(kept(format, data_type), Err(message.to_owned()));
        }
    }
}
