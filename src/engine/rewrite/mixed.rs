//! A number where a date is expected: DataFusion takes it for days since 1970, or nanoseconds, and
//! says nothing. Whatever makes one type of several is looked at before types are settled.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Case, Expr, ExprSchemable, LogicalPlan, Operator, Union};

use crate::engine::state::Translated;
use crate::error::{Error, Position};

/// Functions whose arguments are made one type.
const OF_ONE_TYPE: &[&str] =
    &["coalesce", "ifnull", "nvl", "nullif", "greatest", "least", "make_array"];

const COMPARED: &str = "a number and a date cannot be compared";
const UNITED: &str = "a number and a date have no common type";

/// Refuses a plan in which a number meets a date, before it is optimised.
///
/// # Errors
/// `Sql`, at a column that takes part where there is one.
pub(in crate::engine) fn refuse(plan: &LogicalPlan) -> crate::error::Result<()> {
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Union(union) => hold_union(union)?,
            LogicalPlan::Join(join) => {
                let schemas = [join.left.schema().as_ref(), join.right.schema().as_ref()];
                for (left, right) in &join.on {
                    let types = [left.get_type(schemas[0]), right.get_type(schemas[1])];
                    hold(COMPARED, types.into_iter().zip([left, right]))?;
                }
            }
            _ => {}
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            expr.apply(|expr| hold_expr(expr, &schema).map(|()| TreeNodeRecursion::Continue))
        })
    })
    .translated()?;
    Ok(())
}

fn hold_union(union: &Union) -> Result<()> {
    for at in 0..union.schema.fields().len() {
        let inputs = union.inputs.iter().filter_map(|input| input.schema().fields().get(at));
        let kinds = inputs.filter_map(|field| Kind::of(field.data_type()));
        if mixes(kinds) {
            let name = union.schema.field(at).name();
            let error = Error::sql(format!("column {name} of the set operation: {UNITED}"));
            return Err(error.with_hint(HINT).into());
        }
    }
    Ok(())
}

fn hold_expr(expr: &Expr, schema: &DFSchema) -> Result<()> {
    let typed = |expr: &'_ Expr| expr.get_type(schema);
    match expr {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
            // The right side first: chains lean to the left and can be long.
            let right = typed(&binary.right);
            if right.as_ref().is_ok_and(|kind| Kind::of(kind).is_some()) {
                let sides = [&*binary.left, &*binary.right];
                return hold(COMPARED, [typed(&binary.left), right].into_iter().zip(sides));
            }
            Ok(())
        }
        Expr::Between(between) => hold_all(
            COMPARED,
            schema,
            [&between.expr, &between.low, &between.high].map(AsRef::as_ref),
        ),
        Expr::InList(list) => {
            hold_all(COMPARED, schema, std::iter::once(&*list.expr).chain(&list.list))
        }
        Expr::InSubquery(found) => hold_subquery(&found.expr, &found.subquery.subquery, schema),
        Expr::SetComparison(found) => hold_subquery(&found.expr, &found.subquery.subquery, schema),
        Expr::Case(case) => hold_case(case, schema),
        Expr::ScalarFunction(call) if OF_ONE_TYPE.contains(&call.name()) => {
            hold_all(UNITED, schema, &call.args)
        }
        _ => Ok(()),
    }
}

fn hold_case(case: &Case, schema: &DFSchema) -> Result<()> {
    let results = case.when_then_expr.iter().map(|(_, then)| &**then);
    hold_all(UNITED, schema, results.chain(case.else_expr.as_deref()))?;
    let Some(value) = &case.expr else { return Ok(()) };
    let compared = case.when_then_expr.iter().map(|(when, _)| &**when);
    hold_all(COMPARED, schema, std::iter::once(&**value).chain(compared))
}

fn hold_subquery(value: &Expr, subquery: &LogicalPlan, schema: &DFSchema) -> Result<()> {
    let Some(field) = subquery.schema().fields().first() else { return Ok(()) };
    let types = [value.get_type(schema), Ok(field.data_type().clone())];
    hold(COMPARED, types.into_iter().zip([value, value]))
}

fn hold_all<'e>(
    what: &str,
    schema: &DFSchema,
    exprs: impl IntoIterator<Item = &'e Expr>,
) -> Result<()> {
    hold(what, exprs.into_iter().map(|expr| (expr.get_type(schema), expr)))
}

/// Holds that not both kinds are among expressions of known type. A parameter has none yet.
fn hold<'e>(
    what: &str,
    typed: impl IntoIterator<Item = (Result<DataType>, &'e Expr)>,
) -> Result<()> {
    let mut place = None;
    let kinds = typed.into_iter().filter_map(|(kind, expr)| {
        let kind = Kind::of(&kind.ok()?)?;
        place = place.or_else(|| position(expr));
        Some(kind)
    });
    if !mixes(kinds) {
        return Ok(());
    }
    let error = Error::sql(what).with_hint(HINT);
    Err(match place {
        Some(place) => error.at(place).into(),
        None => error.into(),
    })
}

const HINT: &str = "write the date out, DATE '2026-01-31', or cast one of them";

/// Where a column of an expression stands in the text.
fn position(expr: &Expr) -> Option<Position> {
    let mut found = None;
    // Nothing in it fails.
    let _ = expr.apply(|expr| {
        found = expr
            .spans()
            .and_then(|spans| spans.first())
            .map(|span| Position { line: span.start.line, column: span.start.column });
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Moment,
}

impl Kind {
    fn of(kind: &DataType) -> Option<Self> {
        match kind {
            DataType::Dictionary(_, value) => Self::of(value),
            DataType::Date32
            | DataType::Date64
            | DataType::Timestamp(..)
            | DataType::Time32(_)
            | DataType::Time64(_) => Some(Self::Moment),
            other if other.is_numeric() => Some(Self::Number),
            _ => None,
        }
    }
}

fn mixes(kinds: impl Iterator<Item = Kind>) -> bool {
    let mut first = None;
    let mut mixed = false;
    for kind in kinds {
        mixed |= *first.get_or_insert(kind) != kind;
    }
    mixed
}
