//! Rows that a join or a sort above will drop anyway, dropped before they are handed on.
//!
//! DataFusion gives a scan what a hash join has learned from its other side, for skipping whole row
//! groups. Where few rows match it is worth asking of every row: what is dropped here is not
//! repartitioned, hashed and looked up (TPC-H 18 takes half the time). Where many match it is the
//! same work twice, so a scan that sees many pass asks of one batch in a while only.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::TreeNode;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::CaseExpr;
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use futures::{Stream, StreamExt};

type DfResult<T> = datafusion::common::Result<T>;

/// The share of rows that pass up to which every batch is filtered.
const FEW: f64 = 0.3;

/// The same for what a join has learned whose sides are partitioned: every row is hashed to find its
/// part, and looked up in a table that is too large to be copied to all of them.
const FEW_OF_PARTITIONED: f64 = 0.05;

/// Of how many batches one is asked about while more pass.
const NOW_AND_THEN: usize = 16;

/// The dynamic filter of one partition.
pub(super) struct Learned {
    filter: Arc<dyn PhysicalExpr>,
    dropped: Count,
    share: f64,
    few: f64,
    batches: usize,
}

impl Learned {
    /// A filter over the columns of the scan; what it drops is counted as `rows_dropped`.
    pub(super) fn new(
        filter: Arc<dyn PhysicalExpr>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Self {
        let dropped = MetricBuilder::new(metrics).counter("rows_dropped", partition);
        Self { filter, dropped, share: 0.0, few: FEW, batches: 0 }
    }

    /// The batches without rows that will not be missed.
    pub(super) fn filter(
        mut self,
        batches: impl Stream<Item = DfResult<RecordBatch>>,
    ) -> impl Stream<Item = DfResult<RecordBatch>> {
        batches.map(move |batch| self.pass(batch?))
    }

    fn pass(&mut self, batch: RecordBatch) -> DfResult<RecordBatch> {
        let now_and_then = self.batches.is_multiple_of(NOW_AND_THEN);
        let is_asked = self.share <= self.few || now_and_then;
        self.batches += 1;
        if !is_asked || batch.num_rows() == 0 {
            return Ok(batch);
        }
        if now_and_then {
            // What is known changes while the scan runs.
            self.few = if is_partitioned(&self.filter)? { FEW_OF_PARTITIONED } else { FEW };
        }
        let passes = self.filter.evaluate(&batch)?.into_array(batch.num_rows())?;
        let passes = as_boolean_array(&passes)?;
        self.share = passes.true_count() as f64 / batch.num_rows() as f64;
        if self.share > self.few {
            return Ok(batch);
        }
        let left = filter_record_batch(&batch, passes)?;
        self.dropped.add(batch.num_rows() - left.num_rows());
        Ok(left)
    }
}

/// Whether a filter finds the part of each row first, as DataFusion writes it: `CASE hash % n …`.
fn is_partitioned(filter: &Arc<dyn PhysicalExpr>) -> DfResult<bool> {
    let now = snapshot_physical_expr(Arc::clone(filter))?;
    now.exists(|part| Ok(part.downcast_ref::<CaseExpr>().is_some()))
}
