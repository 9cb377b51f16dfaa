//! The NaN of `0.0 / 0.0`: processors set its sign, and a NaN with a sign sorts below all numbers,
//! differs from other NaNs and makes a group of its own.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::ColumnarValue;

/// The same numbers, every NaN without a sign.
pub(super) fn unsigned(value: ColumnarValue) -> Result<ColumnarValue> {
    if !value.data_type().is_floating() {
        return Ok(value);
    }
    match value {
        ColumnarValue::Array(values) => Ok(ColumnarValue::Array(unsigned_array(values))),
        ColumnarValue::Scalar(value) => {
            let values = unsigned_array(value.to_array()?);
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?))
        }
    }
}

fn unsigned_array(values: ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Float32 => replaced::<Float32Type>(&values, |v| v.is_nan(), f32::NAN),
        DataType::Float64 => replaced::<Float64Type>(&values, |v| v.is_nan(), f64::NAN),
        _ => values,
    }
}

/// Almost no column has a NaN: looking first costs less than writing.
fn replaced<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    is_nan: impl Fn(T::Native) -> bool,
    nan: T::Native,
) -> ArrayRef {
    let numbers = values.as_primitive::<T>();
    if !numbers.values().iter().any(|value| is_nan(*value)) {
        return Arc::clone(values);
    }
    Arc::new(numbers.unary::<_, T>(|value| if is_nan(value) { nan } else { value }))
}
