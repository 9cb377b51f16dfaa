//! Snapshots of HBase as tables, read straight from their files on any store: no region server, no
//! JVM, nothing written.
//!
//! [`catalog`] finds snapshots, [`snapshot`] reads what one consists of, [`table`] decides which
//! regions and rows a query needs, [`scan`] is the plan's leaf, [`read`] fetches what the parsers of
//! `formats` ask for, [`rows`] makes columns of cells.

mod catalog;
mod codec;
mod error;
mod functions;
mod infer;
mod infer_key;
mod key_layout;
mod keys;
mod listing;
mod mapping;
mod options;
mod read;
mod recipe;
mod rows;
mod scan;
mod snapshot;
mod table;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{Catalog, CatalogContext, Connector, NodeCodec, ScanLeaf, TableFunction};
pub(crate) use options::{CatalogOptions, TableOptions};

/// The `hbase_snapshot` connector.
#[derive(Debug)]
pub(super) struct HbaseSnapshot;

impl Connector for HbaseSnapshot {
    type CatalogOptions = CatalogOptions;
    type TableOptions = TableOptions;

    fn name(&self) -> &'static str {
        "hbase_snapshot"
    }

    fn description(&self) -> &'static str {
        "snapshots of HBase, read from their files"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = TableOptions>>> {
        Ok(Arc::new(catalog::SnapshotCatalog::open(context, options)?))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        node.downcast_ref::<scan::SnapshotScan>().map(|scan| scan as &dyn ScanLeaf)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&codec::SnapshotScanCodec]
    }

    fn functions(&self) -> Vec<ScalarUDF> {
        functions::all()
    }

    fn table_functions(&self) -> &'static [TableFunction] {
        &[catalog::CELLS]
    }
}
