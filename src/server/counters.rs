//! What a server counts itself; statements are counted by the engine.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of a server, since it began.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Calls that were not let in.
    pub(super) refused: Counter,
    /// Sessions that began.
    pub(super) sessions: Counter,
    /// Bytes of rows on their way to clients.
    pub(super) sent: Counter,
    /// Changes of the catalog folder that were taken up.
    pub(super) catalog_changes: Counter,
}

/// A number that grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
