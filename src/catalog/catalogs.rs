//! The catalogs of one engine: opened when they are first named, kept until a refresh.

mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::find::RESERVED_CATALOGS;
use super::folder::{CatalogFolder, Declaration, Folder};
use super::types::parse_type;
use super::view::ViewFile;
use crate::error::{Error, Result};
use crate::spi::{
    CatalogContext, CatalogFile, DeclaredTable, ErasedCatalog, ErasedConnector, Finding, OpenStore,
    OpenedTable, Severity, StatementContext, TableEntry, TableKind, TableName, TomlText,
};

/// All catalogs of an engine.
#[derive(Debug)]
pub struct Catalogs {
    connectors: &'static [&'static dyn ErasedConnector],
    stores: Arc<dyn OpenStore>,
    expand: bool,
    state: RwLock<State>,
    // Catalogs over roots of paths typed in statements.
    paths: Mutex<BTreeMap<String, Arc<dyn ErasedCatalog>>>,
}

/// What the names of path catalogs begin with; no file name can.
const PATH_PREFIX: &str = "path:/";

#[derive(Debug)]
struct State {
    folder: Option<Folder>,
    entries: BTreeMap<String, Arc<Entry>>,
}

/// One catalog: its files, and what its connector made of them once it was named.
#[derive(Debug)]
struct Entry {
    name: String,
    files: CatalogFolder,
    // Opening does no I/O but reading the file, so a lock may be held over it. An error is not
    // kept: the next statement reads the file again.
    opened: Mutex<Option<Arc<Opened>>>,
}

#[derive(Debug)]
struct Opened {
    file: CatalogFile,
    catalog: Arc<dyn ErasedCatalog>,
}

/// A line of `SHOW CATALOGS`.
#[derive(Clone, Debug)]
pub struct CatalogSummary {
    /// The catalog.
    pub name: String,
    /// Its connector; `views` for a folder without a catalog file.
    pub connector: String,
    /// Where its data is.
    pub location: String,
    /// Its description, or what is wrong with its file.
    pub description: String,
}

/// What a schema holds under a name.
#[derive(Debug)]
pub(super) enum Found {
    /// A table, opened.
    Table(OpenedTable),
    /// A view, not yet planned.
    View(ViewFile),
}

