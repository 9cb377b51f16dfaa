//! What a table declares of its records, as bytes: the part of a scan's recipe that every system
//! with decoded records has.
//!
//! Tags of fields are never used again for something else; see the codecs of the scans.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion_proto_common::protobuf_common as proto;
use prost::Message;

use super::decode::csv::CsvDialect;
use super::decode::{Column, OnError, Source, TextEncoding};
use super::schemas::SchemaText;
use crate::error::{Error, Result};

/// A [`CsvDialect`].
#[derive(Clone, PartialEq, Message)]
pub struct DialectMessage {
    #[prost(uint32, tag = "1")]
    delimiter: u32,
    #[prost(uint32, optional, tag = "2")]
    quote: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    escape: Option<u32>,
    #[prost(uint32, optional, tag = "4")]
    comment: Option<u32>,
    #[prost(bool, tag = "5")]
    header: bool,
    #[prost(uint64, tag = "6")]
    skip_rows: u64,
    #[prost(string, repeated, tag = "7")]
    null: Vec<String>,
    #[prost(uint64, optional, tag = "8")]
    fields: Option<u64>,
    #[prost(bool, tag = "9")]
    decimal_comma: bool,
    #[prost(string, optional, tag = "10")]
    date_format: Option<String>,
    #[prost(string, optional, tag = "11")]
    timestamp_format: Option<String>,
    #[prost(bool, tag = "12")]
    multiline: bool,
    #[prost(string, tag = "13")]
    encoding: String,
}

/// A [`Column`].
#[derive(Clone, PartialEq, Message)]
pub struct ColumnMessage {
    /// Name, type and whether NULL is a value.
    #[prost(message, optional, tag = "1")]
    field: Option<proto::Schema>,
    #[prost(string, optional, tag = "2")]
    source_name: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    source_field: Option<u64>,
    #[prost(string, repeated, tag = "4")]
    source_path: Vec<String>,
    #[prost(string, optional, tag = "5")]
    format: Option<String>,
    #[prost(string, optional, tag = "6")]
    timezone: Option<String>,
}

/// A [`SchemaText`].
#[derive(Clone, PartialEq, Message)]
pub struct SchemaMessage {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "2")]
    text: String,
    #[prost(string, repeated, tag = "3")]
    reference_names: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    reference_texts: Vec<String>,
}

impl SchemaMessage {
    /// As a message.
    pub fn of(schema: &SchemaText) -> Self {
        let (reference_names, reference_texts) = schema.references.iter().cloned().unzip();
        let (kind, text) = (schema.kind.clone(), schema.text.clone());
        Self { kind, text, reference_names, reference_texts }
    }

    /// The schema again.
    pub fn schema(self) -> SchemaText {
        let references = self.reference_names.into_iter().zip(self.reference_texts).collect();
        SchemaText { kind: self.kind, text: self.text, references }
    }
}

/// How `on_error` is spelled in a table file.
const ON_ERROR: [(&str, OnError); 3] =
    [("divert", OnError::Divert), ("null", OnError::Null), ("fail", OnError::Fail)];

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("the columns of a scan cannot be decoded: {why}"))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The spelling of what happens to bad records.
pub fn on_error_name(on_error: OnError) -> String {
    let known = ON_ERROR.iter().find(|(_, known)| *known == on_error);
    known.map(|(name, _)| (*name).to_owned()).unwrap_or_default()
}

/// What a spelling of [`on_error_name`] stands for.
///
/// # Errors
/// `Corrupt` for any other text.
pub fn on_error_of(name: &str) -> Result<OnError> {
    let known = ON_ERROR.iter().find(|(known, _)| *known == name);
    known.map(|(_, it)| *it).ok_or_else(|| corrupt("it does not say what bad records do"))
}

fn byte(number: u32) -> Result<u8> {
    u8::try_from(number).map_err(|_| corrupt("a delimiter is no byte"))
}

/// One field as a message: the generated types have no way to it but a schema.
///
/// # Errors
/// `Unsupported` for a type that has none.
pub fn field(name: &str, data_type: &DataType, nullable: bool) -> Result<Option<proto::Schema>> {
    let schema = Schema::new(vec![Field::new(name, data_type.clone(), nullable)]);
    let message = proto::Schema::try_from(&schema);
    message.map(Some).map_err(|e| Error::unsupported(format!("column {name}: {e}")))
}

/// The field of such a message.
///
/// # Errors
/// `Corrupt` for a message without one.
pub fn field_of(message: Option<proto::Schema>) -> Result<Arc<Field>> {
    let message = message.ok_or_else(|| corrupt("a column has no type"))?;
    let schema = Schema::try_from(&message).map_err(|e| corrupt(&e.to_string()))?;
    schema.fields().first().cloned().ok_or_else(|| corrupt("a column has no type"))
}

impl DialectMessage {
    /// As a message.
    pub fn of(dialect: &CsvDialect) -> Self {
        Self {
            delimiter: dialect.delimiter.into(),
            quote: dialect.quote.map(u32::from),
            escape: dialect.escape.map(u32::from),
            comment: dialect.comment.map(u32::from),
            header: dialect.header,
            skip_rows: dialect.skip_rows as u64,
            null: dialect.null.clone(),
            fields: dialect.fields.map(|fields| fields as u64),
            decimal_comma: dialect.decimal_comma,
            date_format: dialect.date_format.clone(),
            timestamp_format: dialect.timestamp_format.clone(),
            multiline: dialect.multiline,
            encoding: dialect.encoding.name().to_owned(),
        }
    }

    /// The dialect again.
    ///
    /// # Errors
    /// `Corrupt` for what [`of`](Self::of) does not write.
    pub fn dialect(self) -> Result<CsvDialect> {
        Ok(CsvDialect {
            delimiter: byte(self.delimiter)?,
            quote: self.quote.map(byte).transpose()?,
            escape: self.escape.map(byte).transpose()?,
            comment: self.comment.map(byte).transpose()?,
            header: self.header,
            skip_rows: size(self.skip_rows),
            null: self.null,
            fields: self.fields.map(size),
            decimal_comma: self.decimal_comma,
            date_format: self.date_format,
            timestamp_format: self.timestamp_format,
            multiline: self.multiline,
            encoding: self.encoding.parse::<TextEncoding>()?,
        })
    }
}

impl ColumnMessage {
    /// As a message.
    ///
    /// # Errors
    /// `Unsupported` for a type that has none.
    pub fn of(column: &Column) -> Result<Self> {
        let mut message = Self {
            field: field(&column.name, &column.data_type, column.nullable)?,
            format: column.format.clone(),
            timezone: column.timezone.clone(),
            ..Self::default()
        };
        match &column.source {
            Source::Name(name) => message.source_name = Some(name.clone()),
            Source::Field(at) => message.source_field = Some(*at as u64),
            Source::Path(path) => message.source_path.clone_from(path),
        }
        Ok(message)
    }

    /// The column again.
    ///
    /// # Errors
    /// `Corrupt` for what [`of`](Self::of) does not write.
    pub fn column(self) -> Result<Column> {
        let field = field_of(self.field)?;
        let source = match (self.source_name, self.source_field) {
            (Some(name), _) => Source::Name(name),
            (None, Some(at)) => Source::Field(size(at)),
            (None, None) => Source::Path(self.source_path),
        };
        Ok(Column {
            name: field.name().clone(),
            data_type: field.data_type().clone(),
            source,
            format: self.format,
            timezone: self.timezone,
            nullable: field.is_nullable(),
        })
    }
}
