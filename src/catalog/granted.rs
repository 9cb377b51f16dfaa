//! The catalogs as one user may use them: the only way from a statement to the engine's catalogs.
//!
//! What is not granted does not exist here, whatever asks for it: a look-up, a listing, a path, a
//! write. What may be read and not written says so.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;

use super::catalogs::{CatalogSummary, Catalogs, Found};
use super::grants::{Access, Grants};
use crate::error::{Error, Result};
use crate::spi::{
    Finding, FunctionArguments, OpenedTable, StatementContext, TableEntry, TableName, TableWriter,
    WriteOptions,
};

/// The engine's catalogs, as far as somebody may use them.
#[derive(Clone, Debug)]
pub struct GrantedCatalogs {
    catalogs: Arc<Catalogs>,
    grants: Arc<Grants>,
}

impl GrantedCatalogs {
    /// Catalogs as far as `grants` open them.
    pub fn new(catalogs: Arc<Catalogs>, grants: Arc<Grants>) -> Self {
        Self { catalogs, grants }
    }

    /// All of them, for what the catalog folder itself says: views.
    pub(super) fn all(&self) -> Self {
        Self { catalogs: Arc::clone(&self.catalogs), grants: Arc::new(Grants::ALL) }
    }

    /// Whether a schema may be seen, if it exists.
    pub(super) fn sees(&self, catalog: &str, schema: &str) -> bool {
        self.grants.of_schema(catalog, schema).is_some()
    }

