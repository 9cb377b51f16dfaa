//! A local file being written: under another name beside its own, moved there when it is whole.
//!
//! The store of `object_store` stages files, too, but hides what a killed process leaves from its
//! own listings and keeps the folders it made for a write that failed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, UploadPart};

use crate::spi::UNFINISHED;

/// A file on its way.
#[derive(Debug)]
pub(super) struct LocalUpload {
    target: PathBuf,
    // Emptied when it is completed or aborted.
    staged: Option<Staged>,
}

#[derive(Debug)]
struct Staged {
    path: PathBuf,
    file: Arc<Mutex<File>>,
    // Folders that were made for it, outermost first.
    folders: Vec<PathBuf>,
    moved: bool,
}

impl LocalUpload {
    /// Makes the staged file and the folders above it.
    pub(super) fn begin(target: PathBuf) -> std::io::Result<Self> {
        let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let parent = target.parent().unwrap_or(Path::new("/")).to_owned();
        let mut folders = Vec::new();
        let mut number = 0;
        loop {
            let process = std::process::id();
            let path = parent.join(format!(".{name}.{process:x}-{number}{UNFINISHED}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let staged =
                        Staged { path, file: Arc::new(Mutex::new(file)), folders, moved: false };
                    return Ok(Self { target, staged: Some(staged) });
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(e) if e.kind() == ErrorKind::NotFound && folders.is_empty() => {
                    let missing = parent.ancestors().take_while(|folder| !folder.exists());
                    folders = missing.map(Path::to_owned).collect();
                    folders.reverse();
                    std::fs::create_dir_all(&parent)?;
                }
                Err(e) => return Err(e),
            }
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.moved {
            return;
        }
        // Wherever a statement ends, in a task or a closure that never ran, it comes here. What
        // cannot be removed now is named by the check.
        let _ = std::fs::remove_file(&self.path);
        for folder in self.folders.iter().rev() {
            // Fails for one that has got other files, as it should.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: source.into() }
}

/// Runs file calls where they may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> object_store::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(failed)?.map_err(failed)
}

/// Begins a file where making it may block.
pub(super) async fn begin(target: PathBuf) -> object_store::Result<LocalUpload> {
    blocking(move || LocalUpload::begin(target)).await
}

#[async_trait]
impl MultipartUpload for LocalUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let file = self.staged.as_ref().map(|staged| Arc::clone(&staged.file));
        Box::pin(async move {
            let file = file.ok_or_else(|| failed("the upload has ended"))?;
            blocking(move || {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                data.iter().try_for_each(|bytes| file.write_all(bytes))
            })
            .await
        })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        let staged = self.staged.as_ref().ok_or_else(|| failed("the upload has ended"))?;
        let (file, from, to) = (Arc::clone(&staged.file), staged.path.clone(), self.target.clone());
        blocking(move || {
            // The name must not outlive a crash that the content does not.
            file.lock().unwrap_or_else(PoisonError::into_inner).sync_all()?;
            std::fs::rename(from, to)
        })
        .await?;
        if let Some(mut staged) = self.staged.take() {
            staged.moved = true;
        }
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        let Some(staged) = self.staged.take() else { return Ok(()) };
        blocking(move || {
            drop(staged);
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_that_ends_early_leaves_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a/b/c.txt");
        let mut upload = begin(target.clone()).await.unwrap();
        upload.put_part("text".into()).await.unwrap();
        assert!(target.parent().unwrap().exists());
        drop(upload);
        assert!(!folder.path().join("a").exists());
    }

    #[tokio::test]
    async fn a_completed_upload_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("c.txt");
        std::fs::write(&target, "old").unwrap();
        let mut upload = begin(target.clone()).await.unwrap();
        upload.put_part("new".into()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        upload.complete().await.unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
