//! Which files a table has: each prefix is listed at most once per statement.
//!
//! All references of a statement to one folder share one [`Book`]. A reference with a partition
//! filter walks folder by folder and enters only those that can match; one without lists all at
//! once. Whatever was listed first stays what the statement sees, so two references with
//! different filters agree about the folders they share.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use tokio::sync::Mutex;

use super::commits::{Commits, LISTS, WriteId, table_folder};
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, PinnedFile, StatementContext};

/// How many folders are listed at once.
const LISTED_AT_ONCE: usize = 16;

/// One folder's own entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    /// Its sub-folders.
    pub(super) folders: Vec<Path>,
    /// Its files.
    pub(super) files: Vec<ObjectMeta>,
}

/// The committed writes of folders, as far as they were asked for.
type KnownCommits = HashMap<Path, Arc<Commits>>;

/// Decides which of some folders are entered; called once per level.
pub(super) type Enter<'a> = &'a (dyn Fn(Vec<Path>) -> Result<Vec<Path>> + Send + Sync);

/// What a statement has listed below one folder.
#[derive(Debug, Default)]
struct Book {
    levels: HashMap<Path, Arc<Level>>,
    // Set once everything was listed; sorted by path.
    everything: Option<Arc<Vec<ObjectMeta>>>,
}

/// Lists the folders of one store for one statement.
#[derive(Clone, Debug)]
pub(super) struct Lister {
    context: Arc<StatementContext>,
    catalog: String,
    store: OpenedStore,
}

impl Lister {
    /// The lister of a catalog's store.
    pub(super) fn new(context: &Arc<StatementContext>, catalog: &str, store: &OpenedStore) -> Self {
        Self { context: Arc::clone(context), catalog: catalog.to_owned(), store: store.clone() }
    }

    /// The statement that lists.
    pub(super) fn context(&self) -> &Arc<StatementContext> {
        &self.context
    }

    fn key(&self, root: &Path) -> String {
        format!("{}:{root}", self.catalog)
    }

    async fn book(&self, root: &Path) -> Result<Arc<Mutex<Book>>> {
        let key = format!("listing {}", self.key(root));
        self.context.once(key, async { Ok(Mutex::new(Book::default())) }).await
    }

    /// The entries of `root` itself.
    pub(super) async fn level(&self, root: &Path) -> Result<Arc<Level>> {
        let book = self.book(root).await?;
        let mut book = book.lock().await;
        self.level_of(&mut book, root, root).await
    }

    /// All files below `root`, sorted by path.
    pub(super) async fn everything(&self, root: &Path) -> Result<Arc<Vec<ObjectMeta>>> {
        let book = self.book(root).await?;
        let mut book = book.lock().await;
        if let Some(files) = &book.everything {
            return Ok(Arc::clone(files));
        }
        let mut files = match self.replayed(root, root, true)? {
            Some(pinned) => self.verify(pinned).await?,
            None => self.list_all(root).await?,
        };
        // Folders that were listed before keep what they had then.
        let known: Vec<_> = book.levels.iter().collect();
        if !known.is_empty() {
            files
                .retain(|file| !known.iter().any(|(folder, _)| parent(&file.location) == **folder));
            files.extend(known.iter().flat_map(|(_, level)| level.files.iter().cloned()));
        }
        self.still_committed().await?;
        files.sort_by(|a, b| a.location.cmp(&b.location));
        self.pin(root, &format!("{root}/**"), &files);
        let files = Arc::new(files);
        book.everything = Some(Arc::clone(&files));
        Ok(files)
    }

    /// The files below `root` in the folders that `enter` lets through, sorted by path.
    pub(super) async fn walk(&self, root: &Path, enter: Enter<'_>) -> Result<Vec<ObjectMeta>> {
        let book = self.book(root).await?;
        let mut book = book.lock().await;
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while !folders.is_empty() {
            let mut below = Vec::new();
            for level in self.levels_of(&mut book, root, &folders).await? {
                files.extend(level.files.iter().cloned());
                below.extend(level.folders.iter().cloned());
            }
            folders = if below.is_empty() { below } else { enter(below)? };
        }
        self.still_committed().await?;
        files.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(files)
    }

    /// Several levels at once: known ones from the book, the others from the store.
    async fn levels_of(
        &self,
        book: &mut Book,
        root: &Path,
        folders: &[Path],
    ) -> Result<Vec<Arc<Level>>> {
        if book.everything.is_none() && self.context.read_point().replayed().is_none() {
            let missing: Vec<Path> = folders
                .iter()
                .filter(|folder| !book.levels.contains_key(*folder))
                .cloned()
                .collect();
            let listed: Vec<(Path, Level)> = futures::stream::iter(missing)
                .map(|folder| async move {
                    let level = self.list_level(&folder).await?;
                    Ok::<_, Error>((folder, level))
                })
                .buffered(LISTED_AT_ONCE)
                .try_collect()
                .await?;
            for (folder, level) in listed {
                self.pin(root, folder.as_ref(), &level.files);
                book.levels.insert(folder, Arc::new(level));
            }
        }
        let mut levels = Vec::with_capacity(folders.len());
        for folder in folders {
            levels.push(self.level_of(book, root, folder).await?);
        }
        Ok(levels)
    }

