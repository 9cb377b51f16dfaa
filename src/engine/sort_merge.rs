//! Joins that spill: hash joins as sort-merge joins, when the configuration prefers those.
//!
//! A hash join holds one side in memory and never spills. DataFusion's planner takes
//! `prefer_hash_join = false` into account with several partitions only; with little memory one
//! partition is what gives each sort the most of it, so this rule does the same there. [`Rows`]
//! turns to it when a hash join did not fit.
//!
//! [`Rows`]: super::rows::Rows

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};

/// The rule; it has to run before those that choose sides and distributions.
#[derive(Debug)]
pub(super) struct SortMergeJoins;

impl PhysicalOptimizerRule for SortMergeJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if config.optimizer.prefer_hash_join {
            return Ok(plan);
        }
        plan.transform_up(sort_merge).data()
    }

    fn name(&self) -> &'static str {
        "sluice_sort_merge_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn sort_merge(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(join) = plan.downcast_ref::<HashJoinExec>() else { return Ok(Transformed::no(plan)) };
    // A sort-merge join does not know what NOT IN means with NULLs among its keys.
    if join.null_aware || join.contains_projection() {
        return Ok(Transformed::no(plan));
    }
    let merge = SortMergeJoinExec::try_new(
        Arc::clone(join.left()),
        Arc::clone(join.right()),
        join.on().to_vec(),
        join.filter().cloned(),
        *join.join_type(),
        vec![SortOptions::default(); join.on().len()],
        join.null_equality(),
    )?;
    Ok(Transformed::yes(Arc::new(merge)))
}

/// Whether a plan has a hash join that the rule would have turned.
pub(super) fn has_hash_join(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.exists(|node| Ok(node.downcast_ref::<HashJoinExec>().is_some_and(|join| !join.null_aware)))
        .unwrap_or(false)
}
