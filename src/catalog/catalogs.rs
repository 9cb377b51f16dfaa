//! The catalogs of one engine: opened when they are first named, kept until a refresh.

mod changes;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use changes::{CatalogChange, Problem};

use super::find::RESERVED_CATALOGS;
use super::folder::{CatalogFolder, Declaration, Folder};
use super::source::Source;
use super::types::parse_type;
use super::view::ViewFile;
use crate::error::{Error, Result};
use crate::spi::{
    CatalogContext, CatalogFile, DeclaredTable, ErasedCatalog, ErasedConnector, Finding,
    FunctionArguments, OpenServices, OpenStore, OpenedTable, Service, Severity, StatementContext,
    TableEntry, TableKind, TableName, TomlText,
};

/// All catalogs of an engine: as they are now, or as they were when a statement began.
#[derive(Clone, Debug)]
pub struct Catalogs {
    parts: Arc<Parts>,
    // What a statement sees from its beginning to its end.
    fixed: Option<Arc<State>>,
}

#[derive(Debug)]
struct Parts {
    connectors: &'static [&'static dyn ErasedConnector],
    stores: Arc<dyn OpenStore>,
    expand: bool,
    parse_view: fn(&str) -> Result<()>,
    current: RwLock<Arc<State>>,
    // Held by who makes a new state of the current one.
    changing: Mutex<changes::Waiting>,
    // Catalogs over roots of paths typed in statements.
    paths: Mutex<BTreeMap<String, Arc<dyn ErasedCatalog>>>,
}

/// What the names of path catalogs begin with; no file name can.
const PATH_PREFIX: &str = "path:/";

#[derive(Debug, Default)]
struct State {
    folder: Option<Folder>,
    entries: BTreeMap<String, Arc<Entry>>,
}

/// One catalog: its files, and what its connector made of them once it was named.
#[derive(Debug)]
struct Entry {
    name: String,
    // As they were found.
    seen: CatalogFolder,
    // As they are used: in the place of one that is wrong, what it was before.
    files: CatalogFolder,
    // Opening does no I/O but reading the file, so a lock may be held over it. An error is not
    // kept: the next statement reads the file again.
    opened: Mutex<Option<Arc<Opened>>>,
    problems: Vec<Problem>,
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
    /// replaced; without, naming a catalog that has one says how to trust the folder. `parse_view`
    /// says what is wrong with the text of a view.
    pub fn new(
        folder: Option<Folder>,
        connectors: &'static [&'static dyn ErasedConnector],
        stores: Arc<dyn OpenStore>,
        expand: bool,
        parse_view: fn(&str) -> Result<()>,
    ) -> Self {
        let parts = Parts {
            connectors,
            stores,
            expand,
            parse_view,
            current: RwLock::new(Arc::new(State::new(folder))),
            changing: Mutex::default(),
            paths: Mutex::default(),
        };
        Self { parts: Arc::new(parts), fixed: None }
    }

    /// The catalogs as they are now, whatever changes later: what one statement sees.
    #[must_use]
    pub fn fixed(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), fixed: Some(self.parts.current()) }
    }

    fn read(&self) -> Arc<State> {
        self.fixed.clone().unwrap_or_else(|| self.parts.current())
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
        let Some(source) = &entry.files.file else { return Ok((entry, None)) };
        let mut slot = entry.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &*slot {
            Some(opened) => Arc::clone(opened),
            None => Arc::clone(slot.insert(Arc::new(self.parts.open(name, source)?))),
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
        let mut catalogs = self.parts.paths.lock().unwrap_or_else(PoisonError::into_inner);
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
            Arc::clone(&self.parts.stores),
            parse_type,
        );
        let catalog = self.parts.connector(&file)?.open(context, &file)?;
        catalogs.insert(root.to_owned(), Arc::clone(&catalog));
        Ok(catalog)
    }
}

impl OpenServices for Catalogs {
    fn service_of(&self, catalog: &str) -> Result<Option<Service>> {
        let (_, opened) = self.opened(catalog)?;
        Ok(opened.and_then(|opened| opened.catalog.service()))
    }
}

impl Parts {
    fn current(&self) -> Arc<State> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn open(&self, name: &str, source: &Source) -> Result<Opened> {
        let path = source.path();
        if RESERVED_CATALOGS.contains(&name) {
            return Err(Error::config(format!("{}: {name} is a reserved name", path.display())));
        }
        let text = source.text()?;
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

    fn declared(&self, opened: &Opened, file: Option<&Declaration>) -> Result<DeclaredTable> {
        let defaults = opened.file.table_defaults();
        let text = match file {
            Some(Declaration::Table(source)) => {
                Some(TomlText::new(source.path(), source.text()?, self.expand))
            }
            Some(Declaration::View(_)) | None => None,
        };
        Ok(DeclaredTable { text, defaults })
    }
}

impl Catalogs {
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
        if let Some(Declaration::View(source)) = declaration {
            return ViewFile::read(source).map(|view| Some(Found::View(view)));
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

    /// Opens what a connector's table function gives for a table by its exact name.
    pub async fn call(
        &self,
        context: &Arc<StatementContext>,
        function: &str,
        catalog: &str,
        name: &TableName,
        arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>> {
        let (entry, opened) = self.opened(catalog)?;
        let declaration =
            entry.files.schemas.get(&name.schema).and_then(|s| s.objects.get(&name.table));
        if let Some(Declaration::View(_)) = declaration {
            return Err(Error::sql(format!("{catalog}.{name} is a view"))
                .with_hint(format!("{function}() takes the tables that it reads")));
        }
        let Some(opened) = opened else { return Ok(None) };
        let declared = self.declared(&opened, declaration)?;
        opened.catalog.call(context, function, name, &declared, arguments).await
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
        self.parts.declared(opened, file)
    }

    /// Reads every file of a catalog (or of all), as [`load`](Self::load) does, asks the systems, and
    /// reports all that is wrong at once. Views are planned by the engine, which knows how.
    pub async fn check(
        &self,
        context: &Arc<StatementContext>,
        only: Option<&str>,
    ) -> Result<Vec<Finding>> {
        let mut findings = self.load()?;
        let checked = self.fixed();
        let names = match only {
            Some(name) => {
                findings.retain(|finding| finding.is_of(name));
                vec![checked.entry(name)?.name.clone()]
            }
            None => checked.names(),
        };
        let mut findings: Vec<Finding> = findings.iter().map(Problem::finding).collect();
        for name in names {
            // A file that is wrong is among the problems.
            let Ok((_, Some(opened))) = checked.opened(&name) else { continue };
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
            let entry = Entry {
                name: name.clone(),
                seen: files.clone(),
                files: files.clone(),
                opened: Mutex::default(),
                problems: vec![],
            };
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

fn finding(object: &str, error: &Error) -> Finding {
    Finding {
        severity: Severity::Error,
        object: object.to_owned(),
        message: error.message().to_owned(),
        fix: error.hint().map(str::to_owned),
    }
}
