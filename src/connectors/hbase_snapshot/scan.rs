//! The leaf that reads a snapshot: parts of regions as plain data, everything else opened when it
//! runs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::{fmt_sql, snapshot_physical_expr};
use datafusion::physical_plan::execution_plan::apply_expression_roots;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::keys::{self, Ranges};
use super::read::{Counters, Driver, Opener, Partition};
use super::recipe::{Columns, Recipe, Split};
use crate::error::Result;
use crate::formats::hbase_rows::Versions;
use crate::spi::{
    Bounds, Estimate, ScanLeaf, ScanUnit, StatementContext, TableLimits, is_dynamic,
    leaf_properties, leaf_with_children, of_partition, pushdown_is_on, unsigned_nans,
};
use crate::stream::Tally;

type DfResult<T> = datafusion::common::Result<T>;

/// The plan node.
#[derive(Clone, Debug)]
pub(super) struct SnapshotScan {
    pub(super) recipe: Arc<Recipe>,
    // One list of splits per partition; a list may be empty.
    pub(super) splits: Vec<Vec<Split>>,
    // Indices into the table's columns.
    pub(super) projection: Vec<usize>,
    // Over the projected columns; every row is filtered again above.
    pub(super) filters: Vec<Arc<dyn PhysicalExpr>>,
    // Filters that skip nothing, and why; for the receipt of whoever planned.
    refused: Vec<(String, &'static str)>,
    pub(super) fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    tally: Arc<Tally>,
}

impl SnapshotScan {
    /// A scan of one list of splits per partition.
    pub(super) fn over(
        recipe: Arc<Recipe>,
        splits: Vec<Vec<Split>>,
        projection: Vec<usize>,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        fetch: Option<usize>,
    ) -> DfResult<Self> {
        let schema = Arc::new(recipe.schema.project(&projection)?);
        let properties = leaf_properties(schema, splits.len());
        let tally = Arc::new(Tally::new(splits.len()));
        Ok(Self {
            recipe,
            splits,
            projection,
            filters,
            refused: vec![],
            fetch,
            properties,
            metrics: ExecutionPlanMetricsSet::new(),
            tally,
        })
    }

    /// A scan of its own: what it counts is not counted here.
    fn fresh(&self) -> Self {
        Self {
            metrics: ExecutionPlanMetricsSet::new(),
            tally: Arc::new(Tally::new(self.splits.len())),
            ..self.clone()
        }
    }

    /// The rows that filters leave, as far as they are known now, and which filters said so.
    fn ranges(&self) -> (Ranges, Vec<bool>) {
        let now = self.filters.iter().map(|filter| {
            snapshot_physical_expr(Arc::clone(filter)).unwrap_or_else(|_| Arc::clone(filter))
        });
        let now: Vec<_> = now.collect();
        keys::of_filters(&self.recipe, &now)
    }

    fn families(&self) -> BTreeSet<usize> {
        let narrow = keys::narrow(&self.recipe, &self.filters);
        self.recipe.families_for(&self.projection, &narrow)
    }

    fn columns(&self) -> Option<Columns> {
        let narrow = keys::narrow(&self.recipe, &self.filters);
        self.recipe.columns_for(&self.projection, &narrow)
    }

    /// Puts into the receipt what became of the filters, and of what there is to read.
    fn tell(&self, statement: &StatementContext) {
        let (receipt, label) = (statement.receipt(), &self.recipe.label);
        let (ranges, used) = self.ranges();
        for (filter, used) in self.filters.iter().zip(used) {
            let text = fmt_sql(filter.as_ref()).to_string();
            if used {
                receipt.add_with(label, "filters_pushed", &text, 1);
            } else if !is_dynamic(filter) {
                let why = format!("{text}: it leaves no ranges of the row key");
                receipt.add_with(label, "filters_not_pushed", &why, 1);
            }
        }
        for (filter, why) in &self.refused {
            receipt.add_with(label, "filters_not_pushed", &format!("{filter}: {why}"), 1);
        }
        let (families, all) = (self.families(), self.recipe.families.len());
        receipt.add(label, "families_read", families.len() as u64);
        if families.len() < all {
            receipt.add(label, "families_skipped", (all - families.len()) as u64);
        }
        if !ranges.is_all() {
            receipt.add(label, "row_ranges", ranges.0.len() as u64);
        }
    }

