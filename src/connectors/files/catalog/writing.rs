//! What a catalog of files writes: where the files of a statement go, and what dead writes left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use object_store::path::{Path, PathPart};
use object_store::{ObjectMeta, ObjectStoreExt};

use super::super::commits::{Commits, WriteId, table_folder};
use super::super::listing::parent;
use super::super::options::{Layout, TableOptions};
use super::super::table::{Root, joined};
use super::super::text::Half;
use super::super::write::{Destination, FilesWriter, Plan};
use super::{DEFAULT_SCHEMA, FilesCatalog};
use crate::error::{Error, Result};
use crate::spi::store_error;
use crate::spi::{StatementContext, TableFile, TableName, TableWriter, UNFINISHED, WriteOptions};

impl FilesCatalog {
    /// The part of a location below the catalog's; `None` when it is not below it.
    pub(super) fn relative<'a>(&self, location: &'a str) -> Option<&'a str> {
        let base = self.store.location.trim_end_matches('/');
        let rest = location.strip_prefix(base)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// A writer of new files at a location.
    pub(super) async fn write_at(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        let relative = self.relative(location).ok_or_else(|| {
            Error::internal(format!("{location} is not in {}", self.store.location))
        })?;
        let plan = Plan::new(relative, columns, options)?;
        let path = joined(&self.store.path, relative)
            .map_err(|e| Error::sql(format!("path {location}: {e}")))?;
        let lister = self.lister(context);
        let destination = if plan.single() {
            let level = lister.level(&path).await?;
            if !level.folders.is_empty() || !level.files.is_empty() {
                return Err(Error::sql(format!("{location} is a folder")));
            }
            Destination::File(path)
        } else {
            if lister.file(&path).await?.is_some() {
                return Err(Error::sql(format!("{location} is a file"))
                    .with_hint("end the name in the format's extension to replace the file"));
            }
            let there = lister.everything(&path).await?;
            if !there.is_empty() && !plan.overwrite {
                return Err(Error::sql(format!("folder {location} is not empty"))
                    .with_hint("add (OVERWRITE) to replace its files, or take another folder"));
            }
            let replaced = there.iter().map(|file| file.location.clone()).collect();
            Destination::Folder { folder: path, replaced }
        };
        let writer = FilesWriter::open(&self.store, destination, plan, context.now()).await?;
        Ok(Box::new(writer))
    }

    /// A writer of more files for a table.
    pub(super) async fn write_more(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        root: Root,
        declared: &TableFile<TableOptions>,
    ) -> Result<Box<dyn TableWriter>> {
        let label = format!("{}.{name}", self.name);
        let Root::Folder(folder) = root.clone() else {
            return Err(Error::unsupported(format!("{label} takes no rows: it is no folder"))
                .with_hint("only a table that is a whole folder can get more files"));
        };
        let table = self.open_table(context, label, root, Half::Good, declared).await?;
        let recipe = table.recipe();
        let partitions =
            recipe.partition_fields().iter().map(|field| field.name().clone()).collect();
        let plan = Plan::append(recipe.format(), Arc::clone(recipe.table_schema()), partitions)?;
        let destination = Destination::Folder { folder, replaced: vec![] };
        let writer = FilesWriter::open(&self.store, destination, plan, context.now()).await?;
        Ok(Box::new(writer))
    }

    /// A writer of a new folder; `None` when the table is there already.
    pub(super) async fn write_new(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        let lister = self.lister(context);
        for root in self.roots(&lister, &name.schema).await?.remove(&name.table).unwrap_or_default()
        {
            // A folder without files is what is left of nothing: it may be filled.
            if let Root::Folder(folder) = &root
                && lister.everything(folder).await?.is_empty()
            {
                continue;
            }
            return Ok(None);
        }
        let folder = match self.layout {
            Layout::Table if name.schema == DEFAULT_SCHEMA => self.store.path.clone(),
            Layout::Table => {
                return Err(Error::not_found(format!(
                    "catalog {} has no schema {}",
                    self.name, name.schema
                )));
            }
            Layout::SchemaTable => {
                match self.schema_folders(&lister, &name.schema).await?.into_iter().next() {
                    Some(folder) => folder,
                    None => self.store.path.clone().join(shown_part(&name.schema)?),
                }
            }
        };
        let folder = folder.join(shown_part(&name.table)?);
        let plan = Plan::new("", columns, options)?;
        let destination = Destination::Folder { folder, replaced: vec![] };
        let writer = FilesWriter::open(&self.store, destination, plan, context.now()).await?;
        Ok(Some(Box::new(writer)))
    }

    /// Files that no query reads: of writes without a list, replaced ones, unfinished uploads.
    pub(super) async fn unread(
        &self,
        context: &Arc<StatementContext>,
        older_than: Duration,
        remove: bool,
    ) -> Result<Vec<String>> {
        let failed = |e| store_error(&self.store.location, e);
        let oldest = chrono::Duration::from_std(older_than)
            .ok()
            .and_then(|age| context.now().checked_sub_signed(age))
            .ok_or_else(|| Error::sql("an age of more years than there are"))?;
        let listed: Vec<ObjectMeta> =
            self.store.store.list(Some(&self.store.path)).try_collect().await.map_err(failed)?;
        let mut commits: HashMap<Path, Commits> = HashMap::new();
        let mut names = Vec::new();
        for file in listed.iter().filter(|file| file.last_modified <= oldest) {
            let Some(name) = file.location.filename() else { continue };
            let folder = table_folder(&parent(&file.location));
            let unfinished = name.starts_with('.') && name.ends_with(UNFINISHED);
            if !unfinished {
                if WriteId::of_name(name).is_none() {
                    continue;
                }
                // Read after the listing: what is committed by now is nobody's leftover.
                if !commits.contains_key(&folder) {
                    let read = Commits::read(&self.store, &folder).await?;
                    commits.insert(folder.clone(), read);
                }
                if commits.get(&folder).is_none_or(|commits| commits.shows(&file.location)) {
                    continue;
                }
            }
            let outer = self.store.outer(&file.location);
            if remove {
                let deleted = self.store.store.delete(&file.location).await;
                deleted.map_err(|e| store_error(&outer, e))?;
            }
            names.push(outer);
        }
        Ok(names)
    }
}

/// A name as a folder that listings show as a table or schema.
fn shown_part(name: &str) -> Result<PathPart<'_>> {
    let fits = !name.is_empty() && !name.starts_with(['.', '_']) && !name.contains('=');
    let part = PathPart::parse(name).ok().filter(|_| fits);
    part.ok_or_else(|| Error::sql(format!("`{name}` cannot be the name of a folder")))
}
