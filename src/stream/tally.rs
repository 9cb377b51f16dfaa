//! Good and bad records of one scan: when there are too many bad ones, the statement fails.
//!
//! A wrong delimiter makes every record bad. Without a limit that would be an almost empty table
//! and a quiet success. The share is only known when all partitions have ended, so the last one
//! to end decides, and any order of the others gives the same answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::spi::RowShare;

/// More bad records than this, and more than [`DEFAULT_SHARE`], are too many by default.
const DEFAULT_COUNT: u64 = 10;

/// See [`DEFAULT_COUNT`].
const DEFAULT_SHARE: f64 = 0.05;

/// What a scan has seen so far, over all partitions.
#[derive(Debug)]
pub struct Tally {
    records: AtomicU64,
    bad: AtomicU64,
    running: AtomicUsize,
}

impl Tally {
    /// Of a scan of so many partitions.
    pub fn new(partitions: usize) -> Self {
        Self {
            records: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            running: AtomicUsize::new(partitions),
        }
    }

    /// Counts records, and the bad ones among them. A count that is too high fails at once.
    pub fn add(&self, records: u64, bad: u64, limit: Option<RowShare>, table: &str) -> Result<()> {
        self.records.fetch_add(records, Ordering::Relaxed);
        let bad = self.bad.fetch_add(bad, Ordering::Relaxed) + bad;
        match limit {
            Some(RowShare::Count(most)) if bad > most => {
                Err(self.too_many(table, &most.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// One partition has ended; the last one looks at the share.
    pub fn end(&self, limit: Option<RowShare>, table: &str) -> Result<()> {
        if self.running.fetch_sub(1, Ordering::AcqRel) != 1 {
            return Ok(());
        }
        let (records, bad) = (self.records(), self.bad());
        let share = bad as f64 / records.max(1) as f64;
        match limit {
            None if bad > DEFAULT_COUNT && share > DEFAULT_SHARE => {
                Err(self.too_many(table, "10 records and 5 %"))
            }
            Some(RowShare::Share(most)) if share > most => {
                Err(self.too_many(table, &format!("{} %", most * 100.0)))
            }
            _ => Ok(()),
        }
    }

    /// Records seen.
    fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Bad ones among them.
    pub fn bad(&self) -> u64 {
        self.bad.load(Ordering::Relaxed)
    }

    fn too_many(&self, table: &str, limit: &str) -> Error {
        Error::corrupt(format!(
            "{} of {} records of {table} are bad, which is more than {limit}",
            self.bad(),
            self.records()
        ))
        .with_hint(format!(
            "SELECT * FROM errors('{table}') shows them; max_bad_records allows more"
        ))
    }
}
