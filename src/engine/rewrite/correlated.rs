//! `NOT IN` whose subquery refers to the outer query: DataFusion folds the reference into an
//! anti join that knows NULL of the whole table, not of the rows that belong to the outer one, and
//! gives too few rows. There is no SQL to put in its place that is right for NULL, so it is refused.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::engine::state::Translated;
use crate::error::{Error, Result};

/// Refuses a plan that holds one, before it is optimised.
///
/// # Errors
/// `Unsupported`.
pub(in crate::engine) fn refuse_not_in(plan: &LogicalPlan) -> Result<()> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= is_correlated_not_in(expr);
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })
    .translated()?;
    if !found {
        return Ok(());
    }
    Err(Error::unsupported(
        "NOT IN with a subquery that refers to the outer query is not supported",
    )
    .with_hint("write NOT EXISTS (SELECT 1 FROM … WHERE …), which is another thing for NULL only"))
}

fn is_correlated_not_in(expr: &Expr) -> bool {
    match expr {
        Expr::InSubquery(InSubquery { subquery, negated, .. }) => {
            *negated && !subquery.outer_ref_columns.is_empty()
        }
        _ => false,
    }
}
