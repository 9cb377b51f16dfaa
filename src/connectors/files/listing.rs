//! Which files a table has: each prefix is listed at most once per statement.
//!
//! All references of a statement to one folder share one [`Book`]. A reference with a partition
//! filter walks folder by folder and enters only those that can match; one without lists all at
//! once. Whatever was listed first stays what the statement sees, so two references with
//! different filters agree about the folders they share.
//!
//! What a table's files are is pinned, and a replay takes it from its read point; finding tables is
//! not, and always looks at what is there now.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use tokio::sync::Mutex;

use super::commits::{Commits, LISTS, WriteId, table_folder};
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, PinnedFile, PinnedListing, StatementContext, store_error};

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

impl Book {
    /// Whether a folder above a newly found file was listed before, so that what it had then
    /// counts: the file is among it already, or came later.
    fn knows_better(&self, file: &Path) -> bool {
        let mut inner = file.clone();
        loop {
            let folder = parent(&inner);
            if let Some(level) = self.levels.get(&folder) {
                return inner == *file || !level.folders.contains(&inner);
            }
            if folder == inner {
                return false;
            }
            inner = folder;
        }
    }
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
        let store = store.counted_for(context);
        Self { context: Arc::clone(context), catalog: catalog.to_owned(), store }
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

    /// Whether the statement follows a read point.
    pub(super) fn is_replay(&self) -> bool {
        self.context.read_point().replayed().is_some()
    }

    /// The entries of a folder as they are now, to find tables in: nothing is pinned.
    pub(super) async fn level(&self, folder: &Path) -> Result<Arc<Level>> {
        if self.is_replay() {
            let key = format!("tables {}", self.key(folder));
            return self.context.once(key, self.list_level(folder)).await;
        }
        let book = self.book(folder).await?;
        let mut book = book.lock().await;
        self.level_of(&mut book, folder, folder).await
    }

    /// How many folders `root`, which holds a table's files, has by itself.
    pub(super) async fn width(&self, root: &Path) -> Result<usize> {
        let book = self.book(root).await?;
        let mut book = book.lock().await;
        Ok(self.level_of(&mut book, root, root).await?.folders.len())
    }

    /// All files below `root`, sorted by path.
    pub(super) async fn everything(&self, root: &Path) -> Result<Arc<Vec<ObjectMeta>>> {
        let book = self.book(root).await?;
        let mut book = book.lock().await;
        if let Some(files) = &book.everything {
            return Ok(Arc::clone(files));
        }
        let mut files = match self.replayed(root, root, true)? {
            Some(pinned) => files_below(root, pinned)?,
            None => self.list_all(root).await?,
        };
        // Folders that were listed before keep what they had then.
        if !book.levels.is_empty() {
            files.retain(|file| !book.knows_better(&file.location));
            files.extend(book.levels.values().flat_map(|level| level.files.iter().cloned()));
        }
        self.still_committed().await?;
        files.sort_by(|a, b| a.location.cmp(&b.location));
        self.pin(root, &format!("{root}/**"), &[], &files);
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
            let levels = self.levels_of(&mut book, root, &folders).await?;
            for (folder, level) in folders.iter().zip(levels) {
                self.pin(root, folder.as_ref(), &level.folders, &level.files);
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
        if book.everything.is_none() && !self.is_replay() {
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
            book.levels.extend(listed.into_iter().map(|(folder, level)| (folder, Arc::new(level))));
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
            level_within(folder, files, [].iter())
        } else if let Some(pinned) = self.replayed(root, folder, false)? {
            let folders = pinned.folders.iter().map(Path::parse);
            let folders: Vec<Path> = folders.collect::<Result<_, _>>().map_err(unreadable)?;
            level_within(folder, &files_below(folder, pinned)?, folders.iter())
        } else {
            self.list_level(folder).await?
        };
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

    fn pin(&self, root: &Path, prefix: &str, folders: &[Path], files: &[ObjectMeta]) {
        let folders = folders.iter().map(ToString::to_string);
        let files = files.iter().map(|file| {
            let pinned = PinnedFile {
                size: file.size,
                modified: file.last_modified,
                etag: file.e_tag.clone(),
            };
            (file.location.to_string(), pinned)
        });
        self.context.read_point().pin_listing(&self.key(root), prefix, folders, files);
    }

    /// Pins a file that is a table by itself.
    pub(super) fn pin_file(&self, file: &ObjectMeta) {
        self.pin(&file.location, file.location.as_ref(), &[], std::slice::from_ref(file));
    }

    /// The file that a replayed read point has as a table by itself.
    pub(super) fn pinned_file(&self, path: &Path) -> Result<ObjectMeta> {
        let pinned = self.replayed(path, path, false)?;
        let file = pinned.and_then(|pinned| pinned.files.get(path.as_ref()));
        let file = file.ok_or_else(|| unreadable(format!("{path} has no file")))?;
        Ok(meta(path.clone(), file))
    }

    /// What a replayed read point has of a folder, with all below it if `deep`.
    fn replayed(&self, root: &Path, folder: &Path, deep: bool) -> Result<Option<&PinnedListing>> {
        let outer = self.store.outer(folder);
        let Some(listing) = self.context.read_point().listing(&self.key(root), &outer)? else {
            return Ok(None);
        };
        let covered = listing.prefixes.contains(&format!("{root}/**"))
            || (!deep && listing.prefixes.contains(folder.as_ref()));
        if covered {
            return Ok(Some(listing));
        }
        Err(Error::not_found(format!("{outer} was not listed under the read point"))
            .with_hint("run the statement whose read point it is, or RESET read_point"))
    }

    /// Holds files that are about to be read against what the read point says of them.
    ///
    /// # Errors
    /// `Gone` when one of them is missing or has changed.
    pub(super) async fn verify(&self, files: Vec<ObjectMeta>) -> Result<()> {
        if !self.is_replay() {
            return Ok(());
        }
        futures::stream::iter(files)
            .map(|file| async move {
                let key = format!("pinned {}:{}", self.catalog, file.location);
                self.context.once(key, self.verify_one(&file)).await
            })
            .buffered(LISTED_AT_ONCE)
            .try_for_each(|_| std::future::ready(Ok(())))
            .await
    }

    async fn verify_one(&self, file: &ObjectMeta) -> Result<()> {
        let outer = self.store.outer(&file.location);
        let gone = |what: &str| {
            Error::gone(format!("{outer} {what}"))
                .with_hint("RESET read_point to read what is there now")
        };
        let found = match self.store.store.get_opts(&file.location, head()).await {
            Ok(found) => found.meta,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(gone("of the read point does not exist any more"));
            }
            Err(e) => return Err(self.failed(&file.location, e)),
        };
        let same = found.size == file.size
            && found.last_modified == file.last_modified
            && (file.e_tag.is_none() || found.e_tag == file.e_tag);
        if same { Ok(()) } else { Err(gone("has changed since the read point")) }
    }

    fn failed(&self, path: &Path, error: object_store::Error) -> Error {
        store_error(&self.store.outer(path), error)
    }
}

fn head() -> object_store::GetOptions {
    object_store::GetOptions { head: true, ..Default::default() }
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

fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("the read point cannot be understood: {reason}"))
}

