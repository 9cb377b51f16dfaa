//! The memory of an engine: one pool for all queries, each with a count of its own, and a
//! configuration that fits its size.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::config::{ConfigNonZeroUsize, ConfigOptions, SpillCompression};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::error::from_datafusion;
use super::exhausted;
use super::spill::SpillFolder;
use crate::error::Result;

/// How many consumers an out-of-memory error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// The smallest share of the memory that a partition which sorts gets along with.
const PER_PARTITION: u64 = 32 << 20;

/// Below this, batches of the usual size are too large a part of what there is.
const LITTLE: u64 = 256 << 20;

/// Rows of a batch when there is little memory.
const SMALL_BATCH: usize = 1024;

/// The memory limit in bytes: the given one, or 70 % of what there is.
pub(super) fn limit(given: Option<u64>) -> u64 {
    given.unwrap_or_else(default_limit)
}

/// Fits a configuration to a memory limit: what operators set aside or read at once is a part of
/// it, so that with little of it they spill and do not fail.
pub(super) fn fit(config: &mut ConfigOptions, limit: u64) {
    let execution = &mut config.execution;
    // Spill files are written once and read once; the disk is what is slow.
    execution.spill_compression = SpillCompression::Lz4Frame;
    let partitions = usize::try_from(limit / PER_PARTITION).unwrap_or(usize::MAX).max(1);
    execution.target_partitions = execution.target_partitions.min(partitions);
    // A merge of spilled runs has this much for certain.
    let reservation = usize::try_from(limit / 32).unwrap_or(usize::MAX);
    let reservation = reservation / execution.target_partitions;
    execution.sort_spill_reservation_bytes =
        execution.sort_spill_reservation_bytes.min(reservation.max(64 << 10));
    if limit < LITTLE
        && let Ok(small) = ConfigNonZeroUsize::try_new(SMALL_BATCH)
    {
        execution.batch_size = execution.batch_size.min(small);
    }
}

/// The environment that all sessions share. List and statistics caches are off: their keys do not
/// name the store, so two catalogs would mix, and their entries never expire.
pub(super) fn runtime_env(
    limit: u64,
    spill: &SpillFolder,
    spill_limit: Option<u64>,
    stores: Arc<dyn ObjectStoreRegistry>,
) -> Result<Arc<RuntimeEnv>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(limit), NAMED_CONSUMERS);
    let mut disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![spill.path().to_owned()]));
    if let Some(limit) = spill_limit {
        disk = disk.with_max_temp_directory_size(limit);
    }
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .with_object_store_registry(stores)
        .with_object_list_cache_limit(0)
        .with_file_statistics_cache_limit(0)
        .build_arc()
        .map_err(from_datafusion)
}

/// The engine's pool as one statement uses it: counts what the statement holds of it, and holds the
/// statement's own limit.
#[derive(Debug)]
pub(super) struct StatementPool {
    shared: Arc<dyn MemoryPool>,
    // Shares the statement's limit fairly among what can spill.
    own: Option<FairSpillPool>,
    held: AtomicUsize,
    peak: AtomicUsize,
}

impl StatementPool {
    /// A statement's use of a pool, up to a limit of its own in bytes.
    pub(super) fn new(shared: &Arc<dyn MemoryPool>, limit: Option<u64>) -> Self {
        let shared = Arc::clone(shared);
        let own =
            limit.map(|limit| FairSpillPool::new(usize::try_from(limit).unwrap_or(usize::MAX)));
        Self { shared, own, held: AtomicUsize::default(), peak: AtomicUsize::default() }
    }

    /// The most that the statement held at once, in bytes.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed) as u64
    }

    /// What the statement holds now, in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed) as u64
    }

    fn grown(&self, additional: usize) {
        let held = self.held.fetch_add(additional, Ordering::Relaxed) + additional;
        self.peak.fetch_max(held, Ordering::Relaxed);
    }
}

impl fmt::Display for StatementPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl MemoryPool for StatementPool {
    fn name(&self) -> &str {
        self.shared.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.iter().for_each(|own| own.register(consumer));
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.iter().for_each(|own| own.unregister(consumer));
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.iter().for_each(|own| own.grow(reservation, additional));
        self.shared.grow(reservation, additional);
        self.grown(additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.iter().for_each(|own| own.shrink(reservation, shrink));
        self.shared.shrink(reservation, shrink);
        self.held.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(
        &self,
        reservation: &MemoryReservation,
        additional: usize,
    ) -> datafusion::common::Result<()> {
        if let Some(own) = &self.own {
            own.try_grow(reservation, additional).map_err(exhausted::of_statement)?;
        }
        let grown = self.shared.try_grow(reservation, additional);
        match &grown {
            Ok(()) => self.grown(additional),
            Err(_) => self.own.iter().for_each(|own| own.shrink(reservation, additional)),
        }
        grown
    }

    fn reserved(&self) -> usize {
        self.shared.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        match &self.own {
            Some(own) => own.memory_limit(),
            None => self.shared.memory_limit(),
        }
    }
}

/// 70 % of what the machine or its control group allows.
fn default_limit() -> u64 {
    let machine = machine_memory().unwrap_or(8 << 30);
    let allowed = group_limit().map_or(machine, |group| group.min(machine));
    allowed / 10 * 7
}

/// The machine's memory in bytes.
fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The limit of the control group, versions 2 and 1; `max` is none.
fn group_limit() -> Option<u64> {
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok())
}
