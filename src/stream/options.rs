//! The keys of `[options]` of a table over a stream. The doc comments are the reference.

use serde::Deserialize;

/// `[options]` of a table file, and `[tables]` of a catalog file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The stream (topic, log) of the table, where its name is not the table's.
    pub(super) stream: Option<String>,
    /// What a record's value is: `json`, `csv`, or `raw` (one column, `value`). Found out from a
    /// sample if not given; `json` where columns are declared.
    pub(super) value_format: Option<ValueFormat>,
    /// Which columns about the record follow those of its value: `none`, `basic` (default:
    /// `_partition`, `_offset`, `_timestamp`) or `full` (also `_raw`, and what else records of the
    /// system have: `_key` and `_headers`, or `_tags`, `_keys`, `_msg_id`, `_born_timestamp` and
    /// `_properties`).
    #[serde(default)]
    pub(super) meta: Meta,
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
    /// Bytes.
    Raw,
}

impl ValueFormat {
    /// As a table file spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Raw => "raw",
        }
    }
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
