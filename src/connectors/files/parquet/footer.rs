//! Parquet footers, read once per file content.
//!
//! DataFusion's own cache has the path alone as its key, so two stores with the same path would
//! mix; this one is keyed by store, path and content (ETag, or time and size).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion_datasource_parquet::metadata::DFParquetMetadata;
use object_store::{ObjectMeta, ObjectStore};
use parquet::file::metadata::ParquetMetaData;

use super::super::listing::store_error;
use crate::error::{Error, Result};
use crate::spi::StoreUrl;

/// How many bytes of footers an engine keeps.
const CACHED_BYTES: usize = 64 * 1024 * 1024;

/// How many bytes at the end of a file are read at first: most footers fit.
const TAIL_BYTES: usize = 64 * 1024;

/// What names one content of one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    store: String,
    path: String,
    size: u64,
    modified: i64,
    etag: Option<String>,
}

impl Key {
    fn new(url: &StoreUrl, file: &ObjectMeta) -> Self {
        Self {
            store: url.as_object_store_url().to_string(),
            path: file.location.to_string(),
            size: file.size,
            modified: file.last_modified.timestamp_micros(),
            etag: file.e_tag.clone(),
        }
    }
}

/// The footers that an engine keeps; the oldest go first.
#[derive(Debug, Default)]
pub(crate) struct FooterCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    footers: HashMap<Key, Arc<ParquetMetaData>>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl FooterCache {
    /// The footer of a file; with its page index if that was kept.
    pub(super) async fn get(
        &self,
        store: &Arc<dyn ObjectStore>,
        url: &StoreUrl,
        file: &ObjectMeta,
        outer: &str,
    ) -> Result<Arc<ParquetMetaData>> {
        let key = Key::new(url, file);
        if let Some(footer) = self.lock().footers.get(&key) {
            return Ok(Arc::clone(footer));
        }
        let footer = DFParquetMetadata::new(store.as_ref(), file)
            .with_metadata_size_hint(Some(TAIL_BYTES))
            .fetch_metadata()
            .await
            .map_err(|e| wrong(outer, file, e))?;
        self.keep(key, &footer);
        Ok(footer)
    }

    /// Keeps the footer of a file with its page index in the place of the one without.
    pub(super) fn keep_indexed(
        &self,
        url: &StoreUrl,
        file: &ObjectMeta,
        footer: &Arc<ParquetMetaData>,
    ) {
        self.keep(Key::new(url, file), footer);
    }

    fn keep(&self, key: Key, footer: &Arc<ParquetMetaData>) {
        let mut kept = self.lock();
        kept.bytes += footer.memory_size();
        match kept.footers.insert(key.clone(), Arc::clone(footer)) {
            Some(old) => kept.bytes = kept.bytes.saturating_sub(old.memory_size()),
            None => kept.order.push_back(key),
        }
        while kept.bytes > CACHED_BYTES {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(footer) = kept.footers.remove(&oldest) {
                kept.bytes = kept.bytes.saturating_sub(footer.memory_size());
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong(outer: &str, file: &ObjectMeta, error: datafusion::error::DataFusionError) -> Error {
    use datafusion::error::DataFusionError;
    match error {
        DataFusionError::ObjectStore(error) => store_error(outer, *error),
        DataFusionError::ParquetError(error) => {
            Error::corrupt(format!("{outer} ({} bytes) is not a Parquet file: {error}", file.size))
        }
        other => Error::corrupt(format!("{outer}: {}", other.strip_backtrace())),
    }
}
