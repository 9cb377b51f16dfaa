//! The last records of a log, also below a filter: a scan that can begin with what a sort wants first
//! is told so through the nodes between.
//!
//! DataFusion asks a scan only where nothing but projections and exchanges stands above it. That a
//! scan begins at its other end changes no answer, the sort stays; it lets the sort's filter say
//! sooner that nothing older is wanted.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, SortOrderPushdownResult};

use super::estimate::leaf;

/// Nodes that give on the rows they get, maybe not all of them.
const BETWEEN: [&str; 6] = [
    "FilterExec",
    "ProjectionExec",
    "RepartitionExec",
    "CoalesceBatchesExec",
    "CoalescePartitionsExec",
    "CooperativeExec",
];

/// The rule.
#[derive(Debug)]
pub(super) struct LastFirst;

impl PhysicalOptimizerRule for LastFirst {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(told).data()
    }

    fn name(&self) -> &'static str {
        "sluice_last_first"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn told(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let sort = plan.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_some());
    let Some(sort) = sort else { return Ok(Transformed::no(plan)) };
    let first = sort.expr().first();
    let Some(column) = first.expr.downcast_ref::<Column>() else {
        return Ok(Transformed::no(plan));
    };
    let wanted = Wanted { fetch: sort.fetch().unwrap_or_default(), order: first };
    match pushed(sort.input(), column.name(), &wanted)? {
        Some(input) => Ok(Transformed::yes(replace_children_if_necessary(plan, vec![input])?)),
        None => Ok(Transformed::no(plan)),
    }
}

/// What a sort wants first.
struct Wanted<'a> {
    fetch: usize,
    order: &'a PhysicalSortExpr,
}

/// A node whose scan begins with the first rows in the order of a column, if it can.
fn pushed(
    node: &Arc<dyn ExecutionPlan>,
    column: &str,
    wanted: &Wanted<'_>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if leaf(node.as_ref()).is_some() {
        let Ok(at) = node.schema().index_of(column) else { return Ok(None) };
        let own = PhysicalSortExpr::new(Arc::new(Column::new(column, at)), wanted.order.options);
        return Ok(match node.try_pushdown_sort(&[own])? {
            SortOrderPushdownResult::Inexact { inner } => Some(inner),
            _ => None,
        });
    }
    let children = node.children();
    let ([child], true) = (children.as_slice(), BETWEEN.contains(&node.name())) else {
        return Ok(None);
    };
    // Rows that are dealt out are read ahead of the sort, which could not stop the scan in time.
    let deals_out = node.downcast_ref::<RepartitionExec>().is_some_and(|repartition| {
        matches!(repartition.partitioning(), Partitioning::RoundRobinBatch(_))
    });
    if deals_out {
        return pushed(child, column, wanted);
    }
    let column = match node.downcast_ref::<ProjectionExec>() {
        None => Some(column),
        Some(projection) => projection
            .expr()
            .iter()
            .find(|part| part.alias == column)
            .and_then(|part| part.expr.downcast_ref::<Column>())
            .map(Column::name),
    };
    let Some(column) = column else { return Ok(None) };
    let Some(inner) = pushed(child, column, wanted)? else { return Ok(None) };
    let node = replace_children_if_necessary(Arc::clone(node), vec![inner])?;
    // A filter gathers rows into large batches; the sort would see none before the scan's end.
    Ok(Some(match node.downcast_ref::<FilterExec>() {
        Some(filter) if wanted.fetch < filter.batch_size() => {
            Arc::new(filter.with_batch_size(wanted.fetch.max(1))?)
        }
        _ => node,
    }))
}
