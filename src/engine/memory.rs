//! The memory and spill folder of an engine: one pool for all queries.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::error::from_datafusion;
use crate::error::{Error, Result};

/// How many consumers an out-of-memory error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// The environment that all sessions share. List and statistics caches are off: their keys do not
/// name the store, so two catalogs would mix, and their entries never expire.
pub(super) fn runtime_env(
    memory_limit: Option<u64>,
    spill_dir: Option<&Path>,
    spill_limit: Option<u64>,
    stores: Arc<dyn ObjectStoreRegistry>,
) -> Result<Arc<RuntimeEnv>> {
    let limit = memory_limit.unwrap_or_else(default_limit);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(limit), NAMED_CONSUMERS);
    let mut disk = DiskManagerBuilder::default();
    if let Some(dir) = spill_dir {
        std::fs::create_dir_all(dir).map_err(|e| {
            Error::config(format!("spill folder {}: {e}", dir.display())).with_source(e)
        })?;
        disk = disk.with_mode(DiskManagerMode::Directories(vec![dir.to_owned()]));
    }
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
