//! How one kind of CSV file is written.

use crate::error::{Error, Result};
use crate::stream::decode::TextEncoding;
use crate::stream::decode::shape::MAX_FIELDS;

/// The options of a CSV file. The default is RFC 4180 with a header: commas, double quotes, a
/// quote in a quoted field written twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    /// What stands between fields.
    pub delimiter: u8,
    /// What stands around fields that hold delimiters; `None` if nothing does.
    pub quote: Option<u8>,
    /// What stands before a quote within a quoted field; `None` if it is written twice.
    pub escape: Option<u8>,
    /// The first byte of lines to skip.
    pub comment: Option<u8>,
    /// Whether the first record names the columns; for [`super::head`].
    pub header: bool,
    /// Lines before the header or first record; for [`super::head`].
    pub skip_rows: usize,
    /// Unquoted fields that are NULL. An empty field is NULL in every column that is not text,
    /// quoted or not.
    pub null: Vec<String>,
    /// The number of fields of each record, where there is no header and columns are found by
    /// number; without it such records may have more fields than are used.
    pub fields: Option<usize>,
    /// Whether numbers are written with a comma before the fraction.
    pub decimal_comma: bool,
    /// The format of dates whose column has none; see [`crate::stream::decode::Column::format`].
    pub date_format: Option<String>,
    /// The format of timestamps whose column has none.
    pub timestamp_format: Option<String>,
    /// Whether quoted fields may hold line ends. If not, a record ends at the line's end even
    /// within quotes: a file can be cut anywhere, and an unclosed quote costs one line.
    pub multiline: bool,
    /// The encoding of the file.
    pub encoding: TextEncoding,
}

impl Default for CsvDialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            escape: None,
            comment: None,
            header: true,
            skip_rows: 0,
            null: vec![String::new()],
            fields: None,
            decimal_comma: false,
            date_format: None,
            timestamp_format: None,
            multiline: false,
            encoding: TextEncoding::UTF_8,
        }
    }
}

impl CsvDialect {
    /// Refuses options that contradict each other.
    pub(super) fn check(&self) -> Result<()> {
        let special = [
            ("delimiter", Some(self.delimiter)),
            ("quote", self.quote),
            ("escape", self.escape.filter(|&escape| Some(escape) != self.quote)),
            ("comment", self.comment),
        ];
        for (index, (name, byte)) in special.iter().enumerate() {
            let Some(byte) = *byte else { continue };
            if !byte.is_ascii() || matches!(byte, b'\n' | b'\r') {
                return Err(Error::config(format!(
                    "{name} must be one ASCII character that ends no line"
                )));
            }
            let earlier = special.iter().take(index).find(|(_, other)| *other == Some(byte));
            if let Some((other, _)) = earlier {
                return Err(Error::config(format!(
                    "{name} and {other} are both `{}`",
                    char::from(byte)
                )));
            }
        }
        if self.escape.is_some() && self.quote.is_none() {
            return Err(Error::config("escape needs a quote"));
        }
        if self.fields.is_some_and(|fields| fields == 0 || fields > MAX_FIELDS) {
            return Err(Error::config(format!("fields must be from 1 to {MAX_FIELDS}")));
        }
        Ok(())
    }
}
