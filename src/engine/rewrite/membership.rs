//! `IN (subquery)` and `EXISTS` wherever a value can stand.
//!
//! As a condition of WHERE, DataFusion makes a join of `IN`, for which NULL and false are one.
//! Below a negation, `IS NULL` or a function they are two, and in a SELECT list it refuses both. There
//! `x IN (…)` is counted out: how often the value occurs, and whether there are rows and NULLs.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, UnaryOperator, Value,
    VisitMut, VisitorMut,
};

use super::template;
use crate::error::{Error, Result};

const IN: &str = "CASE WHEN (SELECT count(*) FROM (SELECT 1) AS $q($v) WHERE $q.$v = $x) > 0 \
     THEN true \
     ELSE CASE (SELECT CASE WHEN count(*) = 0 THEN 'empty' WHEN count($v) < count(*) THEN 'null' \
                            ELSE 'values' END FROM (SELECT 1) AS $q($v)) \
          WHEN 'empty' THEN false \
          WHEN 'null' THEN NULL \
          ELSE CASE WHEN $x IS NULL THEN NULL ELSE false END END END";

const EXISTS: &str = "(SELECT count(*) FROM (SELECT 1) AS $q) > 0";

/// Mends one SELECT, but not those within it.
pub(super) fn mend(select: &mut Select) -> Result<()> {
    for condition in [&mut select.selection, &mut select.having].into_iter().flatten() {
        mend_condition(condition, true)?;
    }
    let mut values = Values { depth: 0, exists: true };
    let mut flow = VisitMut::visit(&mut select.projection, &mut values);
    if flow.is_continue()
        && let GroupByExpr::Expressions(groups, _) = &mut select.group_by
    {
        flow = VisitMut::visit(groups, &mut values);
    }
    if flow.is_continue() {
        flow = VisitMut::visit(&mut select.qualify, &mut values);
    }
    broken(flow)
}

fn broken(flow: ControlFlow<Error>) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(e) => Err(e),
    }
}

/// Mends a condition, in which NULL is false. `conjunct` says that nothing but AND stands above: only
/// there is NOT IN a join that knows NULL.
fn mend_condition(expr: &mut Expr, conjunct: bool) -> Result<()> {
    match expr {
        Expr::Nested(inner) => mend_condition(inner, conjunct),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            mend_condition(left, conjunct)?;
            mend_condition(right, conjunct)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            mend_condition(left, false)?;
            mend_condition(right, false)
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr: inner }
            if matches!(bare(inner), Expr::InSubquery { .. }) =>
        {
            if let Expr::InSubquery { expr: value, subquery, negated } = bare(inner) {
                let (value, subquery) = (value.clone(), subquery.clone());
                *expr = Expr::InSubquery { expr: value, subquery, negated: !negated };
            }
            mend_condition(expr, conjunct)
        }
        Expr::InSubquery { negated: false, expr: value, .. } => mend_values(value),
        Expr::InSubquery { expr: value, .. } if conjunct => mend_values(value),
        other => mend_values(other),
    }
}

/// An expression without brackets around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn mend_values(expr: &mut Expr) -> Result<()> {
    broken(VisitMut::visit(expr, &mut Values { depth: 0, exists: false }))
}

/// Mends expressions whose value counts, outside of subqueries.
struct Values {
    depth: usize,
    /// Whether EXISTS is mended too.
    exists: bool,
}

impl VisitorMut for Values {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.depth > 0 {
            return ControlFlow::Continue(());
        }
        let (mended, negated) = match &*expr {
            Expr::InSubquery { expr: value, subquery, negated } => {
                (template::expr(IN, value, subquery), *negated)
            }
            Expr::Exists { subquery, negated } if self.exists && !always_exists(subquery) => {
                let mended = match counted(subquery) {
                    Some(rows) => template::expr("$x > 0", &rows, subquery),
                    None => template::expr(EXISTS, expr, subquery),
                };
                (mended, *negated)
            }
            _ => return ControlFlow::Continue(()),
        };
        match mended {
            Ok(mended) => {
                let mended = Box::new(Expr::Nested(Box::new(mended)));
                *expr = match negated {
                    true => Expr::UnaryOp { op: UnaryOperator::Not, expr: mended },
                    false => *mended,
                };
                ControlFlow::Continue(())
            }
            Err(e) => ControlFlow::Break(e),
        }
    }
}

/// The number of rows of a subquery that only selects and filters. It may name outer columns, which
/// DataFusion does not find again through a derived table.
fn counted(query: &Query) -> Option<Expr> {
    let mut query = query.clone();
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    let is_plain = |expr: &Expr| {
        matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_))
    };
    let keeps_rows = select.projection.iter().all(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_plain(expr),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => true,
        SelectItem::ExprWithAliases { .. } => false,
    });
    let is_ungrouped =
        matches!(&select.group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty());
    let filters_only = keeps_rows
        && is_ungrouped
        && select.having.is_none()
        && select.qualify.is_none()
        && select.distinct.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none();
    if !filters_only {
        return None;
    }
    select.projection = template::select_list("count(*)").ok()?;
    query.order_by = None;
    Some(Expr::Subquery(Box::new(query)))
}

/// An aggregate without GROUP BY always has a row. DataFusion looks for rows below it.
pub(super) fn mend_exists(expr: &mut Expr) {
    if let Expr::Exists { subquery, negated } = expr
        && always_exists(subquery)
    {
        *expr = Expr::value(Value::Boolean(!*negated));
    }
}

fn always_exists(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let is_ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty())
        && select.having.is_none()
        && select.qualify.is_none();
    if !is_ungrouped || query.limit_clause.is_some() || query.fetch.is_some() {
        return false;
    }
    let mut aggregates = Aggregates {
        names: datafusion::functions_aggregate::all_default_aggregate_functions()
            .iter()
            .flat_map(|function| {
                function.aliases().iter().cloned().chain([function.name().to_owned()])
            })
            .collect(),
        depth: 0,
        found: false,
    };
    let mut projection = select.projection.clone();
    let _ = VisitMut::visit(&mut projection, &mut aggregates);
    aggregates.found
}

/// Looks for an aggregate outside of subqueries.
struct Aggregates {
    names: HashSet<String>,
    depth: usize,
    found: bool,
}

impl VisitorMut for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(call) = expr {
            let name = call.name.to_string().to_lowercase();
            self.found |= self.depth == 0 && call.over.is_none() && self.names.contains(&name);
        }
        ControlFlow::Continue(())
    }
}
