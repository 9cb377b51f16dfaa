//! Finds the tables of a folder: which name is which folder, file or pattern.

mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use object_store::path::Path;

use super::format::stem;
use super::listing::Lister;
use super::options::{CatalogOptions, Layout, TableOptions};
use super::partition::key_value;
use super::table::{FilesTable, Root};
use super::text::Half;
use crate::error::{Error, Result};
use crate::spi::{
    Catalog, CatalogContext, Finding, OpenedStore, OpenedTable, ReadPointBook, Severity,
    StatementContext, StoreUrl, TableEntry, TableFile, TableKind, TableName, TableWriter, TomlText,
    WriteOptions,
};

/// The schema of tables that stand directly below the location.
const DEFAULT_SCHEMA: &str = "default";

/// A location opened as a catalog.
#[derive(Debug)]
pub(super) struct FilesCatalog {
    name: String,
    layout: Layout,
    store: OpenedStore,
    store_url: StoreUrl,
}

impl FilesCatalog {
    /// Opens the store of the location; lists nothing.
    pub(super) fn open(context: CatalogContext, options: CatalogOptions) -> Result<Self> {
        Ok(Self {
            name: context.name().to_owned(),
            layout: options.layout,
            store: context.store(&options.location)?,
            store_url: context.store_url()?,
        })
    }

    fn lister(&self, context: &Arc<StatementContext>) -> Lister {
        Lister::new(context, &self.name, &self.store)
    }

    /// The folders that hold a schema's tables: its own, and its `.db` spelling.
    async fn schema_folders(&self, lister: &Lister, schema: &str) -> Result<Vec<Path>> {
        if self.layout == Layout::Table {
            return Ok(if schema == DEFAULT_SCHEMA {
                vec![self.store.path.clone()]
            } else {
                vec![]
            });
        }
        let level = lister.level(&self.store.path).await?;
        let folders = level
            .folders
            .iter()
            .filter(|folder| folder.filename().is_some_and(|name| schema_of(name) == schema));
        Ok(folders.cloned().collect())
    }

    /// Every table of a schema with its root, by name.
    async fn roots(&self, lister: &Lister, schema: &str) -> Result<BTreeMap<String, Vec<Root>>> {
        let mut roots: BTreeMap<String, Vec<Root>> = BTreeMap::new();
        let mut add = |name: &str, root: Root| {
            roots.entry(name.to_owned()).or_default().push(root);
        };
        for folder in self.schema_folders(lister, schema).await? {
            let level = lister.level(&folder).await?;
            for path in &level.folders {
                if let Some(name) = path.filename()
                    && key_value(name).is_none()
                {
                    add(name, Root::Folder(path.clone()));
                }
            }
            for file in &level.files {
                if let Some(name) = file.location.filename().and_then(stem) {
                    add(name, Root::File(file.clone()));
                }
            }
        }
        if self.layout == Layout::SchemaTable && schema == DEFAULT_SCHEMA {
            for file in &lister.level(&self.store.path).await?.files {
                if let Some(name) = file.location.filename().and_then(stem) {
                    add(name, Root::File(file.clone()));
                }
            }
        }
        Ok(roots)
    }

    /// Where a table is: as the read point has it, or where it is found now.
    async fn root(
        &self,
        lister: &Lister,
        name: &TableName,
        label: &str,
        declared: &TableFile<TableOptions>,
    ) -> Result<Option<Root>> {
        if let Some(root) = Root::replayed(lister, label)? {
            return Ok(Some(root));
        }
        match self.root_now(lister, name, declared).await? {
            Some(_) if lister.is_replay() => Err(ReadPointBook::not_pinned(label)),
            found => Ok(found),
        }
    }

    async fn root_now(
        &self,
        lister: &Lister,
        name: &TableName,
        declared: &TableFile<TableOptions>,
    ) -> Result<Option<Root>> {
        if let Some(location) = &declared.options.location {
            return self.declared_root(lister, location).await.map(Some);
        }
        let mut roots = self.roots(lister, &name.schema).await?;
        match roots.remove(&name.table).unwrap_or_default().as_slice() {
            [] if declared.text.is_some() => Err(Error::not_found(format!(
                "there is no folder or file {} in schema {} of {}",
                name.table, name.schema, self.store.location
            ))
            .with_hint("set `location` under [options] of the table file")),
            [] => Ok(None),
            [root] => Ok(Some(root.clone())),
            several => {
                let names: Vec<_> =
                    several.iter().map(|root| self.store.outer(root.path())).collect();
                Err(Error::config(format!("table {name} could be {}", names.join(" or ")))
                    .with_hint("declare `location` in a table file"))
            }
        }
    }

    async fn declared_root(&self, lister: &Lister, location: &str) -> Result<Root> {
        let base = &self.store.path;
        let relative = location.trim_matches('/');
        Root::at(lister, &self.store, base, relative).await
    }