    async fn level_of(&self, book: &mut Book, root: &Path, folder: &Path) -> Result<Arc<Level>> {
        if let Some(level) = book.levels.get(folder) {
            return Ok(Arc::clone(level));
        }
        let level = if let Some(files) = &book.everything {
            level_within(folder, files)
        } else if let Some(pinned) = self.replayed(root, folder, false)? {
            level_within(folder, &self.verify(pinned).await?)
        } else {
            self.list_level(folder).await?
        };
        self.pin(root, folder.as_ref(), &level.files);
        let level = Arc::new(level);
        book.levels.insert(folder.clone(), Arc::clone(&level));
        Ok(level)
    }

    async fn list_level(&self, folder: &Path) -> Result<Level> {
        loop {
            let known = self.known_commits().await?;
            let listed = self.store.store.list_with_delimiter(Some(folder)).await;
            let listed = listed.map_err(|e| self.failed(folder, e))?;
            self.context.receipt().add(&self.store.location, "listings", 1);
            let mut level = Level { folders: listed.common_prefixes, files: listed.objects };
            let marks = level.folders.iter().chain(level.files.iter().map(|file| &file.location));
            if self.learn_commits(&known, marks).await? {
                continue;
            }
            level.folders.retain(|path| shown(folder, path));
            level.files.retain(|file| shown(folder, &file.location) && committed(&known, file));
            level.folders.sort();
            level.files.sort_by(|a, b| a.location.cmp(&b.location));
            return Ok(level);
        }
    }

    async fn list_all(&self, root: &Path) -> Result<Vec<ObjectMeta>> {
        loop {
            let known = self.known_commits().await?;
            self.context.receipt().add(&self.store.location, "listings", 1);
            let listed = self.store.store.list(Some(root)).try_collect().await;
            let mut listed: Vec<ObjectMeta> = listed.map_err(|e| self.failed(root, e))?;
            if self.learn_commits(&known, listed.iter().map(|file| &file.location)).await? {
                continue;
            }
            listed.retain(|file| shown(root, &file.location) && committed(&known, file));
            return Ok(listed);
        }
    }

    async fn commits(&self) -> Result<Arc<Mutex<KnownCommits>>> {
        let key = format!("commits {}", self.catalog);
        self.context.once(key, async { Ok(Mutex::default()) }).await
    }

    /// What the statement knows of committed writes before it lists.
    async fn known_commits(&self) -> Result<KnownCommits> {
        Ok(self.commits().await?.lock().await.clone())
    }

    /// Reads the lists of writes that a listing shows and that were not known before it; true when
    /// there were any. Files are listed again then: lists must be older than the listing, or a
    /// write that is committed in between would be seen in part.
    async fn learn_commits<'a>(
        &self,
        known: &KnownCommits,
        listed: impl Iterator<Item = &'a Path>,
    ) -> Result<bool> {
        let mut folders: Vec<Path> = listed.filter_map(marked_folder).collect();
        folders.sort();
        folders.dedup();
        folders.retain(|folder| !known.contains_key(folder));
        if folders.is_empty() {
            return Ok(false);
        }
        let commits = self.commits().await?;
        let mut commits = commits.lock().await;
        for folder in folders {
            if let Entry::Vacant(unknown) = commits.entry(folder) {
                let read = Commits::read(&self.store, unknown.key()).await?;
                unknown.insert(Arc::new(read));
            }
        }
        Ok(true)
    }

    /// Fails when files were replaced while they were listed.
    async fn still_committed(&self) -> Result<()> {
        for (folder, commits) in self.known_commits().await? {
            commits.still_hold(&self.store, &folder).await?;
        }
        Ok(())
    }

    /// One file by its path; `None` when there is none.
    pub(super) async fn file(&self, path: &Path) -> Result<Option<ObjectMeta>> {
        let folder = parent(path);
        let level = self.level(&folder).await?;
        Ok(level.files.iter().find(|file| file.location == *path).cloned())
    }

    fn pin(&self, root: &Path, prefix: &str, files: &[ObjectMeta]) {
        let files = files.iter().map(|file| PinnedFile {
            path: file.location.to_string(),
            size: file.size,
            modified: file.last_modified,
            etag: file.e_tag.clone(),
        });
        self.context.read_point().pin_listing(&self.key(root), prefix, files.collect());
    }

    /// What a replayed read point has of a folder, with all below it if `deep`.
    fn replayed(&self, root: &Path, folder: &Path, deep: bool) -> Result<Option<Vec<PinnedFile>>> {
        let Some(point) = self.context.read_point().replayed() else { return Ok(None) };
        let outer = self.store.outer(folder);
        let Some(listing) = point.listings.get(&self.key(root)) else {
            return Err(Error::not_found(format!("{outer} is not in the read point"))
                .with_hint("RESET read_point to read what is there now"));
        };
        let whole = format!("{root}/**");
        let covered = listing
            .prefixes
            .iter()
            .any(|prefix| *prefix == whole || (!deep && prefix.as_str() == folder.as_ref()));
        if !covered {
            return Err(Error::not_found(format!("{outer} was not listed under the read point"))
                .with_hint("run the statement whose read point it is, or RESET read_point"));
        }
        let mut files: Vec<PinnedFile> = Vec::new();
        for file in &listing.files {
            let path = Path::from(file.path.as_str());
            if path.prefix_matches(folder) && !files.iter().any(|known| known.path == file.path) {
                files.push(file.clone());
            }
        }
        Ok(Some(files))
    }

    /// The pinned files as they are now.
    ///
    /// # Errors
    /// `Gone` when one of them is missing or has changed.
    async fn verify(&self, pinned: Vec<PinnedFile>) -> Result<Vec<ObjectMeta>> {
        futures::stream::iter(pinned)
            .map(|file| async move {
                let path = Path::parse(&file.path).map_err(|e| Error::corrupt(e.to_string()))?;
                let outer = self.store.outer(&path);
                let found = self.store.store.get_opts(&path, head()).await;
                let meta = match found {
                    Ok(found) => found.meta,
                    Err(object_store::Error::NotFound { .. }) => {
                        return Err(Error::gone(format!(
                            "{outer} of the read point does not exist any more"
                        )));
                    }
                    Err(e) => return Err(self.failed(&path, e)),
                };
                let same = meta.size == file.size
                    && meta.last_modified == file.modified
                    && (file.etag.is_none() || meta.e_tag == file.etag);
                if !same {
                    return Err(Error::gone(format!("{outer} has changed since the read point"))
                        .with_hint("RESET read_point to read what is there now"));
                }
                Ok(meta)
            })
            .buffered(LISTED_AT_ONCE)
            .try_collect()
            .await
    }

    fn failed(&self, path: &Path, error: object_store::Error) -> Error {
        store_error(&self.store.outer(path), error)
    }
}

