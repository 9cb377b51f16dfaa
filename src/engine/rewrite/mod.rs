//! What DataFusion answers wrongly or does not know, written so that it answers rightly.
//!
//! Each file mends one construct in the tree of a statement, before names are resolved: what is put
//! in is SQL that DataFusion gets right. [`correlated`], [`lateral`] and [`mixed`] need to know which
//! name is whose and of which type, and look at the plan. Where there is no such SQL, the construct is
//! refused: an error is better than a wrong answer. `tests/slt/oracle` has the answers.

mod asker;
pub(super) mod correlated;
mod distinct;
mod ends;
pub(super) mod lambdas;
pub(super) mod lateral;
mod membership;
mod merged_keys;
pub(super) mod mixed;
mod multisets;
mod operators;
mod patterns;
mod pivots;
mod readers;
mod samples;
pub(super) mod synonyms;
mod template;

use std::ops::ControlFlow;

pub(super) use asker::Asker;
use datafusion::sql::sqlparser::ast::{
    Expr, OrderByKind, Query, Select, SetExpr, TableFactor, VisitMut, VisitorMut,
};

use crate::engine::zones;
use crate::error::{Error, Result};

/// Mends a statement of somebody.
///
/// # Errors
/// `Unsupported` for what cannot be mended.
pub(super) fn mend<N: VisitMut>(node: &mut N, asker: Asker<'_>) -> Result<()> {
    distinct::mend(node)?;
    match VisitMut::visit(node, &mut Mender { asker }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(e) => Err(e),
    }
}

struct Mender<'a> {
    asker: Asker<'a>,
}

impl VisitorMut for Mender<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        flow(ends::mend(query))?;
        let order_by = match query.order_by.as_mut().map(|order_by| &mut order_by.kind) {
            Some(OrderByKind::Expressions(orders)) => orders.as_mut_slice(),
            _ => &mut [],
        };
        let mended = match query.body.as_mut() {
            SetExpr::Select(select) => merged_keys::mend(select, order_by),
            operation => multisets::mend(operation),
        };
        flow(mended)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        // The arms of a UNION come only here.
        flow(merged_keys::mend(select, &mut []).and_then(|()| membership::mend(select)))
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(readers::mend(factor).and_then(|()| samples::mend(factor)))?;
        flow(pivots::mend(factor))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.asker.mend(expr);
        lambdas::mend(expr);
        flow(operators::mend(expr))?;
        flow(synonyms::mend(expr))?;
        membership::mend_exists(expr);
        zones::mend(expr);
        flow(patterns::mend(expr))
    }
}

fn flow(mended: Result<()>) -> ControlFlow<Error> {
    match mended {
        Ok(()) => ControlFlow::Continue(()),
        Err(e) => ControlFlow::Break(e),
    }
}
