//! What a connector implements, typed, and what the engine holds, erased.
//!
//! An author writes [`Connector`] and [`Catalog`] with their own option structs. One blanket
//! implementation each parses the TOML text into those structs, so that every connector reports
//! an unknown key with its file and line and none has to think of it. The pair follows arroyo's
//! `Connector`/`ErasedConnector`
//! (<https://github.com/ArroyoSystems/arroyo/blob/master/crates/arroyo-operator/src/connector.rs>).

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;
use serde::de::DeserializeOwned;

use super::codec::NodeCodec;
use super::context::{CatalogContext, StatementContext, TypeParser};
use super::estimate::ScanLeaf;
use super::file::{CatalogFile, TableFile, TomlText};
use super::service::Service;
use super::write::{TableWriter, WriteOptions};
use crate::error::{Error, Result};

/// Schema and table inside one catalog, spelled as the system spells them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema; `default` for systems that have none.
    pub schema: String,
    /// The table.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// What a listed object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// Data of the system.
    Table,
    /// A stored SELECT.
    View,
}

impl TableKind {
    /// As `information_schema.tables.table_type` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "BASE TABLE",
            Self::View => "VIEW",
        }
    }
}

/// One line of a listing: known without opening the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// The table's name inside its schema.
    pub name: String,
    /// Table or view.
    pub kind: TableKind,
}

/// What the catalog folder says of a table, as text that only its connector can type.
#[derive(Clone, Debug)]
pub struct DeclaredTable {
    /// The table's own file, if it has one.
    pub text: Option<TomlText>,
    /// The `[tables]` section of the catalog file: defaults for every table of the catalog.
    pub defaults: TomlText,
}

/// A table that a statement has named.
#[derive(Clone, Debug)]
pub struct OpenedTable {
    /// What DataFusion scans.
    pub provider: Arc<dyn TableProvider>,
    /// One line for people: where the data is and what it is.
    pub source: String,
    /// The declaration's description, if there is one.
    pub description: Option<String>,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Works, but somebody should look.
    Warning,
    /// Does not work.
    Error,
}

impl Severity {
    /// As the check's answer spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line of a check's answer.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a file, a table, a server.
    pub object: String,
    /// What was found.
    pub message: String,
    /// The way out, if there is something to do.
    pub fix: Option<String>,
}

/// A function of a connector that is called where a table stands, with a table's name as its first
/// argument: `name('catalog.schema.table', argument => value)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFunction {
    /// Its name.
    pub name: &'static str,
    /// How it is called, for people.
    pub usage: &'static str,
    /// One sentence for listings.
    pub description: &'static str,
    /// The arguments that it takes by name.
    pub arguments: &'static [&'static str],
}

/// The arguments of a call, by name, as text: `true`, `3`, `all`.
pub type FunctionArguments = BTreeMap<String, String>;

/// A system that Sluice can read, with its own typed options.
pub trait Connector: Debug + Send + Sync + 'static {
    /// `[options]` of the catalog file. Its doc comments are the reference of the keys.
    type CatalogOptions: DeserializeOwned;
    /// `[options]` of a table file.
    type TableOptions: DeserializeOwned + Send + Sync + 'static;

    /// The name in `connector = "…"`; equals the connector's folder.
    fn name(&self) -> &'static str;

    /// One sentence for listings.
    fn description(&self) -> &'static str;

    /// Opens a catalog. Does no I/O: a dead server is found by the statement that needs it.
    ///
    /// # Errors
    /// `Config` when the options contradict each other.
    fn open(
        &self,
        context: CatalogContext,
        options: Self::CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = Self::TableOptions>>>;

    /// The plan nodes that this connector's scans put into plans.
    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[]
    }

    /// A plan node as the scan of this connector that it is; `None` for any other node.
    fn leaf<'p>(&self, _node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        None
    }

    /// Functions over single values that go with the system's data.
    fn functions(&self) -> Vec<ScalarUDF> {
        vec![]
    }

    /// The table functions that this connector's catalogs answer.
    fn table_functions(&self) -> &'static [TableFunction] {
        &[]
    }
}

/// An opened catalog of one system.
#[async_trait]
pub trait Catalog: Debug + Send + Sync {
    /// As in [`Connector::TableOptions`].
    type TableOptions: DeserializeOwned + Send + Sync + 'static;

    /// The schemas that the system has by itself.
    async fn schemas(&self, context: &Arc<StatementContext>) -> Result<Vec<String>>;

