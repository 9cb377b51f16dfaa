//! A store as a statement pinned it: a file that is no longer the one that was listed is not read.
//!
//! A store that has names for contents (ETags) is asked for the pinned one; what comes is held
//! against the listing all the same, by size and ETag, or by time where there is no ETag. A local
//! file is read through one handle, which a rename over it does not change, and looked at again
//! after each block, which finds a file that is written in place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta,
    ObjectStore, coalesce_ranges,
};

use crate::error::Error;
use crate::spi::{Layer, Reads};

type StoreResult<T> = object_store::Result<T>;

/// Bytes of a local file that are read at once.
const BLOCK: u64 = 2 * 1024 * 1024;

/// The store of the files that a scan has planned.
#[derive(Debug)]
pub(super) struct PinnedStore {
    store: Arc<dyn ObjectStore>,
    // The store's root as people write it.
    root: String,
    files: HashMap<Path, ObjectMeta>,
    // The file that was last read from.
    reading: Mutex<Option<Path>>,
    // Whether the store gives handles of files, for which ranges are not read anew each: known after
    // its first answer.
    gives_files: AtomicBool,
}

impl PinnedStore {
    /// A store whose `files` are read only as they were listed.
    pub(super) fn new<'a>(
        store: Arc<dyn ObjectStore>,
        root: impl Into<String>,
        files: impl IntoIterator<Item = &'a ObjectMeta>,
    ) -> Layer<Self> {
        let files = files.into_iter().map(|file| (file.location.clone(), file.clone())).collect();
        Layer(Self {
            store,
            root: root.into(),
            files,
            reading: Mutex::default(),
            gives_files: AtomicBool::new(true),
        })
    }

    /// The file that was last read from, as people write it.
    pub(super) fn reading(&self) -> Option<String> {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.as_ref().map(|location| format!("{}{location}", self.root))
    }

    fn reads(&self, file: &ObjectMeta) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.as_ref() != Some(&file.location) {
            *reading = Some(file.location.clone());
        }
    }

    /// The pinned content of a file, or an error that names it.
    async fn get_pinned(&self, pinned: &ObjectMeta, options: GetOptions) -> StoreResult<GetResult> {
        let strong = pinned.e_tag.clone().filter(|etag| !etag.starts_with("W/"));
        let options = GetOptions { if_match: options.if_match.or(strong), ..options };
        let got = match self.store.get_opts(&pinned.location, options).await {
            Err(object_store::Error::Precondition { .. }) => return Err(self.changed(pinned)),
            Err(object_store::Error::NotFound { .. }) => return Err(self.removed(pinned)),
            got => got?,
        };
        let same_content = match (&pinned.e_tag, &got.meta.e_tag) {
            (Some(pinned), Some(found)) => pinned == found,
            _ => pinned.last_modified == got.meta.last_modified,
        };
        if got.meta.size != pinned.size || !same_content {
            return Err(self.changed(pinned));
        }
        Ok(got)
    }

    /// Ranges of one local file, through one handle.
    async fn of_file(
        &self,
        pinned: &ObjectMeta,
        mut file: File,
        ranges: &[Range<u64>],
    ) -> StoreResult<Vec<Bytes>> {
        let (ranges, as_pinned) = (ranges.to_vec(), Content::of(pinned));
        let read = blocking(move || {
            let read: std::io::Result<Vec<Bytes>> =
                ranges.into_iter().map(|range| read_range(&mut file, range)).collect();
            let read = read?;
            Ok(as_pinned.is_still_in(&file)?.then_some(read))
        });
        match read.await {
            Ok(Some(read)) => Ok(read),
            Ok(None) => Err(self.changed(pinned)),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Err(self.changed(pinned)),
            Err(e) => Err(failed(e)),
        }
    }

    /// What a broken footer asks for must not be asked of the memory first.
    fn hold_within(&self, file: &ObjectMeta, ranges: &[Range<u64>]) -> StoreResult<()> {
        let Some(range) =
            ranges.iter().find(|range| range.start > range.end || range.end > file.size)
        else {
            return Ok(());
        };
        let error = Error::corrupt(format!(
            "{}{}: its footer names bytes {} to {}, and it has {}",
            self.root, file.location, range.start, range.end, file.size
        ));
        Err(object_store::Error::Generic { store: "scan", source: Box::new(error) })
    }

    fn changed(&self, file: &ObjectMeta) -> object_store::Error {
        self.gone(file, "has changed since the statement listed it")
    }

    fn removed(&self, file: &ObjectMeta) -> object_store::Error {
        self.gone(file, "was removed after the statement listed it")
    }

    fn gone(&self, file: &ObjectMeta, what: &str) -> object_store::Error {
        gone(&format!("{}{}", self.root, file.location), what)
    }
}

