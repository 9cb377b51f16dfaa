//! What stands before a record and says which schema it was written with.

use super::bad::{BadKind, Flaw};
use super::shape::{Column, Shape, Source};
use crate::error::{Error, Result};

/// What stands before every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A zero and the id that a schema registry has given the schema, in four bytes.
    /// <https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>
    Confluent,
    /// Two bytes and the schema's fingerprint in eight.
    /// <https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding>
    SingleObject,
    /// Nothing.
    None,
}

impl Framing {
    /// All of them, as a table file spells them.
    pub const ALL: [(&str, Self); 3] = [
        ("confluent", Self::Confluent),
        ("single_object", Self::SingleObject),
        ("none", Self::None),
    ];

    /// As a table file spells it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }
}

/// The id of a record's schema, and what follows it.
///
/// # Errors
/// A record without one is malformed.
pub fn confluent(record: &[u8]) -> Result<(u32, &[u8]), Flaw> {
    match record.split_at_checked(5) {
        Some(([0, id @ ..], body)) if let Ok(id) = <[u8; 4]>::try_from(id) => {
            Ok((u32::from_be_bytes(id), body))
        }
        Some(([first, ..], _)) => Err(Flaw::malformed(format!(
            "begins with {first:#04x}, not with a zero and the id of a schema"
        ))),
        _ => Err(Flaw::malformed("ends before the id of its schema does")),
    }
}

/// The fingerprint of a record's schema, and what follows it.
pub(super) fn single_object(record: &[u8]) -> Result<(u64, &[u8]), Flaw> {
    match record.split_at_checked(10) {
        Some(([0xc3, 0x01, fingerprint @ ..], body))
            if let Ok(fingerprint) = <[u8; 8]>::try_from(fingerprint) =>
        {
            Ok((u64::from_le_bytes(fingerprint), body))
        }
        _ => Err(Flaw::malformed("does not begin with c301 and the fingerprint of a schema")),
    }
}

/// The flaw of records whose schema cannot be used.
pub(super) fn unusable(id: u32, error: &Error) -> Flaw {
    let reason = format!("schema {id}: {error}");
    Flaw { kind: BadKind::SchemaId, reason: reason.into() }
}

/// Refuses columns that are found by number.
///
/// # Errors
/// `Config` for one.
pub(super) fn check(shape: &Shape) -> Result<()> {
    let numbered = shape.columns.iter().find(|column| matches!(column.source, Source::Field(_)));
    match numbered {
        Some(column) => Err(Error::config(format!(
            "column {}: the value is found by field or path, like `$.a.b`",
            column.name
        ))),
        None => Ok(()),
    }
}

/// The names of fields that lead to a column's value.
pub(super) fn steps(column: &Column) -> Vec<&str> {
    match &column.source {
        Source::Name(name) => vec![name],
        Source::Path(path) => path.iter().map(String::as_str).collect(),
        Source::Field(_) => vec![],
    }
}
