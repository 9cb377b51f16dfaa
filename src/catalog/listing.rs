//! Listing without opening: names and kinds first, columns only where they are asked for.
//!
//! `SHOW`, completion and `information_schema` all list through here. An object that cannot be
//! opened, or not in time, is listed without columns and stands among the problems; it never
//! fails the listing.

use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use futures::StreamExt;

use super::find::SESSION_CATALOG;
use super::information_schema;
use super::statement::{DEFAULT_SCHEMA, FullName, StatementCatalogs};
use super::system;
use super::types::sql_type_name;
use crate::error::{Error, Result};
use crate::spi::TableKind;

/// How many tables are opened at once for their columns.
const OPENED_AT_ONCE: usize = 8;

/// A table or view in a listing.
#[derive(Clone, Debug)]
pub struct ListedTable {
    /// Its exact name.
    pub name: FullName,
    /// Table or view.
    pub kind: TableKind,
}

/// A column in a listing.
#[derive(Clone, Debug)]
pub struct ListedColumn {
    /// The table's exact name.
    pub table: FullName,
    /// The column.
    pub name: String,
    /// Its SQL type.
    pub data_type: String,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// 1-based place in the table.
    pub ordinal: u64,
}

/// Lists what one statement may name.
#[derive(Debug)]
pub struct Listing<'a>(&'a StatementCatalogs);

impl StatementCatalogs {
    /// Lists catalogs, schemas, tables and columns.
    pub fn listing(&self) -> Listing<'_> {
        Listing(self)
    }
}

impl Listing<'_> {
    /// All catalogs: those of the folder and the session's own.
    pub fn catalogs(&self) -> Vec<String> {
        let mut names = self.0.catalogs().names();
        names.extend([SESSION_CATALOG, system::NAME].map(str::to_owned));
        names
    }

    /// The schemas of a catalog, without `information_schema`.
    pub async fn schemas(&self, catalog: &str) -> Result<Vec<String>> {
        if catalog == SESSION_CATALOG {
            return Ok(vec![DEFAULT_SCHEMA.to_owned()]);
        }
        if catalog == system::NAME {
            return Ok(system::schemas().map(str::to_owned).collect());
        }
        let mut schemas = self.0.catalogs().schemas(self.0.context(), catalog).await?;
        schemas.retain(|schema| schema != information_schema::NAME);
        Ok(schemas)
    }

    /// The tables and views of a schema.
    pub async fn tables(&self, catalog: &str, schema: &str) -> Result<Vec<ListedTable>> {
        let name = |table: String| FullName {
            catalog: catalog.to_owned(),
            schema: schema.to_owned(),
            table,
        };
        if schema == information_schema::NAME {
            let tables = information_schema::TABLES.iter();
            return Ok(tables
                .map(|table| ListedTable { name: name((*table).to_owned()), kind: TableKind::View })
                .collect());
        }
        if catalog == system::NAME {
            let tables = system::tables(schema);
            return Ok(tables
                .map(|table| ListedTable { name: name(table.to_owned()), kind: TableKind::View })
                .collect());
        }
        if catalog == SESSION_CATALOG {
            let objects = self.0.session().list().into_iter();
            return Ok(objects
                .map(|(table, kind)| ListedTable { name: name(table), kind })
                .collect());
        }
        let tables = self.0.catalogs().tables(self.0.context(), catalog, schema).await?;
        Ok(tables
            .into_iter()
            .map(|entry| ListedTable { name: name(entry.name), kind: entry.kind })
            .collect())
    }

    /// The names of a schema's tables and views.
    pub async fn names(&self, catalog: &str, schema: &str) -> Result<Vec<String>> {
        let tables = self.tables(catalog, schema).await?;
        Ok(tables.into_iter().map(|table| table.name.table).collect())
    }

    /// Every table of the catalogs and schemas that pass the filters; what cannot be listed is
    /// among the problems.
    pub async fn all_tables(
        &self,
        catalog: Option<&str>,
        schema: Option<&str>,
    ) -> (Vec<ListedTable>, Vec<(String, Error)>) {
        let mut tables = Vec::new();
        let mut problems = Vec::new();
        for name in self.catalogs() {
            if catalog.is_some_and(|only| only != name) {
                continue;
            }
            let schemas = match self.schemas(&name).await {
                Ok(schemas) => schemas,
                Err(e) => {
                    problems.push((name, e));
                    continue;
                }
            };
            for one in schemas {
                if schema.is_some_and(|only| only != one) {
                    continue;
                }
                match self.tables(&name, &one).await {
                    Ok(more) => tables.extend(more),
                    Err(e) => problems.push((format!("{name}.{one}"), e)),
                }
            }
        }
        (tables, problems)
    }

    /// The columns of tables, at most [`OPENED_AT_ONCE`] opened at a time, each within
    /// `metadata_timeout`.
    pub async fn columns(
        &self,
        tables: &[ListedTable],
    ) -> (Vec<ListedColumn>, Vec<(String, Error)>) {
        let mut columns = Vec::new();
        let mut problems = Vec::new();
        for (table, schema) in self.opened(tables).await {
            match schema {
                Ok(schema) => columns.extend(listed_columns(&table, &schema)),
                Err(e) => problems.push((table.to_string(), e)),
            }
        }
        (columns, problems)
    }

    /// The schemas of tables in their order, opened as [`columns`](Self::columns) does.
    pub async fn opened(&self, tables: &[ListedTable]) -> Vec<(FullName, Result<SchemaRef>)> {
        let limit = humantime::parse_duration(&self.0.context().settings().metadata_timeout)
            .unwrap_or(Duration::from_secs(5));
        let names: Vec<FullName> = tables.iter().map(|table| table.name.clone()).collect();
        // Ordered: a listing that changes its order between two calls is no listing.
        let opened = futures::stream::iter(names).map(|name| {
            let catalogs = self.0.clone();
            async move {
                let schema = tokio::time::timeout(limit, schema_of(&catalogs, &name)).await;
                let schema = schema.unwrap_or_else(|_| {
                    Err(Error::timed_out("not opened within metadata_timeout").retry_later())
                });
                (name, schema)
            }
        });
        opened.buffered(OPENED_AT_ONCE).collect().await
    }
}

async fn schema_of(catalogs: &StatementCatalogs, table: &FullName) -> Result<SchemaRef> {
    catalogs.open(table).await?;
    match catalogs.opened(table) {
        Some(provider) => Ok(provider.schema()),
        None => Err(Error::not_found(format!("{table} is listed and does not exist"))),
    }
}

fn listed_columns(table: &FullName, schema: &SchemaRef) -> Vec<ListedColumn> {
    let fields = schema.fields().iter().zip(1..);
    fields
        .map(|(field, ordinal)| ListedColumn {
            table: table.clone(),
            name: field.name().clone(),
            data_type: sql_type_name(field.data_type()),
            nullable: field.is_nullable(),
            ordinal,
        })
        .collect()
}
