//! Columns about records: `_partition`, `_offset`, `_timestamp`, `_raw`; `_key` and `_headers`, or
//! `_tags`, `_keys`, `_msg_id`, `_born_timestamp` and `_properties`, as a system has them.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BinaryBuilder, Int32Array, Int64Array, ListBuilder, MapBuilder, MapFieldNames,
    StringArray, StringBuilder, StructBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion::arrow::error::ArrowError;

use super::decode::map_of;
use super::options::Meta;
use super::source::{MessageParts, PartitionKind, Record, Records, SourceTraits};
use crate::error::{Error, Result};

/// One of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetaColumn {
    /// `_partition`
    Partition,
    /// `_offset`
    Offset,
    /// `_timestamp`
    Timestamp,
    /// `_key`
    Key,
    /// `_headers`
    Headers,
    /// `_tags`
    Tags,
    /// `_keys`
    Keys,
    /// `_msg_id`
    MessageId,
    /// `_born_timestamp`
    BornTimestamp,
    /// `_properties`
    Properties,
    /// `_raw`
    Raw,
}

/// All of them.
const ALL: [MetaColumn; 11] = [
    MetaColumn::Partition,
    MetaColumn::Offset,
    MetaColumn::Timestamp,
    MetaColumn::Key,
    MetaColumn::Headers,
    MetaColumn::Tags,
    MetaColumn::Keys,
    MetaColumn::MessageId,
    MetaColumn::BornTimestamp,
    MetaColumn::Properties,
    MetaColumn::Raw,
];

/// The parts of a header.
fn header_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Binary, true),
    ])
}

impl MetaColumn {
    /// The name in SQL.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Partition => "_partition",
            Self::Offset => "_offset",
            Self::Timestamp => "_timestamp",
            Self::Key => "_key",
            Self::Headers => "_headers",
            Self::Tags => "_tags",
            Self::Keys => "_keys",
            Self::MessageId => "_msg_id",
            Self::BornTimestamp => "_born_timestamp",
            Self::Properties => "_properties",
            Self::Raw => "_raw",
        }
    }

    /// The column of a name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|column| column.name() == name)
    }

    /// The columns that a table of a system has.
    pub(super) fn of(meta: Meta, traits: SourceTraits) -> Vec<Self> {
        let basic = [Self::Partition, Self::Offset, Self::Timestamp];
        match meta {
            Meta::None => vec![],
            Meta::Basic => basic.to_vec(),
            Meta::Full => {
                let is_there = |it: &Self| match it {
                    Self::Key | Self::Headers => traits.has_keys,
                    Self::Tags
                    | Self::Keys
                    | Self::MessageId
                    | Self::BornTimestamp
                    | Self::Properties => traits.has_properties,
                    Self::Partition | Self::Offset | Self::Timestamp | Self::Raw => true,
                };
                ALL.into_iter().filter(is_there).collect()
            }
        }
    }

    /// Whether it is made of what stands beside a record's value.
    pub(super) fn is_beside(self) -> bool {
        !matches!(self, Self::Partition | Self::Offset | Self::Timestamp | Self::Raw)
    }

    /// The field; instants are shown in `timezone`.
    pub(super) fn field(self, traits: SourceTraits, timezone: &str) -> Field {
        let (data_type, nullable) = match self {
            Self::Partition => match traits.partitions {
                PartitionKind::Number => (DataType::Int32, false),
                PartitionKind::Name => (DataType::Utf8, false),
            },
            Self::Offset => (DataType::Int64, false),
            Self::Timestamp => {
                // A column that is the time keeps its digits.
                let unit = match traits.has_time {
                    true => TimeUnit::Millisecond,
                    false => TimeUnit::Microsecond,
                };
                (DataType::Timestamp(unit, Some(timezone.into())), true)
            }
            Self::BornTimestamp => {
                (DataType::Timestamp(TimeUnit::Millisecond, Some(timezone.into())), true)
            }
            Self::Key | Self::Raw => (DataType::Binary, true),
            Self::Tags | Self::Keys | Self::MessageId => (DataType::Utf8, true),
            Self::Properties => (map_of(&DataType::Utf8), true),
            Self::Headers => {
                let header = Field::new("item", DataType::Struct(header_fields()), false);
                (DataType::List(Arc::new(header)), false)
            }
        };
        Field::new(self.name(), data_type, nullable)
    }

    /// The values of `rows`, which are indices into the records, for a field of this column.
    pub(super) fn values(
        self,
        field: &Field,
        partition: &str,
        records: &Records,
        rows: &[usize],
    ) -> Result<ArrayRef> {
        let of = || rows.iter().filter_map(|row| records.records.get(*row));
        let parts = || of().map(|record| record.message.as_deref());
        Ok(match self {
            Self::Partition if *field.data_type() == DataType::Int32 => {
                let number = partition.parse::<i32>().map_err(|e| {
                    Error::internal(format!("partition {partition} has no number: {e}"))
                })?;
                Arc::new(Int32Array::from_value(number, rows.len()))
            }
            Self::Partition => {
                Arc::new(StringArray::from_iter_values(rows.iter().map(|_| partition)))
            }
            Self::Offset => {
                let offset = |record: &Record| i64::try_from(record.offset).unwrap_or(i64::MAX);
                Arc::new(Int64Array::from_iter_values(of().map(offset)))
            }
            Self::Timestamp => {
                let mut times = TimestampMillisecondBuilder::with_capacity(rows.len());
                of().for_each(|record| times.append_option(record.timestamp));
                instants(&times.finish(), field)?
            }
            Self::Tags => Arc::new(StringArray::from_iter(
                parts().map(|parts| parts.and_then(|parts| parts.tags.as_deref())),
            )),
            Self::Keys => Arc::new(StringArray::from_iter(
                parts().map(|parts| parts.and_then(|parts| parts.keys.as_deref())),
            )),
            Self::MessageId => Arc::new(StringArray::from_iter(
                parts().map(|parts| parts.map(|parts| parts.id.as_str())),
            )),
            Self::BornTimestamp => {
                let mut times = TimestampMillisecondBuilder::with_capacity(rows.len());
                parts().for_each(|parts| times.append_option(parts.map(|parts| parts.born)));
                instants(&times.finish(), field)?
            }
            Self::Properties => properties(parts())?,
            Self::Key => {
                let mut keys = BinaryBuilder::new();
                of().for_each(|record| keys.append_option(record.key.as_deref()));
                Arc::new(keys.finish())
            }
            Self::Raw => {
                let mut values = BinaryBuilder::new();
                of().for_each(|record| values.append_option(records.value(record)));
                Arc::new(values.finish())
            }
            Self::Headers => headers(of())?,
        })
    }
}

