//! What filters say of partitions, offsets and times, before anything is read.
//!
//! A filter on `_partition` and `_offset` alone is kept exactly by reading nothing else. One on
//! `_timestamp` only says from where on to read; each record is asked again.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::meta::MetaColumn;

/// What one comparison says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Only these partitions.
    Partitions(BTreeSet<String>),
    /// Only these offsets.
    Offsets(Range<u64>),
    /// Nothing older.
    Since(DateTime<Utc>),
    /// Nothing that is not older.
    Before(DateTime<Utc>),
}

impl Part {
    /// Whether reading no more than it says is all that its filter asks for.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Partitions(_) | Self::Offsets(_))
    }
}

/// All that a filter says, if it says nothing but this.
pub(super) fn parts(filter: &Expr) -> Option<Vec<Part>> {
    let parts = split_conjunction(filter).into_iter().map(of_comparison);
    Some(parts.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

fn of_comparison(filter: &Expr) -> Option<Vec<Part>> {
    match filter {
        // As a short list is written.
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (left, right) = (of_comparison(left)?, of_comparison(right)?);
            let ([Part::Partitions(one)], [Part::Partitions(other)]) =
                (left.as_slice(), right.as_slice())
            else {
                return None;
            };
            Some(vec![Part::Partitions(one | other)])
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (column, op, value) = match (left.as_ref(), right.as_ref()) {
                (column, Expr::Literal(value, _)) => (column, *op, value),
                (Expr::Literal(value, _), column) => (column, op.swap()?, value),
                _ => return None,
            };
            compared(column, op, value)
        }
        Expr::Between(between) if !between.negated => {
            let (Expr::Literal(low, _), Expr::Literal(high, _)) =
                (between.low.as_ref(), between.high.as_ref())
            else {
                return None;
            };
            let mut parts = compared(&between.expr, Operator::GtEq, low)?;
            parts.extend(compared(&between.expr, Operator::LtEq, high)?);
            Some(parts)
        }
        Expr::InList(list) if !list.negated => {
            if column(&list.expr)? != MetaColumn::Partition {
                return None;
            }
            let names = list.list.iter().map(|item| match item {
                Expr::Literal(value, _) => partition(value),
                _ => None,
            });
            Some(vec![Part::Partitions(names.collect::<Option<_>>()?)])
        }
        _ => None,
    }
}

fn column(expr: &Expr) -> Option<MetaColumn> {
    match expr {
        Expr::Column(column) => MetaColumn::of_name(&column.name),
        _ => None,
    }
}

fn compared(expr: &Expr, op: Operator, value: &ScalarValue) -> Option<Vec<Part>> {
    // A cast to another unit keeps the order of instants.
    let inner = match expr {
        Expr::Cast(cast) if is_instant(cast.field.data_type()) => cast.expr.as_ref(),
        other => other,
    };
    if column(inner)? == MetaColumn::Timestamp {
        return times(op, value);
    }
    match column(expr)? {
        MetaColumn::Partition if op == Operator::Eq => {
            Some(vec![Part::Partitions(BTreeSet::from([partition(value)?]))])
        }
        MetaColumn::Offset => {
            let ScalarValue::Int64(Some(value)) = value else { return None };
            let at = u64::try_from(*value).unwrap_or(0);
            let behind = u64::try_from(value.saturating_add(1)).unwrap_or(0);
            let range = match op {
                Operator::Eq => at..behind,
                Operator::GtEq => at..u64::MAX,
                Operator::Gt => behind..u64::MAX,
                Operator::Lt => 0..at,
                Operator::LtEq => 0..behind,
                _ => return None,
            };
            Some(vec![Part::Offsets(range)])
        }
        _ => None,
    }
}

fn is_instant(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(_)))
}

fn partition(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Int32(Some(number)) => Some(number.to_string()),
        ScalarValue::Utf8(Some(name))
        | ScalarValue::Utf8View(Some(name))
        | ScalarValue::LargeUtf8(Some(name)) => Some(name.clone()),
        _ => None,
    }
}

