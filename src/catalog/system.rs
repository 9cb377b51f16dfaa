//! The catalog `system`: what Sluice itself does, as tables.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::statement::StatementPlanner;
use crate::error::{Error, Result};

/// The catalog's name.
pub(super) const NAME: &str = "system";

/// Its tables, each with its schema.
const TABLES: &[(&str, &str)] = &[("catalog", "problems"), ("runtime", "queries")];

/// Its schemas.
pub(super) fn schemas() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(schema, _)| *schema)
}

/// The tables of a schema.
pub(super) fn tables(schema: &str) -> impl Iterator<Item = &'static str> {
    TABLES.iter().filter(move |(of, _)| *of == schema).map(|(_, table)| *table)
}

/// The table of a name, as it is now; `None` for a name that there is not.
pub(super) fn open(
    planner: &dyn StatementPlanner,
    schema: &str,
    table: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let batch = match (schema, table) {
        ("catalog", "problems") => planner.problems()?,
        ("runtime", "queries") => planner.queries()?,
        _ => return Ok(None),
    };
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]);
    table
        .map(|table| Some(Arc::new(table) as Arc<dyn TableProvider>))
        .map_err(|e| Error::internal(e.to_string()))
}
