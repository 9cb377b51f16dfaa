//! `FROM t, UNNEST(t.items)` and `FROM t, LATERAL (SELECT t.x + 1 AS y)`: what is made of the row
//! beside it alone, for which DataFusion makes a join that it cannot run.
//!
//! The join becomes what `SELECT unnest(…)` is: its right side is computed over the rows of the
//! left one, whose columns are carried along under names of their own.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, NullHandling};
use datafusion::logical_expr::builder::{project, unnest_with_options};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Filter, Join, JoinType, LogicalPlan, lit};

use crate::engine::state::Translated;
use crate::error::{Error, Result};

type DfResult<T> = datafusion::common::Result<T>;

/// Puts in what can be run, before the plan is optimised.
///
/// # Errors
/// `Unsupported` for an outer join with more than the list.
pub(in crate::engine) fn mend_lateral(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mended = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if is_of_its_row(&join.right) => mend(join),
        other => Ok(Transformed::no(other)),
    });
    Ok(mended.translated()?.data)
}

/// Whether a side of a join is made of a row of the other side and of no table.
fn is_of_its_row(side: &LogicalPlan) -> bool {
    match side {
        LogicalPlan::SubqueryAlias(alias) => is_of_its_row(&alias.input),
        LogicalPlan::Subquery(found) => {
            !found.outer_ref_columns.is_empty() && lies_over_one_row(&found.subquery)
        }
        _ => false,
    }
}

fn lies_over_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        LogicalPlan::Projection(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Unnest(_) => plan.inputs().into_iter().all(lies_over_one_row),
        _ => false,
    }
}

fn mend(join: Join) -> DfResult<Transformed<LogicalPlan>> {
    let is_outer = match join.join_type {
        JoinType::Inner => false,
        JoinType::Left => true,
        _ => return Ok(Transformed::no(LogicalPlan::Join(join))),
    };
    let always = join.on.is_empty() && join.filter.iter().all(|filter| *filter == lit(true));
    if is_outer && !(always && is_list_alone(&join.right)) {
        return Err(Error::unsupported(
            "LEFT JOIN with a list of its own row takes ON true, and nothing but the list",
        )
        .with_hint("put the condition into the SELECT list: CASE WHEN … THEN x END")
        .into());
    }
    let lateral = Lateral { left: Arc::clone(join.left.schema()), is_outer };
    let carried = lateral.left.iter().enumerate().map(|(at, field)| {
        let name = carried_column(&lateral.left, at).schema_name().to_string();
        Expr::Column(field.into()).alias(name)
    });
    let rows = project(join.left.as_ref().clone(), carried.collect::<Vec<_>>())?;
    let Some(rows) = lateral.over(&join.right, rows)? else {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    };
    // As the join would have called them.
    let left = lateral.left.iter().enumerate().map(|(at, (qualifier, field))| {
        carried_column(&lateral.left, at).alias_qualified(qualifier.cloned(), field.name())
    });
    let own = join.right.schema().iter().map(|field| Expr::Column(field.into()));
    let mut plan = project(rows, left.chain(own).collect::<Vec<_>>())?;
    let keys = join.on.into_iter().map(|(left, right)| left.eq(right));
    if let Some(condition) = conjunction(keys.chain(join.filter)) {
        plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(plan))?);
    }
    Ok(Transformed::yes(plan))
}

/// Whether columns and renaming are all that stands over the list: anything else would have a value
/// where an outer join gives NULL.
fn is_list_alone(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Unnest(_) => true,
        LogicalPlan::Projection(projection) => {
            let plain = projection.expr.iter().all(is_column);
            plain && is_list_alone(&projection.input)
        }
        LogicalPlan::SubqueryAlias(alias) => is_list_alone(&alias.input),
        LogicalPlan::Subquery(found) => is_list_alone(&found.subquery),
        _ => false,
    }
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr.clone().unalias_nested().data, Expr::Column(_))
}

/// A carried column; no name that is typed can be taken for its one by accident.
fn carried_column(left: &DFSchema, at: usize) -> Expr {
    let field = left.fields().get(at).map_or("", |field| field.name());
    Expr::Column(Column::from_name(format!("{field}\u{1f}{at}")))
}

/// The right side of a join, over the rows of the left one.
struct Lateral {
    left: Arc<DFSchema>,
    is_outer: bool,
}

impl Lateral {
    /// `plan` over `rows` in the place of its one row, with the carried columns before its own;
    /// `None` when it refers to a query further out.
    fn over(&self, plan: &LogicalPlan, rows: LogicalPlan) -> DfResult<Option<LogicalPlan>> {
        let below = match plan {
            LogicalPlan::EmptyRelation(_) => return Ok(Some(rows)),
            LogicalPlan::Subquery(found) => return self.over(&found.subquery, rows),
            other => other.inputs(),
        };
        let [input] = below.as_slice() else { return Ok(None) };
        let Some(input) = self.over(input, rows)? else { return Ok(None) };
        let plan = match plan {
            LogicalPlan::Projection(projection) => {
                let mut own = Vec::with_capacity(projection.expr.len());
                for (expr, field) in projection.expr.iter().zip(projection.schema.iter()) {
                    let Some(mended) = self.within(expr)? else { return Ok(None) };
                    own.push(mended.alias_qualified(field.0.cloned(), field.1.name()));
                }
                self.carry(input, own)?
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let own = alias.input.schema().iter().zip(alias.schema.iter());
                let own = own.map(|(below, (qualifier, field))| {
                    Expr::Column(below.into()).alias_qualified(qualifier.cloned(), field.name())
                });
                self.carry(input, own.collect())?
            }
            LogicalPlan::Filter(filter) => {
                let Some(predicate) = self.within(&filter.predicate)? else { return Ok(None) };
                LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?)
            }
            LogicalPlan::Unnest(unnest) => {
                let mut options = unnest.options.clone();
                if self.is_outer {
                    options.null_handling = NullHandling::PreserveAndExpandEmpty;
                }
                unnest_with_options(input, unnest.exec_columns.clone(), options)?
            }
            _ => return Ok(None),
        };
        Ok(Some(plan))
    }

    fn carry(&self, input: LogicalPlan, own: Vec<Expr>) -> DfResult<LogicalPlan> {
        let carried = (0..self.left.fields().len()).map(|at| carried_column(&self.left, at));
        project(input, carried.chain(own).collect::<Vec<_>>())
    }

    /// An expression with the carried columns in the place of what it takes from the left side.
    fn within(&self, expr: &Expr) -> DfResult<Option<Expr>> {
        let mut is_known = true;
        let mended = expr.clone().transform(|expr| match expr {
            Expr::OuterReferenceColumn(field, column) => {
                match self.left.maybe_index_of_column(&column) {
                    Some(at) => Ok(Transformed::yes(carried_column(&self.left, at))),
                    None => {
                        is_known = false;
                        Ok(Transformed::no(Expr::OuterReferenceColumn(field, column)))
                    }
                }
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(is_known.then_some(mended.data))
    }
}
