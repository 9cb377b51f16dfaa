//! Ends of queries in the words of others: `ORDER BY ALL` of DuckDB, `FETCH FIRST n ROWS ONLY` of the
//! standard.

use datafusion::sql::sqlparser::ast::{
    Expr, Fetch, Ident, LimitClause, OrderBy, OrderByExpr, OrderByKind, Query, SelectItem, SetExpr,
    Value,
};

use crate::error::{Error, Result};

/// Writes the end of a query as `ORDER BY 1, 2` and `LIMIT n`.
///
/// # Errors
/// `Unsupported` where that is not the same.
pub(super) fn mend(query: &mut Query) -> Result<()> {
    if let Some(fetch) = query.fetch.take() {
        query.limit_clause = Some(limit(fetch, query.limit_clause.take())?);
    }
    let Query { order_by: Some(OrderBy { kind, .. }), body, .. } = query else { return Ok(()) };
    let OrderByKind::Expressions(keys) = kind else { return Ok(()) };
    let [all] = keys.as_slice() else { return Ok(()) };
    let is_all = matches!(&all.expr, Expr::Identifier(Ident { value, quote_style: None, .. })
        if value.eq_ignore_ascii_case("all"));
    if !is_all {
        return Ok(());
    }
    let count = width(body).ok_or_else(|| {
        Error::unsupported("ORDER BY ALL needs columns that are written out, not *")
            .with_hint("ORDER BY 1, 2 sorts by the first two")
    })?;
    let key = |place: usize| OrderByExpr {
        expr: Expr::value(Value::Number(place.to_string(), false)),
        ..all.clone()
    };
    *keys = (1..=count).map(key).collect();
    Ok(())
}

fn limit(fetch: Fetch, before: Option<LimitClause>) -> Result<LimitClause> {
    let Fetch { with_ties, percent, quantity } = fetch;
    if with_ties || percent {
        let what = if percent { "PERCENT" } else { "WITH TIES" };
        return Err(Error::unsupported(format!("FETCH FIRST … {what} is not supported"))
            .with_hint("QUALIFY rank() OVER (ORDER BY …) <= n keeps ties"));
    }
    let limit = quantity.unwrap_or_else(|| Expr::value(Value::Number("1".to_owned(), false)));
    let offset = match before {
        None => None,
        Some(LimitClause::LimitOffset { limit: None, offset, .. }) => offset,
        Some(_) => return Err(Error::sql("LIMIT and FETCH FIRST say the same twice")),
    };
    Ok(LimitClause::LimitOffset { limit: Some(limit), offset, limit_by: vec![] })
}

/// How many columns a query has, if that is written.
fn width(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let plain = |item: &SelectItem| {
                matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. })
            };
            select.projection.iter().all(plain).then_some(select.projection.len())
        }
        SetExpr::Query(query) => width(&query.body),
        SetExpr::SetOperation { left, .. } => width(left),
        SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
        _ => None,
    }
}
