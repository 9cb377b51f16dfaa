//! One file of the catalog folder: when it was written, and its text, read once.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};

/// A file as the walk has seen it. Equal are those of one path that were not written in between.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    stamp: Option<Stamp>,
    text: OnceLock<Arc<str>>,
}

/// What changes when a file is written or replaced: time, length and number.
type Stamp = (i64, i64, u64, u64);

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.stamp == other.stamp
    }
}

impl Source {
    /// Looks at a file, and follows links: a catalog is often one that is kept elsewhere.
    pub(super) fn at(path: PathBuf) -> Arc<Self> {
        let stamp = std::fs::metadata(&path).ok();
        let stamp = stamp.map(|file| (file.mtime(), file.mtime_nsec(), file.len(), file.ino()));
        Arc::new(Self { path, stamp, text: OnceLock::new() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, as it was when it was first asked for.
    ///
    /// # Errors
    /// `Config` when it cannot be read; the next call tries again.
    pub(super) fn text(&self) -> Result<Arc<str>> {
        if let Some(text) = self.text.get() {
            return Ok(Arc::clone(text));
        }
        let text = std::fs::read_to_string(&self.path)
            .map_err(|e| Error::config(format!("{}: {e}", self.path.display())).with_source(e))?;
        Ok(Arc::clone(self.text.get_or_init(|| text.into())))
    }

    /// Whether somebody has read it.
    pub(super) fn is_read(&self) -> bool {
        self.text.get().is_some()
    }
}
