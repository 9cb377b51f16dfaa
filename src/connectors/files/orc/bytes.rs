//! A file in a store, as orc-rust asks for its bytes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use orc_rust::reader::AsyncChunkReader;

use crate::error::Error;
use crate::spi::store_error;

/// Streams of a stripe lie one behind the other, and each is asked for by itself: so many bytes are
/// read at least.
const AHEAD: u64 = 256 * 1024;

/// The bytes of a file.
#[derive(Clone)]
pub(super) struct FileBytes {
    // The reader that has one of the clones cannot be given another.
    store: Arc<Mutex<Arc<dyn ObjectStore>>>,
    file: ObjectMeta,
    outer: String,
    // What was read last, and where it begins.
    ahead: (u64, Bytes),
    // Nothing behind this is read ahead.
    until: u64,
    // Why the store could not read; the library makes a text of it.
    failed: Arc<Mutex<Option<Error>>>,
}

impl FileBytes {
    pub(super) fn new(store: &Arc<dyn ObjectStore>, file: &ObjectMeta, outer: &str) -> Self {
        Self {
            store: Arc::new(Mutex::new(Arc::clone(store))),
            file: file.clone(),
            outer: outer.to_owned(),
            ahead: (0, Bytes::new()),
            until: file.size,
            failed: Arc::default(),
        }
    }

    /// Reads from another store from now on, also by clones.
    pub(super) fn read_from(&self, store: &Arc<dyn ObjectStore>) {
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(store);
    }

    /// Reads nothing ahead that is behind a place: the end of a stripe, as the next may be skipped.
    pub(super) fn read_until(&mut self, end: u64) {
        self.until = end.min(self.file.size);
    }

    /// How many there are.
    pub(super) fn size(&self) -> u64 {
        self.file.size
    }

    /// An error that reading came to: the store's, or what is wrong with the bytes.
    pub(super) fn error(&self, what: &str) -> Error {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.unwrap_or_else(|| Error::corrupt(format!("{} is broken: {what}", self.outer)))
    }

    /// Some of its bytes.
    pub(super) async fn read(&mut self, offset: u64, length: u64) -> io::Result<Bytes> {
        let end = offset.checked_add(length).filter(|end| *end <= self.file.size);
        let end = end.ok_or_else(|| io::Error::other("it names bytes behind its end"))?;
        let within = |start: u64, bytes: &Bytes| {
            let from = usize::try_from(offset.checked_sub(start)?).ok()?;
            let to = from.checked_add(usize::try_from(length).ok()?)?;
            (to <= bytes.len()).then(|| bytes.slice(from..to))
        };
        if let Some(known) = within(self.ahead.0, &self.ahead.1) {
            return Ok(known);
        }
        let range = offset..end.max(self.until.min(offset.saturating_add(AHEAD)));
        let store = Arc::clone(&self.store.lock().unwrap_or_else(PoisonError::into_inner));
        let bytes = store.get_range(&self.file.location, range).await.map_err(|e| {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            *failed = Some(store_error(&self.outer, e));
            io::Error::other("the store failed")
        })?;
        self.ahead = (offset, bytes);
        within(self.ahead.0, &self.ahead.1).ok_or_else(|| io::Error::other("it ends early"))
    }
}

impl AsyncChunkReader for FileBytes {
    fn len(&mut self) -> BoxFuture<'_, io::Result<u64>> {
        std::future::ready(Ok(self.size())).boxed()
    }

    fn get_bytes(&mut self, offset: u64, length: u64) -> BoxFuture<'_, io::Result<Bytes>> {
        self.read(offset, length).boxed()
    }
}
