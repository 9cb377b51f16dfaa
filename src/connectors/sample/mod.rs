//! Generated rows: the smallest connector, to copy from and to test the seam with.
//!
//! One table, `default.readings`, with a row per number; every tenth record is bad, so that
//! `errors('…')` has something to show. It reads nothing and needs nothing.

mod codec;
mod options;
mod scan;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{
    Catalog, CatalogContext, Connector, Finding, NodeCodec, OpenedTable, ScanLeaf, Severity,
    StatementContext, TableEntry, TableFile, TableKind, TableName,
};
pub(crate) use options::{CatalogOptions, TableOptions};
use table::{Half, SampleTable};

/// The one schema.
const SCHEMA: &str = "default";

/// The one table.
const TABLE: &str = "readings";

/// The `sample` connector.
#[derive(Debug)]
pub(super) struct Sample;

impl Connector for Sample {
    type CatalogOptions = CatalogOptions;
    type TableOptions = TableOptions;

    fn name(&self) -> &'static str {
        "sample"
    }

    fn description(&self) -> &'static str {
        "generated rows, to try things on"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = TableOptions>>> {
        Ok(Arc::new(SampleCatalog { name: context.name().to_owned(), rows: options.rows }))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        node.downcast_ref::<scan::SampleScan>().map(|scan| scan as &dyn ScanLeaf)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&codec::SampleScanCodec]
    }
}

#[derive(Debug)]
struct SampleCatalog {
    name: String,
    rows: u64,
}

impl SampleCatalog {
    fn open(
        &self,
        name: &TableName,
        declared: TableFile<TableOptions>,
        half: Half,
    ) -> Option<OpenedTable> {
        if name.schema != SCHEMA || name.table != TABLE {
            return None;
        }
        let rows = declared.options.rows.unwrap_or(self.rows);
        let label = format!("{}.{name}", self.name);
        Some(OpenedTable {
            provider: Arc::new(SampleTable::new(label, rows, half, declared.limits())),
            source: format!("{rows} generated records"),
            description: declared.description,
        })
    }
}

#[async_trait]
impl Catalog for SampleCatalog {
    type TableOptions = TableOptions;

    async fn schemas(&self, _: &Arc<StatementContext>) -> Result<Vec<String>> {
        Ok(vec![SCHEMA.to_owned()])
    }

    async fn tables(&self, _: &Arc<StatementContext>, schema: &str) -> Result<Vec<TableEntry>> {
        let entry = TableEntry { name: TABLE.to_owned(), kind: TableKind::Table };
        Ok(if schema == SCHEMA { vec![entry] } else { vec![] })
    }

    async fn table(
        &self,
        _: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        Ok(self.open(name, declared, Half::Good))
    }

    async fn errors(
        &self,
        _: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        Ok(self.open(name, declared, Half::Bad))
    }

    async fn check(&self, _: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        Ok(vec![Finding {
            severity: Severity::Info,
            object: TABLE.to_owned(),
            message: format!("{} generated records", self.rows),
            fix: None,
        }])
    }

    fn location(&self) -> String {
        "generated".to_owned()
    }
}
