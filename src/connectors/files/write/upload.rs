//! One file on its way into a store: invisible until it is completed, gone when it is not.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use tokio::runtime::Handle;

use crate::error::Result;
use crate::spi::OpenedStore;
use crate::spi::store_error;

/// How many bytes are sent at once. S3 and its like take no parts below 5 MiB but the last.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// A file that is being sent.
#[derive(Debug)]
pub(super) struct Upload {
    outer: String,
    // Taken when it is completed or aborted.
    parts: Option<Box<dyn MultipartUpload>>,
    tail: Vec<u8>,
    bytes: u64,
}

impl Upload {
    /// Begins a file: a store that refuses it does so before anything was computed.
    pub(super) async fn begin(store: &OpenedStore, path: &Path) -> Result<Self> {
        let outer = store.outer(path);
        let parts = store.store.put_multipart(path).await.map_err(|e| store_error(&outer, e))?;
        Ok(Self { outer, parts: Some(parts), tail: Vec::new(), bytes: 0 })
    }

    /// How many bytes it has so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes more bytes and sends what makes a part.
    pub(super) async fn push(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.tail.append(bytes);
        if self.tail.len() >= PART_BYTES { self.send().await } else { Ok(()) }
    }

    /// Sends what is left; nothing can be pushed after it.
    pub(super) async fn seal(&mut self) -> Result<()> {
        // A file without bytes has one part all the same.
        if self.tail.is_empty() && self.bytes > 0 { Ok(()) } else { self.send().await }
    }

    async fn send(&mut self) -> Result<()> {
        let Some(parts) = &mut self.parts else { return Ok(()) };
        let part = PutPayload::from(Bytes::from(std::mem::take(&mut self.tail)));
        parts.put_part(part).await.map_err(|e| store_error(&self.outer, e))
    }

    /// Makes the file visible, at once and whole.
    pub(super) async fn complete(&mut self) -> Result<()> {
        let Some(mut parts) = self.parts.take() else { return Ok(()) };
        match parts.complete().await {
            Ok(_) => Ok(()),
            Err(e) => {
                let error = store_error(&self.outer, e);
                self.parts = Some(parts);
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Takes back what was sent.
    pub(super) async fn abort(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            // The statement has failed already; a store that does not answer now leaves an
            // unfinished upload, which nothing reads.
            let _ = parts.abort().await;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A cancelled statement comes here; stores abort asynchronously.
        if let Some(mut parts) = self.parts.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                let _ = parts.abort().await;
            });
        }
    }
}
