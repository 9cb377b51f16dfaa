//! Bad records: what `errors('table')` shows of a record or value that was set aside.
//!
//! Which records are bad is decided by the decoders; file names, topics and absolute lines are
//! added by whoever scans.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many bytes of a bad record are kept.
pub const RAW_LIMIT: usize = 64 * 1024;

/// How many bytes of a bad value are kept.
pub const VALUE_LIMIT: usize = 4 * 1024;

/// What is wrong with a record, in the words of the column `kind` of `errors()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadKind {
    /// Not a record of the format.
    Malformed,
    /// A value does not fit the type of its column, or is NULL where NULL is not allowed.
    Type,
    /// Too few or too many fields.
    Ragged,
    /// Bytes that are no text in the encoding of the table.
    Encoding,
    /// The schema that the record names is not known, or cannot be used.
    SchemaId,
    /// Longer than a record may be.
    Oversize,
    /// The compressed data around the record are broken.
    Decompress,
}

impl BadKind {
    /// The word shown in `errors()`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Type => "type",
            Self::Ragged => "ragged",
            Self::Encoding => "encoding",
            Self::SchemaId => "schema_id",
            Self::Oversize => "oversize",
            Self::Decompress => "decompress",
        }
    }
}

impl fmt::Display for BadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record that is not a row, or (under `on_error = null`) a value that is NULL in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// What is wrong.
    pub kind: BadKind,
    /// Why, in words: lowercase, no full stop.
    pub reason: String,
    /// The declared column, where one is to blame.
    pub column_name: Option<String>,
    /// The value as text, up to [`VALUE_LIMIT`] bytes, where one is to blame.
    pub value: Option<String>,
    /// The first [`RAW_LIMIT`] bytes of the record as they were stored, without the line end.
    /// Values of one record share them.
    pub raw: Arc<[u8]>,
    /// The length of the record in bytes, without the line end.
    pub raw_length: u64,
    /// Where the record starts in the file or stream, in bytes.
    pub byte_offset: u64,
    /// Line ends between the start of the chunk and the record.
    pub line: u64,
    /// The 0-based number of the record among those of its [`super::Decoded`].
    pub record: u64,
    /// Whether the record is missing from the rows.
    pub diverted: bool,
}

/// Why a record is none, before its place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: BadKind,
    /// Why, in words.
    pub reason: Cow<'static, str>,
}

impl Flaw {
    /// Not a record of the format.
    pub fn malformed(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: BadKind::Malformed, reason: reason.into() }
    }

    /// A value that does not fit its type.
    pub fn mistyped(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: BadKind::Type, reason: reason.into() }
    }

    /// Bytes that are no text in the encoding.
    pub fn encoding(name: &str) -> Self {
        Self { kind: BadKind::Encoding, reason: format!("not valid {name}").into() }
    }
}

/// `bytes` as text of at most [`VALUE_LIMIT`] bytes, cut between characters.
pub fn shown(bytes: &[u8]) -> String {
    let head = bytes.get(..VALUE_LIMIT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let mut end = text.len().min(VALUE_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // A character cut in two by the limit is no fault of the value.
    let cut = text.get(..end).unwrap_or_default();
    if head.len() < bytes.len() {
        cut.trim_end_matches('\u{fffd}').to_owned()
    } else {
        cut.to_owned()
    }
}

/// `a` or `an`, for the name of a type.
pub(super) fn article(type_name: &str) -> &'static str {
    if type_name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_is_cut_between_characters() {
        let long = "é".repeat(VALUE_LIMIT);
        assert_eq!(shown(long.as_bytes()), "é".repeat(VALUE_LIMIT / 2));
        let odd = format!("a{long}");
        assert_eq!(shown(odd.as_bytes()), format!("a{}", "é".repeat(VALUE_LIMIT / 2 - 1)));
        assert_eq!(shown(b"a\xff"), "a\u{fffd}");
    }
}
