//! What a snapshot is: found in its folder, read once per statement, pinned.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::error::broken;
use crate::error::{Error, ErrorKind, Result};
use crate::formats::hbase_manifest::{
    self, Family, FamilyFiles, RegionManifest, Snapshot, StoreFile, Table, encoded_region,
    mob_region,
};
use crate::spi::{OpenedStore, PinnedFile, PinnedListing, StatementContext, store_error};

/// The folder of snapshots below HBase's root.
const SNAPSHOTS: &str = ".hbase-snapshot";

/// How many small files are read at once.
const READ_AT_ONCE: usize = 16;

/// The layout with one manifest.
const LAYOUT_2: i32 = 2;

/// A snapshot whose manifest was read.
#[derive(Debug)]
pub(super) struct Loaded {
    /// What it is.
    pub(super) snapshot: Snapshot,
    /// The table that it is of.
    pub(super) table: Table,
    /// The table's families, by name.
    pub(super) families: Vec<Family>,
    /// The regions that have rows, by their first row, with their folder.
    pub(super) regions: Vec<(String, RegionManifest)>,
}

impl Loaded {
    /// The files of a region by the number of the family.
    pub(super) fn files(&self, region: &RegionManifest) -> Vec<Vec<StoreFile>> {
        let of = |family: &Family| {
            let own = region.families.iter().filter(|files| files.family == family.name);
            own.flat_map(|files| files.files.iter().cloned()).collect()
        };
        self.families.iter().map(of).collect()
    }

    /// The files of a family in all regions, and their bytes.
    pub(super) fn size_of(&self, family: &Family) -> (u64, u64) {
        let regions = self.regions.iter().flat_map(|(_, region)| &region.families);
        let own = regions.filter(|files| files.family == family.name);
        own.flat_map(|files| &files.files)
            .fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size.unwrap_or(0)))
    }

    /// All files of all regions.
    pub(super) fn all_files(&self) -> impl Iterator<Item = &StoreFile> {
        let families = self.regions.iter().flat_map(|(_, region)| &region.families);
        families.flat_map(|family| &family.files)
    }
}

/// What stands in the folder of snapshots.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// By name.
    pub(super) snapshots: Vec<Snapshot>,
    /// Folders that are no whole snapshot, and why: what they are cannot be said.
    pub(super) damaged: Vec<(String, Error)>,
}

/// Reads the snapshots of one folder for one statement.
#[derive(Clone, Debug)]
pub(super) struct Snapshots {
    context: Arc<StatementContext>,
    catalog: String,
    store: OpenedStore,
}

impl Snapshots {
    /// The snapshots of a catalog.
    pub(super) fn new(context: &Arc<StatementContext>, catalog: &str, store: &OpenedStore) -> Self {
        let store = store.counted_for(context);
        Self { context: Arc::clone(context), catalog: catalog.to_owned(), store }
    }

    fn folder(&self) -> Path {
        self.store.path.clone().join(SNAPSHOTS)
    }

    fn key(&self, folder: &Path) -> String {
        format!("{}:{folder}", self.catalog)
    }

    /// All snapshots of all tables, by name, and apart from them the folders that are none.
    pub(super) async fn all(&self) -> Result<Arc<Listed>> {
        let key = format!("snapshots {}", self.key(&self.folder()));
        self.context.once(key, self.list()).await
    }

    async fn list(&self) -> Result<Listed> {
        let folder = self.folder();
        let listed = self.store.store.list_with_delimiter(Some(&folder)).await;
        let listed = listed.map_err(|e| store_error(&self.store.outer(&folder), e))?;
        let folders = listed
            .common_prefixes
            .into_iter()
            .filter(|folder| folder.filename().is_some_and(|name| !name.starts_with('.')));
        let snapshots = futures::stream::iter(folders).map(|folder| async move {
            let name = folder.filename().unwrap_or_default().to_owned();
            match self.info(&folder).await {
                Ok((snapshot, _)) => Ok(Ok(snapshot)),
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    let outer = self.store.outer(&folder);
                    self.missing_info(&name, &folder, &outer).await.map(|e| Err((name, e)))
                }
                Err(e) if e.kind() == ErrorKind::Corrupt => Ok(Err((name, e))),
                Err(e) => Err(e),
            }
        });
        let found: Vec<std::result::Result<Snapshot, (String, Error)>> =
            snapshots.buffered(READ_AT_ONCE).try_collect().await?;
        let mut listed = Listed::default();
        for snapshot in found {
            match snapshot {
                Ok(snapshot) => listed.snapshots.push(snapshot),
                Err(damaged) => listed.damaged.push(damaged),
            }
        }
        listed.snapshots.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// What a snapshot's folder says that it is; `NotFound` where it says nothing.
    async fn info(&self, folder: &Path) -> Result<(Snapshot, (Path, PinnedFile))> {
        let path = folder.clone().join(".snapshotinfo");
        let (bytes, pinned) = self.get(&path).await?;
        let snapshot =
            hbase_manifest::snapshot(&bytes).map_err(|e| broken(&self.store.outer(&path), &e))?;
        Ok((snapshot, (path, pinned)))
    }

