//! The catalog as one statement sees it.
//!
//! DataFusion asks for a table once per reference and lets views keep providers of their own, so
//! one read point per statement is not given. Here every object is opened once per statement,
//! before planning, and all references of the statement and of its views share it.
//!
//! What the user may not see is not opened for him. A view of the catalog folder is planned with the
//! rights of that folder; what it opens stays closed to the rest of the statement.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::LogicalPlan;

use super::catalogs::Found;
use super::find::{NamePart, ObjectName, RESERVED_CATALOGS, SESSION_CATALOG, choose};
use super::granted::GrantedCatalogs;
use super::information_schema;
use super::session_objects::{SessionObject, SessionObjects};
use super::system;
use crate::error::{Error, Result};
use crate::spi::{ReadPointBook, StatementContext, TableName};

/// The schema of session objects and of systems that have none.
pub(super) const DEFAULT_SCHEMA: &str = "default";

/// The exact name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullName {
    /// The catalog.
    pub catalog: String,
    /// The schema.
    pub schema: String,
    /// The table or view.
    pub table: String,
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.table)
    }
}

/// What the catalog asks of the engine while it opens the objects of a statement.
#[async_trait]
pub trait StatementPlanner: Send + Sync {
    /// Plans a view's SELECT; unqualified names mean `home`.
    async fn plan_view(
        &self,
        catalogs: &StatementCatalogs,
        sql: &str,
        home: &[String; 2],
    ) -> Result<LogicalPlan>;
    /// `SHOW SETTINGS` as a batch.
    fn settings(&self) -> Result<RecordBatch>;
    /// `SHOW FUNCTIONS` as a batch.
    fn functions(&self) -> Result<RecordBatch>;
    /// Who asks.
    fn user(&self) -> &str;
    /// Refuses a path that the session's user may not name.
    fn allow_path(&self, path: &str) -> Result<()>;
    /// The statements that ran and run, as far as the session's user may see them.
    fn queries(&self) -> Result<RecordBatch>;
    /// What is wrong with the catalog folder, for who may know its files.
    fn problems(&self) -> Result<RecordBatch>;
}

/// The catalogs of one statement, as its user sees them or as a view of the catalog folder does.
#[derive(Clone)]
pub struct StatementCatalogs {
    inner: Arc<Inner>,
    catalogs: GrantedCatalogs,
    // Of a view of the catalog folder: whether it reads what the user may not.
    view: Option<Arc<AtomicBool>>,
}

struct Inner {
    // As the user sees them.
    catalogs: GrantedCatalogs,
    session: Arc<SessionObjects>,
    context: Arc<StatementContext>,
    planner: Arc<dyn StatementPlanner>,
    opened: Mutex<HashMap<FullName, Arc<dyn TableProvider>>>,
    // The views being planned, outermost first: a view that names itself would never end.
    planning: Mutex<Vec<FullName>>,
    // Whether views have opened what the user may not see.
    hides: AtomicBool,
}

impl fmt::Debug for StatementCatalogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementCatalogs").field("context", &self.inner.context).finish()
    }
}

impl StatementCatalogs {
    /// The catalogs of the statement of `context`.
    pub fn new(
        catalogs: GrantedCatalogs,
        session: Arc<SessionObjects>,
        context: Arc<StatementContext>,
        planner: Arc<dyn StatementPlanner>,
    ) -> Self {
        let inner = Inner {
            catalogs: catalogs.clone(),
            session,
            context,
            planner,
            opened: Mutex::default(),
            planning: Mutex::default(),
            hides: AtomicBool::default(),
        };
        Self { inner: Arc::new(inner), catalogs, view: None }
    }

    /// The engine's catalogs, as far as they are open.
    pub fn catalogs(&self) -> &GrantedCatalogs {
        &self.catalogs
    }