/// Instants as the column `_timestamp` has them.
pub(super) fn instants(times: &dyn Array, field: &Field) -> Result<ArrayRef> {
    let wrong = |e: ArrowError| Error::internal(format!("{}: {e}", field.name()));
    // Without a zone it is the wall clock of UTC, in whatever zone it is shown.
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let times = cast(times, &utc).map_err(wrong)?;
    cast(&times, field.data_type()).map_err(wrong)
}

fn headers<'r>(records: impl Iterator<Item = &'r Record>) -> Result<ArrayRef> {
    let wrong = || Error::internal("headers are made of keys and values");
    let fields = header_fields();
    let item = Field::new("item", DataType::Struct(fields.clone()), false);
    let parts = StructBuilder::from_fields(fields, 0);
    let mut lists = ListBuilder::new(parts).with_field(item);
    for record in records {
        for (key, value) in &record.headers {
            let parts = lists.values();
            parts.field_builder::<StringBuilder>(0).ok_or_else(wrong)?.append_value(key);
            let values = parts.field_builder::<BinaryBuilder>(1).ok_or_else(wrong)?;
            values.append_option(value.as_deref());
            parts.append(true);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn properties<'r>(all: impl Iterator<Item = Option<&'r MessageParts>>) -> Result<ArrayRef> {
    let names = MapFieldNames {
        entry: "entries".to_owned(),
        key: "key".to_owned(),
        value: "value".to_owned(),
    };
    let mut maps = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for parts in all {
        for (name, value) in parts.into_iter().flat_map(|parts| &parts.properties) {
            maps.keys().append_value(name);
            maps.values().append_value(value);
        }
        maps.append(parts.is_some()).map_err(|e| Error::internal(e.to_string()))?;
    }
    Ok(Arc::new(maps.finish()))
}

impl Records {
    /// The value of one of the records.
    pub(super) fn value(&self, record: &Record) -> Option<&[u8]> {
        record.value.clone().map(|range| self.values.get(range).unwrap_or_default())
    }
}
