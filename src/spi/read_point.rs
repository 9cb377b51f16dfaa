//! What a statement has pinned: the exact state of every source that it reads.
//!
//! A source asks the book before it looks at the world. In an ordinary statement the book is empty
//! and takes down what the source found; in a replay it is full, and the source reads exactly what
//! stands there or fails with `Gone`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A file as it was when the statement fixed what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedFile {
    /// The path inside its store.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
    /// The store's name for this content, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// What listing a folder gave: only prefixes that a statement listed are pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedListing {
    /// The prefixes that were listed; one ending in `**` was listed with all below it.
    pub prefixes: Vec<String>,
    /// The files below them.
    pub files: Vec<PinnedFile>,
}

/// Everything a statement read, enough to read it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPoint {
    /// The statement's `now()`.
    pub now: DateTime<Utc>,
    /// The session's time zone.
    pub timezone: String,
    /// Files by `<catalog>:<folder>`.
    #[serde(default)]
    pub listings: BTreeMap<String, PinnedListing>,
}

/// The read point of a running statement: being written, or being followed.
#[derive(Debug)]
pub struct ReadPointBook {
    replayed: Option<ReadPoint>,
    written: Mutex<ReadPoint>,
}

impl ReadPointBook {
    /// A book to write into.
    pub fn new(now: DateTime<Utc>, timezone: &str) -> Self {
        let empty = ReadPoint { now, timezone: timezone.to_owned(), listings: BTreeMap::new() };
        Self { replayed: None, written: Mutex::new(empty) }
    }

    /// A book to follow.
    pub fn replay(point: ReadPoint) -> Self {
        let empty = ReadPoint {
            now: point.now,
            timezone: point.timezone.clone(),
            listings: BTreeMap::new(),
        };
        Self { replayed: Some(point), written: Mutex::new(empty) }
    }

    /// The read point that this statement must follow, if it is a replay.
    pub fn replayed(&self) -> Option<&ReadPoint> {
        self.replayed.as_ref()
    }

    /// Takes down the files that a prefix of a folder had.
    pub fn pin_listing(&self, folder: &str, prefix: &str, files: Vec<PinnedFile>) {
        let mut point = self.lock();
        let listing = point.listings.entry(folder.to_owned()).or_default();
        listing.prefixes.push(prefix.to_owned());
        listing.files.extend(files);
    }

    /// What has been pinned so far.
    pub fn pinned(&self) -> ReadPoint {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ReadPoint> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
