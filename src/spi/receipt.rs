//! What a statement read, skipped and gave to its sources, as its sources report it.
//!
//! Scans count with DataFusion's standard metrics, which survive the way to other machines; what
//! is only known at planning (listings, pruned partitions, which filters went where) and what has
//! no metric (bad records) is put here. The engine joins the two into the batch that people see.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A counter of a source and what it is about: a filter's text, a reason; mostly nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// Its name: `files_listed`, `bad_records`, …
    pub name: &'static str,
    /// The detail; empty if there is none.
    pub detail: String,
}

/// One source's part.
pub type SourceReceipt = BTreeMap<Counter, u64>;

/// The planning side of a statement's receipt, by source (the table's full name or location).
#[derive(Debug, Default)]
pub struct Receipt {
    sources: Mutex<BTreeMap<String, SourceReceipt>>,
}

impl Receipt {
    /// Adds to a counter of a source.
    pub fn add(&self, source: &str, counter: &'static str, amount: u64) {
        self.add_with(source, counter, "", amount);
    }

    /// Adds to a counter that counts one thing of several: skipped by what, which filter.
    pub fn add_with(&self, source: &str, counter: &'static str, detail: &str, amount: u64) {
        let counter = Counter { name: counter, detail: detail.to_owned() };
        let mut sources = self.lock();
        *sources.entry(source.to_owned()).or_default().entry(counter).or_default() += amount;
    }

    /// Raises a counter of a source to `amount` if it is lower: two scans of one table see the same
    /// bad records, which are no more for that.
    pub fn at_least(&self, source: &str, counter: &'static str, amount: u64) {
        let counter = Counter { name: counter, detail: String::new() };
        let mut sources = self.lock();
        let known = sources.entry(source.to_owned()).or_default().entry(counter).or_default();
        *known = amount.max(*known);
    }

    /// Begins anew: the statement was planned again.
    pub fn restart(&self) {
        self.lock().clear();
    }

    /// All counters so far.
    pub fn sources(&self) -> BTreeMap<String, SourceReceipt> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SourceReceipt>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
