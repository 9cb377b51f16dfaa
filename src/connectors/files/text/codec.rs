//! What text records are, as bytes: the part of a scan's recipe that only text has.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion_proto_common::protobuf_common as proto;
use prost::Message;

use super::{Half, Layout, TextRecipe};
use crate::error::{Error, Result};
use crate::spi::RowShare;
use crate::stream::decode::csv::{CsvDialect, Likely};
use crate::stream::decode::json::JsonLayout;
use crate::stream::decode::{Column, OnError, Shape, Source, TextEncoding};

#[derive(Clone, PartialEq, Message)]
struct TextMessage {
    /// Of CSV; JSON has none.
    #[prost(message, optional, tag = "1")]
    dialect: Option<DialectMessage>,
    /// Whether the records of JSON are the elements of one array.
    #[prost(bool, tag = "2")]
    array: bool,
    #[prost(message, repeated, tag = "3")]
    columns: Vec<ColumnMessage>,
    #[prost(bool, tag = "4")]
    declared: bool,
    #[prost(string, tag = "5")]
    on_error: String,
    #[prost(uint64, optional, tag = "6")]
    most_bad: Option<u64>,
    #[prost(double, optional, tag = "7")]
    most_bad_share: Option<f64>,
    /// Whether the rows are the bad records.
    #[prost(bool, tag = "8")]
    bad: bool,
    /// One per column, empty where there is none.
    #[prost(message, repeated, tag = "9")]
    likely: Vec<LikelyMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct DialectMessage {
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

#[derive(Clone, PartialEq, Message)]
struct ColumnMessage {
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

#[derive(Clone, PartialEq, Message)]
struct LikelyMessage {
    #[prost(message, optional, tag = "1")]
    field: Option<proto::Schema>,
    #[prost(uint64, tag = "2")]
    values: u64,
    #[prost(uint64, tag = "3")]
    misfits: u64,
    #[prost(string, tag = "4")]
    example: String,
}

/// How `on_error` is spelled in a table file.
const ON_ERROR: [(&str, OnError); 3] =
    [("divert", OnError::Divert), ("null", OnError::Null), ("fail", OnError::Fail)];

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("a scan of text cannot be decoded: {why}"))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn byte(number: u32) -> Result<u8> {
    u8::try_from(number).map_err(|_| corrupt("a delimiter is no byte"))
}

/// One field as a message: the generated types have no way to it but a schema.
fn field(name: &str, data_type: &DataType, nullable: bool) -> Result<Option<proto::Schema>> {
    let schema = Schema::new(vec![Field::new(name, data_type.clone(), nullable)]);
    let message = proto::Schema::try_from(&schema);
    message.map(Some).map_err(|e| Error::unsupported(format!("column {name}: {e}")))
}

fn field_of(message: Option<proto::Schema>) -> Result<Arc<Field>> {
    let message = message.ok_or_else(|| corrupt("a column has no type"))?;
    let schema = Schema::try_from(&message).map_err(|e| corrupt(&e.to_string()))?;
    schema.fields().first().cloned().ok_or_else(|| corrupt("a column has no type"))
}

/// The bytes of a recipe.
pub(in super::super) fn encode(text: &TextRecipe) -> Result<Vec<u8>> {
    let (dialect, array) = match &text.layout {
        Layout::Csv(dialect) => (Some(DialectMessage::of(dialect)), false),
        Layout::Json(layout) => (None, *layout == JsonLayout::Array),
    };
    let on_error = ON_ERROR.iter().find(|(_, known)| *known == text.shape.on_error);
    let (most_bad, most_bad_share) = match text.max_bad_records {
        None => (None, None),
        Some(RowShare::Count(count)) => (Some(count), None),
        Some(RowShare::Share(share)) => (None, Some(share)),
    };
    let message = TextMessage {
        dialect,
        array,
        columns: text.shape.columns.iter().map(ColumnMessage::of).collect::<Result<_>>()?,
        declared: text.shape.declared,
        on_error: on_error.map(|(name, _)| (*name).to_owned()).unwrap_or_default(),
        most_bad,
        most_bad_share,
        bad: text.half == Half::Bad,
        likely: text.likely.iter().map(LikelyMessage::of).collect::<Result<_>>()?,
    };
    Ok(message.encode_to_vec())
}

/// The recipe of some bytes.
///
/// # Errors
/// `Corrupt` for bytes that [`encode`] does not write.
pub(in super::super) fn decode(bytes: &[u8]) -> Result<TextRecipe> {
    let message = TextMessage::decode(bytes)
        .map_err(|e| corrupt("it is cut off or was changed").with_source(e))?;
    let layout = match message.dialect {
        Some(dialect) => Layout::Csv(dialect.dialect()?),
        None if message.array => Layout::Json(JsonLayout::Array),
        None => Layout::Json(JsonLayout::Lines),
    };
    let on_error = ON_ERROR.iter().find(|(name, _)| *name == message.on_error);
    let (_, on_error) = on_error.ok_or_else(|| corrupt("it does not say what bad records do"))?;
    let columns = message.columns.into_iter().map(ColumnMessage::column);
    Ok(TextRecipe {
        layout,
        shape: Shape {
            columns: columns.collect::<Result<_>>()?,
            declared: message.declared,
            on_error: *on_error,
        },
        max_bad_records: match (message.most_bad, message.most_bad_share) {
            (Some(count), _) => Some(RowShare::Count(count)),
            (None, share) => share.map(RowShare::Share),
        },
        half: if message.bad { Half::Bad } else { Half::Good },
        likely: message.likely.into_iter().map(LikelyMessage::likely).collect::<Result<_>>()?,
    })
}

impl DialectMessage {
    fn of(dialect: &CsvDialect) -> Self {
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

    fn dialect(self) -> Result<CsvDialect> {
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
    fn of(column: &Column) -> Result<Self> {
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

    fn column(self) -> Result<Column> {
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

impl LikelyMessage {
    fn of(likely: &Option<Likely>) -> Result<Self> {
        let Some(likely) = likely else { return Ok(Self::default()) };
        Ok(Self {
            field: field("", &likely.data_type, true)?,
            values: likely.values as u64,
            misfits: likely.misfits as u64,
            example: likely.example.clone(),
        })
    }

    fn likely(self) -> Result<Option<Likely>> {
        if self.field.is_none() {
            return Ok(None);
        }
        Ok(Some(Likely {
            data_type: field_of(self.field)?.data_type().clone(),
            values: size(self.values),
            misfits: size(self.misfits),
            example: self.example,
        }))
    }
}
