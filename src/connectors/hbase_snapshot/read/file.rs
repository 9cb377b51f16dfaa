//! One store file: found, opened, read in ranges.
//!
//! A file moves while it is read: a compaction puts what it has replaced into the archive. So a
//! file is looked for in all its places when it is opened, and again when it has gone from where it
//! was.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult};

use super::super::error::broken;
use super::super::recipe::Recipe;
use super::{Counters, Store};
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::Place;
use crate::formats::hfile::index::{self, IndexEntry};
use crate::formats::hfile::{HFile, Trailer, trailer};
use crate::spi::store_error;

/// How much of a file's end is read with the trailer, in the hope that all that is loaded on open
/// is in it.
const TAIL: u64 = 64 * 1024;

/// A file of so many bytes is read whole.
const WHOLE: u64 = 256 * 1024;

/// A range of a file.
struct Got {
    path: Path,
    /// Of the whole file.
    size: u64,
    tag: Option<String>,
    range: Range<u64>,
    bytes: Bytes,
}

/// Opens files.
#[derive(Debug)]
pub(in super::super) struct Opener {
    recipe: Arc<Recipe>,
    store: Store,
    counters: Counters,
    // Which of a file's places had the last one: tried first.
    likely: AtomicUsize,
}

impl Opener {
    /// An opener for the files of a recipe.
    pub(in super::super) fn new(recipe: Arc<Recipe>, store: Store, counters: Counters) -> Self {
        Self { recipe, store, counters, likely: AtomicUsize::new(0) }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn recipe(&self) -> &Arc<Recipe> {
        &self.recipe
    }

    fn path(&self, below: &str) -> Path {
        let root = self.recipe.folder.clone();
        below.split('/').fold(root, |path, part| path.join(part))
    }

    fn outer(&self, path: &Path) -> String {
        format!("{}{path}", self.recipe.root)
    }

    /// A range of a file, wherever it is now. Where the content is known by a tag, a store that keeps
    /// bytes on this machine need not be asked for them again.
    async fn get(&self, place: &Place, range: GetRange, tag: Option<&str>) -> Result<Got> {
        let paths = place.paths().map(|path| self.path(&path));
        let likely = self.likely.load(Ordering::Relaxed);
        // Once more: a file may have moved from a place not tried yet to one that was tried.
        for _ in 0..2 {
            let order = std::iter::once(likely).chain((0..paths.len()).filter(|at| *at != likely));
            for at in order {
                let Some(path) = paths.get(at) else { continue };
                let failed = |e| store_error(&self.outer(path), e);
                match self.ask(path, &range, tag).await {
                    Ok(got) => {
                        self.likely.store(at, Ordering::Relaxed);
                        let (size, range) = (got.meta.size, got.range.clone());
                        let tag = got.meta.e_tag.clone();
                        self.counters.request(range.end - range.start)?;
                        let bytes = got.bytes().await.map_err(failed)?;
                        return Ok(Got { path: path.clone(), size, tag, range, bytes });
                    }
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(e) => {
                        let start = match &range {
                            GetRange::Bounded(range) => range.start,
                            GetRange::Offset(_) | GetRange::Suffix(_) => 0,
                        };
                        // A file that is shorter than it should be has no such range.
                        return match self.size_of(path).await {
                            Some(size) if size <= start => {
                                let (path, bytes) = (path.clone(), Bytes::new());
                                Ok(Got { path, size, tag: None, range: 0..0, bytes })
                            }
                            _ => Err(failed(e)),
                        };
                    }
                }
            }
        }
        let tried: Vec<String> = paths.iter().map(|path| self.outer(path)).collect();
        Err(Error::corrupt(format!(
            "{}: the file {} is missing; looked for in {}",
            self.recipe.label,
            place.file,
            tried.join(", ")
        ))
        .with_hint("a snapshot keeps its files only as long as it exists in HBase: has it been deleted, or copied without its files?"))
    }

    async fn ask(
        &self,
        path: &Path,
        range: &GetRange,
        tag: Option<&str>,
    ) -> object_store::Result<GetResult> {
        let whatever = || GetOptions { range: Some(range.clone()), ..GetOptions::default() };
        let Some(tag) = tag else { return self.store.get_opts(path, whatever()).await };
        let options = GetOptions { if_match: Some(tag.to_owned()), ..whatever() };
        match self.store.get_opts(path, options).await {
            // A file that has moved is the same under another tag: its size is looked at.
            Err(object_store::Error::Precondition { .. }) => {
                self.store.get_opts(path, whatever()).await
            }
            got => got,
        }
    }

    async fn size_of(&self, path: &Path) -> Option<u64> {
        use object_store::ObjectStoreExt;
        self.store.head(path).await.ok().map(|meta| meta.size)
    }

    /// Opens a file; `size` is what the manifest says that it has.
    ///
    /// # Errors
    /// `Corrupt` when it is missing, of another size, or damaged.
    pub(in super::super) async fn open(
        self: &Arc<Self>,
        place: &Place,
        size: Option<u64>,
    ) -> Result<Arc<OpenFile>> {
        let range = match size {
            // A damaged manifest must not make us ask for nothing.
            Some(size) if size > WHOLE => GetRange::Bounded(size - TAIL..size),
            Some(size) if size > 0 => GetRange::Bounded(0..size),
            _ => GetRange::Suffix(TAIL),
        };
        let Got { path, size: found, tag, range, bytes } = self.get(place, range, None).await?;
        let outer = self.outer(&path);
        if let Some(size) = size
            && size != found
        {
            return Err(Error::corrupt(format!(
                "{outer} has {found} bytes, and the snapshot says {size}"
            ))
            .with_hint("it was changed or copied in part: compare it with another copy"));
        }
        let tail = bytes.len().saturating_sub(trailer::MOST);
        let failed = |e: crate::formats::Broken| broken(&outer, &e);
        let trailer = Trailer::parse(bytes.get(tail..).unwrap_or_default()).map_err(failed)?;
        let end = found - trailer.size as u64;
        let start = trailer.load_on_open;
        if start > end {
            return Err(Error::corrupt(format!("{outer}: its trailer points beyond the file")));
        }
        let section = if start >= range.start {
            let at = |offset: u64| usize::try_from(offset - range.start).unwrap_or(usize::MAX);
            bytes.slice(at(start)..at(end))
        } else {
            self.get(place, GetRange::Bounded(start..end), tag.as_deref()).await?.bytes
        };
        let file = HFile::parse(trailer, &section).map_err(|e| broken(&outer, &e))?;
        Ok(Arc::new(OpenFile {
            opener: Arc::clone(self),
            place: place.clone(),
            outer,
            size: found,
            tag,
            file: Arc::new(file),
            kept: Mutex::new(vec![(range.start, bytes)]),
            indexes: Mutex::default(),
            filter: Mutex::default(),
        }))
    }
}

/// An opened file.
#[derive(Debug)]
pub(in super::super) struct OpenFile {
    opener: Arc<Opener>,
    place: Place,
    /// Its path as people write it.
    pub(super) outer: String,
    /// Its bytes.
    pub(super) size: u64,
    // What the store calls its content.
    tag: Option<String>,
    /// What is in it.
    pub(super) file: Arc<HFile>,
    // Ranges that were read last, for look-ups close to each other.
    kept: Mutex<Vec<(u64, Bytes)>>,
    // Index blocks below the root, by their offset.
    indexes: Mutex<HashMap<u64, Arc<Vec<IndexEntry>>>>,
    // The part of the Bloom filter that was asked last.
    filter: Mutex<Option<(u64, Bytes)>>,
}

/// How many ranges are kept beside the tail.
const KEPT: usize = 3;

impl OpenFile {
    /// Reads a range, which must be inside the file.
    pub(super) async fn read(&self, range: Range<u64>) -> Result<Bytes> {
        if let Some(bytes) = self.kept(&range) {
            return Ok(bytes);
        }
        let wanted = range.end.saturating_sub(range.start);
        let asked = GetRange::Bounded(range.clone());
        let Got { size, bytes, .. } =
            self.opener.get(&self.place, asked, self.tag.as_deref()).await?;
        if size != self.size || bytes.len() as u64 != wanted {
            return Err(Error::corrupt(format!(
                "{} has {size} bytes now, and had {} when it was opened",
                self.outer, self.size
            )));
        }
        Ok(bytes)
    }