    /// The tables of a schema that the system has by itself, names only.
    async fn tables(
        &self,
        context: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>>;

    /// Opens a table; `None` when the system has none of that name. A declared table without data
    /// is a table all the same, or an error that says where the data should be.
    async fn table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<Self::TableOptions>,
    ) -> Result<Option<OpenedTable>>;

    /// The bad records of a table as a table of their own: `errors('t')`.
    async fn errors(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<Self::TableOptions>,
    ) -> Result<Option<OpenedTable>>;

    /// What one of the connector's [table functions](Connector::table_functions) gives for a table;
    /// `None` when it has no such function, or the system no table of that name.
    async fn call(
        &self,
        _context: &Arc<StatementContext>,
        _function: &str,
        _name: &TableName,
        _declared: TableFile<Self::TableOptions>,
        _arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>> {
        Ok(None)
    }

    /// A table over a location typed in a statement, when that location lies in this catalog.
    /// Only connectors with a location answer.
    async fn path(
        &self,
        _context: &Arc<StatementContext>,
        _location: &str,
        _format: Option<&str>,
    ) -> Result<Option<OpenedTable>> {
        Ok(None)
    }

    /// Whether the system can be reached, as whom, and what is wrong.
    async fn check(&self, context: &Arc<StatementContext>) -> Result<Vec<Finding>>;

    /// The text of a table file that declares what a sample of the table shows.
    async fn infer(
        &self,
        _context: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>> {
        Err(Error::unsupported(format!("the columns of {name} cannot be inferred")))
    }

    /// Whether a location typed in a statement lies in this catalog. Only connectors with a
    /// location answer.
    fn holds(&self, _location: &str) -> bool {
        false
    }

    /// A writer of new files at a location that this catalog [`holds`](Self::holds).
    async fn copy_to(
        &self,
        _context: &Arc<StatementContext>,
        location: &str,
        _columns: SchemaRef,
        _options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        Err(Error::unsupported(format!("{location} cannot be written")))
    }

    /// A writer of more rows for a table; `None` when the system has none of that name.
    async fn append(
        &self,
        _context: &Arc<StatementContext>,
        name: &TableName,
        _declared: TableFile<Self::TableOptions>,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        Err(Error::unsupported(format!("{name} cannot be written: its connector only reads")))
    }

    /// A writer of a new table; `None` when there is one of that name.
    async fn create(
        &self,
        _context: &Arc<StatementContext>,
        name: &TableName,
        _columns: SchemaRef,
        _options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        Err(Error::unsupported(format!("{name} cannot be made: its connector only reads")))
    }

    /// Names what killed writes left longer ago than an age; with `remove`, removes it.
    async fn leftovers(
        &self,
        _context: &Arc<StatementContext>,
        _older_than: Duration,
        _remove: bool,
    ) -> Result<Vec<String>> {
        Ok(vec![])
    }

    /// What the plan nodes of this catalog's scans ask for where they run.
    fn service(&self) -> Option<Service> {
        None
    }

    /// One line for people: where the data of this catalog is.
    fn location(&self) -> String;
}

/// [`Connector`] without its types: what the list of connectors holds.
pub trait ErasedConnector: Debug + Send + Sync {
    /// See [`Connector::name`].
    fn name(&self) -> &'static str;
    /// See [`Connector::description`].
    fn description(&self) -> &'static str;
    /// Types the `[options]` of a catalog file and opens the catalog.
    fn open(&self, context: CatalogContext, file: &CatalogFile) -> Result<Arc<dyn ErasedCatalog>>;
    /// See [`Connector::nodes`].
    fn nodes(&self) -> &'static [&'static dyn NodeCodec];
    /// See [`Connector::leaf`].
    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf>;
    /// See [`Connector::functions`].
    fn functions(&self) -> Vec<ScalarUDF>;
    /// See [`Connector::table_functions`].
    fn table_functions(&self) -> &'static [TableFunction];
}

impl<C: Connector> ErasedConnector for C {
    fn name(&self) -> &'static str {
        Connector::name(self)
    }

    fn description(&self) -> &'static str {
        Connector::description(self)
    }

    fn open(&self, context: CatalogContext, file: &CatalogFile) -> Result<Arc<dyn ErasedCatalog>> {
        let types = context.types();
        let catalog = Connector::open(self, context, file.options()?)?;
        Ok(Arc::new(Erased { catalog, types }))
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        Connector::nodes(self)
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        Connector::leaf(self, node)
    }

    fn functions(&self) -> Vec<ScalarUDF> {
        Connector::functions(self)
    }

    fn table_functions(&self) -> &'static [TableFunction] {
        Connector::table_functions(self)
    }
}

