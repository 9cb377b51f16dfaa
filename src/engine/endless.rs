//! Plans over a stream that is followed: only what gives each row on as it comes can stand above it.
//!
//! DataFusion refuses what would wait for the end; it would take what holds rows back until they fill
//! a batch, which on a quiet stream is as good as for ever.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};

use crate::error::Error;

/// Nodes that hold no row back.
const PASSING: [&str; 7] = [
    "ProjectionExec",
    "CoalescePartitionsExec",
    "CooperativeExec",
    "GlobalLimitExec",
    "LocalLimitExec",
    "OutputRequirementExec",
    "UnionExec",
];

/// The rule.
#[derive(Debug)]
pub(super) struct Endless;

impl PhysicalOptimizerRule for Endless {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !follows(&plan)? {
            return Ok(plan);
        }
        let plan = plan.transform_up(undealt).data()?;
        plan.apply(|node| {
            let reads = |child: &&Arc<dyn ExecutionPlan>| child.boundedness().is_unbounded();
            match node.children().iter().any(reads) && !PASSING.contains(&node.name()) {
                true => Err(refused().into()),
                false => Ok(TreeNodeRecursion::Continue),
            }
        })?;
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "sluice_endless"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether a plan reads what has no end, even if a limit ends it.
fn follows(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    plan.exists(|node| Ok(node.children().is_empty() && node.boundedness().is_unbounded()))
}

/// The node without the exchange that only deals rows out to more processors: it gathers them first.
fn undealt(node: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let deals_out = node.downcast_ref::<RepartitionExec>().is_some_and(|exchange| {
        matches!(exchange.partitioning(), Partitioning::RoundRobinBatch(_))
    });
    match node.children().as_slice() {
        [child] if deals_out && follows(child)? => Ok(Transformed::yes(Arc::clone(child))),
        _ => Ok(Transformed::no(node)),
    }
}

fn refused() -> Error {
    Error::unsupported(
        "a stream that is followed has no end: its rows can be filtered, computed with and limited, \
         not grouped, sorted or joined",
    )
    .with_hint("ask the table, which is what is there now, or stream_scan('t', start => …)")
}
