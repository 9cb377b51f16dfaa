//! The leaf of the sample connector: each partition makes the records of its range.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::table::{Half, is_bad};
use crate::error::Result;
use crate::spi::{
    Bounds, Estimate, ScanLeaf, ScanUnit, StatementContext, TableLimits, leaf_properties,
    leaf_with_children, of_partition,
};

type DfResult<T> = datafusion::common::Result<T>;

/// The plan node.
#[derive(Clone, Debug)]
pub(super) struct SampleScan {
    pub(super) label: String,
    schema: SchemaRef,
    // One range of record numbers per partition.
    pub(super) splits: Vec<Range<u64>>,
    pub(super) half: Half,
    pub(super) projection: Vec<usize>,
    pub(super) fetch: Option<usize>,
    pub(super) limits: TableLimits,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SampleScan {
    /// A scan of `splits` of the table that people call `label`.
    pub(super) fn try_new(
        label: String,
        splits: Vec<Range<u64>>,
        half: Half,
        projection: Option<Vec<usize>>,
        fetch: Option<usize>,
    ) -> DfResult<Self> {
        let schema = half.schema();
        let projection = projection.unwrap_or_else(|| (0..schema.fields().len()).collect());
        let projected = Arc::new(schema.project(&projection)?);
        let properties = leaf_properties(projected, splits.len());
        let metrics = ExecutionPlanMetricsSet::new();
        let limits = TableLimits::default();
        Ok(Self { label, schema, splits, half, projection, fetch, limits, properties, metrics })
    }

    /// The same with limits of what a statement may scan of the table.
    pub(super) fn with_limits(self, limits: TableLimits) -> Self {
        Self { limits, ..self }
    }

    /// Counts records before they are handed on.
    fn count(&self, statement: &StatementContext, rows: usize) -> Result<()> {
        let (unit, rows, advice) = (ScanUnit::Records, rows as u64, self.advice());
        statement.meter().add_scan(unit, rows, self.limits, &self.label, &advice)
    }

    /// The records of a range as a batch.
    fn batch(&self, range: Range<u64>) -> DfResult<RecordBatch> {
        let ids: Vec<i64> = range
            .filter(|id| is_bad(*id) == (self.half == Half::Bad))
            .map(|id| i64::try_from(id).unwrap_or(i64::MAX))
            .collect();
        let columns: Vec<ArrayRef> = match self.half {
            Half::Good => vec![
                Arc::new(Int64Array::from(ids.clone())),
                Arc::new(Float64Array::from_iter_values(ids.iter().map(|id| *id as f64 / 2.0))),
            ],
            Half::Bad => vec![
                Arc::new(StringArray::from_iter_values(ids.iter().map(|_| "malformed"))),
                Arc::new(StringArray::from_iter_values(
                    ids.iter().map(|id| format!("record {id} ends in 9")),
                )),
                Arc::new(Int64Array::from(ids)),
            ],
        };
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?.project(&self.projection)?)
    }
}

impl DisplayAs for SampleScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SampleScan: splits={:?}", self.splits)?;
        match self.fetch {
            Some(fetch) => write!(f, ", fetch={fetch}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for SampleScan {
    fn name(&self) -> &str {
        "SampleScan"
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
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let range = of_partition(&self.splits, partition)?.clone();
        let statement = StatementContext::of(context.session_config())?;
        let step = context.session_config().batch_size() as u64;
        let scan = self.clone();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let mut left = self.fetch.unwrap_or(usize::MAX);
        let starts = range.clone().step_by(usize::try_from(step).unwrap_or(1));
        let batches = starts.map_while(move |start| {
            if left == 0 {
                return None;
            }
            let batch = scan.batch(start..(start + step).min(range.end)).and_then(|batch| {
                let batch = batch.slice(0, batch.num_rows().min(left));
                left -= batch.num_rows();
                metrics.record_output(batch.num_rows());
                scan.count(&statement, batch.num_rows())?;
                Ok(batch)
            });
            Some(batch)
        });
        let stream = futures::stream::iter(batches);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch, ..self.clone() }))
    }
}

impl ScanLeaf for SampleScan {
    fn source(&self) -> &str {
        &self.label
    }

    fn limits(&self) -> TableLimits {
        self.limits
    }

    fn advice(&self) -> String {
        "set a smaller `rows`".to_owned()
    }

    fn estimate(&self, _: Arc<TaskContext>) -> BoxFuture<'_, Result<Estimate>> {
        let records = self.splits.iter().map(|split| split.end - split.start).sum();
        let estimate = Estimate {
            bytes: Bounds::exactly(0),
            // Which of them are good, making them tells.
            records: Bounds { at_least: 0, at_most: Some(records) },
            first_batch: (0, 0),
        };
        std::future::ready(Ok(estimate)).boxed()
    }
}