fn head() -> object_store::GetOptions {
    object_store::GetOptions { head: true, ..Default::default() }
}

/// A store's error in words, by kind.
pub(super) fn store_error(outer: &str, error: object_store::Error) -> Error {
    let error_of =
        |constructor: fn(String) -> Error, text: &str| constructor(format!("{outer}: {text}"));
    match &error {
        object_store::Error::NotFound { .. } => error_of(Error::not_found, "does not exist"),
        object_store::Error::PermissionDenied { .. } => {
            error_of(Error::denied, "permission denied")
        }
        object_store::Error::Unauthenticated { .. } => {
            error_of(Error::unauthenticated, "the store does not know who asks")
        }
        object_store::Error::Precondition { .. } => {
            error_of(Error::gone, "has changed while it was read")
        }
        other => {
            // A local file's permission error is a generic one.
            let denied =
                std::iter::successors(Some(other as &(dyn std::error::Error + 'static)), |error| {
                    error.source()
                })
                .filter_map(|error| error.downcast_ref::<std::io::Error>())
                .any(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
            if denied {
                error_of(Error::denied, "permission denied")
            } else {
                error_of(Error::unavailable, &other.to_string())
            }
        }
    }
    .with_source(error)
}

/// The folder of a path.
pub(super) fn parent(path: &Path) -> Path {
    let mut parts: Vec<_> = path.parts().collect();
    parts.pop();
    Path::from_iter(parts)
}

/// The table folder of a path that a write of ours has left: a list, or a file with a write's id.
fn marked_folder(path: &Path) -> Option<Path> {
    let parts: Vec<_> = path.parts().collect();
    if let Some(at) = parts.iter().position(|part| part.as_ref() == LISTS) {
        return Some(Path::from_iter(parts.into_iter().take(at)));
    }
    path.filename().and_then(WriteId::of_name).map(|_| table_folder(&parent(path)))
}

/// Whether a file is of no write of ours, or of one that was committed.
fn committed(known: &KnownCommits, file: &ObjectMeta) -> bool {
    known.get(&table_folder(&parent(&file.location))).is_none_or(|c| c.shows(&file.location))
}

/// Whether no part below `root` starts with `.` or `_`: those are marks of other systems.
fn shown(root: &Path, path: &Path) -> bool {
    path.prefix_match(root)
        .is_some_and(|mut parts| parts.all(|part| !part.as_ref().starts_with(['.', '_'])))
}

/// The level of a folder within a full listing.
fn level_within(folder: &Path, files: &[ObjectMeta]) -> Level {
    let mut folders = BTreeMap::new();
    let mut level = Level::default();
    for file in files {
        let Some(parts) = file.location.prefix_match(folder) else { continue };
        let parts: Vec<_> = parts.collect();
        match parts.as_slice() {
            [_] => level.files.push(file.clone()),
            [first, ..] => {
                folders.insert(folder.clone().join(first.clone()), ());
            }
            [] => {}
        }
    }
    level.folders = folders.into_keys().collect();
    level
}
