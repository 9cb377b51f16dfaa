//! A file being written: under a hidden name beside its own, moved there when it is whole.
//!
//! A task owns the file. It takes the parts in the order in which they were handed over; when
//! nobody holds its other end any more and it was not told to complete, it removes what it has
//! written. What a killed process leaves has a name that nothing reads and the check knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use hdfs_native::file::FileWriter;
use hdfs_native::{Client, HdfsError, WriteOptions};
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::super::threads::io_threads;
use super::client::LazyClient;
use super::error::{missing, ours};
use super::opened::of_hdfs;
use crate::error::Error;
use crate::spi::UNFINISHED;

type Answer = oneshot::Sender<Result<()>>;

enum Ask {
    Write(PutPayload, Answer),
    Complete { replace: bool, answer: Answer },
    Abort(Answer),
}

/// A file on its way.
#[derive(Debug)]
pub(super) struct HdfsUpload {
    // Taken when it is completed or aborted.
    asks: Option<mpsc::UnboundedSender<Ask>>,
}

impl HdfsUpload {
    /// Makes the hidden file and the folders above it.
    pub(super) async fn begin(client: Arc<LazyClient>, location: &Path) -> Result<Self> {
        let staged = Staged::create(Arc::clone(&client), location).await?;
        let (asks, asked) = mpsc::unbounded_channel();
        io_threads().map_err(|e| client.failed("", e))?.spawn(staged.serve(asked));
        Ok(Self { asks: Some(asks) })
    }

    /// Makes the file visible, over what was there or only where nothing was.
    pub(super) async fn finish(&mut self, replace: bool) -> Result<()> {
        let asks = self.asks.as_ref().ok_or_else(ended)?;
        let result = ask(asks, |answer| Ask::Complete { replace, answer }).await;
        if result.is_ok() {
            self.asks = None;
        }
        result
    }
}

fn ended() -> object_store::Error {
    ours(Error::internal("the upload has ended"))
}

async fn ask(asks: &mpsc::UnboundedSender<Ask>, of: impl FnOnce(Answer) -> Ask) -> Result<()> {
    let (answer, answered) = oneshot::channel();
    asks.send(of(answer)).map_err(|_| ended())?;
    answered.await.map_err(|_| ended())?
}

#[async_trait]
impl MultipartUpload for HdfsUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        // Handed over now, whenever the answer is looked at: the calls have the order of the parts.
        let (answer, answered) = oneshot::channel();
        let sent = match &self.asks {
            Some(asks) => asks.send(Ask::Write(data, answer)).map_err(|_| ended()),
            None => Err(ended()),
        };
        Box::pin(async move {
            sent?;
            answered.await.map_err(|_| ended())?
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.finish(true).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        let Some(answered) = self.give_up() else { return Ok(()) };
        match Handle::try_current() {
            Ok(threads) => {
                threads.spawn_blocking(|| answer_of(answered)).await.map_err(|_| ended())?
            }
            Err(_) => answered.await.map_err(|_| ended())?,
        }
    }
}

impl HdfsUpload {
    fn give_up(&mut self) -> Option<oneshot::Receiver<Result<()>>> {
        let asks = self.asks.take()?;
        let (answer, answered) = oneshot::channel();
        // A task that has ended has removed its file.
        asks.send(Ask::Abort(answer)).ok()?;
        Some(answered)
    }
}

impl Drop for HdfsUpload {
    fn drop(&mut self) {
        // The end of a program waits a moment for what blocks, and for nothing else.
        if let Some(answered) = self.give_up()
            && let Ok(threads) = Handle::try_current()
        {
            threads.spawn_blocking(|| answer_of(answered));
        }
    }
}

fn answer_of(answered: oneshot::Receiver<Result<()>>) -> Result<()> {
    answered.blocking_recv().map_err(|_| ended())?
}

/// The hidden file.
struct Staged {
    client: Arc<LazyClient>,
    connected: Client,
    path: String,
    target: String,
    // Folders that were made for it, outermost first.
    folders: Vec<String>,
    // Taken when it is closed.
    writer: Option<FileWriter>,
    bytes: u64,
    failed: bool,
}

