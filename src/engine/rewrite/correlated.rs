//! `NOT IN` whose subquery refers to the outer query: DataFusion folds the reference into an
//! anti join that knows NULL of the whole table, not of the rows that belong to the outer one, and
//! gives too few rows.
//!
//! As a condition, `x NOT IN (SELECT v …)` is true where every `v = x` is false, so it is
//! `NOT EXISTS (SELECT v … WHERE (v = x) IS NOT FALSE)`. Where the reference stands below an
//! aggregate or a limit, DataFusion loses rows of `NOT EXISTS` too, and the statement is refused.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Subquery};

use crate::engine::state::Translated;
use crate::error::{Error, Result};

type DfResult<T> = datafusion::common::Result<T>;

/// Puts in what is right, before the plan is optimised.
///
/// # Errors
/// `Unsupported` for what has no such form.
pub(in crate::engine) fn mend_not_in(plan: LogicalPlan) -> Result<LogicalPlan> {
    if !holds_not_in(&plan)? {
        return Ok(plan);
    }
    let mended = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Filter(filter) => mend(filter),
        other => Ok(Transformed::no(other)),
    });
    let plan = mended.translated()?.data;
    if holds_not_in(&plan)? {
        return Err(Error::unsupported(
            "NOT IN with a subquery that refers to the outer query below an aggregate, a limit or \
             an expression is not supported",
        )
        .with_hint(
            "write NOT EXISTS (SELECT 1 FROM … WHERE …), which is another thing for NULL only",
        ));
    }
    Ok(plan)
}

fn holds_not_in(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= correlated_not_in(expr).is_some();
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })
    .translated()?;
    Ok(found)
}

fn correlated_not_in(expr: &Expr) -> Option<&InSubquery> {
    match expr {
        Expr::InSubquery(found) if found.negated => {
            (!found.subquery.outer_ref_columns.is_empty()).then_some(found)
        }
        _ => None,
    }
}

/// Mends the conditions of a filter, for which NULL and false are one.
fn mend(filter: Filter) -> DfResult<Transformed<LogicalPlan>> {
    let schema = Arc::clone(filter.input.schema());
    let mut changed = false;
    let conditions = split_conjunction_owned(filter.predicate).into_iter().map(|condition| {
        match correlated_not_in(&condition) {
            Some(found) if is_plain(&found.subquery.subquery) => {
                let mended = not_exists(found, &schema)?;
                changed |= mended.is_some();
                Ok(mended.unwrap_or(condition))
            }
            _ => Ok(condition),
        }
    });
    let conditions: Vec<Expr> = conditions.collect::<DfResult<_>>()?;
    // What was split is not empty.
    let predicate = conjunction(conditions).unwrap_or_default();
    let filter = LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?);
    Ok(if changed { Transformed::yes(filter) } else { Transformed::no(filter) })
}

/// Whether the outer query is referred to from conditions alone, with nothing above them that makes
/// rows of several.
fn is_plain(plan: &LogicalPlan) -> bool {
    if !refers_out(plan) {
        return true;
    }
    let is_plain_node = match plan {
        LogicalPlan::Filter(_) => true,
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => {
            !plan.contains_outer_reference()
        }
        _ => false,
    };
    is_plain_node && plan.inputs().into_iter().all(is_plain)
}

fn refers_out(plan: &LogicalPlan) -> bool {
    plan.exists(|node| Ok(node.contains_outer_reference())).unwrap_or(true)
}

/// `None` when the compared value is itself from further out.
fn not_exists(found: &InSubquery, schema: &DFSchema) -> DfResult<Option<Expr>> {
    let inner = &found.subquery.subquery;
    let mut columns: Vec<Column> = Vec::new();
    let mut is_own = true;
    let outer = found.expr.as_ref().clone().transform(|expr| match expr {
        Expr::Column(column) => {
            let field = Arc::clone(schema.field_from_column(&column)?);
            columns.push(column.clone());
            Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
        }
        other => {
            is_own &= !matches!(other, Expr::OuterReferenceColumn(..));
            Ok(Transformed::no(other))
        }
    })?;
    if !is_own {
        return Ok(None);
    }
    let value = Expr::Column(Column::from(inner.schema().qualified_field(0)));
    let unequal_for_sure = value.eq(outer.data);
    let condition = Expr::IsNotFalse(Box::new(unequal_for_sure));
    let mut outer_ref_columns = found.subquery.outer_ref_columns.clone();
    for column in columns {
        let field = Arc::clone(schema.field_from_column(&column)?);
        outer_ref_columns.push(Expr::OuterReferenceColumn(field, column));
    }
    let filter = Filter::try_new(condition, Arc::clone(inner))?;
    let subquery = Subquery {
        subquery: Arc::new(LogicalPlan::Filter(filter)),
        outer_ref_columns,
        spans: found.subquery.spans.clone(),
    };
    Ok(Some(Expr::Exists(Exists { subquery, negated: true })))
}
