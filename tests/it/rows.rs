//! Answers as the tests compare them: the canonical text of every value, row by row.

use std::path::{Path, PathBuf};

use sluice::engine::{LocalSession, Outcome, Parameters, Query, Session};
use sluice::error::Error;

use crate::canonical::{canonical, letter};

/// The rows of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) names: Vec<String>,
    /// A letter for each column, as heads of records in `tests/slt` have them.
    pub(crate) types: Vec<char>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Rows {
    /// The rows in an order that does not depend on how they were made.
    pub(crate) fn sorted(mut self) -> Self {
        self.rows.sort();
        self
    }

    /// The only value.
    pub(crate) fn value(&self) -> &str {
        assert_eq!((self.rows.len(), self.types.len()), (1, 1), "{self:?}");
        &self.rows[0][0]
    }
}

/// Reads a query to its end; `None` when it gives no rows.
pub(crate) async fn read(mut query: Box<dyn Query>) -> Result<Option<Rows>, Error> {
    let Outcome::Rows(schema) = query.outcome().clone() else { return Ok(None) };
    let mut read = Rows::default();
    for field in schema.fields() {
        read.names.push(field.name().clone());
        read.types.push(letter(field.data_type()));
    }
    while let Some(batch) = query.next().await {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            read.rows.push(batch.columns().iter().map(|column| canonical(column, row)).collect());
        }
    }
    Ok(Some(read))
}

/// Runs a statement in a session to its end.
pub(crate) async fn run(session: &LocalSession, sql: &str) -> Result<Rows, Error> {
    Ok(read(session.run(sql, &Parameters::default()).await?).await?.unwrap_or_default())
}

/// The `.slt` files of a folder of `tests/slt`, sorted.
pub(crate) fn slt_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no .slt file", folder.display());
    files
}

/// The catalog that is shipped.
pub(crate) fn shipped_catalog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog")
}

/// The shipped sample data.
pub(crate) fn sample_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

/// Copies what is in a folder into another.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}

/// A runtime for a test; the queries themselves run on the engine's threads.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
