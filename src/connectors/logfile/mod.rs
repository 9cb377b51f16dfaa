//! Folders of append-only files as streams: the stream that needs no server.
//!
//! A file is a partition and the offset of a record the byte position of its line. [`folder`] finds
//! streams and their files, [`identity`] tells a file from another one of its name, [`lines`] reads.
//! What the lines are, and everything that tables have in common, is `stream`'s.

mod error;
mod folder;
mod identity;
mod lines;
mod options;
mod source;

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{Catalog, CatalogContext, Connector, NodeCodec, ScanLeaf, TableFunction};
use crate::stream::catalog::StreamCatalog;
use crate::stream::{FUNCTIONS, StreamOptions, StreamScanCodec, leaf};
pub(crate) use options::CatalogOptions;
use source::LogFolder;

/// The connector's name.
const NAME: &str = "logfile";

/// The `logfile` connector.
#[derive(Debug)]
pub(super) struct LogFile;

impl Connector for LogFile {
    type CatalogOptions = CatalogOptions;
    type TableOptions = StreamOptions;

    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "append-only files as streams: logs, plain or rotated and compressed"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = StreamOptions>>> {
        let source = LogFolder::new(context.store(&options.location)?);
        Ok(Arc::new(StreamCatalog::new(context.name(), Arc::new(source))))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        leaf(NAME, node)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&StreamScanCodec { system: NAME, kind: "logfile.scan" }]
    }

    fn table_functions(&self) -> &'static [TableFunction] {
        &FUNCTIONS
    }
}
