//! A view's file: one SELECT under a head of `--` lines that describe it.

use std::path::PathBuf;
use std::sync::Arc;

use super::source::Source;
use crate::error::Result;

/// A view as its file says it.
#[derive(Clone, Debug)]
pub struct ViewFile {
    /// Where it stands, for errors in it.
    pub path: PathBuf,
    /// The whole text; positions in errors count from its start.
    pub sql: Arc<str>,
    /// The leading `--` lines without their dashes.
    pub description: Option<String>,
}

impl ViewFile {
    /// Reads a view's file.
    ///
    /// # Errors
    /// `Config` when the file cannot be read.
    pub(super) fn read(source: &Source) -> Result<Self> {
        let sql = source.text()?;
        let head: Vec<&str> = sql
            .lines()
            .map_while(|line| line.trim_start().strip_prefix("--"))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let description = (!head.is_empty()).then(|| head.join(" "));
        Ok(Self { path: source.path().to_owned(), sql, description })
    }
}
