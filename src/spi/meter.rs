//! How much a statement has scanned so far, held against its limits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::settings::SluiceSettings;
use crate::error::{Error, Result};

/// What a scan is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanUnit {
    /// Bytes asked of the system.
    Bytes,
    /// Records handed to the plan.
    Records,
}

impl ScanUnit {
    /// The setting that limits it.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Bytes => "max_scan_bytes",
            Self::Records => "max_scan_records",
        }
    }

    /// The statement's limit; 0 is none.
    pub fn limit(self, settings: &SluiceSettings) -> Option<u64> {
        let limit = match self {
            Self::Bytes => settings.max_scan_bytes,
            Self::Records => settings.max_scan_records,
        };
        limit.filter(|limit| *limit > 0)
    }

    /// The sentence for a statement beyond a table's own limit.
    pub fn exceeded_of_table(self, limit: u64, amount: u64, table: &str, advice: &str) -> Error {
        let (unit, key) = (self.name(), self.setting());
        Error::exhausted(format!(
            "{table}: the statement scans at least {amount} {unit} of it, and its table file allows {limit}"
        ))
        .with_hint(format!("{advice}, or raise {key} in the table file"))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Records => "records",
        }
    }

    /// The sentence for a statement beyond its limit, before it runs and while it does. `advice`
    /// says how to read less of `source`.
    pub fn exceeded(self, limit: u64, amount: u64, source: &str, advice: &str) -> Error {
        let (unit, setting) = (self.name(), self.setting());
        Error::exhausted(format!(
            "{source}: the statement scans at least {amount} {unit}, and {setting} is {limit}"
        ))
        .with_hint(format!("{advice}, or raise {setting}"))
    }
}

/// The limits that a table's file or its catalog's defaults declare: what one statement may scan of
/// the table, in all its references together. 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableLimits {
    /// `max_scan_bytes`.
    pub bytes: Option<u64>,
    /// `max_scan_records`.
    pub records: Option<u64>,
}

impl TableLimits {
    /// The limit in a unit.
    pub fn of(self, unit: ScanUnit) -> Option<u64> {
        let limit = match unit {
            ScanUnit::Bytes => self.bytes,
            ScanUnit::Records => self.records,
        };
        limit.filter(|limit| *limit > 0)
    }
}

/// The meter that all scans of a statement share.
#[derive(Debug, Default)]
pub struct ScanMeter {
    bytes: Counted,
    records: Counted,
    // Of tables with a limit of their own.
    tables: Mutex<HashMap<(String, ScanUnit), u64>>,
}

#[derive(Debug, Default)]
struct Counted {
    amount: AtomicU64,
    limit: Option<u64>,
}

impl ScanMeter {
    /// A meter with the limits of a statement's settings.
    pub fn new(settings: &SluiceSettings) -> Self {
        let counted =
            |unit: ScanUnit| Counted { amount: AtomicU64::default(), limit: unit.limit(settings) };
        Self {
            bytes: counted(ScanUnit::Bytes),
            records: counted(ScanUnit::Records),
            tables: Mutex::default(),
        }
    }

    /// Begins anew: the statement was planned again and reads everything again.
    pub fn restart(&self) {
        self.bytes.amount.store(0, Ordering::Relaxed);
        self.records.amount.store(0, Ordering::Relaxed);
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts what a scan of a table is about to read against the table's own limits.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond its limit for the table with it.
    pub fn add_of_table(
        &self,
        unit: ScanUnit,
        amount: u64,
        limits: TableLimits,
        table: &str,
        advice: &str,
    ) -> Result<()> {
        let Some(limit) = limits.of(unit) else { return Ok(()) };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let total = tables.entry((table.to_owned(), unit)).or_default();
        *total = total.saturating_add(amount);
        if *total > limit {
            return Err(unit.exceeded_of_table(limit, *total, table, advice));
        }
        Ok(())
    }

    /// Counts what a scan of a table is about to read, against the statement's limits and the table's.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond one of them with it.
    pub fn add_scan(
        &self,
        unit: ScanUnit,
        amount: u64,
        limits: TableLimits,
        table: &str,
        advice: &str,
    ) -> Result<()> {
        self.add_of_table(unit, amount, limits, table, advice)?;
        self.add(unit, amount, table, advice)
    }

    /// The bytes that were asked of systems so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.amount.load(Ordering::Relaxed)
    }

    /// Counts what a scan of `source` is about to read.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond its limit with it.
    pub fn add(&self, unit: ScanUnit, amount: u64, source: &str, advice: &str) -> Result<()> {
        let counted = match unit {
            ScanUnit::Bytes => &self.bytes,
            ScanUnit::Records => &self.records,
        };
        let total = counted.amount.fetch_add(amount, Ordering::Relaxed).saturating_add(amount);
        match counted.limit {
            Some(limit) if total > limit => Err(unit.exceeded(limit, total, source, advice)),
            _ => Ok(()),
        }
    }
}
