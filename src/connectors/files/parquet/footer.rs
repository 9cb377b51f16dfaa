//! Parquet footers, read once per file content.
//!
//! DataFusion's own cache has the path alone as its key, so two stores with the same path would
//! mix; this one is keyed by store, path and content (ETag, or time and size).

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::DataFusionError;
use datafusion_datasource_parquet::metadata::DFParquetMetadata;
use futures::FutureExt;
use object_store::{ObjectMeta, ObjectStore};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::super::pinned::PinnedStore;
use crate::error::{Error, Result};
use crate::spi::StoreUrl;
use crate::spi::store_error;

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
        // What is kept under the name of a content must be of it.
        let root = outer.strip_suffix(file.location.as_ref()).unwrap_or_default();
        let pinned = PinnedStore::new(Arc::clone(store), root, [file]);
        let metadata =
            DFParquetMetadata::new(&pinned, file).with_metadata_size_hint(Some(TAIL_BYTES));
        // The reader's arithmetic trusts the numbers in a footer.
        let footer = AssertUnwindSafe(metadata.fetch_metadata()).catch_unwind().await;
        let footer = footer
            .map_err(|_| broken(outer, "it has impossible numbers"))?
            .map_err(|e| wrong(outer, file, e))?;
        hold_within(&footer, outer, file.size)?;
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

/// Refuses a footer whose row groups cannot lie in a file of this size: the readers trust it.
fn hold_within(footer: &ParquetMetaData, outer: &str, size: u64) -> Result<()> {
    for (at, group) in footer.row_groups().iter().enumerate() {
        if group.num_rows() < 0 {
            return Err(broken(outer, &format!("row group {at} has {} rows", group.num_rows())));
        }
        for column in group.columns() {
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            let within = start >= 0
                && column.compressed_size() >= 0
                && end.is_some_and(|end| u64::try_from(end).is_ok_and(|end| end <= size));
            if !within {
                let name = column.column_path().string();
                return Err(broken(
                    outer,
                    &format!("column {name} of row group {at} lies outside of its {size} bytes"),
                ));
            }
        }
    }
    Ok(())
}

fn broken(outer: &str, what: &str) -> Error {
    Error::corrupt(format!("{outer} has a broken Parquet footer: {what}"))
}

fn wrong(outer: &str, file: &ObjectMeta, error: DataFusionError) -> Error {
    let not_parquet = |error: &dyn std::fmt::Display| {
        Error::corrupt(format!("{outer} ({} bytes) is not a Parquet file: {error}", file.size))
    };
    match error {
        DataFusionError::ObjectStore(error) => store_error(outer, *error),
        DataFusionError::ParquetError(error) => match *error {
            ParquetError::External(cause) => match cause.downcast::<object_store::Error>() {
                Ok(error) => store_error(outer, *error),
                Err(cause) => not_parquet(&cause),
            },
            error => not_parquet(&error),
        },
        other => Error::corrupt(format!("{outer}: {}", other.strip_backtrace())),
    }
}