fn meta(location: Path, file: &PinnedFile) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: file.modified,
        size: file.size,
        e_tag: file.etag.clone(),
        version: None,
    }
}

/// The pinned files below a folder.
fn files_below(folder: &Path, pinned: &PinnedListing) -> Result<Vec<ObjectMeta>> {
    let mut files = Vec::new();
    for (path, file) in &pinned.files {
        let path = Path::parse(path).map_err(unreadable)?;
        if path.prefix_matches(folder) {
            files.push(meta(path, file));
        }
    }
    Ok(files)
}

/// The level of a folder within a full listing, which may name folders without files too.
fn level_within<'a>(
    folder: &Path,
    files: &[ObjectMeta],
    known: impl Iterator<Item = &'a Path>,
) -> Level {
    let mut folders: BTreeSet<Path> =
        known.filter(|known| parent(known) == *folder && *known != folder).cloned().collect();
    let mut level = Level::default();
    for file in files {
        let Some(parts) = file.location.prefix_match(folder) else { continue };
        let parts: Vec<_> = parts.collect();
        match parts.as_slice() {
            [_] => level.files.push(file.clone()),
            [first, ..] => {
                folders.insert(folder.clone().join(first.clone()));
            }
            [] => {}
        }
    }
    level.folders = folders.into_iter().collect();
    level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spi::{ReadPointBook, SluiceSettings};
    use object_store::memory::InMemory;
    use object_store::{ObjectStoreExt, PutPayload};

    async fn lister(paths: &[&str]) -> Lister {
        let store = Arc::new(InMemory::new());
        let book = ReadPointBook::new(chrono::Utc::now(), "UTC");
        let settings = SluiceSettings::default();
        let context = StatementContext::new("q", settings, "UTC", book, Arc::default());
        let opened = OpenedStore {
            store,
            path: Path::default(),
            location: "memory:".to_owned(),
            root: "memory:/".to_owned(),
        };
        let lister = Lister::new(&Arc::new(context), "c", &opened);
        add(&lister, paths).await;
        lister
    }

    async fn add(lister: &Lister, paths: &[&str]) {
        for path in paths {
            lister.store.store.put(&Path::from(*path), PutPayload::default()).await.unwrap();
        }
    }

    fn paths(files: &[ObjectMeta]) -> Vec<&str> {
        files.iter().map(|file| file.location.as_ref()).collect()
    }

    #[tokio::test]
    async fn a_folder_keeps_the_files_that_it_had_when_it_was_first_listed() {
        let lister = lister(&["t/d=1/a", "t/d=2/a"]).await;
        let root = Path::from("t");
        let first = |folders: Vec<Path>| Ok(folders.into_iter().take(1).collect());
        assert_eq!(paths(&lister.walk(&root, &first).await.unwrap()), ["t/d=1/a"]);
        add(&lister, &["t/d=1/b", "t/d=2/b", "t/d=3/a", "t/a"]).await;
        // d=2 was seen and not listed: what it has is what it has now.
        let seen = ["t/d=1/a", "t/d=2/a", "t/d=2/b"];
        assert_eq!(paths(&lister.everything(&root).await.unwrap()), seen);
        add(&lister, &["t/d=2/c"]).await;
        assert_eq!(paths(&lister.walk(&root, &Ok).await.unwrap()), seen);
        let point = lister.context.read_point().pinned();
        let pinned: Vec<&str> = point.listings["c:t"].files.keys().map(String::as_str).collect();
        assert_eq!(pinned, seen);
    }

    #[tokio::test]
    async fn finding_tables_pins_nothing() {
        let lister = lister(&["s/t/a", "s/u"]).await;
        let level = lister.level(&Path::from("s")).await.unwrap();
        assert_eq!((level.folders.len(), level.files.len()), (1, 1));
        assert!(lister.context.read_point().pinned().is_empty());
    }
}
