//! The logs of a server: what happens, as text or JSON, and who did what, as JSON.
//!
//! Every line that belongs to a statement has its query id. No password, token or value of `${…}` is
//! ever given to it; what literals in statements may hold is left out on wish, with the texts of
//! errors, which repeat them.

mod file;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::engine::statement::lexer::{Kind, lexemes};
use crate::engine::{Listener, QuerySummary};
use crate::error::{ErrorKind, Result};
use file::Lines;

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object on each line.
    Json,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something does not work.
    Error,
    /// Somebody should look.
    Warn,
    /// Good to know.
    #[default]
    Info,
    /// The beginning and end of every statement.
    Debug,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// What is logged, and where.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// How lines look.
    pub format: LogFormat,
    /// The least that is written.
    pub level: Level,
    /// The file; standard error if not given.
    pub file: Option<PathBuf>,
    /// A statement that takes as long is a warning with its text.
    pub slow: Option<Duration>,
    /// The file of who did what; none if not given.
    pub audit: Option<PathBuf>,
    /// Whether `?` stands for literals in the texts of statements, and texts of errors are left out.
    pub hide_literals: bool,
}

/// The logs of a server; cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Logs>);

#[derive(Debug, Default)]
struct Logs {
    options: LogOptions,
    lines: Lines,
    audit: Option<Lines>,
}

impl Log {
    /// Opens the files.
    ///
    /// # Errors
    /// `Config` when one cannot be written.
    pub fn open(options: LogOptions) -> Result<Self> {
        let lines = options.file.as_deref().map(Lines::file).transpose()?.unwrap_or_default();
        let audit = options.audit.as_deref().map(Lines::file).transpose()?;
        Ok(Self(Arc::new(Logs { options, lines, audit })))
    }

    /// Writes that something happened.
    pub fn write(&self, level: Level, message: &str, fields: Value) {
        if level > self.0.options.level {
            return;
        }
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        self.0.lines.write(self.line(level, message, fields));
    }

    fn line(&self, level: Level, message: &str, fields: Map<String, Value>) -> String {
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
        match self.0.options.format {
            LogFormat::Json => {
                let mut line = Map::new();
                line.insert("time".to_owned(), time.into());
                line.insert("level".to_owned(), level.as_str().into());
                line.insert("message".to_owned(), message.into());
                line.extend(fields);
                Value::Object(line).to_string()
            }
            LogFormat::Text => {
                // A message of several lines would look like several messages.
                let message = message.replace('\n', "\\n");
                let mut line = format!("{time} {:5} {message}", level.as_str());
                for (name, value) in fields {
                    line.push_str(&format!(" {name}={value}"));
                }
                line
            }
        }
    }

    /// Writes what who has started the server is to know: always on standard error, plainly unless
    /// the log is JSON there, and in the log's file.
    pub fn announce(&self, message: &str) {
        let options = &self.0.options;
        let is_file = options.file.is_some();
        if is_file || options.format == LogFormat::Json {
            self.0.lines.write(self.line(Level::Info, message, Map::new()));
        }
        if is_file || options.format == LogFormat::Text {
            eprintln!("{message}");
        }
    }

    /// Writes that somebody did something, or tried to.
    pub(super) fn audit(&self, event: &str, fields: Value) {
        let Some(audit) = &self.0.audit else { return };
        let mut line = Map::new();
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        line.insert("time".to_owned(), time.into());
        line.insert("event".to_owned(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        audit.write(Value::Object(line).to_string());
    }

    /// Lines that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.0.lines.lost()
    }

    /// Lines of who did what that could not be written.
    pub(super) fn lost_audit(&self) -> u64 {
        self.0.audit.as_ref().map_or(0, Lines::lost)
    }

    fn statement(&self, sql: &str) -> String {
        if self.0.options.hide_literals { without_literals(sql) } else { sql.to_owned() }
    }

    fn error<'q>(&self, query: &'q QuerySummary) -> Option<&'q str> {
        query.error.as_deref().filter(|_| !self.0.options.hide_literals)
    }
}

impl Listener for Log {
    fn began(&self, query: &QuerySummary) {
        if self.0.options.level < Level::Debug {
            return;
        }
        let fields = json!({
            "query_id": query.id, "user": query.user, "address": query.address,
            "sql": self.statement(&query.sql),
        });
        self.write(Level::Debug, "statement begins", fields);
    }

    fn ended(&self, query: &QuerySummary) {
        let kind = query.kind.map(ErrorKind::as_str);
        let fields = json!({
            "query_id": query.id, "user": query.user, "address": query.address,
            "state": query.state.as_str(), "error_kind": kind,
            "elapsed_ms": query.elapsed_ms, "queued_ms": query.queued_ms,
            "rows": query.rows, "bytes": query.bytes, "bad_records": query.bad_records,
        });
        let with = |more: Value| {
            let mut fields = fields.clone();
            if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
                fields.extend(more);
            }
            fields
        };
        let sql = self.statement(&query.sql);
        self.audit("statement", with(json!({ "sql": sql })));
        let slow = self
            .0
            .options
            .slow
            .is_some_and(|slow| u128::from(query.elapsed_ms) >= slow.as_millis());
        let level = match query.kind {
            Some(ErrorKind::Internal) => Level::Error,
            _ if slow => Level::Warn,
            Some(_) => Level::Info,
            None => Level::Debug,
        };
        let message = if slow { "slow statement" } else { "statement ended" };
        let told = if level < Level::Debug || self.0.options.level == Level::Debug {
            with(json!({ "error": self.error(query), "sql": slow.then_some(sql) }))
        } else {
            return;
        };
        self.write(level, message, told);
    }
}

/// A statement with `?` in the place of its literals, and without its comments.
fn without_literals(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for lexeme in lexemes(sql) {
        match lexeme.kind {
            Kind::Literal | Kind::DollarLiteral | Kind::Number => out.push('?'),
            Kind::LineComment | Kind::BlockComment => out.push(' '),
            // A literal that was cut off, where the text was.
            _ if !lexeme.closed => out.push('?'),
            _ => out.push_str(lexeme.text),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_left_out_whatever_they_look_like() {
        let sql = "SELECT 'a''b', E'\\'c', $$d$$, 12.5, n1 -- e\nFROM \"t\" /* f */ WHERE x = 'cut";
        assert_eq!(without_literals(sql), "SELECT ?, ?, ?, ?, n1  FROM \"t\"   WHERE x = ?");
    }

    #[test]
    fn a_log_that_is_moved_away_is_begun_anew_and_one_that_is_full_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let lines = Lines::file(&path).unwrap();
        lines.write("one".to_owned());
        std::fs::rename(&path, folder.path().join("log.1")).unwrap();
        lines.write("two".to_owned());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(lines.lost(), 0);
        let full = Lines::file(std::path::Path::new("/dev/full")).unwrap();
        full.write("three".to_owned());
        assert_eq!(full.lost(), 1);
        assert!(Lines::file(folder.path()).is_err());
    }
}
