//! `PIVOT` makes columns of the values of a column, `UNPIVOT` rows of columns.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ExprWithAlias, Ident, NullInclusion, PivotValueSource, Query, TableFactor, Value, Visit,
    Visitor,
};

use super::template::{self, QUERY};
use crate::error::{Error, Result};

/// Writes a pivot as aggregates with filters, its opposite as lists that are unnested.
///
/// # Errors
/// `Unsupported` for values that are not written out.
pub(super) fn mend(factor: &mut TableFactor) -> Result<()> {
    let (subquery, alias) = match factor {
        TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source,
            default_on_null: None,
            alias,
        } => {
            let table = template::all_of(table.as_ref().clone())?;
            (pivoted(&table, aggregate_functions, value_column, value_source)?, alias.take())
        }
        TableFactor::Pivot { .. } => {
            return Err(Error::unsupported("PIVOT with DEFAULT ON NULL is not supported")
                .with_hint("write coalesce in the SELECT around it"));
        }
        TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } => {
            let table = template::all_of(table.as_ref().clone())?;
            let keeps_nulls = matches!(null_inclusion, Some(NullInclusion::IncludeNulls));
            (unpivoted(&table, value, name, columns, keeps_nulls)?, alias.take())
        }
        _ => return Ok(()),
    };
    *factor = TableFactor::Derived { lateral: false, subquery, alias, sample: None };
    Ok(())
}

/// `SELECT * EXCLUDE (y, pop), sum(pop) FILTER (WHERE y = 2020) AS "2020" … GROUP BY ALL`.
fn pivoted(
    table: &Query,
    aggregates: &[ExprWithAlias],
    value_column: &[Expr],
    values: &PivotValueSource,
) -> Result<Box<Query>> {
    let [column] = value_column else {
        return Err(Error::unsupported("PIVOT takes one column")
            .with_hint("pivot a subquery in which the columns are put together"));
    };
    let PivotValueSource::List(values) = values else {
        return Err(Error::unsupported("PIVOT takes values that are written out")
            .with_hint("\\crosstabview makes columns of all values of an answer"));
    };
    let mut used = Columns::default();
    // The collector never breaks off.
    let _ = column.visit(&mut used);
    let mut selected = Vec::new();
    for ExprWithAlias { expr: value, alias } in values {
        let name = alias.as_ref().map_or_else(|| plain(value), |alias| alias.value.clone());
        for ExprWithAlias { expr: aggregate, alias } in aggregates {
            let _ = aggregate.visit(&mut used);
            let Expr::Function(call) = aggregate else {
                return Err(Error::unsupported(format!("{aggregate} is no aggregate")));
            };
            if call.filter.is_some() {
                return Err(Error::unsupported("an aggregate of PIVOT takes no FILTER"));
            }
            let name = match alias {
                Some(alias) => format!("{name}_{}", alias.value),
                None if aggregates.len() > 1 => format!("{name}_{aggregate}"),
                None => name.clone(),
            };
            let name = Ident::with_quote('"', name);
            selected.push(format!("{call} FILTER (WHERE {column} = {value}) AS {name}"));
        }
    }
    let used: Vec<_> = used.0.iter().map(String::as_str).collect();
    let sql = format!(
        "SELECT * EXCLUDE ({}), {} FROM (SELECT 1) AS \"{QUERY}\" GROUP BY ALL",
        used.join(", "),
        selected.join(", ")
    );
    template::query(&sql, vec![table])
}

/// `SELECT * EXCLUDE (a, b), unnest(['a', 'b']) AS name, unnest([a, b]) AS value`.
fn unpivoted(
    table: &Query,
    value: &Expr,
    name: &Ident,
    columns: &[ExprWithAlias],
    keeps_nulls: bool,
) -> Result<Box<Query>> {
    if !matches!(value, Expr::Identifier(_)) {
        return Err(Error::unsupported("UNPIVOT makes one column of values")
            .with_hint("unpivot twice, or write unnest"));
    }
    let of = |text: fn(&ExprWithAlias) -> String| {
        columns.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    let exprs = of(|column| column.expr.to_string());
    let names = of(|ExprWithAlias { expr, alias }| {
        let name = alias.as_ref().map_or_else(|| plain(expr), |alias| alias.value.clone());
        Value::SingleQuotedString(name).to_string()
    });
    let unnested = format!(
        "SELECT * EXCLUDE ({exprs}), unnest([{names}]) AS {name}, unnest([{exprs}]) AS {value} \
         FROM (SELECT 1) AS \"{QUERY}\""
    );
    let sql = match keeps_nulls {
        true => unnested,
        false => format!("SELECT * FROM ({unnested}) AS \"unpivot\" WHERE {value} IS NOT NULL"),
    };
    template::query(&sql, vec![table])
}

/// A value or a column as the name of a column.
fn plain(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::CompoundIdentifier(parts) => {
            parts.last().map_or_else(String::new, |part| part.value.clone())
        }
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

/// The columns that an expression names, as they are typed.
#[derive(Default)]
struct Columns(BTreeSet<String>);

impl Visitor for Columns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.0.insert(ident.to_string()),
            Expr::CompoundIdentifier(parts) => {
                parts.last().is_some_and(|part| self.0.insert(part.to_string()))
            }
            _ => false,
        };
        ControlFlow::Continue(())
    }
}
