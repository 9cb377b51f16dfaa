//! Operators of dates as they are planned: a DATE and a time of the day make a TIMESTAMP.
//!
//! DataFusion keeps `DATE + INTERVAL` a DATE and drops what is less than a day. That is settled
//! here, before anything is derived from the type of the expression. So is an interval many times
//! ([`multiples`](super::multiples)).

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// The planner of operators with a date or an interval.
#[derive(Debug)]
pub(super) struct Dates {
    multiple: Arc<ScalarUDF>,
}

impl Dates {
    /// The planner that puts `multiple` in for an interval and a number.
    pub(super) fn new(multiple: Arc<ScalarUDF>) -> Self {
        Self { multiple }
    }

    /// An interval many times, if that is what an operator means.
    fn multiple(&self, expr: &RawBinaryExpr, schema: &DFSchema) -> Option<Expr> {
        let kind = |expr: &Expr| expr.get_type(schema);
        let is_number = |expr: &Expr| is(&kind(expr), DataType::is_numeric);
        let (left, right) = (&expr.left, &expr.right);
        let (interval, by) = match expr.op {
            BinaryOperator::Multiply if is(&kind(left), is_interval) && is_number(right) => {
                (left, right.clone())
            }
            BinaryOperator::Multiply if is(&kind(right), is_interval) && is_number(left) => {
                (right, left.clone())
            }
            BinaryOperator::Divide if is(&kind(left), is_interval) && is_number(right) => {
                (left, lit(1.0) / right.clone())
            }
            _ => return None,
        };
        let arguments = vec![interval.clone(), by];
        let call = ScalarFunction::new_udf(Arc::clone(&self.multiple), arguments);
        Some(Expr::ScalarFunction(call))
    }
}

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
            BinaryOperator::Multiply | BinaryOperator::Divide => {
                if let Some(multiple) = self.multiple(&expr, schema) {
                    return Ok(PlannerResult::Planned(multiple));
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
