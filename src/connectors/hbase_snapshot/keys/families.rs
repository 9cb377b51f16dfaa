//! Families that a filter needs a row to have a cell of.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, InListExpr, IsNotNullExpr, Literal,
};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};

use super::super::recipe::{Mapped, Recipe, Shape, Source};
use super::column::literal;

/// Families of which every row that passes a filter has a cell: those whose columns must not be
/// NULL, or, of cells, those that are named.
pub(in super::super) fn narrow(
    recipe: &Recipe,
    filters: &[Arc<dyn PhysicalExpr>],
) -> BTreeSet<String> {
    let conditions = || filters.iter().flat_map(split_conjunction);
    match &recipe.shape {
        Shape::Mapped(columns) => {
            // Any one family is enough to find the rows; the first that is found is taken.
            conditions().find_map(|c| required(c, columns)).into_iter().collect()
        }
        Shape::Cells => conditions().find_map(named_families).unwrap_or_default(),
        Shape::Maps | Shape::Bad(_) => BTreeSet::new(),
    }
}

/// The family of a column that a condition needs to be there.
fn required(condition: &Arc<dyn PhysicalExpr>, columns: &[Mapped]) -> Option<String> {
    let column = if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        let compares = matches!(
            binary.op(),
            Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
        );
        let sides = [binary.left(), binary.right()];
        let plain = sides.iter().all(|side| {
            side.downcast_ref::<Column>().is_some() || side.downcast_ref::<Literal>().is_some()
        });
        let side = sides.into_iter().find_map(|side| side.downcast_ref::<Column>())?;
        (compares && plain).then_some(side)?
    } else if let Some(list) = condition.downcast_ref::<InListExpr>() {
        list.expr().downcast_ref::<Column>().filter(|_| !list.negated())?
    } else if let Some(present) = condition.downcast_ref::<IsNotNullExpr>() {
        present.arg().downcast_ref::<Column>()?
    } else {
        return None;
    };
    let found = columns.iter().find(|known| known.name == column.name())?;
    match &found.source {
        Source::Cell { family, .. } => Some(family.clone()),
        _ => None,
    }
}

/// The families that `family = 'a'` or `family IN ('a', 'b')` names.
fn named_families(condition: &Arc<dyn PhysicalExpr>) -> Option<BTreeSet<String>> {
    let is_family = |expr: &Arc<dyn PhysicalExpr>| {
        expr.downcast_ref::<Column>().is_some_and(|column| column.name() == "family")
    };
    let text = |expr: &Arc<dyn PhysicalExpr>| match literal(expr)? {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(text),
        _ => None,
    };
    if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        let (left, right) = (binary.left(), binary.right());
        return match binary.op() {
            Operator::Eq if is_family(left) => Some(BTreeSet::from([text(right)?])),
            Operator::Or => {
                let mut both = named_families(left)?;
                both.extend(named_families(right)?);
                Some(both)
            }
            _ => None,
        };
    }
    let list = condition.downcast_ref::<InListExpr>()?;
    if list.negated() || !is_family(list.expr()) {
        return None;
    }
    list.list().iter().map(text).collect()
}
