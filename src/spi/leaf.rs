//! What the plan leaves of all connectors do alike: properties, partitions, filters.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::{DynamicFilterTracking, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{ExecutionPlan, Partitioning, PlanProperties};

use super::settings::SluiceSettings;
use crate::error::Error;

/// The properties of a leaf that ends, gives batches as it reads them, and promises no order.
pub fn leaf_properties(schema: SchemaRef, partitions: usize) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema),
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ))
}

/// A leaf with other children, of which it has none.
///
/// # Errors
/// `Internal` when there are some.
pub fn leaf_with_children<N: ExecutionPlan + 'static>(
    leaf: Arc<N>,
    children: &[Arc<dyn ExecutionPlan>],
) -> Result<Arc<dyn ExecutionPlan>> {
    if children.is_empty() {
        return Ok(leaf);
    }
    Err(Error::internal(format!("{} has no children", leaf.name())).into())
}

/// What a leaf has for one of its partitions.
///
/// # Errors
/// `Internal` when there is no such partition.
pub fn of_partition<S>(all: &[S], partition: usize) -> crate::error::Result<&S> {
    all.get(partition)
        .ok_or_else(|| Error::internal(format!("partition {partition} of {}", all.len())))
}

/// Runs of splits of about equal weight, in order: neighbours stay together.
pub fn spread<S: Clone>(
    splits: Vec<S>,
    partitions: usize,
    weight: impl Fn(&S) -> u64,
) -> Vec<Vec<S>> {
    let total = splits.iter().map(&weight).fold(0, u64::saturating_add);
    let count = partitions.min(splits.len()).max(1);
    let share = total / count as u64 + 1;
    let mut lists = vec![vec![]; count];
    let mut before = 0_u64;
    for split in splits {
        let at = usize::try_from(before / share).unwrap_or(usize::MAX).min(count - 1);
        before = before.saturating_add(weight(&split));
        if let Some(list) = lists.get_mut(at) {
            list.push(split);
        }
    }
    lists
}

/// Whether a filter is filled while the plan runs, by a join or a sort.
pub fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    DynamicFilterTracking::classify(filter).contains_dynamic_filter()
}

/// Whether filters may reach sources at all: the setting `pushdown`.
pub fn pushdown_is_on(config: &ConfigOptions) -> bool {
    config.extensions.get::<SluiceSettings>().is_none_or(|settings| settings.pushdown)
}

/// Filters that a table is given, as they are evaluated over columns of `schema`.
///
/// # Errors
/// Those of planning an expression.
pub fn physical_filters<'f>(
    state: &dyn Session,
    schema: &DFSchema,
    filters: impl IntoIterator<Item = &'f Expr>,
) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
    let physical = filters.into_iter().map(|filter| {
        // They name the table as the statement does.
        let bare = filter.clone().transform(|expr| match expr {
            Expr::Column(column) => {
                Ok(Transformed::yes(Expr::Column(Column::from_name(column.name))))
            }
            other => Ok(Transformed::no(other)),
        })?;
        state.create_physical_expr(bare.data, schema)
    });
    physical.collect()
}
