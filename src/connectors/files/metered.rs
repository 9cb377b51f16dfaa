//! A store as one scan sees it: every byte asked for is counted before it is read.
//!
//! Formats read through it, whoever wrote their readers, so that the receipt and the scan limits
//! count one thing. Footers are read past it: they are planning's.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ObjectStore};

use super::scan::Recipe;
use crate::spi::{Layer, Reads, ScanUnit, StatementContext};

type StoreResult<T> = object_store::Result<T>;

/// The store of one partition of one scan.
#[derive(Debug)]
pub(super) struct MeteredStore {
    store: Arc<dyn ObjectStore>,
    statement: Arc<StatementContext>,
    recipe: Arc<Recipe>,
    bytes: Count,
    requests: Count,
}

impl MeteredStore {
    /// Counts into `metrics` and the statement's meter.
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        statement: &Arc<StatementContext>,
        recipe: &Arc<Recipe>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Layer<Self> {
        Layer(Self {
            store,
            statement: Arc::clone(statement),
            recipe: Arc::clone(recipe),
            bytes: MetricBuilder::new(metrics).counter("bytes_read", partition),
            requests: MetricBuilder::new(metrics).counter("requests", partition),
        })
    }

    fn count(&self, amount: u64) -> StoreResult<()> {
        self.requests.add(1);
        self.bytes.add(usize::try_from(amount).unwrap_or(usize::MAX));
        self.recipe
            .meter(&self.statement, ScanUnit::Bytes, amount)
            .map_err(|e| object_store::Error::Generic { store: "scan", source: Box::new(e) })
    }
}

#[async_trait]
impl Reads for MeteredStore {
    fn below(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let head = options.head;
        let result = self.store.get_opts(location, options).await?;
        // The answer's content is read by whoever asked, after this.
        self.count(if head { 0 } else { result.range.end - result.range.start })?;
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> StoreResult<Vec<Bytes>> {
        self.count(ranges.iter().map(|range| range.end - range.start).sum())?;
        self.store.get_ranges(location, ranges).await
    }
}

/// A task whose every store is this one: DataFusion's file scan looks its store up by URL.
pub(super) fn task_over(store: Arc<dyn ObjectStore>, task: &TaskContext) -> TaskContext {
    let runtime = RuntimeEnv {
        object_store_registry: Arc::new(OneStore(store)),
        ..task.runtime_env().as_ref().clone()
    };
    // Readers of files call no functions.
    TaskContext::new(
        task.task_id(),
        task.session_id(),
        task.session_config().clone(),
        Default::default(),
        Default::default(),
        Default::default(),
        Default::default(),
        Arc::new(runtime),
    )
}

#[derive(Debug)]
struct OneStore(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for OneStore {
    fn register_store(
        &self,
        _: &url::Url,
        _: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, _: &url::Url) -> datafusion::common::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::clone(&self.0))
    }
}