    async fn get(&self, path: &Path) -> Result<(Bytes, PinnedFile)> {
        let failed = |e| store_error(&self.store.outer(path), e);
        let got = self.store.store.get(path).await.map_err(failed)?;
        let pinned = PinnedFile {
            size: got.meta.size,
            modified: got.meta.last_modified,
            etag: got.meta.e_tag.clone(),
        };
        Ok((got.bytes().await.map_err(failed)?, pinned))
    }

    /// Reads a snapshot's manifest and pins it.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name; `Corrupt` when it is not whole; `Gone` when a
    /// read point has another.
    pub(super) async fn load(&self, name: &str) -> Result<Arc<Loaded>> {
        let folder = self.folder().join(name);
        let key = format!("snapshot {}", self.key(&folder));
        self.context.once(key, self.load_and_pin(name, &folder)).await
    }

    /// The same for a listing, which reads no table and pins nothing.
    pub(super) async fn load_unpinned(&self, name: &str) -> Result<Arc<Loaded>> {
        let folder = self.folder().join(name);
        let key = format!("listed snapshot {}", self.key(&folder));
        self.context.once(key, async { Ok(self.load_now(name, &folder).await?.0) }).await
    }

    async fn load_and_pin(&self, name: &str, folder: &Path) -> Result<Loaded> {
        let (loaded, files) = self.load_now(name, folder).await?;
        self.pin(folder, &self.store.outer(folder), files.into_iter())?;
        Ok(loaded)
    }

