//! Writing into catalogs: which ones take it, and who opens the writer.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;

use super::{Catalogs, Declaration, Opened, finding, root_of};
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity, StatementContext, TableName, TableWriter, WriteOptions};

/// Younger files without a list may be those of a write that goes on.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

fn not_writable(what: &str, catalog: &str, opened: &Opened) -> Error {
    let file = opened.file.text().path().display().to_string();
    Error::denied(format!("{what} cannot be written: catalog {catalog} is read-only"))
        .with_hint(format!("set writable = true in {file}"))
}

impl Catalogs {
    /// The catalog, if statements may write into it.
    fn opened_to_write(&self, catalog: &str, what: &str) -> Result<Arc<Opened>> {
        match self.opened(catalog)? {
            (_, Some(opened)) if opened.file.writable => Ok(opened),
            (_, Some(opened)) => Err(not_writable(what, catalog, &opened)),
            (_, None) => Err(Error::unsupported(format!(
                "{what} cannot be written: {catalog} is a catalog of views"
            ))),
        }
    }

    /// A writer of new files at a location typed in a statement. Inside a catalog's location,
    /// that catalog must be writable.
    pub async fn copy_to(
        &self,
        context: &Arc<StatementContext>,
        location: &str,
        columns: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn TableWriter>> {
        let mut holder = None;
        for name in self.names() {
            // A catalog with a bad file must not stand in the way of a plain path.
            let Ok((_, Some(opened))) = self.opened(&name) else { continue };
            if opened.catalog.holds(location) {
                if !opened.file.writable {
                    return Err(not_writable(location, &name, &opened));
                }
                holder.get_or_insert(opened);
            }
        }
        match holder {
            Some(opened) => opened.catalog.copy_to(context, location, columns, options).await,
            None => {
                let catalog = self.path_catalog(&root_of(location))?;
                catalog.copy_to(context, location, columns, options).await
            }
        }
    }

    /// A writer of more rows for a table; `None` when there is none of that name.
    pub async fn append(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        name: &TableName,
    ) -> Result<Option<Box<dyn TableWriter>>> {
        let label = format!("{catalog}.{name}");
        let opened = self.opened_to_write(catalog, &label)?;
        let entry = self.entry(catalog)?;
        let schema = entry.files.schemas.get(&name.schema);
        let declaration = schema.and_then(|schema| schema.objects.get(&name.table));
        if let Some(Declaration::View(_)) = declaration {
            return Err(Error::unsupported(format!("{label} is a view: views take no rows")));
        }
        let declared = self.declared(&opened, declaration)?;
        opened.catalog.append(context, name, &declared).await.map_err(|e| e.within(label))
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
        let label = format!("{catalog}.{name}");
        let opened = self.opened_to_write(catalog, &label)?;
        let entry = self.entry(catalog)?;
        let schema = entry.files.schemas.get(&name.schema);
        if schema.is_some_and(|schema| schema.objects.contains_key(&name.table)) {
            return Ok(None);
        }
        opened
            .catalog
            .create(context, name, columns, options)
            .await
            .map_err(|e| e.within(format!("table {label}")))
    }

    /// Removes what dead writes left in a writable catalog longer ago than an age, and names it.
    pub async fn clean(
        &self,
        context: &Arc<StatementContext>,
        catalog: &str,
        older_than: Duration,
    ) -> Result<Vec<String>> {
        let opened = self.opened_to_write(catalog, catalog)?;
        opened.catalog.leftovers(context, older_than, true).await
    }
}

/// What dead writes left in a catalog, as findings.
pub(super) async fn check(
    context: &Arc<StatementContext>,
    catalog: &str,
    opened: &Opened,
) -> Vec<Finding> {
    let leftover = |object| Finding {
        severity: Severity::Warning,
        object,
        message: "left by a write that did not end: no query reads it".to_owned(),
        fix: Some(format!("CLEAN CATALOG {catalog}, or sluice clean {catalog}")),
    };
    match opened.catalog.leftovers(context, LEFT_BEHIND, false).await {
        Ok(names) => names.into_iter().map(leftover).collect(),
        Err(e) => vec![finding(catalog, &e)],
    }
}