/// [`Catalog`] without its types: takes table files as text.
#[async_trait]
pub trait ErasedCatalog: Debug + Send + Sync {
    /// See [`Catalog::schemas`].
    async fn schemas(&self, context: &Arc<StatementContext>) -> Result<Vec<String>>;
    /// See [`Catalog::tables`].
    async fn tables(
        &self,
        context: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>>;
    /// See [`Catalog::table`].
    async fn table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<OpenedTable>>;
    /// See [`Catalog::errors`].
    async fn errors(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<OpenedTable>>;
    /// See [`Catalog::call`].
    async fn call(
        &self,
        context: &Arc<StatementContext>,
        function: &str,
        name: &TableName,
        declared: &DeclaredTable,
        arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>>;
    /// See [`Catalog::path`].
    async fn path(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        format: Option<&str>,
    ) -> Result<Option<OpenedTable>>;
    /// See [`Catalog::check`].
    async fn check(&self, context: &Arc<StatementContext>) -> Result<Vec<Finding>>;
    /// Types a table file without opening the table, to find what is wrong in it.
    fn check_file(&self, declared: &DeclaredTable) -> Result<()>;
    /// See [`Catalog::infer`].
    async fn infer(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>>;
    /// See [`Catalog::holds`].
    fn holds(&self, location: &str) -> bool;
    /// See [`Catalog::copy_to`].
    async fn copy_to(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>>;
    /// See [`Catalog::append`].
    async fn append(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<Box<dyn TableWriter>>>;
    /// See [`Catalog::create`].
    async fn create(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>>;
    /// See [`Catalog::leftovers`].
    async fn leftovers(
        &self,
        context: &Arc<StatementContext>,
        older_than: Duration,
        remove: bool,
    ) -> Result<Vec<String>>;
    /// See [`Catalog::service`].
    fn service(&self) -> Option<Service>;
    /// See [`Catalog::location`].
    fn location(&self) -> String;
}

struct Erased<T> {
    catalog: Arc<dyn Catalog<TableOptions = T>>,
    types: TypeParser,
}

impl<T> Debug for Erased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.catalog.fmt(f)
    }
}

impl<T: DeserializeOwned> Erased<T> {
    fn typed(&self, declared: &DeclaredTable) -> Result<TableFile<T>> {
        TableFile::parse(declared.text.as_ref(), &declared.defaults, self.types)
    }
}

#[async_trait]
impl<T: DeserializeOwned + Send + Sync + 'static> ErasedCatalog for Erased<T> {
    async fn schemas(&self, context: &Arc<StatementContext>) -> Result<Vec<String>> {
        self.catalog.schemas(context).await
    }

    async fn tables(
        &self,
        context: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        self.catalog.tables(context, schema).await
    }

    async fn table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<OpenedTable>> {
        self.catalog.table(context, name, self.typed(declared)?).await
    }

    async fn errors(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<OpenedTable>> {
        self.catalog.errors(context, name, self.typed(declared)?).await
    }

    async fn call(
        &self,
        context: &Arc<StatementContext>,
        function: &str,
        name: &TableName,
        declared: &DeclaredTable,
        arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>> {
        self.catalog.call(context, function, name, self.typed(declared)?, arguments).await
    }

    async fn path(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        format: Option<&str>,
    ) -> Result<Option<OpenedTable>> {
        self.catalog.path(context, location, format).await
    }

    async fn check(&self, context: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        self.catalog.check(context).await
    }

    fn check_file(&self, declared: &DeclaredTable) -> Result<()> {
        self.typed(declared).map(drop)
    }

    async fn infer(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>> {
        self.catalog.infer(context, name).await
    }

    fn holds(&self, location: &str) -> bool {
        self.catalog.holds(location)
    }

    async fn copy_to(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        self.catalog.copy_to(context, location, columns, options).await
    }

    async fn append(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: &DeclaredTable,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        self.catalog.append(context, name, self.typed(declared)?).await
    }

    async fn create(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        self.catalog.create(context, name, columns, options).await
    }

    async fn leftovers(
        &self,
        context: &Arc<StatementContext>,
        older_than: Duration,
        remove: bool,
    ) -> Result<Vec<String>> {
        self.catalog.leftovers(context, older_than, remove).await
    }

    fn service(&self) -> Option<Service> {
        self.catalog.service()
    }

    fn location(&self) -> String {
        self.catalog.location()
    }
}