    async fn load_now(
        &self,
        name: &str,
        folder: &Path,
    ) -> Result<(Loaded, Vec<(Path, PinnedFile)>)> {
        let outer = self.store.outer(folder);
        let info = self.info(folder).await;
        let (snapshot, info) = match info {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                return Err(self.missing_info(name, folder, &outer).await?);
            }
            info => info?,
        };
        let (loaded, manifests) = if snapshot.layout == LAYOUT_2 {
            self.manifest(snapshot, folder).await?
        } else if snapshot.layout == 0 {
            (self.first_layout(snapshot, folder).await?, vec![])
        } else {
            return Err(Error::unsupported(format!(
                "{outer} is a snapshot of layout {}, which is not known",
                snapshot.layout
            )));
        };
        Ok((loaded, std::iter::once(info).chain(manifests).collect()))
    }

    /// What a folder without `.snapshotinfo` is.
    async fn missing_info(&self, name: &str, folder: &Path, outer: &str) -> Result<Error> {
        let listed = self.store.store.list_with_delimiter(Some(folder)).await;
        let listed = listed.map_err(|e| store_error(outer, e))?;
        if listed.objects.is_empty() && listed.common_prefixes.is_empty() {
            return Ok(Error::not_found(format!(
                "there is no snapshot {name} in {}",
                self.store.location
            )));
        }
        Ok(Error::corrupt(format!("{outer} is no whole snapshot: it has no .snapshotinfo"))
            .with_hint(
                "it is still being taken or copied, or was left behind: take or copy it again",
            ))
    }

    async fn manifest(
        &self,
        snapshot: Snapshot,
        folder: &Path,
    ) -> Result<(Loaded, Vec<(Path, PinnedFile)>)> {
        let path = folder.clone().join("data.manifest");
        let outer = self.store.outer(&path);
        let (bytes, pinned) = self.get(&path).await.map_err(|e| match e.kind() {
            ErrorKind::NotFound => Error::corrupt(format!(
                "snapshot {} is not finished: {outer} does not exist",
                snapshot.name
            ))
            .with_hint("wait until HBase has taken it, or take it again"),
            _ => e,
        })?;
        let (schema, regions) = hbase_manifest::manifest(&bytes).map_err(|e| broken(&outer, &e))?;
        Ok((self.loaded(snapshot, schema.families, regions)?, vec![(path, pinned)]))
    }

    /// The layout before manifests: folders of empty files, whose names count.
    async fn first_layout(&self, snapshot: Snapshot, folder: &Path) -> Result<Loaded> {
        let outer = self.store.outer(folder);
        let objects: Vec<_> = self
            .store
            .store
            .list(Some(folder))
            .try_collect()
            .await
            .map_err(|e| store_error(&outer, e))?;
        let mut schema = None;
        let mut regions: std::collections::BTreeMap<
            String,
            (Option<hbase_manifest::RegionInfo>, Vec<FamilyFiles>),
        > = Default::default();
        for object in objects {
            let Some(parts) = object.location.prefix_match(folder) else { continue };
            let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
            let at = self.store.outer(&object.location);
            match parts.as_slice() {
                [top, file] if top == ".tabledesc" && file.starts_with(".tableinfo") => {
                    let (bytes, _) = self.get(&object.location).await?;
                    schema = Some(hbase_manifest::table_info(&bytes).map_err(|e| broken(&at, &e))?);
                }
                [region, file] if file == ".regioninfo" => {
                    let (bytes, _) = self.get(&object.location).await?;
                    let info = hbase_manifest::region_info(&bytes).map_err(|e| broken(&at, &e))?;
                    regions.entry(region.clone()).or_default().0 = Some(info);
                }
                [region, family, file] if !family.starts_with('.') => {
                    let mut reference = None;
                    if object.size > 0 {
                        let (bytes, _) = self.get(&object.location).await?;
                        reference =
                            Some(hbase_manifest::reference(&bytes).map_err(|e| broken(&at, &e))?);
                    }
                    let file = StoreFile { name: file.clone(), reference, size: None };
                    let families = &mut regions.entry(region.clone()).or_default().1;
                    match families.iter_mut().find(|known| known.family == *family) {
                        Some(known) => known.files.push(file),
                        None => {
                            families.push(FamilyFiles { family: family.clone(), files: vec![file] })
                        }
                    }
                }
                _ => {}
            }
        }
        let schema =
            schema.ok_or_else(|| Error::corrupt(format!("snapshot {outer} has no .tabledesc")))?;
        let regions = regions.into_iter().map(|(name, (info, families))| {
            let region = info.ok_or_else(|| {
                Error::corrupt(format!("region {name} of {outer} has no .regioninfo"))
            })?;
            Ok(RegionManifest { region, families })
        });
        let regions = regions.collect::<Result<_>>()?;
        self.loaded(snapshot, schema.families, regions)
    }

    /// Leaves out what has no rows of its own, and looks for holes.
    fn loaded(
        &self,
        snapshot: Snapshot,
        families: Vec<Family>,
        regions: Vec<RegionManifest>,
    ) -> Result<Loaded> {
        let table = Table::parse(&snapshot.table);
        let mob = mob_region(&table);
        let named = regions.into_iter().map(|region| (encoded_region(&region.region), region));
        let mut regions: Vec<(String, RegionManifest)> = named
            .filter(|(name, region)| {
                !region.region.split_parent && *name != mob && region.region.replica == 0
            })
            .collect();
        regions.sort_by(|(_, a), (_, b)| a.region.start.cmp(&b.region.start));
        let mut expected: Option<&Bytes> = None;
        for (name, RegionManifest { region, .. }) in &regions {
            let fits = match expected {
                None => region.start.is_empty(),
                Some(end) => !end.is_empty() && *end == region.start,
            };
            if !fits {
                let at = region.start.escape_ascii();
                return Err(Error::corrupt(format!(
                    "snapshot {}: region {name} begins at \"{at}\", where the one before it does not end",
                    snapshot.name
                ))
                .with_hint("rows are missing or there twice: check the table with hbase hbck2, and take the snapshot again"));
            }
            expected = Some(&region.end);
        }
        if expected.is_some_and(|end| !end.is_empty()) {
            return Err(Error::corrupt(format!(
                "snapshot {}: the region of the last rows is missing",
                snapshot.name
            )));
        }
        Ok(Loaded { table, families, regions, snapshot })
    }

    /// Takes down what the snapshot is, or holds it against the read point.
    fn pin(
        &self,
        folder: &Path,
        outer: &str,
        files: impl Iterator<Item = (Path, PinnedFile)>,
    ) -> Result<()> {
        let book = self.context.read_point();
        let key = self.key(folder);
        let files: Vec<(String, PinnedFile)> =
            files.map(|(path, file)| (path.to_string(), file)).collect();
        if let Some(PinnedListing { files: pinned, .. }) = book.listing(&key, outer)? {
            let same = files.iter().all(|(path, file)| pinned.get(path) == Some(file));
            if !same || files.len() != pinned.len() {
                return Err(Error::gone(format!(
                    "{outer} is another snapshot than that of the read point"
                ))
                .with_hint("RESET read_point to read what is there now"));
            }
        }
        book.pin_listing(&key, folder.as_ref(), std::iter::empty(), files.into_iter());
        Ok(())
    }
}
