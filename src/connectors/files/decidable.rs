//! Which filters the statistics of Parquet and ORC may decide.
//!
//! Bounds of floating point leave NaN out
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>,
//! `ColumnOrder`; ORC's writers compare, which NaN never passes), and in SQL NaN is larger than every
//! number. So a row group or stripe with the bounds 1 and 2 may hold a row for `x > 5`, and
//! DataFusion's pruning would lose it. A filter that lets no NaN through, such as `x < 5`, can be
//! decided, and makes all others over the same column decidable.
//!
//! It also takes the bounds of `t::time` from those of `t`, as of any cast that is not of text, though
//! half past midnight of the second day is before the noon of the first. So a filter with a cast that
//! changes the order of values decides nothing.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, IsNullExpr, Literal, TryCastExpr,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};

use crate::spi::holds_float;

/// Those of `filters`, all of which must hold, that may skip what has no match by its bounds.
pub(super) fn decidable(
    filters: &[Arc<dyn PhysicalExpr>],
    schema: &Schema,
) -> Vec<Arc<dyn PhysicalExpr>> {
    let conjuncts: Vec<_> =
        filters.iter().flat_map(split_conjunction).filter(|it| in_order(it, schema)).collect();
    let without_nan: HashSet<String> =
        conjuncts.iter().filter_map(|filter| column_without_nan(filter)).collect();
    let keeps = |filter: &Arc<dyn PhysicalExpr>| {
        filter.is::<IsNullExpr>()
            || collect_columns(filter).iter().all(|column| {
                without_nan.contains(column.name())
                    || schema
                        .field_with_name(column.name())
                        .is_ok_and(|field| !holds_float(field.data_type()))
            })
    };
    conjuncts.into_iter().filter(|filter| keeps(filter)).cloned().collect()
}

/// Whether all casts of a filter keep the order of values.
pub(super) fn in_order(filter: &Arc<dyn PhysicalExpr>, schema: &Schema) -> bool {
    let disorders = |part: &Arc<dyn PhysicalExpr>| {
        let (inner, to) = if let Some(cast) = part.downcast_ref::<CastExpr>() {
            (cast.expr(), cast.cast_type())
        } else if let Some(cast) = part.downcast_ref::<TryCastExpr>() {
            (cast.expr(), cast.cast_type())
        } else {
            return Ok(false);
        };
        Ok(!keeps_order(&inner.data_type(schema)?, to))
    };
    // What cannot be looked at decides nothing.
    matches!(filter.exists(|part| disorders(part)), Ok(false))
}

/// Whether a cast keeps the order of values, or is of text, whose bounds nobody takes for those of
/// anything else. Clocks that are turned back do not.
pub(super) fn keeps_order(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    let steady = |zone: &Option<Arc<str>>| {
        zone.as_deref().is_none_or(|zone| matches!(zone, "UTC" | "Z" | "+00:00" | "Etc/UTC"))
    };
    match (from, to) {
        (T::Dictionary(_, value), to) => keeps_order(value, to),
        (from, T::Dictionary(_, value)) => keeps_order(from, value),
        (from, to) if from == to || from.is_string() || to.is_string() => true,
        (T::Timestamp(_, from), T::Timestamp(_, to)) => {
            from.is_some() == to.is_some() || steady(from) && steady(to)
        }
        (T::Timestamp(_, zone), T::Date32 | T::Date64)
        | (T::Date32 | T::Date64, T::Timestamp(_, zone)) => steady(zone),
        (T::Date32 | T::Date64, T::Date32 | T::Date64)
        | (T::Time32(_) | T::Time64(_), T::Time32(_) | T::Time64(_)) => true,
        (T::Boolean, to) => to.is_numeric(),
        (from, to) if from.is_numeric() => to.is_numeric(),
        (from, to) => from.is_binary() && to.is_binary(),
    }
}

/// The column of a filter that no row with NaN in that column passes.
fn column_without_nan(filter: &Arc<dyn PhysicalExpr>) -> Option<String> {
    let name = |side: &Arc<dyn PhysicalExpr>| {
        side.downcast_ref::<Column>().map(|column| column.name().to_owned())
    };
    if let Some(list) = filter.downcast_ref::<InListExpr>() {
        let numbers = !list.negated() && list.list().iter().all(is_number);
        return name(list.expr()).filter(|_| numbers);
    }
    let binary = filter.downcast_ref::<BinaryExpr>()?;
    let (column, value) = match binary.op() {
        Operator::Lt | Operator::LtEq => (binary.left(), binary.right()),
        Operator::Gt | Operator::GtEq => (binary.right(), binary.left()),
        Operator::Eq if binary.left().is::<Column>() => (binary.left(), binary.right()),
        Operator::Eq => (binary.right(), binary.left()),
        _ => return None,
    };
    name(column).filter(|_| is_number(value))
}

/// A literal that is neither NULL nor NaN.
fn is_number(value: &Arc<dyn PhysicalExpr>) -> bool {
    let Some(literal) = value.downcast_ref::<Literal>() else { return false };
    match literal.value() {
        ScalarValue::Float16(Some(value)) => !value.is_nan(),
        ScalarValue::Float32(Some(value)) => !value.is_nan(),
        ScalarValue::Float64(Some(value)) => !value.is_nan(),
        other => !other.is_null(),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Field;
    use datafusion::physical_expr::expressions::{binary, col, lit};

    use super::*;

    fn kept(filters: &[(&str, Operator, f64)]) -> Vec<String> {
        let field = |name: &str| Field::new(name, DataType::Float64, true);
        let schema = Schema::new(vec![field("x"), field("y")]);
        let filters: Vec<_> = filters
            .iter()
            .map(|(name, op, value)| {
                binary(col(name, &schema).unwrap(), *op, lit(*value), &schema).unwrap()
            })
            .collect();
        decidable(&filters, &schema).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_lower_bound_alone_decides_nothing() {
        assert!(kept(&[("x", Operator::Gt, 5.0)]).is_empty());
        assert!(kept(&[("x", Operator::NotEq, 5.0)]).is_empty());
        assert!(kept(&[("x", Operator::LtEq, f64::NAN)]).is_empty());
    }

    #[test]
    fn a_cast_that_changes_the_order_decides_nothing() {
        use DataType as T;
        use datafusion::arrow::datatypes::TimeUnit::{Microsecond, Nanosecond};
        let instant = |zone: &str| T::Timestamp(Microsecond, Some(zone.into()));
        let wall = T::Timestamp(Microsecond, None);
        for (from, to, keeps) in [
            (wall.clone(), T::Time64(Nanosecond), false),
            (wall.clone(), T::Date32, true),
            (instant("UTC"), T::Date32, true),
            (instant("Europe/Berlin"), T::Date32, false),
            (instant("Europe/Berlin"), instant("UTC"), true),
            (instant("Europe/Berlin"), wall, false),
            (T::Int64, T::Boolean, false),
            (T::Int64, T::Float64, true),
            (T::Float64, T::Int32, true),
            (T::Utf8, T::Utf8View, true),
        ] {
            assert_eq!(keeps_order(&from, &to), keeps, "{from} to {to}");
        }
    }

    #[test]
    fn an_upper_bound_decides_for_all_filters_of_its_column() {
        let filters =
            [("x", Operator::GtEq, 5.0), ("y", Operator::Gt, 1.0), ("x", Operator::Lt, 6.0)];
        assert_eq!(kept(&filters), ["x@0 >= 5", "x@0 < 6"]);
        assert_eq!(kept(&[("y", Operator::Eq, 2.0)]), ["y@1 = 2"]);
    }
}
