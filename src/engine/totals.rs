//! What all statements of an engine came to, counted since it began: for who watches it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::queries::QuerySummary;
use crate::error::ErrorKind;

/// How many took how long.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: [u64; Self::SECONDS.len()],
    /// All of them.
    pub count: u64,
    /// All their times.
    pub sum: Duration,
}

impl Histogram {
    /// The upper bounds in seconds; one more is without bound.
    pub const SECONDS: [f64; 12] =
        [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

    fn add(&mut self, took: Duration) {
        self.count += 1;
        self.sum += took;
        for (count, bound) in self.counts.iter_mut().zip(Self::SECONDS) {
            *count += u64::from(took.as_secs_f64() <= bound);
        }
    }

    /// Each bound with how many took no longer.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        Self::SECONDS.into_iter().zip(self.counts)
    }
}

/// The statements that have ended, by how.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// How many came to which end, with which kind of error.
    pub ended: BTreeMap<(&'static str, Option<&'static str>), u64>,
    /// How long they took.
    pub took: Histogram,
    /// How long they waited for their turn.
    pub waited: Histogram,
    /// Rows handed out.
    pub rows: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Records that were not what their tables declare.
    pub bad_records: u64,
}

impl Totals {
    /// Counts a statement that has ended.
    pub(super) fn add(&mut self, query: &QuerySummary) {
        let how = (query.state.as_str(), query.kind.map(ErrorKind::as_str));
        *self.ended.entry(how).or_default() += 1;
        self.took.add(Duration::from_millis(query.elapsed_ms));
        self.waited.add(Duration::from_millis(query.queued_ms));
        self.rows += query.rows;
        self.bytes_read += query.bytes;
        self.bad_records += query.bad_records;
    }
}

/// What goes on in an engine now.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Statements that run.
    pub running: usize,
    /// Statements that wait for their turn.
    pub waiting: usize,
    /// Bytes of memory that statements hold.
    pub memory: usize,
    /// Bytes of memory that they may hold.
    pub memory_limit: u64,
}
