//! The plan node of a stream that is followed. It stays in the process that shows its rows.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, EmissionType, apply_expression_roots,
};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    SendableRecordBatchStream,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::follower::{Follower, Places};
use super::sieve::Sieve;
use crate::error::Result;
use crate::spi::{
    Bounds, Estimate, ScanLeaf, Services, StatementContext, TableLimits, leaf_with_children,
};
use crate::stream::source::StreamService;

type DfResult<T> = datafusion::common::Result<T>;

/// The plan node.
#[derive(Clone, Debug)]
pub(in crate::stream) struct StreamFollow {
    sieve: Sieve,
    places: Places,
    last: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl StreamFollow {
    /// The last rows before `places`, then all that come.
    pub(super) fn new(sieve: Sieve, places: Places, last: usize) -> DfResult<Self> {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(sieve.shown()?),
            // Their order is that of one reader.
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Unbounded { requires_infinite_memory: false },
        ));
        Ok(Self { sieve, places, last, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    /// The connector.
    pub(in crate::stream) fn system(&self) -> &str {
        &self.sieve.recipe.system
    }
}

impl DisplayAs for StreamFollow {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(
            f,
            "StreamFollow: table={}, partitions={}, columns=[{}], last={}",
            self.sieve.recipe.label,
            self.places.0.len(),
            names.join(", "),
            self.last
        )?;
        match &self.sieve.filter {
            Some(filter) => write!(f, ", filter={filter}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for StreamFollow {
    fn name(&self) -> &str {
        "StreamFollow"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        leaf_with_children(self, &children)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        apply_expression_roots(self.sieve.filter.iter(), f)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let statement = StatementContext::of(context.session_config())?;
        let services = statement.shared().get::<Services>();
        let service = services.of::<StreamService>(&self.sieve.recipe.catalog)?;
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let bytes = MetricBuilder::new(&self.metrics).counter("bytes_read", partition);
        let follower = Follower::new(
            Arc::clone(&service.source),
            statement,
            self.sieve.clone(),
            self.places.clone(),
            self.last,
            (baseline, bytes),
        )?;
        let rows = futures::stream::try_unfold(follower, |mut follower| async move {
            let rows = follower.next().await?;
            Ok(Some((rows, follower)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> DfResult<Arc<Statistics>> {
        Ok(Arc::new(Statistics::new_unknown(&self.schema())))
    }
}

impl ScanLeaf for StreamFollow {
    fn source(&self) -> &str {
        &self.sieve.recipe.label
    }

    fn advice(&self) -> String {
        self.sieve.recipe.advice()
    }

    fn limits(&self) -> TableLimits {
        self.sieve.recipe.limits
    }

    fn estimate(&self, _: Arc<TaskContext>) -> BoxFuture<'_, Result<Estimate>> {
        let open = Bounds { at_least: 0, at_most: None };
        let estimate = Estimate { bytes: open, records: open, first_batch: (0, 0) };
        std::future::ready(Ok(estimate)).boxed()
    }
}
