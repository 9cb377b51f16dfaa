//! The leaf that reads a stream: offset ranges as plain data, the system asked for when it runs.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::apply_expression_roots;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
    SortOrderPushdownResult,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::follow::StreamFollow;
use super::meta::MetaColumn;
use super::reader::{self, Task};
use super::recipe::Recipe;
use super::source::{OffsetUnit, StreamService, TO_ITS_END, TimeOrder};
use super::tally::Tally;
use crate::error::Result;
use crate::spi::{
    Bounds, Estimate, ScanLeaf, Services, StatementContext, TableLimits, leaf_properties,
    leaf_with_children, of_partition, pushdown_is_on,
};

type DfResult<T> = datafusion::common::Result<T>;

/// A range of a partition that one task reads at a time.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) partition: String,
    pub(super) range: Range<u64>,
    /// The pinned end of the partition.
    pub(super) pinned_end: u64,
    pub(super) identity: Option<String>,
}

impl Split {
    /// How many offsets it has, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        (self.range.end != TO_ITS_END).then(|| self.range.end.saturating_sub(self.range.start))
    }
}

/// The plan node.
#[derive(Clone, Debug)]
pub struct StreamScan {
    pub(super) recipe: Arc<Recipe>,
    // One list of splits per partition; a list may be empty.
    pub(super) splits: Vec<Vec<Split>>,
    // Indices into the table's columns.
    pub(super) projection: Vec<usize>,
    // Over the projected columns; only ever used to skip, every row is filtered again above.
    pub(super) filters: Vec<Arc<dyn PhysicalExpr>>,
    pub(super) fetch: Option<usize>,
    // Whether ranges are read from their ends backwards: what is above wants the last records.
    pub(super) last_first: bool,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    tally: Arc<Tally>,
}

/// A plan node as the scan of a stream of a connector, or what follows one.
pub fn leaf<'p>(system: &str, node: &'p dyn ExecutionPlan) -> Option<&'p dyn ScanLeaf> {
    if let Some(follow) = node.downcast_ref::<StreamFollow>() {
        return (follow.system() == system).then_some(follow as &dyn ScanLeaf);
    }
    let scan = node.downcast_ref::<StreamScan>().filter(|scan| scan.recipe.system == system);
    scan.map(|scan| scan as &dyn ScanLeaf)
}

impl StreamScan {
    /// A scan of one list of splits per partition.
    pub(super) fn over(
        recipe: Arc<Recipe>,
        splits: Vec<Vec<Split>>,
        projection: Vec<usize>,
        fetch: Option<usize>,
    ) -> DfResult<Self> {
        let schema = Arc::new(recipe.projected(&projection)?);
        let properties = leaf_properties(schema, splits.len());
        let tally = Arc::new(Tally::new(splits.len()));
        Ok(Self {
            recipe,
            splits,
            projection,
            filters: vec![],
            fetch,
            last_first: false,
            properties,
            metrics: ExecutionPlanMetricsSet::new(),
            tally,
        })
    }

    /// A scan of its own: what it counts is not counted here.
    fn fresh(&self) -> Self {
        let metrics = ExecutionPlanMetricsSet::new();
        let tally = Arc::new(Tally::new(self.splits.len()));
        Self { metrics, tally, ..self.clone() }
    }

    /// The same scan with other filters.
    pub(super) fn with_filters(&self, filters: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        Self { filters, ..self.fresh() }
    }

    /// The same scan from the other end, or not.
    pub(super) fn with_last_first(&self, last_first: bool) -> Self {
        Self { last_first, ..self.fresh() }
    }

    /// The offsets of all splits; `None` where a split's end is not known.
    fn offsets(&self) -> Option<u64> {
        self.splits.iter().flatten().map(Split::length).sum()
    }

    /// Whether the last records are the first in an order.
    fn is_last_first(&self, order: &[PhysicalSortExpr]) -> bool {
        let Some(PhysicalSortExpr { expr, options: SortOptions { descending: true, .. } }) =
            order.first()
        else {
            return false;
        };
        let column = expr.downcast_ref::<Column>().map(|column| MetaColumn::of_name(column.name()));
        match column.flatten() {
            Some(MetaColumn::Offset) => true,
            Some(MetaColumn::Timestamp) => self.recipe.times == TimeOrder::Rising,
            _ => false,
        }
    }
}

