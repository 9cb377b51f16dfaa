//! Folders of files as tables over any store: Parquet, ORC, Avro, Arrow, CSV and JSON, read, and written
//! where the catalog allows it.
//!
//! Our own lister and planning; DataFusion's reader underneath for Parquet, those of arrow-avro and
//! orc-rust, our own for Arrow and text. [`catalog`] finds tables, [`listing`] their files, [`commits`] says which of them count,
//! [`table`] decides what is pruned, [`scan`] reads through [`pinned`], [`write`](mod@write) makes new ones.

mod avro;
mod batches;
mod broken;
mod catalog;
mod codec;
mod commits;
mod decidable;
mod format;
mod ipc;
mod learned;
mod listing;
mod metered;
mod options;
mod orc;
mod parquet;
mod partition;
mod pinned;
mod scan;
mod schema;
mod stock;
mod table;
mod text;
mod write;

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{Catalog, CatalogContext, Connector, NodeCodec, ScanLeaf};
pub(crate) use options::{CatalogOptions, TableOptions};

/// The `files` connector.
#[derive(Debug)]
pub(super) struct Files;

impl Connector for Files {
    type CatalogOptions = CatalogOptions;
    type TableOptions = TableOptions;

    fn name(&self) -> &'static str {
        "files"
    }

    fn description(&self) -> &'static str {
        "folders of Parquet, CSV, JSON and Arrow files"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = TableOptions>>> {
        Ok(Arc::new(catalog::FilesCatalog::open(context, options)?))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        node.downcast_ref::<scan::FilesScan>().map(|scan| scan as &dyn ScanLeaf)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&codec::FilesScanCodec]
    }
}