fn gone(outer: &str, what: &str) -> object_store::Error {
    let error = Error::gone(format!("{outer} {what}"))
        .with_hint("run the statement again; files that are written while they are read are better renamed into place");
    object_store::Error::Precondition { path: outer.to_owned(), source: Box::new(error) }
}

fn failed(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: Box::new(error) }
}

/// What changes when somebody writes into a file.
#[derive(Clone, Copy, Debug)]
struct Content {
    size: u64,
    modified: DateTime<Utc>,
}

impl Content {
    fn of(pinned: &ObjectMeta) -> Self {
        Self { size: pinned.size, modified: pinned.last_modified }
    }

    fn is_still_in(self, file: &File) -> std::io::Result<bool> {
        let metadata = file.metadata()?;
        let modified = DateTime::<Utc>::from(metadata.modified()?);
        Ok(metadata.len() == self.size && modified == self.modified)
    }
}

fn read_range(file: &mut File, range: Range<u64>) -> std::io::Result<Bytes> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(range.start))?;
    file.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(bytes.into()) }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
}

/// The blocks of a range of a local file; the handle is looked at again after each.
fn blocks(
    file: File,
    range: Range<u64>,
    content: Content,
    outer: String,
) -> BoxStream<'static, StoreResult<Bytes>> {
    let blocks = futures::stream::try_unfold((file, range.start), move |(mut file, at)| {
        let (end, outer) = (range.end.min(at + BLOCK), outer.clone());
        async move {
            if at >= end {
                return Ok(None);
            }
            let read = blocking(move || {
                let block = read_range(&mut file, at..end)?;
                Ok(content.is_still_in(&file)?.then_some((block, (file, end))))
            });
            let changed = || gone(&outer, "has changed while it was read");
            match read.await {
                Ok(Some(next)) => Ok(Some(next)),
                Ok(None) => Err(changed()),
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => Err(changed()),
                Err(e) => Err(failed(e)),
            }
        }
    });
    blocks.boxed()
}

#[async_trait]
impl Reads for PinnedStore {
    fn below(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let Some(pinned) = self.files.get(location) else {
            return self.store.get_opts(location, options).await;
        };
        let head = options.head;
        self.reads(pinned);
        let got = self.get_pinned(pinned, options).await?;
        let payload = match got.payload {
            GetResultPayload::File(file, _) if !head => {
                let outer = format!("{}{location}", self.root);
                GetResultPayload::Stream(blocks(
                    file,
                    got.range.clone(),
                    Content::of(pinned),
                    outer,
                ))
            }
            other => other,
        };
        Ok(GetResult { payload, ..got })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        let (Some(pinned), [first, rest @ ..]) = (self.files.get(location), ranges) else {
            return self.store.get_ranges(location, ranges).await;
        };
        self.reads(pinned);
        self.hold_within(pinned, ranges)?;
        let get = async |range: Range<u64>| {
            let range = Some(GetRange::Bounded(range));
            self.get_pinned(pinned, GetOptions { range, ..GetOptions::default() }).await
        };
        let gap = OBJECT_STORE_COALESCE_DEFAULT;
        if !self.gives_files.load(Ordering::Relaxed) {
            return coalesce_ranges(ranges, async |range| get(range).await?.bytes().await, gap)
                .await;
        }
        let got = get(first.clone()).await?;
        if let GetResultPayload::File(file, _) = got.payload {
            return self.of_file(pinned, file, ranges).await;
        }
        self.gives_files.store(false, Ordering::Relaxed);
        let mut all = vec![got.bytes().await?];
        all.extend(
            coalesce_ranges(rest, async |range| get(range).await?.bytes().await, gap).await?,
        );
        Ok(all)
    }
}
