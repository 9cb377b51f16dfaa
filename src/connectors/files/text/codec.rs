//! What text records are, as bytes: the part of a scan's recipe that only text has.

use datafusion_proto_common::protobuf_common as proto;
use prost::Message;

use super::{Half, Layout, TextRecipe};
use crate::error::{Error, Result};
use crate::spi::RowShare;
use crate::stream::decode::Shape;
use crate::stream::decode::csv::Likely;
use crate::stream::decode::json::JsonLayout;
use crate::stream::wire::{
    ColumnMessage, DialectMessage, field, field_of, on_error_name, on_error_of,
};

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

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("a scan of text cannot be decoded: {why}"))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The bytes of a recipe.
pub(in super::super) fn encode(text: &TextRecipe) -> Result<Vec<u8>> {
    let (dialect, array) = match &text.layout {
        Layout::Csv(dialect) => (Some(DialectMessage::of(dialect)), false),
        Layout::Json(layout) => (None, *layout == JsonLayout::Array),
    };
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
        on_error: on_error_name(text.shape.on_error),
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
    let columns = message.columns.into_iter().map(ColumnMessage::column);
    Ok(TextRecipe {
        layout,
        shape: Shape {
            columns: columns.collect::<Result<_>>()?,
            declared: message.declared,
            on_error: on_error_of(&message.on_error)?,
        },
        max_bad_records: match (message.most_bad, message.most_bad_share) {
            (Some(count), _) => Some(RowShare::Count(count)),
            (None, share) => share.map(RowShare::Share),
        },
        half: if message.bad { Half::Bad } else { Half::Good },
        likely: message.likely.into_iter().map(LikelyMessage::likely).collect::<Result<_>>()?,
    })
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
