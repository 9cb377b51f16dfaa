//! Operators of dates as they are planned: a DATE and a time of the day make a TIMESTAMP.
//!
//! DataFusion keeps `DATE + INTERVAL` a DATE and drops what is less than a day. That is settled
//! here, before anything is derived from the type of the expression.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// The planner of operators with a date.
#[derive(Debug)]
pub(super) struct Dates;

impl ExprPlanner for Dates {
    fn plan_binary_op(
        &self,
        mut expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        match expr.op {
            BinaryOperator::Plus | BinaryOperator::Minus => {
                // The right side first: sums lean to the left and can be long.
                let right = expr.right.get_type(schema);
                if is(&right, is_interval) && !is_whole_days(&expr.right) {
                    if is(&expr.left.get_type(schema), is_date) {
                        expr.left =
                            cast(expr.left, DataType::Timestamp(TimeUnit::Nanosecond, None));
                    }
                } else if is(&right, is_date)
                    && expr.op == BinaryOperator::Plus
                    && !is_whole_days(&expr.left)
                    && is(&expr.left.get_type(schema), is_interval)
                {
                    expr.right = cast(expr.right, DataType::Timestamp(TimeUnit::Nanosecond, None));
                }
            }
            _ => {}
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// Whether a type is known and of a kind. A parameter has none yet.
fn is(found: &Result<DataType>, kind: impl Fn(&DataType) -> bool) -> bool {
    found.as_ref().is_ok_and(kind)
}

fn is_date(kind: &DataType) -> bool {
    matches!(kind, DataType::Date32 | DataType::Date64)
}

fn is_interval(kind: &DataType) -> bool {
    matches!(kind, DataType::Interval(_))
}

/// An interval that is written out and leaves a date a date.
fn is_whole_days(expr: &Expr) -> bool {
    match expr {
        Expr::Negative(inner) => is_whole_days(inner),
        Expr::Literal(ScalarValue::IntervalYearMonth(_), _) => true,
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => {
            interval.milliseconds == 0
        }
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
            interval.nanoseconds == 0
        }
        _ => false,
    }
}
