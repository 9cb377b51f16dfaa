//! How a family is read: a read's own wishes, and the family's rules.

use std::collections::BTreeSet;

use super::super::hbase_manifest::{Family, KeepDeleted};

/// How many versions of a column are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Versions {
    /// The newest.
    #[default]
    Latest,
    /// At most so many.
    AtMost(u32),
    /// All that the family keeps.
    All,
}

impl Versions {
    fn limit(self) -> u32 {
        match self {
            Self::Latest => 1,
            Self::AtMost(count) => count,
            Self::All => u32::MAX,
        }
    }
}

/// What a read wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadSettings {
    /// How many versions.
    pub(crate) versions: Versions,
    /// Also what was deleted, and what deleted it.
    pub(crate) raw: bool,
    /// The least timestamp.
    pub(crate) min_timestamp: i64,
    /// The timestamps below this; `i64::MAX` has no bound.
    pub(crate) max_timestamp: i64,
    /// The time, in milliseconds since 1970, at which cells have expired or not.
    pub(crate) now: i64,
    /// Whether cells are given that say who may see them.
    pub(crate) ignore_cell_security: bool,
}

impl ReadSettings {
    /// The newest version of everything, at a time.
    pub(crate) fn latest(now: i64) -> Self {
        Self {
            versions: Versions::Latest,
            raw: false,
            min_timestamp: 0,
            max_timestamp: i64::MAX,
            now,
            ignore_cell_security: false,
        }
    }
}

/// The two together, as numbers to compare with.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) raw: bool,
    // Versions that are given of a column, and those that the family keeps.
    pub(super) given_versions: u32,
    pub(super) kept_versions: u32,
    pub(super) min_versions: u32,
    pub(super) min_timestamp: i64,
    pub(super) max_timestamp: i64,
    // Cells before this have expired.
    pub(super) oldest: i64,
    pub(super) now: i64,
    // Whether a read of the past sees what was deleted later.
    pub(super) sees_past_deletes: bool,
    // The only qualifiers that are asked for; HBase counts versions a little differently then.
    pub(super) columns: Option<BTreeSet<Vec<u8>>>,
    pub(super) ignore_cell_security: bool,
}

impl Rules {
    pub(super) fn new(
        read: &ReadSettings,
        family: &Family,
        columns: Option<BTreeSet<Vec<u8>>>,
    ) -> Self {
        let asked = read.versions.limit();
        let given = if read.raw { asked } else { asked.min(family.versions) };
        let life = family.ttl.map(|seconds| i64::from(seconds).saturating_mul(1000));
        // A raw read passes over times to live of families, and over cells before 1970.
        let oldest = if read.raw { 0 } else { read.now.saturating_sub(life.unwrap_or(i64::MAX)) };
        // Without bounds, other reads do not compare timestamps at all.
        let unbounded = read.min_timestamp == 0 && read.max_timestamp == i64::MAX;
        Self {
            raw: read.raw,
            given_versions: given,
            kept_versions: family.versions,
            min_versions: family.min_versions,
            min_timestamp: if unbounded { i64::MIN } else { read.min_timestamp },
            max_timestamp: read.max_timestamp,
            oldest,
            now: read.now,
            sees_past_deletes: family.keep_deleted != KeepDeleted::No,
            ignore_cell_security: read.ignore_cell_security,
            columns,
        }
    }

    /// Whether a cell's time to live is over.
    #[inline]
    pub(super) fn is_expired(&self, timestamp: i64) -> bool {
        timestamp < self.oldest
    }

    /// Whether a timestamp is at or behind the end of the time range.
    #[inline]
    pub(super) fn is_after(&self, timestamp: i64) -> bool {
        timestamp >= self.max_timestamp && self.max_timestamp != i64::MAX
    }

    /// Whether a deletion with this timestamp counts.
    #[inline]
    pub(super) fn counts(&self, timestamp: i64) -> bool {
        timestamp >= self.min_timestamp && !(self.sees_past_deletes && self.is_after(timestamp))
    }
}
