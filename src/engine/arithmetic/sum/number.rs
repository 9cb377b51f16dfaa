//! The types that sums are of, and the wider ones in which they are added up.

use datafusion::arrow::array::{ArrowNativeTypeOp, ArrowNumericType, PrimitiveArray};
use datafusion::arrow::compute::sum_checked;
use datafusion::arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalYearMonthType, UInt64Type,
};
use datafusion::arrow::error::ArrowError;

/// The error of a sum outside of its type.
pub(super) fn does_not_fit(kind: &DataType) -> ArrowError {
    ArrowError::ArithmeticOverflow(format!("the sum does not fit {kind}"))
}

/// A type whose sums are checked.
pub(super) trait Number: ArrowNumericType + Sized + Send + std::fmt::Debug {
    /// What sums are held in.
    type Wide: ArrowNativeTypeOp + Send;

    /// A value as a sum.
    fn widen(value: Self::Native) -> Self::Wide;

    /// A sum as a value, if it fits.
    fn narrow(sum: Self::Wide) -> Option<Self::Native>;

    /// The sum of an array; nothing where all is NULL.
    fn total(values: &PrimitiveArray<Self>) -> Result<Option<Self::Wide>, ArrowError>;
}

/// Numbers of at most 64 bits: more rows than there can be do not fill 128.
macro_rules! widened {
    ($($t:ty),*) => {$(
        impl Number for $t {
            type Wide = i128;

            fn widen(value: Self::Native) -> i128 {
                i128::from(value)
            }

            fn narrow(sum: i128) -> Option<Self::Native> {
                Self::Native::try_from(sum).ok()
            }

            fn total(values: &PrimitiveArray<Self>) -> Result<Option<i128>, ArrowError> {
                use datafusion::arrow::array::Array;
                let add = |values: &[Self::Native]| values.iter().map(|v| i128::from(*v)).sum();
                Ok(match values.nulls() {
                    _ if values.null_count() == values.len() => None,
                    None => Some(add(values.values())),
                    Some(nulls) => {
                        let runs = nulls.valid_slices();
                        Some(runs.map(|(from, to)| -> i128 { add(&values.values()[from..to]) }).sum())
                    }
                })
            }
        }
    )*};
}

/// Numbers that are as wide as it gets.
macro_rules! checked {
    ($($t:ty),*) => {$(
        impl Number for $t {
            type Wide = Self::Native;

            fn widen(value: Self::Native) -> Self::Native {
                value
            }

            fn narrow(sum: Self::Native) -> Option<Self::Native> {
                Some(sum)
            }

            fn total(values: &PrimitiveArray<Self>) -> Result<Option<Self::Native>, ArrowError> {
                sum_checked(values)
            }
        }
    )*};
}

widened!(Int64Type, UInt64Type, Decimal32Type, Decimal64Type);
widened!(DurationSecondType, DurationMillisecondType);
widened!(DurationMicrosecondType, DurationNanosecondType);
checked!(Decimal128Type, Decimal256Type);
checked!(IntervalYearMonthType, IntervalDayTimeType, IntervalMonthDayNanoType);