    /// The same, and keeps it for the next look-up.
    pub(super) async fn read_kept(&self, range: Range<u64>) -> Result<Bytes> {
        if let Some(bytes) = self.kept(&range) {
            return Ok(bytes);
        }
        let bytes = self.read(range.clone()).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > KEPT {
            kept.remove(1);
        }
        kept.push((range.start, bytes.clone()));
        Ok(bytes)
    }

    fn kept(&self, range: &Range<u64>) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
            (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }

    /// The entries of an index block below the root.
    pub(super) async fn index(&self, entry: &IndexEntry) -> Result<Arc<Vec<IndexEntry>>> {
        let known =
            |indexes: &HashMap<u64, Arc<Vec<IndexEntry>>>| indexes.get(&entry.offset).cloned();
        if let Some(found) = known(&self.indexes.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let payload = self.block(entry).await?;
        let entries =
            index::inner(&payload).map_err(|e| broken(&self.outer, &e.at(entry.offset)))?;
        let entries = Arc::new(entries);
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        indexes.insert(entry.offset, Arc::clone(&entries));
        Ok(entries)
    }

    /// The bits of a part of the Bloom filter.
    pub(super) async fn filter(&self, entry: &IndexEntry) -> Result<Bytes> {
        let known = |last: &Option<(u64, Bytes)>| match last {
            Some((offset, bits)) if *offset == entry.offset => Some(bits.clone()),
            _ => None,
        };
        if let Some(bits) = known(&self.filter.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(bits);
        }
        let bits = self.block(entry).await?;
        let mut last = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((entry.offset, bits.clone()));
        Ok(bits)
    }

    /// The payload of a block that an index names.
    pub(super) async fn block(&self, entry: &IndexEntry) -> Result<Bytes> {
        use crate::formats::hfile::block::BlockHeader;
        let failed = |e: crate::formats::Broken| broken(&self.outer, &e.at(entry.offset));
        if entry.end() > self.size {
            let beyond =
                crate::formats::Broken::corrupt("index block", "names a block beyond the file");
            return Err(broken(&self.outer, &beyond));
        }
        let bytes = self.read_kept(entry.offset..entry.end()).await?;
        let trailer = &self.file.trailer;
        let header =
            BlockHeader::parse(&bytes, trailer.has_checksums(), trailer.codec).map_err(failed)?;
        header.payload(&bytes, trailer.codec).map_err(failed)
    }

    pub(super) fn counters(&self) -> &Counters {
        self.opener.counters()
    }

    /// An error of the parsers about this file.
    pub(super) fn broken(&self, e: &crate::formats::Broken) -> Error {
        broken(&self.outer, e)
    }
}
