//! Intervals compare by their length, a month as 30 days and a day as 24 hours, as in PostgreSQL
//! and DuckDB. DataFusion compares months first, then days, then time: 1 month > 40 days.
//!
//! A comparison becomes one of lengths, which are numbers.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit,
};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, Between, InList};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use super::mapped;
use super::rule::call;

/// What the function is called.
pub(super) const NAME: &str = "interval_length";

const DAY: i128 = 86_400_000_000_000;

/// The length of an interval in nanoseconds.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IntervalLength {
    signature: Signature,
}

impl Default for IntervalLength {
    fn default() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

/// Whether an expression is compared by its length.
pub(super) fn is_interval(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr.get_type(schema), Ok(DataType::Interval(_)))
}

/// The largest or smallest interval as the first one by length.
pub(super) fn by_length(
    function: &Arc<ScalarUDF>,
    aggregate: &AggregateFunction,
    schema: &DFSchema,
) -> Option<AggregateFunction> {
    let ascending = match aggregate.func.name() {
        "min" => true,
        "max" => false,
        _ => return None,
    };
    let [interval] = aggregate.params.args.as_slice() else { return None };
    if !is_interval(interval, schema) {
        return None;
    }
    let order = call(function, vec![interval.clone()]).sort(ascending, false);
    let args = vec![interval.clone()];
    let filter = aggregate.params.filter.clone();
    Some(AggregateFunction::new_udf(first_value_udaf(), args, false, filter, vec![order], None))
}

/// A comparison of intervals as one of their lengths; anything else as it is, on the other side.
pub(super) fn compared(
    function: &Arc<ScalarUDF>,
    expr: Expr,
    schema: &DFSchema,
) -> std::result::Result<Expr, Expr> {
    let length = |expr: Box<Expr>| Box::new(call(function, vec![*expr]));
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
            if !is_interval(&left, schema) || !is_interval(&right, schema) {
                return Err(Expr::BinaryExpr(BinaryExpr { left, op, right }));
            }
            let (left, right) = (length(left), length(right));
            Ok(Expr::BinaryExpr(BinaryExpr { left, op, right }))
        }
        Expr::Between(Between { expr, negated, low, high }) if is_interval(&expr, schema) => {
            let (low, high) = (length(low), length(high));
            Ok(Expr::Between(Between { expr: length(expr), negated, low, high }))
        }
        Expr::InList(InList { expr, list, negated }) if is_interval(&expr, schema) => {
            let list = list.into_iter().map(|one| *length(Box::new(one))).collect();
            Ok(Expr::InList(InList { expr: length(expr), list, negated }))
        }
        other => Err(other),
    }
}

fn lengths(intervals: &ArrayRef) -> Result<ArrayRef> {
    let intervals = cast(intervals, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
    let length = |interval: IntervalMonthDayNano| {
        let days = i128::from(interval.months) * 30 + i128::from(interval.days);
        days * DAY + i128::from(interval.nanoseconds)
    };
    let lengths: Decimal128Array = intervals.unary(length);
    Ok(Arc::new(lengths.with_precision_and_scale(DECIMAL128_MAX_PRECISION, 0)?))
}

impl ScalarUDFImpl for IntervalLength {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else { return internal_err!("{NAME} takes one") };
        mapped(value, lengths)
    }
}