impl Catalogs {
    /// The catalogs of a folder; `None` has none. With `expand`, `${…}` in catalog files is
    /// replaced; without, naming a catalog that has one says how to trust the folder.
    pub fn new(
        folder: Option<Folder>,
        connectors: &'static [&'static dyn ErasedConnector],
        stores: Arc<dyn OpenStore>,
        expand: bool,
    ) -> Self {
        Self {
            connectors,
            stores,
            expand,
            state: RwLock::new(State::new(folder)),
            paths: Mutex::default(),
        }
    }

    /// Reads the folder again and forgets what was opened: all of it, or one catalog.
    pub fn refresh(&self, catalog: Option<&str>) -> Result<()> {
        let paths = self.read().folder.as_ref().map(|f| (f.path.clone(), f.own.clone()));
        let (path, own) = paths.unwrap_or_default();
        let mut fresh = State::new(Folder::read_all(path, own)?);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = catalog {
            for (name, entry) in &state.entries {
                if name != catalog && fresh.entries.contains_key(name) {
                    fresh.entries.insert(name.clone(), Arc::clone(entry));
                }
            }
        }
        *state = fresh;
        Ok(())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The catalogs' names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.read().entries.keys().cloned().collect()
    }

    /// The catalog folder's path, if there is one.
    pub fn folder(&self) -> Option<std::path::PathBuf> {
        self.read().folder.as_ref()?.path.clone()
    }

    fn entry(&self, name: &str) -> Result<Arc<Entry>> {
        self.read().entries.get(name).cloned().ok_or_else(|| {
            let names = self.names();
            let known = if names.is_empty() {
                "there is no catalog at all".to_owned()
            } else {
                format!("there are {}", names.join(", "))
            };
            Error::not_found(format!("catalog {name} does not exist: {known}"))
        })
    }

    /// The opened catalog; `None` for a catalog of views.
    fn opened(&self, name: &str) -> Result<(Arc<Entry>, Option<Arc<Opened>>)> {
        let entry = self.entry(name)?;
        let Some(path) = &entry.files.file else { return Ok((entry, None)) };
        let mut slot = entry.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &*slot {
            Some(opened) => Arc::clone(opened),
            None => Arc::clone(slot.insert(Arc::new(self.open(name, path)?))),
        };
        drop(slot);
        Ok((entry, Some(opened)))
    }

    /// Opens a catalog so that its store is known by its internal URL.
    pub fn open_store_of(&self, catalog: &str) -> Result<()> {
        match catalog.strip_prefix(PATH_PREFIX) {
            Some(root) => self.path_catalog(root).map(drop),
            None => self.opened(catalog).map(drop),
        }
    }

    /// The catalog over a root that no catalog file declares, for paths typed in statements.
    fn path_catalog(&self, root: &str) -> Result<Arc<dyn ErasedCatalog>> {
        let mut catalogs = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = catalogs.get(root) {
            return Ok(Arc::clone(catalog));
        }
        let text = format!(
            "connector = \"files\"\n[options]\nlocation = {}\n",
            toml::Value::String(root.to_owned())
        );
        let file = CatalogFile::parse(TomlText::new("", text, false))?;
        let context = CatalogContext::new(
            format!("{PATH_PREFIX}{root}"),
            "/",
            file.store(),
            Arc::clone(&self.stores),
            parse_type,
        );
        let catalog = self.connector(&file)?.open(context, &file)?;
        catalogs.insert(root.to_owned(), Arc::clone(&catalog));
        Ok(catalog)
    }

    fn open(&self, name: &str, path: &Path) -> Result<Opened> {
        if RESERVED_CATALOGS.contains(&name) {
            return Err(Error::config(format!("{}: {name} is a reserved name", path.display())));
        }
        let text = read_text(path)?;
        if !self.expand && text.contains("${") {
            return Err(Error::config(format!(
                "{}: `${{…}}` is not expanded in a catalog folder that was found by working directory alone",
                path.display()
            ))
            .with_hint("name the folder with --catalog-dir, or say `sluice trust` once"));
        }
        let file = CatalogFile::parse(TomlText::new(path, text, self.expand))?;
        let connector = self.connector(&file)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let stores = Arc::clone(&self.stores);
        let context = CatalogContext::new(name, folder, file.store(), stores, parse_type);
        let catalog = connector.open(context, &file)?;
        Ok(Opened { file, catalog })
    }

    fn connector(&self, file: &CatalogFile) -> Result<&'static dyn ErasedConnector> {
        let name = file.connector.as_str();
        if let Some(connector) = self.connectors.iter().find(|c| c.name() == name) {
            return Ok(*connector);
        }
        let known: Vec<_> = self.connectors.iter().map(|c| c.name()).collect();
        let error = file.text().wrong(format!("unknown connector `{name}`"));
        Err(match name {
            "oss" | "s3" | "hdfs" => error.with_hint(format!(
                "use connector = \"files\" and location = \"{name}://…\" under [options]"
            )),
            _ => error.with_hint(format!("known connectors: {}", known.join(", "))),
        })
    }

    /// A line per catalog that is wanted; a catalog whose file is wrong says so in its description.
    pub fn summaries(&self, wanted: impl Fn(&str) -> bool) -> Vec<CatalogSummary> {
        let mut lines = Vec::new();
        for name in self.names().into_iter().filter(|name| wanted(name)) {
            let line = match self.opened(&name) {
                Ok((_, opened)) => {
                    let file = opened.as_ref().map(|opened| &opened.file);
                    CatalogSummary {
                        name,
                        connector: file.map_or("views", |f| &f.connector).to_owned(),
                        location: opened.as_ref().map(|o| o.catalog.location()).unwrap_or_default(),
                        description: file.and_then(|f| f.description.clone()).unwrap_or_default(),
                    }
                }
                Err(e) => CatalogSummary {
                    name,
                    connector: "?".to_owned(),
                    location: String::new(),
                    description: format!("error: {e}"),
                },
            };
            lines.push(line);
        }
        lines
    }

    /// The schemas of a catalog: declared and discovered, sorted.
    pub async fn schemas(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
    ) -> Result<Vec<String>> {
        let (entry, opened) = self.opened(catalog)?;
        let mut names: BTreeSet<String> = entry.files.schemas.keys().cloned().collect();
        if let Some(opened) = opened {
            names.extend(opened.catalog.schemas(context).await?);
        }
        Ok(names.into_iter().collect())
    }

    /// The tables and views of a schema: declared and discovered, sorted by name.
    pub async fn tables(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        let (entry, opened) = self.opened(catalog)?;
        let mut tables: BTreeMap<String, TableKind> = BTreeMap::new();
        if let Some(opened) = opened {
            for table in opened.catalog.tables(context, schema).await? {
                if opened.file.discover.shows(schema, &table.name) {
                    tables.insert(table.name, table.kind);
                }
            }
        }
        if let Some(files) = entry.files.schemas.get(schema) {
            for (name, declaration) in &files.objects {
                let kind = match declaration {
                    Declaration::Table(_) => TableKind::Table,
                    Declaration::View(_) => TableKind::View,
                };
                tables.insert(name.clone(), kind);
            }
        }
        Ok(tables.into_iter().map(|(name, kind)| TableEntry { name, kind }).collect())
    }

    /// Opens `schema.table` of a catalog by its exact name; a declared object hides a discovered
    /// one.
    pub(super) async fn open_table(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<Found>> {
        let (entry, opened) = self.opened(catalog)?;
        let declaration =
            entry.files.schemas.get(&name.schema).and_then(|s| s.objects.get(&name.table));
        if let Some(Declaration::View(path)) = declaration {
            return ViewFile::read(path).map(|view| Some(Found::View(view)));
        }
        let Some(opened) = opened else { return Ok(None) };
        let declared = self.declared(&opened, declaration)?;
        let table = opened.catalog.table(context, name, &declared).await?;
        Ok(table.map(Found::Table))
    }

    /// Opens `errors('catalog.schema.table')` by its exact name.
    pub async fn open_errors(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<OpenedTable>> {
        let (entry, opened) = self.opened(catalog)?;
        let declaration =
            entry.files.schemas.get(&name.schema).and_then(|s| s.objects.get(&name.table));
        if let Some(Declaration::View(_)) = declaration {
            return Err(Error::sql(format!(
                "{catalog}.{name} is a view: views have no bad records"
            ))
            .with_hint("ask for the errors of the tables that it reads"));
        }
        let Some(opened) = opened else { return Ok(None) };
        let declared = self.declared(&opened, declaration)?;
        opened.catalog.errors(context, name, &declared).await
    }

    /// The first catalog whose location contains a location typed in a statement opens it; the
    /// names of the files say their format where the statement does not.
    pub async fn open_path(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        format: Option<&str>,
    ) -> Result<Option<OpenedTable>> {
        for name in self.names() {
            // A catalog with a bad file must not stand in the way of a plain path.
            let Ok((_, Some(opened))) = self.opened(&name) else { continue };
            if let Some(table) = opened.catalog.path(context, location, format).await? {
                return Ok(Some(table));
            }
        }
        self.path_catalog(&root_of(location))?.path(context, location, format).await
    }

    /// The catalogs whose locations contain a location. One whose file is wrong has none.
    pub(super) fn holding(&self, location: &str) -> Vec<String> {
        let holds = |name: &String| match self.opened(name) {
            Ok((_, Some(opened))) => opened.catalog.holds(location),
            _ => false,
        };
        self.names().into_iter().filter(holds).collect()
    }

    /// The text of a table file that declares what a sample of the table shows.
    pub async fn infer(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<String>> {
        match self.opened(catalog)? {
            (_, Some(opened)) => opened.catalog.infer(context, name).await,
            (_, None) => Err(Error::unsupported(format!("{catalog} is a catalog of views"))),
        }
    }

    fn declared(&self, opened: &Opened, file: Option<&Declaration>) -> Result<DeclaredTable> {
        let defaults = opened.file.table_defaults();
        let text = match file {
            Some(Declaration::Table(path)) => {
                Some(TomlText::new(path, read_text(path)?, self.expand))
            }
            Some(Declaration::View(_)) | None => None,
        };
        Ok(DeclaredTable { text, defaults })
    }

    /// Reads every file of a catalog (or of all), asks the systems, and reports all that is wrong
    /// at once. Views are planned by the engine, which knows how.
    pub async fn check(
        &self,
        context: &Arc<StatementContext>,
        only: Option<&str>,
    ) -> Result<Vec<Finding>> {
        let mut findings = match (only, &self.read().folder) {
            (None, Some(folder)) => folder.findings.clone(),
            _ => vec![],
        };
        let names = match only {
            Some(name) => vec![self.entry(name)?.name.clone()],
            None => self.names(),
        };
        for name in names {
            let (entry, opened) = match self.opened(&name) {
                Ok(pair) => pair,
                Err(e) => {
                    findings.push(finding(&name, &e));
                    continue;
                }
            };
            let Some(opened) = opened else { continue };
            for (schema, files) in &entry.files.schemas {
                for (table, declaration) in &files.objects {
                    if let Declaration::Table(_) = declaration {
                        let checked = self
                            .declared(&opened, Some(declaration))
                            .and_then(|declared| opened.catalog.check_file(&declared));
                        if let Err(e) = checked {
                            findings.push(finding(&format!("{name}.{schema}.{table}"), &e));
                        }
                    }
                }
            }
            match opened.catalog.check(context).await {
                Ok(more) => findings.extend(more),
                Err(e) => findings.push(finding(&name, &e)),
            }
            if opened.file.writable {
                findings.extend(writing::check(context, &name, &opened).await);
            }
        }
        Ok(findings)
    }

    /// The declared views of a catalog (or of all) by full name, for the check.
    pub fn declared_views(&self, only: Option<&str>) -> Vec<[String; 3]> {
        let state = self.read();
        let mut views = Vec::new();
        for (catalog, entry) in &state.entries {
            if only.is_some_and(|only| only != catalog) {
                continue;
            }
            for (schema, files) in &entry.files.schemas {
                for (name, declaration) in &files.objects {
                    if matches!(declaration, Declaration::View(_)) {
                        views.push([catalog.clone(), schema.clone(), name.clone()]);
                    }
                }
            }
        }
        views
    }
}

impl State {
    fn new(folder: Option<Folder>) -> Self {
        let entries = folder.iter().flat_map(|folder| &folder.catalogs).map(|(name, files)| {
            let entry =
                Entry { name: name.clone(), files: files.clone(), opened: Mutex::default() };
            (name.clone(), Arc::new(entry))
        });
        Self { entries: entries.collect(), folder }
    }
}

/// The root of a location's store.
pub(super) fn root_of(location: &str) -> String {
    match location.split_once("://") {
        Some((scheme, rest)) => {
            format!("{scheme}://{}/", rest.split('/').next().unwrap_or_default())
        }
        None => "/".to_owned(),
    }
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))
}

fn finding(object: &str, error: &Error) -> Finding {
    Finding {
        severity: Severity::Error,
        object: object.to_owned(),
        message: error.message().to_owned(),
        fix: error.hint().map(str::to_owned),
    }
}
