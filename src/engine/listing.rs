//! Catalogs, schemas and tables as the metadata calls of a server ask for them.

use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, StringArray};
use datafusion::arrow::compute::kernels::comparison::like;
use datafusion::arrow::datatypes::{Schema, SchemaRef};

use super::run::{Job, Statement};
use super::session::LocalSession;
use crate::catalog::{FullName, ListedTable};
use crate::error::{Error, Result};

/// Which tables are asked for. `None` and patterns of `%` are all of them.
#[derive(Clone, Debug, Default)]
pub struct TableFilter {
    /// The exact name of a catalog.
    pub catalog: Option<String>,
    /// A pattern for schemas: `%` any text, `_` any letter, `\` before either is that letter.
    pub schema_like: Option<String>,
    /// A pattern for tables.
    pub table_like: Option<String>,
}

/// A table or view.
#[derive(Clone, Debug)]
pub struct TableListing {
    /// The catalog.
    pub catalog: String,
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// Its columns, if they were asked for; none of a table that cannot be opened.
    pub columns: SchemaRef,
}

impl LocalSession {
    /// The catalogs that the session sees, sorted.
    ///
    /// # Errors
    /// `Internal` alone.
    pub async fn catalogs(&self) -> Result<Vec<String>> {
        self.listed(|job| {
            Box::pin(async move {
                let statement = Statement::new(&job, None)?;
                let mut catalogs = statement.catalogs.listing().catalogs();
                catalogs.sort();
                Ok(catalogs)
            })
        })
        .await
    }

    /// The schemas whose catalog and name pass a filter, as pairs of both, sorted. A catalog that
    /// cannot be listed has none.
    ///
    /// # Errors
    /// `Sql` for a pattern that is none.
    pub async fn schemas(&self, filter: TableFilter) -> Result<Vec<[String; 2]>> {
        self.listed(|job| {
            Box::pin(async move {
                let statement = Statement::new(&job, None)?;
                schemas(&statement, &filter).await
            })
        })
        .await
    }

    /// The tables that pass a filter, with their columns on request. What cannot be listed is left
    /// out, what cannot be opened has no columns.
    ///
    /// # Errors
    /// `Sql` for a pattern that is none.
    pub async fn tables(&self, filter: TableFilter, columns: bool) -> Result<Vec<TableListing>> {
        self.listed(move |job| {
            Box::pin(async move {
                let statement = Statement::new(&job, None)?;
                tables(&statement, &filter, columns).await
            })
        })
        .await
    }

    async fn listed<T: Send + 'static>(
        &self,
        work: impl FnOnce(Job) -> futures::future::BoxFuture<'static, Result<T>>,
    ) -> Result<T> {
        self.apart(work(self.unlisted_job(""))).await
    }
}

async fn schemas(statement: &Statement<'_>, filter: &TableFilter) -> Result<Vec<[String; 2]>> {
    let listing = statement.catalogs.listing();
    let mut found = Vec::new();
    for catalog in listing.catalogs() {
        if filter.catalog.as_ref().is_some_and(|only| *only != catalog) {
            continue;
        }
        let schemas = listing.schemas(&catalog).await.unwrap_or_default();
        let kept = matching(schemas, filter.schema_like.as_deref(), String::clone)?;
        found.extend(kept.into_iter().map(|schema| [catalog.clone(), schema]));
    }
    found.sort();
    Ok(found)
}

async fn tables(
    statement: &Statement<'_>,
    filter: &TableFilter,
    columns: bool,
) -> Result<Vec<TableListing>> {
    let listing = statement.catalogs.listing();
    let mut found: Vec<ListedTable> = Vec::new();
    for [catalog, schema] in schemas(statement, filter).await? {
        let tables = listing.tables(&catalog, &schema).await.unwrap_or_default();
        let name = |table: &ListedTable| table.name.table.clone();
        found.extend(matching(tables, filter.table_like.as_deref(), name)?);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let schemas: Vec<SchemaRef> = if columns {
        let opened = listing.opened(&found).await.into_iter();
        opened.map(|(_, schema)| schema.unwrap_or_else(|_| Arc::new(Schema::empty()))).collect()
    } else {
        let none: SchemaRef = Arc::new(Schema::empty());
        found.iter().map(|_| Arc::clone(&none)).collect()
    };
    let listed = found.into_iter().zip(schemas).map(|(found, columns)| {
        let FullName { catalog, schema, table } = found.name;
        let is_view = found.kind == crate::spi::TableKind::View;
        TableListing { catalog, schema, table, is_view, columns }
    });
    Ok(listed.collect())
}

/// The items whose name is LIKE a pattern.
fn matching<T>(
    items: Vec<T>,
    pattern: Option<&str>,
    name: impl Fn(&T) -> String,
) -> Result<Vec<T>> {
    let Some(pattern) = pattern.filter(|pattern| *pattern != "%") else { return Ok(items) };
    let names = StringArray::from_iter_values(items.iter().map(name));
    let kept: BooleanArray = like(&names, &StringArray::new_scalar(pattern))
        .map_err(|e| Error::sql(format!("`{pattern}` is no pattern: {e}")))?;
    let items = items.into_iter().zip(kept.values().iter());
    Ok(items.filter_map(|(item, kept)| kept.then_some(item)).collect())
}
