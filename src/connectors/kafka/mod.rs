//! Topics of Kafka as tables: read committed, to a pinned end, without a trace in any group.
//!
//! [`client`] speaks to brokers (librdkafka; it alone names it), [`registry`] to who keeps
//! schemas, [`source`] is what `stream` makes tables of, [`error`] has the sentences.

mod client;
mod error;
mod options;
mod reading;
mod registry;
mod source;

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{Catalog, CatalogContext, Connector, NodeCodec, ScanLeaf, TableFunction};
use crate::stream::catalog::StreamCatalog;
use crate::stream::{FUNCTIONS, StreamOptions, StreamScanCodec, leaf};
pub(crate) use options::CatalogOptions;
use source::Cluster;

/// The connector's name.
const NAME: &str = "kafka";

/// The `kafka` connector.
#[derive(Debug)]
pub(super) struct Kafka;

impl Connector for Kafka {
    type CatalogOptions = CatalogOptions;
    type TableOptions = StreamOptions;

    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "topics of Apache Kafka and what speaks its protocol"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = StreamOptions>>> {
        let cluster = Cluster::new(options, context.folder())?;
        Ok(Arc::new(StreamCatalog::new(context.name(), Arc::new(cluster))))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        leaf(NAME, node)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&StreamScanCodec { system: NAME, kind: "kafka.scan" }]
    }

    fn table_functions(&self) -> &'static [TableFunction] {
        &FUNCTIONS
    }
}
