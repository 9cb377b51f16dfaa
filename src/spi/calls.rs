//! What a statement asks of stores over a network: requests by kind, bytes, tries, waiting.
//!
//! A store is shared by all statements of its catalog, so a call says for whom it is made: reads
//! carry their counters in `GetOptions::extensions`, where a store over a network finds them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ListResult, ObjectMeta, ObjectStore, Result};

use super::layer::{Layer, Reads};

/// How many entries one answer of a listing has at most.
const PAGE: u64 = 1000;

/// A counter by name, and what there is to say of it.
pub type CallCount = (&'static str, u64, String);

/// Counters of one statement and one store.
#[derive(Debug, Default)]
pub struct StoreCalls {
    lists: AtomicU64,
    heads: AtomicU64,
    gets: AtomicU64,
    bytes: AtomicU64,
    retries: AtomicU64,
    waited: AtomicU64,
    cached_reads: AtomicU64,
    cached_bytes: AtomicU64,
    cache_fault: OnceLock<String>,
}

impl StoreCalls {
    /// The counters that a read carries; of nobody, if it carries none.
    pub fn of(options: &GetOptions) -> Arc<Self> {
        options.extensions.get::<Arc<Self>>().cloned().unwrap_or_default()
    }

    /// One request for an object's description.
    pub fn head(&self) {
        self.heads.fetch_add(1, Ordering::Relaxed);
    }

    /// One request for an object's bytes.
    pub fn get(&self) {
        self.gets.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes that came.
    pub fn came(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// One more try, after a pause.
    pub fn retry(&self, paused: Duration) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let paused = u64::try_from(paused.as_millis()).unwrap_or(u64::MAX);
        self.waited.fetch_add(paused, Ordering::Relaxed);
    }

    /// Bytes that came from the disk in the place of the store.
    pub fn cached(&self, bytes: u64) {
        self.cached_reads.fetch_add(1, Ordering::Relaxed);
        self.cached_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Why no more bytes are kept on the disk.
    pub fn cache_failed(&self, why: String) {
        // The first reason is told.
        let _ = self.cache_fault.set(why);
    }

    fn listed(&self, requests: u64) {
        self.lists.fetch_add(requests, Ordering::Relaxed);
    }

    /// The counters by name, as the receipt has them, with what there is to say of one; those at zero
    /// are left out.
    pub fn counters(&self) -> Vec<CallCount> {
        let counters = [
            ("list_requests", &self.lists),
            ("head_requests", &self.heads),
            ("get_requests", &self.gets),
            ("bytes_received", &self.bytes),
            ("retries", &self.retries),
            ("waited_ms", &self.waited),
            ("cache_hits", &self.cached_reads),
            ("bytes_from_cache", &self.cached_bytes),
        ];
        let read = counters.map(|(name, counter)| (name, counter.load(Ordering::Relaxed)));
        let fault = self.cache_fault.get().map(|why| ("cache_given_up", 1, why.clone()));
        let read = read.into_iter().filter(|(_, amount)| *amount > 0);
        read.map(|(name, amount)| (name, amount, String::new())).chain(fault).collect()
    }
}

/// A store whose reads carry a statement's counters.
pub struct Counted {
    store: Arc<dyn ObjectStore>,
    calls: Arc<StoreCalls>,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counted").field(&self.store).finish()
    }
}

impl Counted {
    /// The store, counting for `calls`.
    pub fn over(store: Arc<dyn ObjectStore>, calls: Arc<StoreCalls>) -> Arc<dyn ObjectStore> {
        Arc::new(Layer(Self { store, calls }))
    }

    fn counting(&self, mut options: GetOptions) -> GetOptions {
        options.extensions.insert(Arc::clone(&self.calls));
        options
    }
}

#[async_trait]
impl Reads for Counted {
    fn below(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, self.counting(options)).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let calls = Arc::clone(&self.calls);
        let counted = move |(number, entry): (usize, Result<ObjectMeta>)| {
            if number as u64 % PAGE == PAGE - 1 {
                calls.listed(1);
            }
            entry
        };
        self.calls.listed(1);
        self.store.list(prefix).enumerate().map(counted).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed = self.store.list_with_delimiter(prefix).await?;
        let entries = (listed.objects.len() + listed.common_prefixes.len()) as u64;
        self.calls.listed(1 + entries / PAGE);
        Ok(listed)
    }
}
