//! Sorts with a large LIMIT: sorted whole and cut, where that is faster than to keep the best rows.
//!
//! DataFusion keeps the best `k` rows in a heap for every `k`. Each row that enters it costs some
//! thirty times what a sort spends on a row, so for a `k` that is not small beside the input the
//! heap loses by far (a million of six million rows: 16 s against 1.1 s), and what it holds cannot
//! spill. A heap that takes few of very many rows is right for any `k`: nothing else would do
//! without writing them all to disk.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

/// Up to how many rows a heap is fine whatever the input.
const SMALL: usize = 10_000;

/// How many rows of input for each that is kept make a heap the faster way again.
const ROWS_PER_KEPT: usize = 64;

/// The rule. It has to run after those that move limits and before the one that gives every heap
/// its dynamic filter.
#[derive(Debug)]
pub(super) struct LargeTop;

impl PhysicalOptimizerRule for LargeTop {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(sorted_whole).data()
    }

    fn name(&self) -> &'static str {
        "sluice_large_top"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn sorted_whole(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(sort) = plan.downcast_ref::<SortExec>() else { return Ok(Transformed::no(plan)) };
    let Some(kept) = sort.fetch().filter(|kept| *kept > SMALL) else {
        return Ok(Transformed::no(plan));
    };
    let statistics =
        StatisticsContext::new().compute(sort.input().as_ref(), &StatisticsArgs::new())?;
    let rows = statistics.num_rows.get_value();
    if rows.is_none_or(|rows| *rows > kept.saturating_mul(ROWS_PER_KEPT)) {
        return Ok(Transformed::no(plan));
    }
    let whole: Arc<dyn ExecutionPlan> = Arc::new(
        SortExec::new(sort.expr().clone(), Arc::clone(sort.input()))
            .with_preserve_partitioning(sort.preserve_partitioning()),
    );
    Ok(Transformed::yes(if sort.preserve_partitioning() {
        Arc::new(LocalLimitExec::new(whole, kept))
    } else {
        Arc::new(GlobalLimitExec::new(whole, 0, Some(kept)))
    }))
}
