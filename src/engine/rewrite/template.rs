//! Trees from SQL with holes: `"$x"` is an expression, a derived table called `"$q"` a subquery.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use crate::error::{Error, Result};

/// The hole of an expression. No name that is typed can be taken for it by accident.
pub(super) const EXPR: &str = "\u{1f}x";
/// The hole of a subquery, and what it is called afterwards.
pub(super) const QUERY: &str = "\u{1f}q";
/// The column of the subquery in the hole.
pub(super) const VALUE: &str = "\u{1f}v";

/// Parses an expression: `$x`, `$q` and `$v` stand for the names of the holes, so no name that was
/// typed may be in it.
pub(super) fn expr(sql: &str, x: &Expr, query: &Query) -> Result<Expr> {
    let quoted = |name: &str| format!("\"{name}\"");
    let sql = sql.replace("$x", &quoted(EXPR)).replace("$q", &quoted(QUERY));
    let sql = sql.replace("$v", &quoted(VALUE));
    let mut expr = parser(&sql)?.parse_expr().map_err(wrong)?;
    let mut filler = Filler { x: Some(x), queries: vec![query] };
    // The filler never breaks off.
    let _ = VisitMut::visit(&mut expr, &mut filler);
    Ok(expr)
}

/// Parses a query with as many holes for subqueries as there are `queries`.
pub(super) fn query(sql: &str, queries: Vec<&Query>) -> Result<Box<Query>> {
    let mut parsed = parser(sql)?.parse_query().map_err(wrong)?;
    let mut filler = Filler { x: None, queries };
    let _ = VisitMut::visit(&mut parsed, &mut filler);
    Ok(parsed)
}

/// `SELECT *` from a table or what stands for one.
pub(super) fn all_of(factor: TableFactor) -> Result<Query> {
    let mut parsed = query("SELECT * FROM t", vec![])?;
    if let SetExpr::Select(select) = parsed.body.as_mut() {
        select.from = vec![TableWithJoins { relation: factor, joins: vec![] }];
    }
    Ok(*parsed)
}

/// Parses an expression without holes.
pub(super) fn plain_expr(sql: &str) -> Result<Expr> {
    parser(sql)?.parse_expr().map_err(wrong)
}

/// Parses a SELECT list.
pub(super) fn select_list(sql: &str) -> Result<Vec<SelectItem>> {
    parser(sql)?.parse_projection().map_err(wrong)
}

fn parser(sql: &str) -> Result<Parser<'static>> {
    Parser::new(&GenericDialect {}).try_with_sql(sql).map_err(wrong)
}

fn wrong(error: ParserError) -> Error {
    Error::internal(format!("a template does not parse: {error}"))
}

struct Filler<'a> {
    x: Option<&'a Expr>,
    /// One for all holes, or one for each in the order they are met.
    queries: Vec<&'a Query>,
}

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let (Expr::Identifier(Ident { value, .. }), Some(x)) = (&*expr, self.x)
            && value == EXPR
        {
            *expr = Expr::Nested(Box::new(x.clone()));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Derived { subquery, alias: Some(TableAlias { name, .. }), .. } = factor
            && name.value == QUERY
            && let Some(query) = self.queries.first()
        {
            **subquery = (*query).clone();
            if self.queries.len() > 1 {
                self.queries.remove(0);
            }
        }
        ControlFlow::Continue(())
    }
}