    async fn open_table(
        &self,
        context: &Arc<StatementContext>,
        label: String,
        root: Root,
        half: Half,
        declared: &TableFile<TableOptions>,
    ) -> Result<FilesTable> {
        let lister = self.lister(context);
        let (store, url) = (self.store.counted_for(context), self.store_url.clone());
        FilesTable::open(lister, store, url, label, root, half, declared).await
    }

    async fn open_named(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        half: Half,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        let lister = self.lister(context);
        let label = format!("{}.{name}", self.name);
        let Some(root) = self.root(&lister, name, &label, &declared).await? else {
            return Ok(None);
        };
        let source = self.store.outer(root.path());
        let table = self.open_table(context, label.clone(), root, half, &declared).await;
        let table = table.map_err(|e| e.within(format!("table {label}")))?;
        let description = declared.description;
        Ok(Some(OpenedTable { provider: Arc::new(table), source, description }))
    }
}

/// Options of a table that nobody has declared.
fn nothing_declared() -> Result<TableFile<TableOptions>> {
    let types = |_: &str| Err(Error::internal("nothing is declared"));
    TableFile::parse(None, &TomlText::new("", "", false), types)
}

/// The schema that a folder is: Hive calls schema `x` folder `x.db`.
fn schema_of(folder: &str) -> &str {
    folder.strip_suffix(".db").unwrap_or(folder)
}

#[async_trait]
impl Catalog for FilesCatalog {
    type TableOptions = TableOptions;

    async fn schemas(&self, context: &Arc<StatementContext>) -> Result<Vec<String>> {
        if self.layout == Layout::Table {
            return Ok(vec![DEFAULT_SCHEMA.to_owned()]);
        }
        let level = self.lister(context).level(&self.store.path).await?;
        let folders = level.folders.iter().filter_map(Path::filename);
        let mut schemas: Vec<String> = folders.map(|name| schema_of(name).to_owned()).collect();
        let tables = level.files.iter().filter_map(|file| file.location.filename());
        if tables.filter_map(stem).next().is_some() {
            schemas.push(DEFAULT_SCHEMA.to_owned());
        }
        schemas.sort();
        schemas.dedup();
        Ok(schemas)
    }

    async fn tables(
        &self,
        context: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        let roots = self.roots(&self.lister(context), schema).await?;
        Ok(roots.into_keys().map(|name| TableEntry { name, kind: TableKind::Table }).collect())
    }

    async fn table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        self.open_named(context, name, Half::Good, declared).await
    }

    async fn errors(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        self.open_named(context, name, Half::Bad, declared).await
    }

    async fn path(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        format: Option<&str>,
    ) -> Result<Option<OpenedTable>> {
        let Some(relative) = self.relative(location).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        let lister = self.lister(context);
        let root = match Root::replayed(&lister, location)? {
            Some(root) => root,
            None if lister.is_replay() => return Err(ReadPointBook::not_pinned(location)),
            None => self.declared_root(&lister, relative).await?,
        };
        let (label, mut declared) = (location.to_owned(), nothing_declared()?);
        declared.options.format = format.map(str::to_owned);
        let table = self.open_table(context, label, root, Half::Good, &declared).await?;
        let source = location.to_owned();
        Ok(Some(OpenedTable { provider: Arc::new(table), source, description: None }))
    }

    async fn infer(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>> {
        let declared = nothing_declared()?;
        let label = format!("{}.{name}", self.name);
        let lister = self.lister(context);
        let Some(root) = self.root(&lister, name, &label, &declared).await? else {
            return Ok(None);
        };
        let table = self.open_table(context, label.clone(), root, Half::Good, &declared).await?;
        let text = table.table_file().ok_or_else(|| {
            Error::unsupported(format!("{label} needs no table file: its files say their types"))
        })?;
        Ok(Some(text))
    }

    async fn check(&self, context: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        let schemas = self.schemas(context).await?;
        let through = match self.store.root.contains("://") {
            true => format!(" at {}", self.store.store),
            false => String::new(),
        };
        Ok(vec![Finding {
            severity: Severity::Info,
            object: self.name.clone(),
            message: format!(
                "{}{through} can be listed: schemas {}",
                self.store.location,
                schemas.join(", ")
            ),
            fix: None,
        }])
    }

    fn holds(&self, location: &str) -> bool {
        self.relative(location).is_some()
    }

    async fn copy_to(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        self.write_at(context, location, columns, options).await
    }

    async fn append(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        let lister = self.lister(context);
        let Some(root) = self.root_now(&lister, name, &declared).await? else {
            return Ok(None);
        };
        self.write_more(context, name, root, &declared).await.map(Some)
    }

    async fn create(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        self.write_new(context, name, columns, options).await
    }

    async fn leftovers(
        &self,
        context: &Arc<StatementContext>,
        older_than: Duration,
        remove: bool,
    ) -> Result<Vec<String>> {
        self.unread(context, older_than, remove).await
    }

    fn location(&self) -> String {
        self.store.location.clone()
    }
}