    /// The catalogs' names, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.catalogs.names();
        names.retain(|name| self.grants.sees(name));
        names
    }

    /// A line per catalog.
    pub fn summaries(&self) -> Vec<CatalogSummary> {
        self.catalogs.summaries(|name| self.grants.sees(name))
    }

    /// Refuses a catalog that is not there, without a word of those that cannot be seen.
    fn known(&self, catalog: &str) -> Result<()> {
        let names = self.names();
        if names.iter().any(|name| name == catalog) {
            return Ok(());
        }
        let known = if names.is_empty() {
            "there is no catalog at all".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        Err(Error::not_found(format!("catalog {catalog} does not exist: {known}")))
    }

    /// The schemas of a catalog: declared and discovered, sorted.
    pub async fn schemas(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
    ) -> Result<Vec<String>> {
        self.known(catalog)?;
        let mut schemas = self.catalogs.schemas(context, catalog).await?;
        schemas.retain(|schema| self.sees(catalog, schema));
        Ok(schemas)
    }

    /// The tables and views of a schema: declared and discovered, sorted by name.
    pub async fn tables(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        self.known(catalog)?;
        if !self.sees(catalog, schema) {
            return Ok(vec![]);
        }
        self.catalogs.tables(context, catalog, schema).await
    }

    /// Opens `schema.table` of a catalog by its exact name.
    pub(super) async fn open_table(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<Found>> {
        if !self.sees(catalog, &name.schema) || !self.names().iter().any(|known| known == catalog) {
            return Ok(None);
        }
        self.catalogs.open_table(context, catalog, name).await
    }

    /// Opens `errors('catalog.schema.table')` by its exact name.
    pub async fn open_errors(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<OpenedTable>> {
        if !self.sees(catalog, &name.schema) {
            return Ok(None);
        }
        self.catalogs.open_errors(context, catalog, name).await
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
        if !self.sees(catalog, &name.schema) {
            return Ok(None);
        }
        self.catalogs.call(context, function, catalog, name, arguments).await
    }

    /// The text of a table file that declares what a sample of the table shows.
    pub async fn infer(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<String>> {
        if !self.sees(catalog, &name.schema) {
            return Ok(None);
        }
        self.catalogs.infer(context, catalog, name).await
    }

    /// Opens a location typed in a statement. One that lies in a catalog is as that is granted.
    pub async fn open_path(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        format: Option<&str>,
    ) -> Result<Option<OpenedTable>> {
        self.hold_path(location, Access::Read)?;
        self.catalogs.open_path(context, location, format).await
    }

    /// A path that lies in a catalog is open to who may read (or write) all of that.
    fn hold_path(&self, location: &str, access: Access) -> Result<()> {
        let enough = |name: &str| self.grants.of_catalog(name) >= Some(access);
        if self.catalogs.holding(location).iter().all(|name| enough(name)) {
            return Ok(());
        }
        Err(Error::denied(format!("path '{location}' is not open to this user")))
    }

    /// Reads the folder again and forgets what was opened: all of it, or one catalog.
    pub fn refresh(&self, catalog: Option<&str>) -> Result<()> {
        catalog.map(|name| self.known(name)).transpose()?;
        self.catalogs.refresh(catalog)
    }

    /// Reports all that is wrong with a catalog, or with all of them. Of catalogs that are granted in
    /// part, what concerns that part.
    pub async fn check(
        &self,
        context: &Arc<StatementContext>,
        only: Option<&str>,
    ) -> Result<Vec<Finding>> {
        if only.is_none() && self.grants.of_all().is_some() {
            return self.catalogs.check(context, None).await;
        }
        let names = match only {
            Some(name) => vec![name.to_owned()],
            None => self.names(),
        };
        let mut findings = Vec::new();
        for name in names {
            self.known(&name)?;
            let mut found = self.catalogs.check(context, Some(&name)).await?;
            if self.grants.of_catalog(&name).is_none() {
                found.retain(|finding| self.concerns(&name, &finding.object));
            }
            findings.extend(found);
        }
        Ok(findings)
    }

    /// Whether an object that a finding names lies in a schema that may be seen.
    fn concerns(&self, catalog: &str, object: &str) -> bool {
        let rest = object.strip_prefix(catalog).and_then(|rest| rest.strip_prefix('.'));
        let Some(rest) = rest else { return false };
        rest.match_indices('.').any(|(at, _)| self.sees(catalog, &rest[..at]))
    }

    /// The declared views of a catalog (or of all) by full name, for the check.
    pub fn declared_views(&self, only: Option<&str>) -> Vec<[String; 3]> {
        let mut views = self.catalogs.declared_views(only);
        views.retain(|[catalog, schema, _]| self.sees(catalog, schema));
        views
    }

    /// Refuses to write into what may be read alone. A schema that cannot be seen is refused like one
    /// that does not exist yet.
    fn may_write(&self, catalog: &str, schema: &str) -> Result<()> {
        match self.grants.of_schema(catalog, schema) {
            Some(Access::Write) => Ok(()),
            _ => Err(Error::denied(format!("{catalog}.{schema} is not written to by this user"))
                .with_hint(format!("a role with write = [\"{catalog}\"] opens it"))),
        }
    }

    /// A writer of new files at a location typed in a statement. Inside a catalog's location,
    /// that catalog must be writable, and open to be written to.
    pub async fn copy_to(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        self.hold_path(location, Access::Write)?;
        self.catalogs.copy_to(context, location, columns, options).await
    }

    /// A writer of more rows for a table; `None` when there is none of that name.
    pub async fn append(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        self.known(catalog)?;
        self.may_write(catalog, &name.schema)?;
        self.catalogs.append(context, catalog, name).await
    }

    /// A writer of a new table; `None` when there is something of that name.
    pub async fn create(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        self.known(catalog)?;
        self.may_write(catalog, &name.schema)?;
        self.catalogs.create(context, catalog, name, columns, options).await
    }

    /// Removes what dead writes left in a writable catalog longer ago than an age, and names it.
    pub async fn clean(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        older_than: Duration,
    ) -> Result<Vec<String>> {
        self.known(catalog)?;
        if self.grants.of_catalog(catalog) < Some(Access::Write) {
            return Err(Error::denied(format!("catalog {catalog} is not cleaned by this user"))
                .with_hint(format!("a role with write = [\"{catalog}\"] opens it")));
        }
        self.catalogs.clean(context, catalog, older_than).await
    }
}