impl DisplayAs for StreamScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let splits: Vec<&Split> = self.splits.iter().flatten().collect();
        let mut partitions: Vec<&str> = splits.iter().map(|it| it.partition.as_str()).collect();
        partitions.dedup();
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(
            f,
            "StreamScan: table={}, partitions={}, splits={}, columns=[{}]",
            self.recipe.label,
            partitions.len(),
            splits.len(),
            names.join(", ")
        )?;
        if let Some(offsets) = self.offsets() {
            let unit = match self.recipe.unit {
                OffsetUnit::Bytes => "bytes",
                OffsetUnit::Records => "offsets",
            };
            write!(f, ", {unit}={offsets}")?;
        }
        if self.last_first {
            write!(f, ", last_first")?;
        }
        if !self.filters.is_empty() {
            let filters: Vec<_> = self.filters.iter().map(ToString::to_string).collect();
            write!(f, ", skip_unless=[{}]", filters.join(", "))?;
        }
        match self.fetch {
            Some(fetch) => write!(f, ", fetch={fetch}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for StreamScan {
    fn name(&self) -> &str {
        "StreamScan"
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
        apply_expression_roots(self.filters.iter(), f)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let statement = StatementContext::of(context.session_config())?;
        let services = statement.shared().get::<Services>();
        let service = services.of::<StreamService>(&self.recipe.catalog)?;
        let splits = of_partition(&self.splits, partition)?.clone();
        let task = Task {
            number: partition,
            splits,
            projection: self.projection.clone(),
            schema: self.schema(),
            filters: self.filters.clone(),
            fetch: self.fetch,
            last_first: self.last_first,
            batch_size: context.session_config().batch_size(),
            tally: Arc::clone(&self.tally),
        };
        let source = Arc::clone(&service.source);
        let recipe = Arc::clone(&self.recipe);
        let batches = reader::read(source, recipe, task, &self.metrics, statement)?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> DfResult<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        let whole = arguments.partition().is_none() || self.splits.len() == 1;
        if let Some(offsets) = self.offsets().filter(|_| whole) {
            // Never exact: some offsets are no records, and some records are bad.
            let amount = Precision::Inexact(usize::try_from(offsets).unwrap_or(usize::MAX));
            match self.recipe.unit {
                OffsetUnit::Bytes => statistics.total_byte_size = amount,
                OffsetUnit::Records => statistics.num_rows = amount,
            }
        }
        Ok(Arc::new(statistics.with_fetch(self.fetch, 0, 1)?.to_inexact()))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch, ..self.fresh() }))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> DfResult<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        if !self.is_last_first(order) || self.fetch.is_some() {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        let inner: Arc<dyn ExecutionPlan> = Arc::new(self.with_last_first(true));
        Ok(SortOrderPushdownResult::Inexact { inner })
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        config: &ConfigOptions,
    ) -> DfResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let pushdown = pushdown_is_on(config);
        let parents = result.parent_filters.len();
        let propagation =
            FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; parents]);
        // What is fixed was asked of the table; here it is what a sort or a join learns.
        if parents == 0 || phase == FilterPushdownPhase::Pre || !pushdown {
            return Ok(propagation);
        }
        let of_place = |filter: &Arc<dyn PhysicalExpr>| {
            let columns = collect_columns(filter);
            columns.iter().any(|column| MetaColumn::of_name(column.name()).is_some())
        };
        let filters = result.parent_filters.into_iter().map(|parent| parent.filter);
        let mut scan = self.fresh();
        scan.filters.extend(filters.filter(of_place));
        Ok(propagation.with_updated_node(Arc::new(scan) as _))
    }
}

impl ScanLeaf for StreamScan {
    fn source(&self) -> &str {
        &self.recipe.label
    }

    fn advice(&self) -> String {
        self.recipe.advice()
    }

    fn limits(&self) -> TableLimits {
        self.recipe.limits
    }

    fn estimate(&self, _: Arc<TaskContext>) -> BoxFuture<'_, Result<Estimate>> {
        let known: u64 = self.splits.iter().flatten().filter_map(Split::length).sum();
        let all = self.offsets();
        // Who wants the last or the first records reads few of them.
        let surely = if self.fetch.is_some() || self.last_first { 0 } else { known };
        let estimate = match self.recipe.unit {
            // Each record has a byte at least.
            OffsetUnit::Bytes => Estimate {
                bytes: Bounds { at_least: surely, at_most: None },
                records: Bounds { at_least: 0, at_most: all },
                first_batch: (0, 0),
            },
            OffsetUnit::Records => Estimate {
                bytes: Bounds { at_least: 0, at_most: None },
                records: Bounds { at_least: surely, at_most: all },
                first_batch: (0, 0),
            },
        };
        std::future::ready(Ok(estimate)).boxed()
    }
}
