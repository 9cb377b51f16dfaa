//! Topics of RocketMQ (and ONS, as Alibaba Cloud sells it) as tables: to a pinned end, without a trace in
//! any group.
//!
//! [`connection`] carries questions to a server (it alone knows sockets), [`client`] knows what to ask
//! whom, [`signing`] says who asks, [`reading`] pulls a range of a queue, [`source`] is what `stream`
//! makes tables of, [`error`] has the sentences. What the bytes mean stands in `formats/rocketmq`.

mod client;
mod connection;
mod error;
mod names;
mod options;
mod reading;
mod signing;
mod source;
mod window;

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;

use crate::error::Result;
use crate::spi::{Catalog, CatalogContext, Connector, NodeCodec, ScanLeaf, TableFunction};
use crate::stream::catalog::StreamCatalog;
use crate::stream::{FUNCTIONS, StreamOptions, StreamScanCodec, leaf};
pub(crate) use options::CatalogOptions;
use source::Cluster;

/// The connector's name.
const NAME: &str = "rocketmq";

/// The `rocketmq` connector.
#[derive(Debug)]
pub(super) struct RocketMq;

impl Connector for RocketMq {
    type CatalogOptions = CatalogOptions;
    type TableOptions = StreamOptions;

    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "topics of Apache RocketMQ and ONS"
    }

    fn open(
        &self,
        context: CatalogContext,
        options: CatalogOptions,
    ) -> Result<Arc<dyn Catalog<TableOptions = StreamOptions>>> {
        let cluster = Cluster::new(&options, context.folder())?;
        Ok(Arc::new(StreamCatalog::new(context.name(), Arc::new(cluster))))
    }

    fn leaf<'p>(&self, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
        leaf(NAME, node)
    }

    fn nodes(&self) -> &'static [&'static dyn NodeCodec] {
        &[&StreamScanCodec { system: NAME, kind: "rocketmq.scan" }]
    }

    fn table_functions(&self) -> &'static [TableFunction] {
        &FUNCTIONS
    }
}
