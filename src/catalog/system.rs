//! The catalog `system`: what Sluice itself does, as tables.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::statement::StatementPlanner;
use crate::error::{Error, Result};

/// The catalog's name.
pub(super) const NAME: &str = "system";

/// Its only schema.
pub(super) const SCHEMA: &str = "runtime";

/// The tables of that.
pub(super) const TABLES: &[&str] = &["queries"];

/// The table of a name, as it is now; `None` for a name that there is not.
pub(super) fn open(
    planner: &dyn StatementPlanner,
    schema: &str,
    table: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    if schema != SCHEMA || !TABLES.contains(&table) {
        return Ok(None);
    }
    let batch = planner.queries()?;
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]);
    table
        .map(|table| Some(Arc::new(table) as Arc<dyn TableProvider>))
        .map_err(|e| Error::internal(e.to_string()))
}
