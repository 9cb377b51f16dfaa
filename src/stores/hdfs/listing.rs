//! Listings: page by page as the NameNode gives them, a few folders at once, nothing collected.

use std::sync::Arc;

use futures::stream::{BoxStream, SelectAll};
use futures::{StreamExt, TryStreamExt};
use hdfs_native::client::FileStatus;
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

use super::client::LazyClient;
use super::opened::{OpenFiles, of_hdfs};

/// How many folders are listed at once.
const FOLDERS: usize = 8;

/// How many files of one folder are looked at at once, where a listing does not say it all.
const LOOKED_AT: usize = 8;

/// What is in a folder.
enum Entry {
    Folder(String),
    File(ObjectMeta),
}

type Entries = BoxStream<'static, Result<Entry>>;

/// All files at any depth below a folder, in no order. Dropping it ends it.
pub(super) fn below(
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    folder: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let waiting = vec![of_hdfs(&folder.cloned().unwrap_or_default())];
    let walk = Walk { client, files, waiting, listed: SelectAll::new() };
    futures::stream::try_unfold(walk, Walk::next).boxed()
}

struct Walk {
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    // Folders yet to be listed; the last one first, so that they stay few.
    waiting: Vec<String>,
    listed: SelectAll<Entries>,
}

impl Walk {
    async fn next(mut self) -> Result<Option<(ObjectMeta, Self)>> {
        loop {
            while self.listed.len() < FOLDERS
                && let Some(folder) = self.waiting.pop()
            {
                let (client, files) = (Arc::clone(&self.client), Arc::clone(&self.files));
                self.listed.push(entries(client, files, folder));
            }
            match self.listed.next().await.transpose()? {
                None => return Ok(None),
                Some(Entry::Folder(folder)) => self.waiting.push(folder),
                Some(Entry::File(meta)) => return Ok(Some((meta, self))),
            }
        }
    }
}

/// The files and folders directly in a folder.
pub(super) async fn level(
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    folder: Option<&Path>,
) -> Result<ListResult> {
    let mut level = ListResult { common_prefixes: vec![], objects: vec![] };
    let mut found = entries(client, files, of_hdfs(&folder.cloned().unwrap_or_default()));
    while let Some(entry) = found.try_next().await? {
        match entry {
            Entry::Folder(folder) => level.common_prefixes.push(Path::parse(folder)?),
            Entry::File(meta) => level.objects.push(meta),
        }
    }
    Ok(level)
}

/// What a folder holds: nothing if it is missing, is a file or lies below one.
fn entries(client: Arc<LazyClient>, files: Arc<OpenFiles>, folder: String) -> Entries {
    let opened = async move {
        let listing = match client.get().await {
            Ok(connected) => connected.list_status_iter(&folder, false).into_stream(),
            Err(e) => return futures::stream::once(std::future::ready(Err(e))).boxed(),
        };
        let folder: Arc<str> = folder.into();
        let entry = move |status| {
            let (client, files) = (Arc::clone(&client), Arc::clone(&files));
            let folder = Arc::clone(&folder);
            async move {
                match entry(&client, &files, &folder, status).await {
                    // Removed since, or never there.
                    Err(object_store::Error::NotFound { .. }) => None,
                    entry => entry.transpose(),
                }
            }
        };
        let found = listing.map(entry).buffered(LOOKED_AT);
        found.filter_map(std::future::ready).boxed()
    };
    futures::stream::once(opened).flatten().boxed()
}

async fn entry(
    client: &LazyClient,
    files: &OpenFiles,
    folder: &str,
    status: hdfs_native::Result<FileStatus>,
) -> Result<Option<Entry>> {
    let status = status.map_err(|e| client.failed(folder, e))?;
    // A file lists itself.
    if status.path == folder {
        return Ok(None);
    }
    if status.isdir {
        return Ok(Some(Entry::Folder(status.path)));
    }
    let location = Path::parse(&status.path)?;
    Ok(Some(Entry::File(files.listed(client, &location, &status).await?)))
}
