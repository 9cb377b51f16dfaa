//! `n * INTERVAL '1 day'` and `INTERVAL '1 hour' / 2`, which arrow has no kernel for.
//!
//! As in PostgreSQL a part of a month goes into days, a month as 30 of them, and a part of a day into
//! time.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, IntervalMonthDayNanoArray};
use datafusion::arrow::compute::{cast, try_binary};
use datafusion::arrow::datatypes::{
    DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

const DAYS_OF_A_MONTH: f64 = 30.0;
const NANOS_OF_A_DAY: f64 = 86_400_000_000_000.0;

/// What the function is called.
pub(super) const NAME: &str = "interval_multiply";

/// An interval many times.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IntervalMultiple {
    signature: Signature,
}

impl Default for IntervalMultiple {
    fn default() -> Self {
        let interval = DataType::Interval(IntervalUnit::MonthDayNano);
        let types = vec![interval, DataType::Float64];
        Self { signature: Signature::exact(types, Volatility::Immutable) }
    }
}

fn multiple(interval: IntervalMonthDayNano, by: f64) -> Option<IntervalMonthDayNano> {
    let months = f64::from(interval.months) * by;
    let days = f64::from(interval.days) * by + months.fract() * DAYS_OF_A_MONTH;
    // Whole numbers of it stay exact: a double has not the digits for a century in nanoseconds.
    let is_whole = by.fract() == 0.0 && by.abs() < 9e15;
    let nanos = if is_whole {
        i128::from(interval.nanoseconds).checked_mul(whole(by)?)?
    } else {
        whole((interval.nanoseconds as f64 * by).round())?
    };
    let nanos = nanos.checked_add(whole((days.fract() * NANOS_OF_A_DAY).round())?)?;
    let months = i32::try_from(whole(months.trunc())?).ok()?;
    let days = i32::try_from(whole(days.trunc())?).ok()?;
    Some(IntervalMonthDayNano::new(months, days, i64::try_from(nanos).ok()?))
}

/// A whole number that is far within what fits.
#[expect(clippy::cast_possible_truncation, reason = "it is within the bounds")]
fn whole(number: f64) -> Option<i128> {
    (number.is_finite() && number.abs() < 1e30).then_some(number as i128)
}

fn multiples(intervals: &ArrayRef, by: &ArrayRef) -> Result<ArrayRef> {
    let intervals = cast(intervals, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let by = cast(by, &DataType::Float64)?;
    let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
    let product: IntervalMonthDayNanoArray =
        try_binary(intervals, by.as_primitive::<Float64Type>(), |interval, by| {
            let overflow = || ArrowError::ArithmeticOverflow(format!("an interval times {by}"));
            multiple(interval, by).ok_or_else(overflow)
        })?;
    Ok(Arc::new(product))
}

impl ScalarUDFImpl for IntervalMultiple {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Interval(IntervalUnit::MonthDayNano))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [interval, by] = args.args.as_slice() else { return internal_err!("{NAME} takes two") };
        let constant =
            matches!((interval, by), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let product = multiples(&interval.to_array(rows)?, &by.to_array(rows)?)?;
        Ok(if constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&product, 0)?)
        } else {
            ColumnarValue::Array(product)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_months_are_days_and_parts_of_days_time() {
        let hour = 3_600_000_000_000;
        let of = |months, days, hours| IntervalMonthDayNano::new(months, days, hours * hour);
        assert_eq!(multiple(of(0, 1, 0), 3.0), Some(of(0, 3, 0)));
        assert_eq!(multiple(of(1, 0, 0), -2.0), Some(of(-2, 0, 0)));
        assert_eq!(multiple(of(1, 0, 0), 0.5), Some(of(0, 15, 0)));
        assert_eq!(multiple(of(0, 1, 0), 0.25), Some(of(0, 0, 6)));
        assert_eq!(multiple(of(0, 0, 1), 0.5), Some(IntervalMonthDayNano::new(0, 0, hour / 2)));
        let long = IntervalMonthDayNano::new(0, 0, 1_234_567_890_123_456_789);
        assert_eq!(multiple(long, 7.0).map(|it| it.nanoseconds), Some(8_641_975_230_864_197_523));
        assert_eq!(multiple(long, 8.0), None);
        assert_eq!(multiple(of(0, 1, 0), f64::INFINITY), None);
    }
}
