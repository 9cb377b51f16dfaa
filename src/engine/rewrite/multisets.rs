//! `INTERSECT ALL` and `EXCEPT ALL` count copies: of three and one, one is common and two are left.
//!
//! DataFusion keeps or drops every copy. Copies that are numbered are all different, so without ALL
//! the operation does the counting.

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, SelectItem, SetExpr, SetOperator, SetQuantifier, Values,
};

use super::template::{self, QUERY};
use crate::error::{Error, Result};

/// Mends the operations of one query, but not those of its subqueries.
pub(super) fn mend(body: &mut SetExpr) -> Result<()> {
    let SetExpr::SetOperation { left, op, set_quantifier, right } = body else { return Ok(()) };
    mend(left)?;
    mend(right)?;
    let counts = matches!(op, SetOperator::Intersect | SetOperator::Except | SetOperator::Minus)
        && *set_quantifier == SetQuantifier::All;
    if !counts {
        return Ok(());
    }
    let names = columns(left)?;
    let columns: Vec<String> = (0..names.len()).map(|at| format!("\"$c{at}\"")).collect();
    let columns = columns.join(", ");
    let numbered = format!(
        "SELECT *, row_number() OVER (PARTITION BY {columns}) FROM (SELECT 1) AS \"{QUERY}\"({columns})"
    );
    let outputs: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("\"$c{at}\" AS {}", Ident::with_quote('"', name)))
        .collect();
    let sql =
        format!("SELECT {} FROM ({numbered} {op} {numbered}) AS \"$counted\"", outputs.join(", "));
    let (left, right) = (query(left), query(right));
    let counted = template::query(&sql, vec![&left, &right])?;
    *body = SetExpr::Query(counted);
    Ok(())
}

/// The operand of an operation as a query of its own.
fn query(body: &SetExpr) -> Query {
    match body {
        SetExpr::Query(query) => query.as_ref().clone(),
        other => Query {
            with: None,
            body: Box::new(other.clone()),
            order_by: None,
            limit_clause: None,
            fetch: None,
            locks: vec![],
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators: vec![],
        },
    }
}

/// What the columns of an operand are called.
fn columns(body: &SetExpr) -> Result<Vec<String>> {
    match body {
        SetExpr::Select(select) => select.projection.iter().map(column).collect(),
        SetExpr::Query(query) => columns(&query.body),
        SetExpr::SetOperation { left, .. } => columns(left),
        SetExpr::Values(Values { rows, .. }) => {
            let width = rows.first().map_or(0, |row| row.len());
            Ok((1..=width).map(|at| format!("column{at}")).collect())
        }
        _ => Err(refused()),
    }
}

fn column(item: &SelectItem) -> Result<String> {
    let folded = |ident: &Ident| match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    };
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Ok(folded(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Ok(folded(ident)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => {
            idents.last().map(folded).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

fn refused() -> Error {
    Error::unsupported("INTERSECT ALL and EXCEPT ALL take lists of columns, not *")
        .with_hint("write the columns out: SELECT a, b FROM …")
}
