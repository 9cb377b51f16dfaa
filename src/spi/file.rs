//! Catalog files and table files: the TOML that declares what the systems alone cannot tell.
//!
//! Parsing is in two steps so that every error keeps its file and line: the text becomes a spanned
//! table whose strings have `${…}` expanded, and that table is then read into the typed structs of
//! a connector. Which files there are is `catalog`'s business.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::context::TypeParser;
use super::meter::TableLimits;
use crate::error::{Error, Position, Result};

/// The text of a TOML file, or of one section of it, that can say where a key stands.
#[derive(Clone, Debug)]
pub struct TomlText {
    path: Arc<Path>,
    text: Arc<str>,
    // The section of interest, as a top-level key; `None` is the whole file.
    section: Option<&'static str>,
    expand: bool,
}

impl TomlText {
    /// The whole of a file's text. With `expand`, `${…}` in strings is replaced when it is read.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<Arc<str>>, expand: bool) -> Self {
        Self { path: path.into().into(), text: text.into(), section: None, expand }
    }

    /// One top-level section of the same file.
    #[must_use]
    pub fn section(&self, name: &'static str) -> Self {
        Self { section: Some(name), ..self.clone() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The section (or file) as a spanned table; an absent section is an empty table.
    fn table(&self) -> Result<DeTable<'_>> {
        let mut table = DeTable::parse(&self.text).map_err(|e| self.error(&e))?.into_inner();
        if let Some(section) = self.section {
            let key = table.keys().find(|key| key.get_ref() == section).cloned();
            table = match key.and_then(|key| table.remove(&key)).map(toml::Spanned::into_inner) {
                Some(DeValue::Table(table)) => table,
                Some(other) => {
                    let kind = other.type_str();
                    return Err(self.config(0, format!("[{section}] must be a table, not {kind}")));
                }
                None => DeTable::new(),
            };
        }
        if self.expand {
            self.expand_table(&mut table)?;
        }
        Ok(table)
    }

    /// Reads the section (or file) into a typed struct.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        self.typed(self.table()?)
    }

    fn typed<T: DeserializeOwned>(&self, table: DeTable<'_>) -> Result<T> {
        let end = self.text.len();
        let deserializer = toml::de::Deserializer::from(toml::Spanned::new(0..end, table));
        T::deserialize(deserializer).map_err(|e| self.error(&e))
    }

    fn expand_table(&self, table: &mut DeTable<'_>) -> Result<()> {
        table.iter_mut().try_for_each(|(_, value)| self.expand_value(value))
    }

    fn expand_value(&self, value: &mut toml::Spanned<DeValue<'_>>) -> Result<()> {
        let at = value.span().start;
        match value.get_mut() {
            DeValue::String(text) if text.contains("${") => {
                *text = Cow::Owned(expand(text).map_err(|e| self.config(at, e))?);
                Ok(())
            }
            DeValue::Array(items) => items.iter_mut().try_for_each(|v| self.expand_value(v)),
            DeValue::Table(table) => self.expand_table(table),
            _ => Ok(()),
        }
    }

    fn error(&self, error: &toml::de::Error) -> Error {
        let at = error.span().map_or(0, |span| span.start);
        // toml repeats the key's path on further lines; the place says it better.
        self.config(at, error.message().lines().next().unwrap_or_default())
    }

    /// A `Config` error at a byte of the file.
    fn config(&self, at: usize, message: impl std::fmt::Display) -> Error {
        let Position { line, column } = position(&self.text, at);
        Error::config(format!("{}:{line}:{column}: {message}", self.path.display()))
    }

    /// A `Config` error about the file as a whole.
    pub fn wrong(&self, message: impl std::fmt::Display) -> Error {
        Error::config(format!("{}: {message}", self.path.display()))
    }
}

/// The 1-based line and column of a byte offset.
fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
    Position { line, column }
}