    fn driver(&self, partition: usize, context: &TaskContext) -> DfResult<Driver> {
        let statement = StatementContext::of(context.session_config())?;
        if partition == 0 {
            self.tell(&statement);
        }
        let splits = of_partition(&self.splits, partition)?.clone();
        let store = self.recipe.store_of(context, &statement)?;
        let counters = Counters::new(&self.metrics, partition, &self.recipe, &statement);
        let opener = Arc::new(Opener::new(Arc::clone(&self.recipe), store, counters));
        let partition_of = Partition {
            splits,
            ranges: self.ranges().0,
            projection: self.projection.clone(),
            families: self.families(),
            columns: self.columns(),
            schema: self.schema(),
            fetch: self.fetch,
            batch_size: context.session_config().batch_size(),
            tally: Arc::clone(&self.tally),
        };
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let memory =
            MemoryConsumer::new("HbaseSnapshotScan").register(&context.runtime_env().memory_pool);
        Ok(Driver::new(opener, partition_of, baseline, memory)?)
    }
}

impl DisplayAs for SnapshotScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: usize = self.splits.iter().map(Vec::len).sum();
        let families = self.families();
        let names = families.iter().filter_map(|at| self.recipe.families.get(*at));
        let names: Vec<&str> = names.map(|family| family.name.as_str()).collect();
        let schema: SchemaRef = self.schema();
        let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        write!(
            f,
            "HbaseSnapshotScan: table={}, region_parts={parts}, families=[{}], columns=[{}]",
            self.recipe.label,
            names.join(", "),
            columns.join(", ")
        )?;
        let read = &self.recipe.read;
        if read.raw {
            write!(f, ", raw")?;
        }
        match read.versions {
            Versions::Latest => {}
            Versions::All => write!(f, ", versions=all")?,
            Versions::AtMost(most) => write!(f, ", versions={most}")?,
        }
        let (ranges, _) = self.ranges();
        if !ranges.is_all() {
            write!(f, ", row_ranges={}", ranges.0.len())?;
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

impl ExecutionPlan for SnapshotScan {
    fn name(&self) -> &str {
        "HbaseSnapshotScan"
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
        // What a join has learned is there when the first batch is asked for, not before.
        let (scan, statement) = (self.clone(), StatementContext::of(context.session_config())?);
        let recipe = Arc::clone(&self.recipe);
        let start = move || scan.driver(partition, &context);
        let batches = futures::stream::try_unfold((None, Some(start)), move |(driver, start)| {
            let (recipe, statement) = (Arc::clone(&recipe), Arc::clone(&statement));
            async move {
                let mut driver = match (driver, start) {
                    (Some(driver), _) => driver,
                    (None, Some(start)) => start()?,
                    (None, None) => return Ok(None),
                };
                let Some(batch) = driver.next().await? else { return Ok(None) };
                recipe.meter(&statement, ScanUnit::Records, batch.num_rows() as u64)?;
                Ok(Some((unsigned_nans(batch)?, (Some(driver), None))))
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
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

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch, ..self.fresh() }))
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        config: &ConfigOptions,
    ) -> DfResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let pushdown = pushdown_is_on(config);
        let parents = result.parent_filters.len();
        let mut scan = self.fresh();
        for filter in result.parent_filters.into_iter().map(|parent| parent.filter) {
            if pushdown {
                scan.filters.push(filter);
            } else if phase == FilterPushdownPhase::Pre {
                scan.refused.push((fmt_sql(filter.as_ref()).to_string(), "pushdown is off"));
            }
        }
        let propagation =
            FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; parents]);
        if parents == 0 {
            return Ok(propagation);
        }
        Ok(propagation.with_updated_node(Arc::new(scan) as _))
    }
}

impl ScanLeaf for SnapshotScan {
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
        let (ranges, _) = self.ranges();
        let families = self.families();
        let of_split = |split: &Split| -> u64 {
            if ranges.within(&split.rows).is_empty() {
                return 0;
            }
            let files = families.iter().filter_map(|at| split.files.get(*at)).flatten();
            let all: u64 = split.files.iter().flatten().filter_map(|file| file.size).sum();
            let own: u64 = files.filter_map(|file| file.size).sum();
            // A part of a region reads its share.
            (split.bytes as f64 * own as f64 / all.max(1) as f64) as u64
        };
        let bytes = self.splits.iter().flatten().map(of_split).sum();
        let whole = ranges.is_all() && self.fetch.is_none();
        let estimate = Estimate {
            bytes: Bounds { at_least: if whole { bytes / 2 } else { 0 }, at_most: Some(bytes) },
            records: Bounds { at_least: 0, at_most: None },
            first_batch: (0, 0),
        };
        std::future::ready(Ok(estimate)).boxed()
    }
}
