//! The bytes of a range of a file: exactly as many as were asked for, or an error.
//!
//! The client crate goes on with another replica by itself. When none is left, where the blocks are
//! may have changed: the file is opened anew and read on where it broke off.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::Result;

use super::client::LazyClient;
use super::error::Failed;
use super::opened::{OpenFiles, Opened, grown_from, of_hdfs, status};

/// How often a range is read on after it broke off.
const TRIES: u32 = 3;

/// How long to wait before that, for the first time; twice as long each time after.
const PAUSE: Duration = Duration::from_millis(200);

struct Reading {
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    file: Opened,
    // What has not been delivered yet.
    rest: Range<u64>,
    source: Option<BoxStream<'static, hdfs_native::Result<Bytes>>>,
    tries: u32,
}

/// The bytes of `range`, which must lie within the file.
pub(super) fn read(
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    file: Opened,
    range: Range<u64>,
) -> BoxStream<'static, Result<Bytes>> {
    let reading = Reading { client, files, file, rest: range, source: None, tries: 0 };
    futures::stream::try_unfold(reading, Reading::next).boxed()
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let mut source = match self.source.take() {
                Some(source) => source,
                None => self.open()?,
            };
            match source.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => self.source = Some(source),
                Some(Ok(bytes)) => {
                    let (got, left) = (bytes.len() as u64, self.rest.end - self.rest.start);
                    if got > left {
                        return Err(self.failed(Failed::Length { wanted: left, got }));
                    }
                    self.rest.start += got;
                    self.source = Some(source);
                    return Ok(Some((bytes, self)));
                }
                Some(Err(e)) => self.again(e.into()).await?,
                None => {
                    let wanted = self.rest.end - self.rest.start;
                    self.again(Failed::Length { wanted, got: 0 }).await?;
                }
            }
        }
    }

    fn open(&self) -> Result<BoxStream<'static, hdfs_native::Result<Bytes>>> {
        let (start, end) = (self.rest.start, self.rest.end);
        let reader = &self.file.reader;
        let parts = (usize::try_from(start), usize::try_from(end - start));
        match parts {
            // The reader panics at what lies beyond its end.
            (Ok(start), Ok(length)) if end <= reader.file_length() as u64 => {
                Ok(reader.read_range_stream(start, length).boxed())
            }
            _ => Err(self.failed(Failed::Length { wanted: end - start, got: 0 })),
        }
    }

    /// Waits and opens the file anew, if that may help.
    async fn again(&mut self, failure: Failed) -> Result<()> {
        if !failure.may_pass() || self.tries >= TRIES {
            return Err(self.failed(failure));
        }
        tokio::time::sleep(PAUSE * 2u32.pow(self.tries)).await;
        self.tries += 1;
        let location = &self.file.meta.location;
        self.files.forget(location);
        let status = status(&self.client, location).await?;
        let found = self.files.open(&self.client, location, &status).await?;
        let tag = self.file.meta.e_tag.as_deref().unwrap_or_default();
        if grown_from(&found.meta, tag).is_none() {
            let outer = self.client.outer(&of_hdfs(location));
            return Err(object_store::Error::Precondition {
                source: format!("{outer} has changed while it was read").into(),
                path: outer,
            });
        }
        self.file.reader = found.reader;
        Ok(())
    }

    fn failed(&self, failure: Failed) -> object_store::Error {
        self.client.failed(&of_hdfs(&self.file.meta.location), failure)
    }
}