/// Replaces `${VAR}`, `${VAR:-default}` and `${file:path}`. The values are never repeated in errors.
fn expand(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (name, after) = after.split_once('}').ok_or_else(|| "`${` without `}`".to_owned())?;
        if let Some(path) = name.strip_prefix("file:") {
            let value = std::fs::read_to_string(path)
                .map_err(|e| format!("${{file:{path}}} cannot be read: {e}"))?;
            out.push_str(value.trim_end_matches(['\r', '\n']));
        } else {
            let (name, default) = match name.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (name, None),
            };
            match std::env::var(name).ok().or_else(|| default.map(str::to_owned)) {
                Some(value) => out.push_str(&value),
                None => return Err(format!("environment variable {name} is not set")),
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A catalog file: which connector, how to reach the system.
#[derive(Debug)]
pub struct CatalogFile {
    text: TomlText,
    /// The connector's name.
    pub connector: String,
    /// One line for listings.
    pub description: Option<String>,
    /// Whether COPY, INSERT and CREATE may write into this catalog.
    pub writable: bool,
    /// Which discovered objects are shown; declared ones always are.
    pub discover: Discover,
}

/// `[discover]` of a catalog file: patterns over `schema/table`, `*` matches anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discover {
    /// Only these are shown; empty shows all.
    #[serde(default)]
    pub include: Vec<String>,
    /// These are hidden.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Discover {
    /// Whether an object is shown. A pattern without `/` is held against the table's name alone.
    pub fn shows(&self, schema: &str, table: &str) -> bool {
        let full = format!("{schema}/{table}");
        let matches = |pattern: &String| {
            if pattern.contains('/') { like(pattern, &full) } else { like(pattern, table) }
        };
        (self.include.is_empty() || self.include.iter().any(matches))
            && !self.exclude.iter().any(matches)
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any characters.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| like(tail, &rest[at..]))
        }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCatalogFile {
    connector: String,
    description: Option<String>,
    #[serde(default)]
    writable: bool,
    #[serde(default)]
    discover: Discover,
    // Typed by others: the connector, the store, the connector again.
    #[serde(rename = "options")]
    _options: Option<toml::Table>,
    #[serde(rename = "store")]
    _store: Option<toml::Table>,
    #[serde(rename = "tables")]
    _tables: Option<toml::Table>,
}

impl CatalogFile {
    /// Reads a catalog file's text; `[options]`, `[store]` and `[tables]` stay untyped.
    ///
    /// # Errors
    /// `Config` with file and line: bad TOML, an unknown key, an unset variable.
    pub fn parse(text: TomlText) -> Result<Self> {
        let raw: RawCatalogFile = text.read()?;
        Ok(Self {
            connector: raw.connector,
            description: raw.description,
            writable: raw.writable,
            discover: raw.discover,
            text,
        })
    }

    /// `[options]`, typed by the connector.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T> {
        self.text.section("options").read()
    }

    /// `[store]`, to be typed by the store of the location's scheme.
    pub fn store(&self) -> TomlText {
        self.text.section("store")
    }

    /// `[tables]`: defaults for every table of the catalog.
    pub fn table_defaults(&self) -> TomlText {
        self.text.section("tables")
    }

    /// The whole text, for errors about the file.
    pub fn text(&self) -> &TomlText {
        &self.text
    }
}

/// What happens to a record (or value) that is not what its table declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The record is not a row of the table but one of `errors('t')`.
    Divert,
    /// The row stays, the value is NULL, and `errors('t')` has a row for it.
    Null,
    /// The first one ends the statement.
    Fail,
}

/// A number of records or a share of them: `100` or `"2%"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowShare {
    /// At most so many records.
    Count(u64),
    /// At most this share, 0.0 to 1.0.
    Share(f64),
}