/// Rounded so that nothing that passes is outside.
fn times(op: Operator, value: &ScalarValue) -> Option<Vec<Part>> {
    if !is_instant(&value.data_type()) {
        return None;
    }
    let DataType::Timestamp(unit, _) = value.data_type() else { return None };
    let (ScalarValue::TimestampSecond(Some(count), _)
    | ScalarValue::TimestampMillisecond(Some(count), _)
    | ScalarValue::TimestampMicrosecond(Some(count), _)
    | ScalarValue::TimestampNanosecond(Some(count), _)) = value
    else {
        return None;
    };
    let (whole, rest) = match unit {
        TimeUnit::Second => (count.checked_mul(1000)?, 0),
        TimeUnit::Millisecond => (*count, 0),
        TimeUnit::Microsecond => (count.div_euclid(1000), count.rem_euclid(1000)),
        TimeUnit::Nanosecond => (count.div_euclid(1_000_000), count.rem_euclid(1_000_000)),
    };
    let since = DateTime::from_timestamp_millis(whole)?;
    let above = DateTime::from_timestamp_millis(whole.checked_add(1)?)?;
    let before = if rest == 0 { since } else { above };
    Some(match op {
        Operator::Eq => vec![Part::Since(since), Part::Before(above)],
        Operator::Gt | Operator::GtEq => vec![Part::Since(since)],
        Operator::Lt => vec![Part::Before(before)],
        Operator::LtEq => vec![Part::Before(above)],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{cast, col, lit};

    use super::*;

    fn instant(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn offsets_are_clamped_and_half_open() {
        let of = |filter: Expr| parts(&filter).unwrap();
        assert_eq!(of(col("_offset").gt(lit(5_i64))), [Part::Offsets(6..u64::MAX)]);
        assert_eq!(of(lit(5_i64).gt_eq(col("_offset"))), [Part::Offsets(0..6)]);
        assert_eq!(of(col("_offset").lt(lit(-3_i64))), [Part::Offsets(0..0)]);
        assert_eq!(of(col("_offset").eq(lit(-1_i64))), [Part::Offsets(0..0)]);
        assert_eq!(of(col("_offset").gt_eq(lit(-1_i64))), [Part::Offsets(0..u64::MAX)]);
        let both = col("_offset").between(lit(2_i64), lit(4_i64));
        assert_eq!(of(both), [Part::Offsets(2..u64::MAX), Part::Offsets(0..5)]);
    }

    #[test]
    fn partitions_are_sets_of_names() {
        let names = |names: &[&str]| {
            vec![Part::Partitions(names.iter().map(|name| (*name).to_owned()).collect())]
        };
        let list = col("_partition").in_list(vec![lit(3_i32), lit(1_i32)], false);
        assert_eq!(parts(&list), Some(names(&["3", "1"])));
        assert_eq!(parts(&col("_partition").eq(lit("a.log"))), Some(names(&["a.log"])));
        let one = |name: &str| col("_partition").eq(lit(name));
        let either = one("a").or(one("b")).or(one("c"));
        assert_eq!(parts(&either), Some(names(&["a", "b", "c"])));
        assert_eq!(parts(&one("a").or(col("_offset").eq(lit(1_i64)))), None);
    }

    #[test]
    fn times_are_rounded_outwards() {
        let at =
            |nanos: i64| lit(ScalarValue::TimestampNanosecond(Some(nanos), Some("UTC".into())));
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let time = cast(col("_timestamp"), nanos);
        let of = |filter: Expr| parts(&filter).unwrap();
        assert_eq!(of(time.clone().gt(at(7_500_000))), [Part::Since(instant(7))]);
        assert_eq!(of(time.clone().lt(at(7_500_000))), [Part::Before(instant(8))]);
        assert_eq!(of(time.clone().lt(at(7_000_000))), [Part::Before(instant(7))]);
        assert_eq!(of(time.lt_eq(at(7_000_000))), [Part::Before(instant(8))]);
    }

    #[test]
    fn everything_else_is_left_alone() {
        let plain = cast(col("_timestamp"), DataType::Timestamp(TimeUnit::Nanosecond, None));
        let wall = lit(ScalarValue::TimestampNanosecond(Some(7), None));
        for filter in [
            col("_offset").not_eq(lit(5_i64)),
            col("other").gt(lit(5_i64)),
            cast(col("_offset"), DataType::Float64).gt(lit(5.5)),
            col("_offset").gt(lit(5_i64)).or(col("_offset").lt(lit(2_i64))),
            col("_offset").gt(lit(5_i64)).and(col("x").gt(lit(1_i64))),
            col("_offset").eq(lit(ScalarValue::Int64(None))),
            plain.gt(wall),
            col("_partition").gt(lit(1_i32)),
        ] {
            assert_eq!(parts(&filter), None, "{filter}");
        }
    }
}
