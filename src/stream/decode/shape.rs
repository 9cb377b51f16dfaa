//! What a table declares of its records: columns, where each is found, what to do when one is bad.
//!
//! Reading this from a table file and parsing SQL types is the catalog's.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use crate::error::{Error, Result};

/// What happens to a record with a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnError {
    /// The record is not a row but a bad record.
    #[default]
    Divert,
    /// The row stays with NULL for the bad value. Structurally broken records, and NULLs in
    /// columns that may not be NULL, are diverted all the same.
    Null,
    /// The first bad record ends the scan with an error.
    Fail,
}

/// Where a column is found in a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A CSV header name or a key of the JSON object. In a CSV file without a header the column's
    /// own position counts.
    Name(String),
    /// A field of a CSV record, counted from 0.
    Field(usize),
    /// Keys of nested JSON objects, outermost first; two at least.
    Path(Vec<String>),
}

impl Source {
    /// Reads the key `source` of a table file: `#3` is the third CSV field, `$.a.b` the nested key
    /// `b`, `$.a` and anything else a name.
    ///
    /// # Errors
    /// `Config` for `#0`, `#x`, an empty path step and array steps (`$.a[0]`).
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(number) = text.strip_prefix('#') {
            return match number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)) {
                Some(index) if index < MAX_FIELDS => Ok(Self::Field(index)),
                _ => Err(Error::config(format!(
                    "source `{text}`: `#` takes the number of a field, from 1 to {MAX_FIELDS}"
                ))),
            };
        }
        let Some(path) = text.strip_prefix("$.") else {
            return Ok(Self::Name(text.to_owned()));
        };
        let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
        if steps.iter().any(|step| step.is_empty() || step.contains(['[', ']', '*'])) {
            return Err(Error::config(format!(
                "source `{text}`: a path is made of keys, like `$.device.model`"
            )));
        }
        match <[String; 1]>::try_from(steps) {
            Ok([name]) => Ok(Self::Name(name)),
            Err(steps) => Ok(Self::Path(steps)),
        }
    }
}

/// The most fields a CSV record may have.
pub(super) const MAX_FIELDS: usize = 65_536;

/// One declared column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name in SQL.
    pub name: String,
    /// The type; see [`sql_type`] for those that text can have.
    pub data_type: DataType,
    /// Where it is found.
    pub source: Source,
    /// How dates, times and timestamps are written: strftime, or `unix_s`, `unix_ms`, `unix_us`,
    /// `unix_ns` for a number of units since 1970.
    pub format: Option<String>,
    /// The zone of text without one, for timestamps with time zone; UTC if not given.
    pub timezone: Option<String>,
    /// Whether NULL is a value.
    pub nullable: bool,
}

impl Column {
    /// A nullable column that is found by its name.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        let name = name.into();
        let source = Source::Name(name.clone());
        Self { name, data_type, source, format: None, timezone: None, nullable: true }
    }
}

/// The columns of a table and what to do when one is bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// All columns that the records hold, in the table's order.
    pub columns: Vec<Column>,
    /// Whether the types were declared. Where they were inferred from a sample, a value that does
    /// not fit is an error whatever `on_error` says: the sample was wrong, not the record.
    pub declared: bool,
    /// What happens to bad records.
    pub on_error: OnError,
}

/// The type of a map of texts to values; its parts are called as DataFusion's functions know them.
pub fn map_of(value: &DataType) -> DataType {
    let entry = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", value.clone(), true),
    ]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entry), false)), false)
}

/// A type as SQL writes it, for messages.
pub fn sql_type(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INT UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Date32 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Interval(_) => "INTERVAL",
        DataType::Utf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::BinaryView => "VARBINARY",
        DataType::Struct(_) => "STRUCT",
        DataType::List(_) => "LIST",
        DataType::Map(..) => "MAP",
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            return format!("DECIMAL({precision},{scale})");
        }
        DataType::Timestamp(unit, zone) => {
            let digits = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            };
            let zone = if zone.is_some() { " WITH TIME ZONE" } else { "" };
            return format!("TIMESTAMP({digits}){zone}");
        }
        other => return other.to_string(),
    };
    name.to_owned()
}

/// A type as a table file takes it, nested ones included.
pub fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::List(item) => format!("{}[]", type_text(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{} {}", field.name(), type_text(field.data_type())))
                .collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => {
                let pair: Vec<_> = pair.iter().map(|field| type_text(field.data_type())).collect();
                format!("MAP({})", pair.join(", "))
            }
            other => sql_type(other),
        },
        other => sql_type(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_fields_paths_or_names() -> Result<()> {
        assert_eq!(Source::parse("#3")?, Source::Field(2));
        assert_eq!(Source::parse("$.a.b")?, Source::Path(vec!["a".into(), "b".into()]));
        assert_eq!(Source::parse("$.a")?, Source::Name("a".into()));
        assert_eq!(Source::parse("a.b")?, Source::Name("a.b".into()));
        for wrong in ["#0", "#x", "#", "#99999999", "$.a..b", "$.", "$.a[0]"] {
            assert!(Source::parse(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
