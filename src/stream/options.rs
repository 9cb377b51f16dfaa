//! The keys of `[options]` of a table over a stream. The doc comments are the reference.

use serde::{Deserialize, Deserializer};

use super::decode::Framing;
use crate::spi::OneOrMore;

/// `[options]` of a table file, and `[tables]` of a catalog file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The stream (topic, log) of the table, where its name is not the table's.
    pub(super) stream: Option<String>,
    /// What a record's value is: `json`, `csv`, `avro`, `protobuf`, or `raw` (one column, `value`).
    /// Found out from a sample if not given; `json` where columns are declared.
    pub(super) value_format: Option<ValueFormat>,
    /// Avro and Protobuf: the schema, as text or as the path of a file (`.avsc`, `.proto`, or
    /// `.desc` for a descriptor set), relative to the table file's folder. Avro: several where records are written with any of them, the one that says what columns
    /// are first. Where the catalog has a schema registry, its latest one if not given.
    pub(super) value_schema: Option<OneOrMore>,
    /// The subject that says what columns are, where that is not the stream's name and `-value`.
    pub(super) value_subject: Option<String>,
    /// Protobuf: the full name of the message that a value is; the schema's first one if not given.
    pub(super) message: Option<String>,
    /// What stands before a value: `confluent` (the id that a schema registry gave the schema;
    /// default where no schema is given), `single_object` (the fingerprint of the schema, as Avro has
    /// it) or `none`.
    #[serde(default, deserialize_with = "framing")]
    pub(super) value_framing: Option<Framing>,
    /// What a record's key is, in systems whose records have one: `raw` (default), `text`, `avro` or
    /// `protobuf`. `_key` has the type that the format gives it, and is there unless `meta` is
    /// `none`; a record whose key is not what it should be is a bad one.
    pub(super) key_format: Option<KeyFormat>,
    /// As `value_schema`, of the key.
    pub(super) key_schema: Option<OneOrMore>,
    /// As `value_subject`, of the key: the stream's name and `-key` if not given.
    pub(super) key_subject: Option<String>,
    /// As `message`, of the key.
    pub(super) key_message: Option<String>,
    /// As `value_framing`, of the key.
    #[serde(default, deserialize_with = "framing")]
    pub(super) key_framing: Option<Framing>,
    /// Which columns about the record follow those of its value: `none`, `basic` (default:
    /// `_partition`, `_offset`, `_timestamp`) or `full` (also `_raw`, and what else records of the
    /// system have: `_key` and `_headers`, or `_tags`, `_keys`, `_msg_id`, `_born_timestamp` and
    /// `_properties`).
    #[serde(default)]
    pub(super) meta: Meta,
    /// What happens when retention deletes records after they were pinned and before they were read:
    /// `fail` (default), or `warn`, where the others are the answer and a note says which are gone.
    /// Kafka only.
    pub(super) on_data_loss: Option<OnDataLoss>,
    /// The declared TIMESTAMP column that is a record's time, in systems whose records come without
    /// one.
    pub(super) event_time: Option<String>,
    /// CSV: what stands between fields: `,` if not given.
    pub(super) delimiter: Option<String>,
    /// CSV: what stands around fields that hold delimiters: `"` if not given; empty for none.
    pub(super) quote: Option<String>,
    /// CSV: unquoted texts that are NULL: the empty one if not given.
    pub(super) null: Option<Vec<String>>,
}

/// What a record's value is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueFormat {
    /// One JSON object.
    Json,
    /// One line of CSV without a header: columns by their order, or by number (`source = "#2"`).
    Csv,
    /// A value in Avro's binary encoding.
    Avro,
    /// A message of Protobuf.
    Protobuf,
    /// Bytes.
    Raw,
}

impl ValueFormat {
    /// As a table file spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Avro => "avro",
            Self::Protobuf => "protobuf",
            Self::Raw => "raw",
        }
    }

    /// What a schema registry calls its schemas, if it has some.
    pub(super) fn schema_kind(self) -> Option<&'static str> {
        match self {
            Self::Avro => Some("AVRO"),
            Self::Protobuf => Some("PROTOBUF"),
            Self::Json | Self::Csv | Self::Raw => None,
        }
    }
}

/// What happens to a read whose records were deleted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnDataLoss {
    /// It ends with an error.
    Fail,
    /// It goes on behind them.
    Warn,
}

/// What a record's key is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeyFormat {
    /// Bytes.
    Raw,
    /// Text.
    Text,
    /// A value in Avro's binary encoding.
    Avro,
    /// A message of Protobuf.
    Protobuf,
}

fn framing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Framing>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = Framing::ALL.into_iter().find(|(name, _)| *name == text);
    let (_, framing) = known.ok_or_else(|| {
        let names = Framing::ALL.map(|(name, _)| name).join(", ");
        serde::de::Error::custom(format!("`{text}` is no framing, takes {names}"))
    })?;
    Ok(Some(framing))
}

/// Which columns about the record there are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Meta {
    /// None.
    None,
    /// Its place and time.
    #[default]
    Basic,
    /// All that is known of it.
    Full,
}