impl std::str::FromStr for RowShare {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a count (100) nor a percentage (2%)");
        match text.trim().strip_suffix('%') {
            Some(share) => {
                let share: f64 = share.trim().parse().map_err(|_| wrong())?;
                if (0.0..=100.0).contains(&share) {
                    Ok(Self::Share(share / 100.0))
                } else {
                    Err(wrong())
                }
            }
            None => text.trim().parse().map(Self::Count).map_err(|_| wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for RowShare {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Count(u64),
            Text(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Count(count) => Ok(Self::Count(count)),
            Raw::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// One text, or a list of some.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Some.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

/// A `[[columns]]` or `[[partitions]]` entry as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnFile {
    /// The column's name in SQL.
    pub name: String,
    /// Its type, as CREATE TABLE takes it; where a schema says it, it may be left out.
    #[serde(rename = "type")]
    pub type_text: Option<String>,
    /// Where its values come from; the name if not given.
    pub source: Option<String>,
    /// How its values are encoded, in systems that keep bytes.
    pub encoding: Option<String>,
    /// The schema of its values, or those that they may be written with, in encodings that need one:
    /// texts, or paths from the folder of the table file.
    pub schema: Option<OneOrMore>,
    /// A date or timestamp format.
    pub format: Option<String>,
    /// The zone of texts without one.
    pub timezone: Option<String>,
    /// Whether NULL is allowed; true if not given.
    pub nullable: Option<bool>,
    /// One line for people.
    pub description: Option<String>,
}

/// A declared column with its type parsed.
#[derive(Clone, Debug)]
pub struct DeclaredColumn {
    /// The entry as written.
    pub file: ColumnFile,
    /// The parsed type; `Null` where only a schema says it.
    pub data_type: DataType,
}

/// A table file, typed by its connector.
#[derive(Clone, Debug)]
pub struct TableFile<T> {
    /// One line for listings.
    pub description: Option<String>,
    /// What happens to bad records.
    pub on_error: Option<OnError>,
    /// How many bad records are too many.
    pub max_bad_records: Option<RowShare>,
    /// The most bytes a statement may scan of this table.
    pub max_scan_bytes: Option<u64>,
    /// The most records a statement may scan of this table.
    pub max_scan_records: Option<u64>,
    /// `[options]`.
    pub options: T,
    /// `[[columns]]`; empty when they are to be inferred.
    pub columns: Vec<DeclaredColumn>,
    /// `[[partitions]]`.
    pub partitions: Vec<DeclaredColumn>,
    /// The table's own file, for errors about it; `None` when nothing but defaults is declared.
    pub text: Option<TomlText>,
}

/// The keys that a table file and the `[tables]` of a catalog file share.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableKeys {
    description: Option<String>,
    on_error: Option<OnError>,
    max_bad_records: Option<RowShare>,
    max_scan_bytes: Option<u64>,
    max_scan_records: Option<u64>,
    #[serde(default)]
    columns: Vec<ColumnFile>,
    #[serde(default)]
    partitions: Vec<ColumnFile>,
}

/// The table keys that may also stand in `[tables]`.
const DEFAULT_KEYS: &[&str] =
    &["on_error", "max_bad_records", "max_scan_bytes", "max_scan_records"];

impl<T> TableFile<T> {
    /// What a statement may scan of the table.
    pub fn limits(&self) -> TableLimits {
        TableLimits { bytes: self.max_scan_bytes, records: self.max_scan_records }
    }

    /// An error about the table's own file.
    pub fn wrong(&self, message: impl std::fmt::Display) -> Error {
        match &self.text {
            Some(text) => text.wrong(message),
            None => Error::config(message.to_string()),
        }
    }

    /// Refuses what only columns of bytes have: an encoding, and the schema of one.
    ///
    /// # Errors
    /// `Config` that names the column; `of` are the tables that have no use for it.
    pub fn refuse_encodings(&self, of: &str) -> Result<()> {
        for DeclaredColumn { file, .. } in &self.columns {
            let key = match (&file.encoding, &file.schema) {
                (Some(_), _) => "encoding",
                (None, Some(_)) => "schema",
                (None, None) => continue,
            };
            return Err(self.wrong(format!("column {}: `{key}` has no use in {of}", file.name)));
        }
        Ok(())
    }
}

impl<T: DeserializeOwned> TableFile<T> {
    /// Reads a table's own file over the defaults of its catalog; `types` parses column types.
    ///
    /// # Errors
    /// `Config` with file and line.
    pub fn parse(text: Option<&TomlText>, defaults: &TomlText, types: TypeParser) -> Result<Self> {
        let mut defaults_table = defaults.table()?;
        let mut base = DeTable::new();
        for name in DEFAULT_KEYS {
            let key = defaults_table.keys().find(|key| key.get_ref() == name).cloned();
            if let Some((key, value)) = key.and_then(|key| defaults_table.remove_entry(&key)) {
                base.insert(key, value);
            }
        }
        let base: TableKeys = defaults.typed(base)?;
        // Typed by themselves first, so that a wrong default is reported at its own line.
        let default_options: T = defaults.typed(defaults_table.clone())?;
        let Some(text) = text else {
            return Self::from_keys(TableKeys::default(), base, default_options, None, types);
        };
        let mut own = text.table()?;
        let mut options = take(&mut own, "options").unwrap_or_default();
        for (key, value) in defaults_table {
            options.entry(key).or_insert(value);
        }
        Self::from_keys(text.typed(own)?, base, text.typed(options)?, Some(text), types)
    }

    fn from_keys(
        own: TableKeys,
        base: TableKeys,
        options: T,
        text: Option<&TomlText>,
        types: TypeParser,
    ) -> Result<Self> {
        let columns = |columns: Vec<ColumnFile>| {
            let typed = columns.into_iter().map(|file| {
                let data_type = match (&file.type_text, &file.schema) {
                    (Some(written), _) => types(written),
                    (None, Some(_)) => Ok(DataType::Null),
                    (None, None) => Err(Error::config("it has no `type`")),
                };
                match data_type {
                    Ok(data_type) => Ok(DeclaredColumn { file, data_type }),
                    Err(e) => Err(match text {
                        Some(text) => text.wrong(format!("column {}: {e}", file.name)),
                        None => e,
                    }),
                }
            });
            typed.collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            description: own.description,
            on_error: own.on_error.or(base.on_error),
            max_bad_records: own.max_bad_records.or(base.max_bad_records),
            max_scan_bytes: own.max_scan_bytes.or(base.max_scan_bytes),
            max_scan_records: own.max_scan_records.or(base.max_scan_records),
            options,
            columns: columns(own.columns)?,
            partitions: columns(own.partitions)?,
            text: text.cloned(),
        })
    }
}

fn take<'t>(table: &mut DeTable<'t>, name: &str) -> Option<DeTable<'t>> {
    let key = table.keys().find(|key| key.get_ref() == name).cloned()?;
    match table.remove(&key)?.into_inner() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}
