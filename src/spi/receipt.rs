//! What a statement read, skipped and gave to its sources, as its sources report it.
//!
//! Scans count with DataFusion's standard metrics, which survive the way to other machines; what
//! is only known at planning (listings, pruned partitions) is put here. The engine joins the two
//! into the batch that people see.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// One source's part, by counter name: `files_listed`, `partitions_skipped`, …
pub type SourceReceipt = BTreeMap<&'static str, u64>;

/// The planning side of a statement's receipt, by source (the table's full name or location).
#[derive(Debug, Default)]
pub struct Receipt {
    sources: Mutex<BTreeMap<String, SourceReceipt>>,
}

impl Receipt {
    /// Adds to a counter of a source.
    pub fn add(&self, source: &str, counter: &'static str, amount: u64) {
        let mut sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *sources.entry(source.to_owned()).or_default().entry(counter).or_default() += amount;
    }

    /// Raises a counter of a source to `amount` if it is lower: two scans of one table see the same
    /// bad records, which are no more for that.
    pub fn at_least(&self, source: &str, counter: &'static str, amount: u64) {
        let mut sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = sources.entry(source.to_owned()).or_default().entry(counter).or_default();
        *known = amount.max(*known);
    }

    /// All counters so far.
    pub fn sources(&self) -> BTreeMap<String, SourceReceipt> {
        self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
