//! Writes of several files: which of them have been committed.
//!
//! The names of the files of one write carry its id, and a list of them is written last:
//! `_sluice/<id>.json` in the table's folder. Files whose id has no list are not there for us, so
//! a reader sees all of a write or nothing. The list of a write that replaced other files names
//! those too: they are not there any more, even while they are still being deleted.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use chrono::{DateTime, Utc};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::partition::key_value;
use crate::error::{Error, Result};
use crate::spi::OpenedStore;
use crate::spi::store_error;

/// The folder of the lists.
pub(super) const LISTS: &str = "_sluice";

/// How the name of the list of a write ends that replaced other files.
const REPLACED: &str = ".replaced.json";

/// How the names of all lists end.
const LIST: &str = ".json";

/// `20260901T084530` and 16 hexadecimal digits.
const ID_LENGTH: usize = 31;

/// The name of one write.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct WriteId(String);

impl fmt::Display for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl WriteId {
    /// A new one: when it began, and chance.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let chance = RandomState::new().build_hasher().finish();
        Self(format!("{}{chance:016x}", now.format("%Y%m%dT%H%M%S")))
    }

    /// The name of a file of this write.
    pub(super) fn file_name(&self, number: usize, extension: &str) -> String {
        format!("part-{number:05}.w{self}.{extension}")
    }

    /// The write that a file's name carries; `None` for files of anyone else.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        name.split('.').find_map(|part| part.strip_prefix('w').and_then(Self::parse))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let fits = bytes.len() == ID_LENGTH
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                8 => *byte == b'T',
                0..15 => byte.is_ascii_digit(),
                _ => byte.is_ascii_hexdigit(),
            });
        fits.then(|| Self(text.to_owned()))
    }
}

/// The content of a list.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    files: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<String>,
}

/// The folder whose writes decide about the files of a folder: the first above that is no
/// partition. It is the same for whoever asks, whether for the table or for one of its partitions.
pub(super) fn table_folder(folder: &Path) -> Path {
    let mut parts: Vec<_> = folder.parts().collect();
    while parts.last().is_some_and(|part| key_value(part.as_ref()).is_some()) {
        parts.pop();
    }
    Path::from_iter(parts)
}

/// Writes the list that makes a write visible.
pub(super) async fn commit(
    store: &OpenedStore,
    folder: &Path,
    id: &WriteId,
    files: &[Path],
    replaced: &[Path],
) -> Result<()> {
    let texts = |paths: &[Path]| paths.iter().map(|path| path.as_ref().to_owned()).collect();
    let list = List { files: texts(files), replaced: texts(replaced) };
    let text = serde_json::to_vec(&list).map_err(|e| Error::internal(e.to_string()))?;
    let end = if replaced.is_empty() { LIST } else { REPLACED };
    let path = folder.clone().join(LISTS).join(format!("{id}{end}"));
    let put = store.store.put(&path, text.into()).await;
    put.map(drop).map_err(|e| store_error(&store.outer(&path), e))
}

/// The writes of a folder that have been committed.
#[derive(Debug, Default)]
pub(super) struct Commits {
    writes: HashSet<WriteId>,
    replacing: BTreeSet<Path>,
    replaced: HashSet<String>,
}

impl Commits {
    /// Reads the lists of a folder. Ordinary ones by name alone: the id is all that is needed.
    pub(super) async fn read(store: &OpenedStore, folder: &Path) -> Result<Self> {
        let mut commits = Self::default();
        for path in lists(store, folder).await? {
            let Some(name) = path.filename() else { continue };
            let replaces = name.ends_with(REPLACED);
            let id = name.strip_suffix(REPLACED).or_else(|| name.strip_suffix(LIST));
            let Some(id) = id.and_then(WriteId::parse) else { continue };
            commits.writes.insert(id);
            if replaces {
                let outer = store.outer(&path);
                let failed = |e| store_error(&outer, e);
                let bytes = store.store.get(&path).await.map_err(failed)?.bytes().await;
                let list: List = serde_json::from_slice(&bytes.map_err(failed)?)
                    .map_err(|e| Error::corrupt(format!("{outer}: {e}")))?;
                commits.replaced.extend(list.replaced);
                commits.replacing.insert(path);
            }
        }
        Ok(commits)
    }

    /// Whether a file is there: of no write of ours or of a committed one, and not replaced.
    pub(super) fn shows(&self, file: &Path) -> bool {
        let written = file.filename().and_then(WriteId::of_name);
        written.is_none_or(|id| self.writes.contains(&id)) && !self.replaced.contains(file.as_ref())
    }

    /// Fails when files have been replaced since this was read: some of the old ones may have been
    /// deleted before they could be listed.
    ///
    /// # Errors
    /// `Unavailable`, worth another try.
    pub(super) async fn still_hold(&self, store: &OpenedStore, folder: &Path) -> Result<()> {
        let now = lists(store, folder).await?;
        let mut replacing =
            now.iter().filter(|path| path.filename().is_some_and(|name| name.ends_with(REPLACED)));
        if replacing.all(|path| self.replacing.contains(path)) {
            return Ok(());
        }
        let outer = store.outer(folder);
        Err(Error::unavailable(format!("{outer} was replaced while it was listed"))
            .with_hint("run the statement again")
            .retry_later())
    }
}

async fn lists(store: &OpenedStore, folder: &Path) -> Result<Vec<Path>> {
    let folder = folder.clone().join(LISTS);
    let listed = store.store.list_with_delimiter(Some(&folder)).await;
    let listed = listed.map_err(|e| store_error(&store.outer(&folder), e))?;
    Ok(listed.objects.into_iter().map(|object| object.location).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_write_and_others_carry_none() {
        let id = WriteId::new(DateTime::UNIX_EPOCH);
        for extension in ["parquet", "csv.gz"] {
            assert_eq!(WriteId::of_name(&id.file_name(7, extension)), Some(id.clone()));
        }
        for name in ["part-00001.parquet", "a.w20260901.csv", "a.wonderful.parquet", "x"] {
            assert_eq!(WriteId::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn partitions_ask_the_folder_of_their_table() {
        for (folder, table) in
            [("a/b", "a/b"), ("a/b/x=1/y=2", "a/b"), ("a/x=1/b", "a/x=1/b"), ("", "")]
        {
            assert_eq!(table_folder(&Path::from(folder)).as_ref(), table);
        }
    }
}
