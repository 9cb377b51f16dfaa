//! How much a statement has scanned so far, held against its limits.

use std::sync::atomic::{AtomicU64, Ordering};

use super::settings::SluiceSettings;
use crate::error::{Error, Result};

/// What a scan is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// The sentence for a statement beyond its limit, before it runs and while it does. `advice`
    /// says how to read less of `source`.
    pub fn exceeded(self, limit: u64, amount: u64, source: &str, advice: &str) -> Error {
        let (unit, setting) = match self {
            Self::Bytes => ("bytes", self.setting()),
            Self::Records => ("records", self.setting()),
        };
        Error::exhausted(format!(
            "{source}: the statement scans at least {amount} {unit}, and {setting} is {limit}"
        ))
        .with_hint(format!("{advice}, or raise {setting}"))
    }
}

/// The meter that all scans of a statement share.
#[derive(Debug, Default)]
pub struct ScanMeter {
    bytes: Counted,
    records: Counted,
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
        Self { bytes: counted(ScanUnit::Bytes), records: counted(ScanUnit::Records) }
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
