//! Names: how what a person typed becomes the one object it means.
//!
//! A quoted name matches exactly. An unquoted one matches exactly, else the only name that is
//! equal without case, else the error lists them. Nothing else is guessed.

use std::fmt;

use crate::error::{Error, Position, Result};

/// The catalog of what a session made for itself.
pub const SESSION_CATALOG: &str = "session";

/// The catalog of what only one statement has: bad records, paths. No typed name means it.
pub const STATEMENT_CATALOG: &str = "statement";

/// Catalog names that no file may declare.
pub const RESERVED_CATALOGS: &[&str] =
    &[SESSION_CATALOG, STATEMENT_CATALOG, "system", "information_schema"];

/// One part of a name as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamePart {
    /// The text without its quotes.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

impl NamePart {
    /// A part that only matches exactly.
    pub fn quoted(text: impl Into<String>) -> Self {
        Self { text: text.into(), quoted: true }
    }
}

/// A table's name as it was typed: one to three parts.
#[derive(Clone, Debug)]
pub struct ObjectName {
    /// `table`, `schema.table` or `catalog.schema.table`.
    pub parts: Vec<NamePart>,
    /// Where in the statement it stands.
    pub position: Option<Position>,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            if part.quoted {
                write!(f, "{dot}\"{}\"", part.text.replace('"', "\"\""))?;
            } else {
                write!(f, "{dot}{}", part.text)?;
            }
        }
        Ok(())
    }
}

/// The candidate that `typed` means; `None` when there is none.
///
/// # Errors
/// `Sql` when several names are equal without case and none exactly.
pub fn choose<'a>(
    what: &str,
    typed: &NamePart,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Result<Option<&'a str>> {
    let mut alike = Vec::new();
    for candidate in candidates {
        if candidate == typed.text {
            return Ok(Some(candidate));
        }
        if !typed.quoted && candidate.to_lowercase() == typed.text.to_lowercase() {
            alike.push(candidate);
        }
    }
    match alike.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let names: Vec<_> = several.iter().map(|name| format!("\"{name}\"")).collect();
            Err(Error::sql(format!("{what} {} could be {}", typed.text, names.join(" or ")))
                .with_hint("write the one that is meant in double quotes"))
        }
    }
}
