//! Which columns a schema has, and of which types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};

use super::schema::{Kind, Logical, Schema, TypeId};
use crate::error::{Error, Result};
use crate::stream::decode::shape::{Column, map_of};

/// The one column of records that have no fields.
pub(super) const VALUE: &str = "value";

/// The columns of a schema: its fields, or the value itself. All may be NULL: what was written by
/// another version of the schema may lack a field.
///
/// # Errors
/// `Unsupported` for a type that contains itself.
pub(super) fn columns(schema: &Schema) -> Result<Vec<Column>> {
    let column = |name: &str, of: TypeId| {
        let mut path = vec![];
        let data_type = data_type(schema, of, &mut path).map_err(|e| {
            e.within(format_args!("field `{name}`")).with_hint(
                "declare the columns in a table file: fields that no column asks for are passed over",
            )
        })?;
        let data_type = match data_type {
            DataType::Utf8 => DataType::Utf8View,
            other => other,
        };
        Ok(Column::new(name, data_type))
    };
    match schema.record(schema.root) {
        Some(fields) => fields.iter().map(|field| column(&field.name, field.of)).collect(),
        None => Ok(vec![column(VALUE, schema.root)?]),
    }
}

/// The type of the columns that hold values of a type; `around` are the types that it is within.
pub(super) fn data_type(schema: &Schema, of: TypeId, around: &mut Vec<TypeId>) -> Result<DataType> {
    let entry = schema.of(of);
    if around.contains(&of) {
        let name = entry.name.as_ref().map_or("it", |name| &name.full);
        return Err(Error::unsupported(format!(
            "the type {name} contains itself, which no column can"
        )));
    }
    // Only what has a name can contain itself.
    if entry.name.is_some() {
        around.push(of);
    }
    let found = match (&entry.kind, entry.logical) {
        (_, Some(logical)) => logical_type(logical),
        (Kind::Null | Kind::String | Kind::Enum(_), None) => DataType::Utf8,
        (Kind::Boolean, None) => DataType::Boolean,
        (Kind::Int, None) => DataType::Int32,
        (Kind::Long, None) => DataType::Int64,
        (Kind::Float, None) => DataType::Float32,
        (Kind::Double, None) => DataType::Float64,
        (Kind::Bytes | Kind::Fixed(_), None) => DataType::Binary,
        (Kind::Array(item), None) => DataType::new_list(data_type(schema, *item, around)?, true),
        (Kind::Map(value), None) => map_of(&data_type(schema, *value, around)?),
        (Kind::Record(fields), None) => {
            let fields = fields.iter().map(|field| {
                Ok(Field::new(&field.name, data_type(schema, field.of, around)?, true))
            });
            DataType::Struct(fields.collect::<Result<Fields>>()?)
        }
        (Kind::Union(_), None) => match united(schema, of) {
            United::One(branch) => data_type(schema, branch, around)?,
            United::Wide(data_type) => data_type,
            United::Several(branches) => {
                let mut fields = Vec::with_capacity(branches.len());
                for (name, branch) in branches {
                    fields.push(Field::new(name, data_type(schema, branch, around)?, true));
                }
                DataType::Struct(fields.into())
            }
        },
    };
    if entry.name.is_some() {
        around.pop();
    }
    Ok(found)
}

fn logical_type(logical: Logical) -> DataType {
    let utc = || Some(Arc::from("UTC"));
    match logical {
        Logical::Decimal(precision @ ..=38, scale) => DataType::Decimal128(precision, scale),
        Logical::Decimal(precision @ ..=76, scale) => DataType::Decimal256(precision, scale),
        Logical::Decimal(..) => DataType::Binary,
        Logical::Uuid => DataType::Utf8,
        Logical::Date => DataType::Date32,
        Logical::TimeMillis => DataType::Time32(TimeUnit::Millisecond),
        Logical::TimeMicros => DataType::Time64(TimeUnit::Microsecond),
        Logical::TimestampMillis => DataType::Timestamp(TimeUnit::Millisecond, utc()),
        Logical::TimestampMicros => DataType::Timestamp(TimeUnit::Microsecond, utc()),
        Logical::TimestampNanos => DataType::Timestamp(TimeUnit::Nanosecond, utc()),
        Logical::LocalTimestampMillis => DataType::Timestamp(TimeUnit::Millisecond, None),
        Logical::LocalTimestampMicros => DataType::Timestamp(TimeUnit::Microsecond, None),
        Logical::LocalTimestampNanos => DataType::Timestamp(TimeUnit::Nanosecond, None),
        Logical::Duration => DataType::Interval(IntervalUnit::MonthDayNano),
    }
}

/// What becomes of a union.
pub(super) enum United {
    /// Values of one type, or NULL.
    One(TypeId),
    /// Values of several types that all fit one type without loss.
    Wide(DataType),
    /// A struct with a member for each type, of which at most one is not NULL.
    Several(Vec<(String, TypeId)>),
}

/// What becomes of a union; of any other type, itself.
pub(super) fn united(schema: &Schema, of: TypeId) -> United {
    let Kind::Union(branches) = &schema.of(of).kind else { return United::One(of) };
    let others: Vec<TypeId> = branches.iter().copied().filter(|it| !schema.is_null(*it)).collect();
    match others.as_slice() {
        [] => return United::One(branches.first().copied().unwrap_or(of)),
        [one] => return United::One(*one),
        _ => {}
    }
    let all = |fits: fn(&Kind) -> bool| {
        others.iter().all(|it| schema.of(*it).logical.is_none() && fits(&schema.of(*it).kind))
    };
    if all(|kind| matches!(kind, Kind::Int | Kind::Long)) {
        return United::Wide(DataType::Int64);
    }
    // Whole numbers of 32 bits are among those of eight bytes; of 64 bits they are not.
    if all(|kind| matches!(kind, Kind::Int | Kind::Float | Kind::Double)) {
        return United::Wide(DataType::Float64);
    }
    if all(|kind| matches!(kind, Kind::String | Kind::Enum(_))) {
        return United::Wide(DataType::Utf8);
    }
    if all(|kind| matches!(kind, Kind::Bytes | Kind::Fixed(_))) {
        return United::Wide(DataType::Binary);
    }
    let mut named: Vec<(String, TypeId)> = Vec::with_capacity(others.len());
    for branch in others {
        let simple = schema.branch_name(branch).to_owned();
        let is_taken = named.iter().any(|(name, _)| *name == simple);
        let full = schema.of(branch).name.as_ref().map(|name| name.full.replace('.', "_"));
        named.push((full.filter(|_| is_taken).unwrap_or(simple), branch));
    }
    United::Several(named)
}