    /// The same statement's, as its user sees them.
    fn of_user(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), catalogs: self.inner.catalogs.clone(), view: None }
    }

    /// The same statement's, as a view of the catalog folder sees them.
    fn of_view(&self) -> Self {
        let catalogs = self.inner.catalogs.all();
        Self { inner: Arc::clone(&self.inner), catalogs, view: Some(Arc::default()) }
    }

    /// Takes down that a view reads what the user may not see.
    fn note_unseen(&self) {
        if let Some(view) = &self.view {
            view.store(true, Ordering::Relaxed);
            self.inner.hides.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the statement's views read what its user may not see.
    pub fn hides(&self) -> bool {
        self.inner.hides.load(Ordering::Relaxed)
    }

    /// The full names of what the statement has opened and its user may see.
    pub fn seen(&self) -> BTreeSet<String> {
        let user = self.of_user();
        let opened = lock(&self.inner.opened);
        opened.keys().filter(|name| user.sees(name)).map(ToString::to_string).collect()
    }

    /// Whether an object may be named at all, there or not.
    fn sees(&self, name: &FullName) -> bool {
        let own = RESERVED_CATALOGS.contains(&name.catalog.as_str());
        own || name.schema == information_schema::NAME
            || self.catalogs.sees(&name.catalog, &name.schema)
    }

    /// The session's objects.
    pub fn session(&self) -> &SessionObjects {
        &self.inner.session
    }

    /// The statement's context.
    pub fn context(&self) -> &Arc<StatementContext> {
        &self.inner.context
    }

    /// Refuses a path that the session's user may not name.
    ///
    /// # Errors
    /// `Denied`.
    pub fn allow_path(&self, path: &str) -> Result<()> {
        let allowed = self.inner.planner.allow_path(path);
        match (allowed, &self.view) {
            (Err(_), Some(_)) => {
                self.note_unseen();
                Ok(())
            }
            (allowed, _) => allowed,
        }
    }

    /// Who asks.
    pub fn user(&self) -> &str {
        self.planner().user()
    }

    pub(super) fn planner(&self) -> &dyn StatementPlanner {
        self.inner.planner.as_ref()
    }

    /// Finds what a typed name means and opens it. Unqualified names are looked up in `home`
    /// (catalog and schema), then in `session.default`; two parts mean a schema of `home`'s catalog.
    ///
    /// # Errors
    /// `Sql` with suggestions when nothing of that name exists or several could be meant; the
    /// system's own error when it exists and cannot be opened.
    pub async fn resolve(&self, typed: &ObjectName, home: &[String; 2]) -> Result<FullName> {
        let found = match typed.parts.as_slice() {
            [table] => match self.look_up(&home[0], &NamePart::quoted(&home[1]), table).await? {
                None => {
                    self.look_up(SESSION_CATALOG, &NamePart::quoted(DEFAULT_SCHEMA), table).await?
                }
                found => found,
            },
            [schema, table] => self.look_up(&home[0], schema, table).await?,
            [catalog, schema, table] => {
                let name = self.catalog_named(catalog).map_err(|e| place(e, typed))?;
                self.look_up(&name, schema, table).await?
            }
            _ => return Err(place(Error::sql(format!("{typed} has too many parts")), typed)),
        };
        match found {
            Some(name) => Ok(name),
            None => Err(place(self.not_found(typed, home).await, typed)),
        }
    }

    /// The exact name of a catalog.
    pub fn catalog_named(&self, typed: &NamePart) -> Result<String> {
        let mut names = self.catalog_names();
        names.extend(["session".to_owned(), "system".to_owned()]);
        match choose("catalog", typed, names.iter().map(String::as_str))? {
            Some(name) => Ok(name.to_owned()),
            None => {
                names.sort();
                names.dedup();
                Err(Error::not_found(format!("catalog {} does not exist", typed.text))
                    .with_hint(format!("catalogs: {}", names.join(", "))))
            }
        }
    }

    async fn look_up(
        &self,
        catalog: &str,
        schema: &NamePart,
        table: &NamePart,
    ) -> Result<Option<FullName>> {
        if schema.text.eq_ignore_ascii_case(information_schema::NAME) {
            let known = information_schema::TABLES.iter().copied();
            let Some(table) = choose("table", table, known)? else { return Ok(None) };
            let name = full(catalog, information_schema::NAME, table);
            self.open(&name).await?;
            return Ok(Some(name));
        }
        // The exact name first: it needs no listing.
        let exact = full(catalog, &schema.text, &table.text);
        if self.open(&exact).await? {
            return Ok(Some(exact));
        }
        let listing = self.listing();
        let schemas = listing.schemas(catalog).await?;
        let Some(schema) = choose("schema", schema, schemas.iter().map(String::as_str))? else {
            return Ok(None);
        };
        let tables = listing.names(catalog, schema).await?;
        let Some(table) = choose("table", table, tables.iter().map(String::as_str))? else {
            return Ok(None);
        };
        let name = full(catalog, schema, table);
        Ok(self.open(&name).await?.then_some(name))
    }

    /// Opens an object by its exact name; false when there is none.
    pub async fn open(&self, name: &FullName) -> Result<bool> {
        if !self.sees(name) {
            return Ok(false);
        }
        if self.opened(name).is_none() {
            let Some(provider) = self.open_new(name).await? else { return Ok(false) };
            self.insert(name.clone(), provider);
        }
        if self.view.is_some() && !self.of_user().sees(name) {
            self.note_unseen();
        }
        Ok(true)
    }

    async fn open_new(&self, name: &FullName) -> Result<Option<Arc<dyn TableProvider>>> {
        if name.schema == information_schema::NAME {
            // Also a view lists what the user sees: all references share it.
            return Ok(information_schema::open(&self.of_user(), &name.table));
        }
        if name.catalog == SESSION_CATALOG {
            if name.schema != DEFAULT_SCHEMA {
                return Ok(None);
            }
            return match self.inner.session.get(&name.table) {
                // What a session holds is pinned by nothing.
                Some(SessionObject::Table { .. })
                    if self.inner.context.read_point().replayed().is_some() =>
                {
                    Err(ReadPointBook::not_pinned(&name.to_string()))
                }
                Some(SessionObject::Table { provider, .. }) => Ok(Some(provider)),
                Some(SessionObject::Path { location, format, .. }) => {
                    self.inner.planner.allow_path(&location)?;
                    let catalogs = &self.inner.catalogs;
                    let opened =
                        catalogs.open_path(&self.inner.context, &location, Some(&format)).await?;
                    Ok(opened.map(|table| table.provider))
                }
                Some(SessionObject::View { query, home, .. }) => {
                    // The user's own, whoever names it.
                    self.of_user().plan_view(name, &query, &home).await.map(Some)
                }
                None => Ok(None),
            };
        }
        if name.catalog == system::NAME {
            return system::open(self.planner(), &name.schema, &name.table);
        }
        let table = TableName { schema: name.schema.clone(), table: name.table.clone() };
        match self.catalogs.open_table(&self.inner.context, &name.catalog, &table).await? {
            Some(Found::Table(table)) => Ok(Some(table.provider)),
            Some(Found::View(view)) => {
                let home = [name.catalog.clone(), name.schema.clone()];
                let planned = self.of_view().plan_view(name, &view.sql, &home).await;
                planned.map(Some).map_err(|e| match e.position() {
                    Some(at) => {
                        e.within(format!("{}:{}:{}", view.path.display(), at.line, at.column))
                    }
                    None => e.within(view.path.display()),
                })
            }
            None => Ok(None),
        }
    }

    async fn plan_view(
        &self,
        name: &FullName,
        sql: &str,
        home: &[String; 2],
    ) -> Result<Arc<dyn TableProvider>> {
        {
            let mut planning = lock(&self.inner.planning);
            if planning.contains(name) {
                let chain: Vec<_> =
                    planning.iter().chain([name]).map(ToString::to_string).collect();
                return Err(Error::sql(format!("views name each other: {}", chain.join(" → "))));
            }
            planning.push(name.clone());
        }
        let planned = Box::pin(self.inner.planner.plan_view(self, sql, home)).await;
        lock(&self.inner.planning).pop();
        // A definition names what it reads.
        let hides = self.view.as_ref().is_some_and(|hides| hides.load(Ordering::Relaxed));
        Ok(Arc::new(ViewTable::new(planned?, (!hides).then(|| sql.to_owned()))))
    }

    /// An opened object, if it may be seen.
    pub fn opened(&self, name: &FullName) -> Option<Arc<dyn TableProvider>> {
        let opened = || lock(&self.inner.opened).get(name).cloned();
        self.sees(name).then(opened).flatten()
    }

    /// All that was opened so far.
    pub fn all_opened(&self) -> Vec<(FullName, Arc<dyn TableProvider>)> {
        lock(&self.inner.opened)
            .iter()
            .map(|(name, table)| (name.clone(), Arc::clone(table)))
            .collect()
    }

    /// Puts a table under a name that this statement alone sees.
    pub fn insert(&self, name: FullName, provider: Arc<dyn TableProvider>) {
        lock(&self.inner.opened).insert(name, provider);
    }
}

fn full(catalog: &str, schema: &str, table: &str) -> FullName {
    FullName { catalog: catalog.to_owned(), schema: schema.to_owned(), table: table.to_owned() }
}

fn place(error: Error, typed: &ObjectName) -> Error {
    match typed.position {
        Some(at) if error.position().is_none() => error.at(at),
        _ => error,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CatalogProviderList for StatementCatalogs {
    fn register_catalog(
        &self,
        _: String,
        _: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        self.catalogs.names()
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(Arc::new(OneCatalog { catalogs: self.clone(), name: name.to_owned() }))
    }
}

/// What the planner looks into: only what was opened is there.
#[derive(Debug)]
struct OneCatalog {
    catalogs: StatementCatalogs,
    name: String,
}

impl CatalogProvider for OneCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        Some(Arc::new(OneSchema {
            catalogs: self.catalogs.clone(),
            catalog: self.name.clone(),
            name: name.to_owned(),
        }))
    }
}

#[derive(Debug)]
struct OneSchema {
    catalogs: StatementCatalogs,
    catalog: String,
    name: String,
}

#[async_trait]
impl SchemaProvider for OneSchema {
    fn table_names(&self) -> Vec<String> {
        vec![]
    }

    async fn table(
        &self,
        name: &str,
    ) -> datafusion::common::Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.catalogs.opened(&full(&self.catalog, &self.name, name)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.catalogs.opened(&full(&self.catalog, &self.name, name)).is_some()
    }
}
