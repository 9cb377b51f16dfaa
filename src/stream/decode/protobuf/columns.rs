//! Which columns a message has, and of which types.

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{Error, Result};
use crate::stream::decode::shape::{Column, map_of};

/// Messages of `google.protobuf` that stand for single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WellKnown {
    /// A point in time.
    Timestamp,
    /// A length of time.
    Duration,
    /// A value that may be missing; its field 1.
    Wrapper,
}

/// What a message stands for, if it is one of those.
pub(super) fn well_known(message: &MessageDescriptor) -> Option<WellKnown> {
    match message.full_name().strip_prefix("google.protobuf.")? {
        "Timestamp" => Some(WellKnown::Timestamp),
        "Duration" => Some(WellKnown::Duration),
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value"
        | "UInt32Value" | "BoolValue" | "StringValue" | "BytesValue" => Some(WellKnown::Wrapper),
        _ => None,
    }
}

/// The columns of a message.
///
/// # Errors
/// `Unsupported` for a message that contains itself.
pub(super) fn columns(message: &MessageDescriptor) -> Result<Vec<Column>> {
    let column = |field: FieldDescriptor| {
        let mut around = vec![message.full_name().to_owned()];
        let data_type = data_type(&field, &mut around).map_err(|e| {
            e.within(format_args!("field `{}`", field.name())).with_hint(
                "declare the columns in a table file: fields that no column asks for are passed over",
            )
        })?;
        let data_type = match data_type {
            DataType::Utf8 => DataType::Utf8View,
            other => other,
        };
        Ok(Column::new(field.name(), data_type))
    };
    message.fields().map(column).collect()
}

fn data_type(field: &FieldDescriptor, around: &mut Vec<String>) -> Result<DataType> {
    if field.is_map()
        && let Some(entry) = field.kind().as_message()
    {
        return Ok(map_of(&data_type(&entry.map_entry_value_field(), around)?));
    }
    let one = single(&field.kind(), around)?;
    Ok(if field.is_list() { DataType::new_list(one, true) } else { one })
}

fn single(kind: &Kind, around: &mut Vec<String>) -> Result<DataType> {
    Ok(match kind {
        Kind::Double => DataType::Float64,
        Kind::Float => DataType::Float32,
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => DataType::Int32,
        // SQL's BIGINT holds what has no sign and 32 bits.
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint32 | Kind::Fixed32 => {
            DataType::Int64
        }
        Kind::Uint64 | Kind::Fixed64 => DataType::UInt64,
        Kind::Bool => DataType::Boolean,
        Kind::String | Kind::Enum(_) => DataType::Utf8,
        Kind::Bytes => DataType::Binary,
        Kind::Message(message) => return of_message(message, around),
    })
}

/// The type of a whole message.
///
/// # Errors
/// As [`columns`].
pub(super) fn of_message(
    message: &MessageDescriptor,
    around: &mut Vec<String>,
) -> Result<DataType> {
    match well_known(message) {
        Some(WellKnown::Timestamp) => {
            return Ok(DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())));
        }
        Some(WellKnown::Duration) => return Ok(DataType::Interval(IntervalUnit::MonthDayNano)),
        Some(WellKnown::Wrapper) => {
            return match message.get_field(1) {
                Some(value) => single(&value.kind(), around),
                None => Err(Error::internal("a wrapper without a value")),
            };
        }
        None => {}
    }
    let name = message.full_name();
    if around.iter().any(|it| it == name) {
        return Err(Error::unsupported(format!(
            "the message {name} contains itself, which no column can"
        )));
    }
    around.push(name.to_owned());
    let fields = message
        .fields()
        .map(|field| Ok(Field::new(field.name(), data_type(&field, around)?, true)));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    around.pop();
    Ok(DataType::Struct(fields.into()))
}
