//! One file of the catalog folder: when it was written, and its text, read once.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{Error, Result};

/// A file as the walk has seen it. Equal are those of one path that were not written in between.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    stamp: Option<Stamp>,
    text: OnceLock<Arc<str>>,
}

/// What changes when a file is written or replaced, or when something comes into a folder or leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    // Seconds and nanoseconds.
    written: (i64, i64),
    length: u64,
    number: u64,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.stamp == other.stamp
    }
}

impl Stamp {
    /// Looks at a file or folder, and follows links: a catalog is often one that is kept elsewhere.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        let written = (file.mtime(), file.mtime_nsec());
        Some(Self { written, length: file.len(), number: file.ino() })
    }

    /// Whether it was written long enough before `time` that the next write shows: clocks of file
    /// systems tick every few milliseconds.
    pub(super) fn is_settled(self, time: SystemTime) -> bool {
        let time = DateTime::<Utc>::from(time) - TimeDelta::milliseconds(100);
        self.written < (time.timestamp(), i64::from(time.timestamp_subsec_nanos()))
    }
}

impl Source {
    /// Looks at a file.
    pub(super) fn at(path: PathBuf) -> Arc<Self> {
        let stamp = Stamp::of(&path);
        Arc::new(Self { path, stamp, text: OnceLock::new() })
    }

    /// Whether it was not written since.
    pub(super) fn is_untouched(&self) -> bool {
        Stamp::of(&self.path) == self.stamp
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
