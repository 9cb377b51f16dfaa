//! What a statement has pinned: the exact state of every source that it reads.
//!
//! A source asks the book before it looks at the world. In an ordinary statement the book is empty
//! and takes down what the source found; in a replay it is full, and the source reads exactly what
//! stands there or fails with `Gone`. Where read points are kept is the engine's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A file as it was when the statement fixed what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedFile {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: DateTime<Utc>,
    /// The store's name for this content, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// What listing a folder gave: only prefixes that a statement listed are pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedListing {
    /// The prefixes that were listed; one ending in `**` was listed with all below it.
    pub prefixes: BTreeSet<String>,
    /// The folders that were seen below them, listed or not.
    #[serde(default)]
    pub folders: BTreeSet<String>,
    /// The files below them by their path in the store.
    pub files: BTreeMap<String, PinnedFile>,
}

/// Where a table's files were found, by paths in its store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinnedTable {
    /// All files below a folder.
    Folder(String),
    /// One file, which is pinned as the listing of its own path.
    File(String),
    /// The files below a folder whose path matches a pattern.
    Pattern(String, String),
}

/// What a statement reads of one partition of a stream: offsets as its system counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedPartition {
    /// The first offset.
    pub start: u64,
    /// The offset behind the last one.
    pub end: u64,
    /// What tells this log from another one under its name, where offsets alone do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Offsets from `end` on that open transactions held back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_back: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A stream as it was when the statement fixed what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedStream {
    /// When that was.
    pub as_of: DateTime<Utc>,
    /// By name.
    pub partitions: BTreeMap<String, PinnedPartition>,
}

/// Everything a statement read, enough to read it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPoint {
    /// The statement's `now()`.
    pub now: DateTime<Utc>,
    /// The session's time zone.
    pub timezone: String,
    /// The tables that were opened, by full name or location.
    #[serde(default)]
    pub tables: BTreeMap<String, PinnedTable>,
    /// Files by `<catalog>:<folder>`.
    #[serde(default)]
    pub listings: BTreeMap<String, PinnedListing>,
    /// Streams by `<catalog>:<stream>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub streams: BTreeMap<String, PinnedStream>,
}

impl ReadPoint {
    /// A read point that pins the time alone.
    pub fn new(now: DateTime<Utc>, timezone: &str) -> Self {
        let timezone = timezone.to_owned();
        let (tables, listings, streams) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { now, timezone, tables, listings, streams }
    }

    /// Whether no source is pinned.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.listings.is_empty() && self.streams.is_empty()
    }
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
        Self { replayed: None, written: Mutex::new(ReadPoint::new(now, timezone)) }
    }

    /// A book to follow.
    pub fn replay(point: ReadPoint) -> Self {
        let empty = ReadPoint::new(point.now, &point.timezone);
        Self { replayed: Some(point), written: Mutex::new(empty) }
    }

    /// The read point that this statement must follow, if it is a replay.
    pub fn replayed(&self) -> Option<&ReadPoint> {
        self.replayed.as_ref()
    }

    /// The error of a table that a replay names and its read point does not.
    pub fn not_pinned(table: &str) -> Error {
        Error::not_found(format!("{table} is not in the read point"))
            .with_hint("RESET read_point to read what is there now")
    }

    /// Takes down where a table was found.
    pub fn pin_table(&self, table: &str, found: PinnedTable) {
        self.lock().tables.insert(table.to_owned(), found);
    }

    /// Takes down what a prefix of a folder had.
    pub fn pin_listing(
        &self,
        folder: &str,
        prefix: &str,
        folders: impl Iterator<Item = String>,
        files: impl Iterator<Item = (String, PinnedFile)>,
    ) {
        let mut point = self.lock();
        let listing = point.listings.entry(folder.to_owned()).or_default();
        listing.prefixes.insert(prefix.to_owned());
        listing.folders.extend(folders);
        listing.files.extend(files);
    }

    /// What a replayed read point has of a folder; `None` in an ordinary statement.
    ///
    /// # Errors
    /// `NotFound` when the folder is not in it.
    pub fn listing(&self, folder: &str, outer: &str) -> Result<Option<&PinnedListing>> {
        let Some(point) = &self.replayed else { return Ok(None) };
        match point.listings.get(folder) {
            Some(listing) => Ok(Some(listing)),
            None => Err(Self::not_pinned(outer)),
        }
    }

    /// Takes down what is read of a stream.
    pub fn pin_stream(&self, stream: &str, pinned: PinnedStream) {
        self.lock().streams.insert(stream.to_owned(), pinned);
    }

    /// What a replayed read point has of a stream; `None` in an ordinary statement.
    ///
    /// # Errors
    /// `NotFound` when the stream is not in it.
    pub fn stream(&self, stream: &str, label: &str) -> Result<Option<&PinnedStream>> {
        let Some(point) = &self.replayed else { return Ok(None) };
        match point.streams.get(stream) {
            Some(pinned) => Ok(Some(pinned)),
            None => Err(Self::not_pinned(label)),
        }
    }

    /// What has been pinned so far.
    pub fn pinned(&self) -> ReadPoint {
        self.lock().clone()
    }

    /// When the newest of the files was written that are pinned.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        let point = self.lock();
        let files = point.listings.values().flat_map(|listing| listing.files.values());
        files.map(|file| file.modified).max()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ReadPoint> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