impl Staged {
    async fn create(client: Arc<LazyClient>, location: &Path) -> Result<Self> {
        let connected = client.get().await?.clone();
        let target = of_hdfs(location);
        let (parent, name) = target.rsplit_once('/').unwrap_or(("", &target));
        let folders =
            missing_folders(&connected, parent).await.map_err(|e| client.failed(parent, e))?;
        let path = format!("{parent}/.{name}.{}{UNFINISHED}", unique());
        let options = WriteOptions::default().create_parent(true);
        let writer = connected.create(&path, options).await.map_err(|e| client.failed(&target, e));
        let mut staged = Self {
            client,
            connected,
            path,
            target,
            folders,
            writer: None,
            bytes: 0,
            failed: false,
        };
        match writer {
            Ok(writer) => staged.writer = Some(writer),
            Err(e) => {
                staged.remove().await?;
                return Err(e);
            }
        }
        Ok(staged)
    }

    async fn serve(mut self, mut asked: mpsc::UnboundedReceiver<Ask>) {
        while let Some(ask) = asked.recv().await {
            // Nobody may be waiting for an answer any more; the file's fate does not depend on it.
            match ask {
                Ask::Write(data, answer) => {
                    let written = self.write(data).await;
                    self.failed |= written.is_err();
                    let _ = answer.send(written);
                }
                Ask::Complete { replace, answer } => {
                    let moved = self.complete(replace).await;
                    let is_done = moved.is_ok();
                    let _ = answer.send(moved);
                    if is_done {
                        return;
                    }
                }
                Ask::Abort(answer) => {
                    let _ = answer.send(self.remove().await);
                    return;
                }
            }
        }
        // What cannot be removed now is named by the check.
        let _ = self.remove().await;
    }

    async fn write(&mut self, data: PutPayload) -> Result<()> {
        let writer = self.writer.as_mut().filter(|_| !self.failed).ok_or_else(ended)?;
        for bytes in data {
            self.bytes += bytes.len() as u64;
            let written = writer.write_bytes(bytes).await;
            written.map_err(|e| self.client.failed(&self.target, e))?;
        }
        Ok(())
    }

    async fn complete(&mut self, replace: bool) -> Result<()> {
        if self.failed {
            return Err(ended());
        }
        if let Some(mut writer) = self.writer.take()
            && let Err(e) = writer.close().await
        {
            self.failed = true;
            return Err(self.client.failed(&self.target, e));
        }
        move_file(&self.client, &self.path, &self.target, replace, Some(self.bytes)).await
    }

    async fn remove(&mut self) -> Result<()> {
        self.writer = None;
        let removed = self.connected.delete(&self.path, false).await;
        for folder in self.folders.iter().rev() {
            // Fails for one that has got other files, as it should.
            let _ = self.connected.delete(folder, false).await;
        }
        match removed {
            Ok(_) | Err(HdfsError::FileNotFound(_)) => Ok(()),
            Err(e) => Err(self.client.failed(&self.path, e)),
        }
    }
}

/// Moves a file. An answer that was lost is made good by looking at what is there.
pub(super) async fn move_file(
    client: &LazyClient,
    from: &str,
    to: &str,
    replace: bool,
    bytes: Option<u64>,
) -> Result<()> {
    let connected = client.get().await?;
    let failure = match connected.rename(from, to, replace).await {
        Ok(()) => return Ok(()),
        Err(e) => e,
    };
    let in_doubt = matches!(failure, HdfsError::IOError(_) | HdfsError::FatalRPCError(..));
    if in_doubt
        && matches!(connected.get_file_info(from).await, Err(HdfsError::FileNotFound(_)))
        && let Ok(there) = connected.get_file_info(to).await
        && bytes.is_none_or(|bytes| bytes == there.length as u64)
    {
        return Ok(());
    }
    match client.failed(to, failure) {
        // It is the source that is missing.
        object_store::Error::NotFound { .. } => Err(missing(&client.outer(from))),
        e => Err(e),
    }
}

/// The folders that must be made for `folder` to be there, outermost first.
pub(super) async fn missing_folders(
    client: &Client,
    folder: &str,
) -> hdfs_native::Result<Vec<String>> {
    let mut missing = Vec::new();
    let mut at = folder;
    while !at.is_empty() {
        match client.get_file_info(at).await {
            Ok(_) => break,
            Err(HdfsError::FileNotFound(_)) => missing.push(at.to_owned()),
            Err(e) => return Err(e),
        }
        at = at.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    missing.reverse();
    Ok(missing)
}

/// A name that no other upload has, of this process or another.
fn unique() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{time:x}-{:x}-{number:x}", std::process::id())
}
