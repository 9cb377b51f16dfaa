//! What a scan will read, before it reads: a pair of bounds per source.
//!
//! *At least* is what is read for certain, *at most* what is read if nothing more can be skipped.
//! A bound that would have to be guessed is not given.

use std::sync::Arc;

use datafusion::execution::TaskContext;
use futures::future::BoxFuture;

use super::meter::TableLimits;
use crate::error::Result;

/// Two bounds of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Not less than this.
    pub at_least: u64,
    /// Not more than this; `None` when it is not known.
    pub at_most: Option<u64>,
}

impl Bounds {
    /// Exactly a number.
    pub fn exactly(number: u64) -> Self {
        Self { at_least: number, at_most: Some(number) }
    }

    /// The bounds of a sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.saturating_add(other.at_least),
            at_most: self.at_most.zip(other.at_most).map(|(a, b)| a.saturating_add(b)),
        }
    }
}

/// What one scan reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes asked of the system.
    pub bytes: Bounds,
    /// Records handed to the plan.
    pub records: Bounds,
    /// The least bytes and records of a scan that is ended after its first batch.
    pub first_batch: (u64, u64),
}

/// A plan node that reads a source, as the engine sees it.
pub trait ScanLeaf: Send + Sync {
    /// What people call the source: the table's full name or location.
    fn source(&self) -> &str;

    /// What a user can do to read less, as the beginning of a hint.
    fn advice(&self) -> String;

    /// What the table itself allows a statement to scan of it.
    fn limits(&self) -> TableLimits {
        TableLimits::default()
    }

    /// What the scan will read. Asks for listings and footers only.
    fn estimate(&self, task: Arc<TaskContext>) -> BoxFuture<'_, Result<Estimate>>;
}
