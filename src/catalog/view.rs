//! A view's file: one SELECT under a head of `--` lines that describe it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A view as its file says it.
#[derive(Clone, Debug)]
pub struct ViewFile {
    /// Where it stands, for errors in it.
    pub path: PathBuf,
    /// The whole text; positions in errors count from its start.
    pub sql: String,
    /// The leading `--` lines without their dashes.
    pub description: Option<String>,
}

impl ViewFile {
    /// Reads a view's file.
    ///
    /// # Errors
    /// `Config` when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let sql = std::fs::read_to_string(path)
            .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
        let head: Vec<&str> = sql
            .lines()
            .map_while(|line| line.trim_start().strip_prefix("--"))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let description = (!head.is_empty()).then(|| head.join(" "));
        Ok(Self { path: path.to_owned(), sql, description })
    }
}
