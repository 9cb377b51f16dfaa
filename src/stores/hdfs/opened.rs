//! Files kept open: where their blocks are is asked once, not for every range.
//!
//! A file of HDFS never changes but at its end, and its blocks never move to another file: a reader
//! that is kept gives the content that it was opened for, also when the name has got another file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use hdfs_native::client::FileStatus;
use hdfs_native::file::FileReader;
use object_store::path::Path;
use object_store::{ObjectMeta, Result};

use super::client::LazyClient;
use super::error::missing;

/// How many files are kept. Each costs a few hundred bytes for a block.
const KEPT: usize = 256;

/// One content of a file.
#[derive(Clone)]
pub(super) struct Opened {
    /// As it is listed.
    pub(super) meta: ObjectMeta,
    /// Gives its bytes, and those only.
    pub(super) reader: Arc<FileReader>,
}

/// The files that were last read, the last one first.
#[derive(Default)]
pub(super) struct OpenFiles(Mutex<VecDeque<Opened>>);

impl std::fmt::Debug for OpenFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenFiles")
    }
}

impl OpenFiles {
    /// The kept content of a file with this tag, without asking anybody.
    pub(super) fn kept(&self, location: &Path, tag: &str) -> Option<Opened> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |file: &Opened| {
            file.meta.location == *location && file.meta.e_tag.as_deref() == Some(tag)
        };
        let at = files.iter().position(is_it)?;
        let file = files.remove(at)?;
        files.push_front(file.clone());
        Some(file)
    }

    fn keep(&self, file: Opened) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|kept| kept.meta.location != file.meta.location);
        files.push_front(file);
        files.truncate(KEPT);
    }

    /// Forgets what is known of a file: it was replaced, or its blocks have moved.
    pub(super) fn forget(&self, location: &Path) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|kept| kept.meta.location != *location);
    }

    /// Opens a file whose status is known; a kept one with the same content is taken.
    pub(super) async fn open(
        &self,
        client: &LazyClient,
        location: &Path,
        status: &FileStatus,
    ) -> Result<Opened> {
        let length = status.length as u64;
        if let Some(file) = self.kept(location, &tag(status, length)) {
            return Ok(file);
        }
        let path = of_hdfs(location);
        let reader = client.get().await?.read(&path).await.map_err(|e| client.failed(&path, e))?;
        // A file that is being written is longer than what readers may see of it.
        let length = length.min(reader.file_length() as u64);
        let file = Opened { meta: meta(location, status, length), reader: Arc::new(reader) };
        self.keep(file.clone());
        Ok(file)
    }

    /// What a listing says of a file. The length of one that seems to be open is looked up.
    pub(super) async fn listed(
        &self,
        client: &LazyClient,
        location: &Path,
        status: &FileStatus,
    ) -> Result<ObjectMeta> {
        if may_be_open(status) {
            return Ok(self.open(client, location, status).await?.meta);
        }
        Ok(meta(location, status, status.length as u64))
    }
}

/// Whether a file may still be written. Both of its times are set when it is made, and the time of
/// its last change again when it is closed.
fn may_be_open(status: &FileStatus) -> bool {
    status.length > 0 && status.modification_time == status.access_time
}

/// The name of a content: when it was last changed, and its length.
fn tag(status: &FileStatus, length: u64) -> String {
    format!("{:x}-{length:x}", status.modification_time)
}

fn meta(location: &Path, status: &FileStatus, size: u64) -> ObjectMeta {
    ObjectMeta {
        location: location.clone(),
        last_modified: modified(status),
        size,
        e_tag: Some(tag(status, size)),
        version: None,
    }
}

fn modified(status: &FileStatus) -> DateTime<Utc> {
    i64::try_from(status.modification_time)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}

/// The content that `tag` names, if `found` has begun with it: a file that has grown since.
pub(super) fn grown_from(found: &ObjectMeta, tag: &str) -> Option<ObjectMeta> {
    let (modified, size) = tag.split_once('-')?;
    let size = u64::from_str_radix(size, 16).ok()?;
    let same_time = found.e_tag.as_deref()?.split_once('-')?.0 == modified;
    (same_time && size <= found.size).then(|| ObjectMeta {
        size,
        e_tag: Some(tag.to_owned()),
        ..found.clone()
    })
}

/// The status of a file, not of a folder.
pub(super) async fn status(client: &LazyClient, location: &Path) -> Result<FileStatus> {
    let path = of_hdfs(location);
    let status = client.get().await?.get_file_info(&path).await;
    let status = status.map_err(|e| client.failed(&path, e))?;
    if status.isdir { Err(missing(&client.outer(&path))) } else { Ok(status) }
}

/// A path of the store as HDFS names it.
pub(super) fn of_hdfs(location: &Path) -> String {
    format!("/{location}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_grown_still_has_its_beginning() {
        let found = ObjectMeta {
            location: Path::from("a"),
            last_modified: DateTime::default(),
            size: 32,
            e_tag: Some("ff-20".to_owned()),
            version: None,
        };
        assert_eq!(grown_from(&found, "ff-10").unwrap().size, 16);
        assert!(grown_from(&found, "ff-21").is_none());
        assert!(grown_from(&found, "fe-10").is_none());
        assert!(grown_from(&found, "other").is_none());
    }
}
