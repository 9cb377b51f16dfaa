//! `a IS DISTINCT FROM b AND c`: the parser takes all that follows for the right side, though `AND` and
//! `OR` bind less. Such an expression is read again, with the comparison in parentheses.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, VisitMut, VisitorMut};
use std::ops::ControlFlow;

use super::template::plain_expr;
use crate::error::{Error, Result};

/// Mends all of a statement, before anybody looks at its conditions.
///
/// # Errors
/// `Unsupported` for an expression that cannot be read again.
pub(super) fn mend<N: VisitMut>(node: &mut N) -> Result<()> {
    match VisitMut::visit(node, &mut Reader) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(e) => Err(e),
    }
}

struct Reader;

impl VisitorMut for Reader {
    type Break = Error;

    // The outermost first: what stands before a comparison binds with what it has swallowed.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        while enclose(expr) {
            match plain_expr(&expr.to_string()) {
                Ok(read) => *expr = read,
                Err(e) => {
                    let error = Error::unsupported("IS DISTINCT FROM next to AND or OR");
                    let hint = "put it into parentheses: (a IS DISTINCT FROM b) AND c";
                    return ControlFlow::Break(error.with_hint(hint).with_source(e));
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// Puts parentheses around the first comparison that ends an expression and has swallowed what follows
/// it. Written out, the expression is then what was typed, but for these.
fn enclose(expr: &mut Expr) -> bool {
    let is_not = matches!(expr, Expr::IsNotDistinctFrom(..));
    match expr {
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right)
            if is_logical(right) =>
        {
            let own = std::mem::replace(first(right), null());
            let (left, own) = (Box::new(std::mem::replace(&mut **left, null())), Box::new(own));
            let compared = match is_not {
                true => Expr::IsNotDistinctFrom(left, own),
                false => Expr::IsDistinctFrom(left, own),
            };
            *first(right) = Expr::Nested(Box::new(compared));
            let rest = std::mem::replace(&mut **right, null());
            *expr = rest;
            true
        }
        Expr::IsDistinctFrom(_, last)
        | Expr::IsNotDistinctFrom(_, last)
        | Expr::BinaryOp { right: last, .. }
        | Expr::UnaryOp { expr: last, .. }
        | Expr::Between { high: last, .. } => enclose(last),
        _ => false,
    }
}

fn null() -> Expr {
    Expr::value(datafusion::sql::sqlparser::ast::Value::Null)
}

fn is_logical(expr: &Expr) -> bool {
    use BinaryOperator::{And, Or, Xor};
    matches!(expr, Expr::BinaryOp { op: And | Or | Xor, .. })
}

/// What stands first among conditions.
fn first(mut expr: &mut Expr) -> &mut Expr {
    while is_logical(expr) {
        let Expr::BinaryOp { left, .. } = expr else { break };
        expr = left;
    }
    expr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_binds_less_is_not_part_of_the_comparison() -> Result<()> {
        for (typed, meant) in [
            ("a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c"),
            ("NOT a IS NOT DISTINCT FROM b OR c", "(NOT (a IS NOT DISTINCT FROM b)) OR c"),
            ("x AND a IS DISTINCT FROM b OR d", "(x AND (a IS DISTINCT FROM b)) OR d"),
            ("x OR a IS DISTINCT FROM b AND d", "x OR ((a IS DISTINCT FROM b) AND d)"),
            (
                "a IS DISTINCT FROM b AND c IS DISTINCT FROM 'it''s' OR e",
                "((a IS DISTINCT FROM b) AND (c IS DISTINCT FROM 'it''s')) OR e",
            ),
            ("a IS DISTINCT FROM b + 1 AND c", "(a IS DISTINCT FROM (b + 1)) AND c"),
            ("a IS DISTINCT FROM (b AND c)", "a IS DISTINCT FROM (b AND c)"),
            ("f(a IS DISTINCT FROM b AND c)", "f((a IS DISTINCT FROM b) AND c)"),
        ] {
            let (mut typed, meant) = (plain_expr(typed)?, plain_expr(meant)?);
            mend(&mut typed)?;
            assert_eq!(plain(typed), plain(meant));
        }
        Ok(())
    }

    /// An expression with all of its parts in parentheses, once.
    fn plain(expr: Expr) -> String {
        match expr {
            Expr::Nested(inner) => plain(*inner),
            Expr::BinaryOp { left, op, right } => {
                format!("({} {op} {})", plain(*left), plain(*right))
            }
            Expr::UnaryOp { op, expr } => format!("({op} {})", plain(*expr)),
            Expr::IsDistinctFrom(left, right) => format!("({} <> {})", plain(*left), plain(*right)),
            Expr::IsNotDistinctFrom(left, right) => {
                format!("({} = {})", plain(*left), plain(*right))
            }
            other => other.to_string(),
        }
    }
}
