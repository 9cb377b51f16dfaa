//! Decimals of more digits than their type: arrow only notices numbers that leave their bits.
//!
//! A DECIMAL(38) has room for some numbers of 39 digits. They are not of the type, and every later
//! step would take them for what they are not.

use datafusion::arrow::array::{Array, ArrowNativeTypeOp, AsArray};
use datafusion::arrow::datatypes::{
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION, DECIMAL128_MAX_PRECISION,
    DECIMAL256_MAX_PRECISION, DataType, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::ColumnarValue;

/// Fails for decimals with more digits than their type has.
pub(super) fn check(value: &ColumnarValue) -> Result<()> {
    match value {
        ColumnarValue::Array(values) => check_array(values.as_ref()),
        ColumnarValue::Scalar(value) => check_scalar(value),
    }
}

/// The same for an array. Types below the widest one of their bits are wide enough by how the type
/// of a result is found, and cost nothing here.
pub(super) fn check_array(values: &dyn Array) -> Result<()> {
    let fits = match values.data_type() {
        DataType::Decimal32(DECIMAL32_MAX_PRECISION, _) => all_fit::<Decimal32Type>(values),
        DataType::Decimal64(DECIMAL64_MAX_PRECISION, _) => all_fit::<Decimal64Type>(values),
        DataType::Decimal128(DECIMAL128_MAX_PRECISION, _) => all_fit::<Decimal128Type>(values),
        DataType::Decimal256(DECIMAL256_MAX_PRECISION, _) => all_fit::<Decimal256Type>(values),
        _ => true,
    };
    if fits { Ok(()) } else { Err(too_long(values.data_type()).into()) }
}

/// Whether all numbers have at most the digits that fit their bits. Mostly they do, which is seen
/// fastest by looking at all of them without a way out of the loop; below a NULL may be anything.
fn all_fit<T: DecimalType>(values: &dyn Array) -> bool {
    let values = values.as_primitive::<T>();
    let most = T::MAX_FOR_EACH_PRECISION[usize::from(T::MAX_PRECISION)];
    let least = most.neg_wrapping();
    let numbers = values.values().iter();
    !numbers.fold(false, |beyond, it| beyond | (*it > most) | (*it < least))
        || values.validate_decimal_precision(T::MAX_PRECISION).is_ok()
}

/// The same for one value.
pub(super) fn check_scalar(value: &ScalarValue) -> Result<()> {
    if value.data_type().is_decimal() { check_array(value.to_array()?.as_ref()) } else { Ok(()) }
}

fn too_long(kind: &DataType) -> ArrowError {
    let digits = match kind {
        DataType::Decimal32(digits, _)
        | DataType::Decimal64(digits, _)
        | DataType::Decimal128(digits, _)
        | DataType::Decimal256(digits, _) => *digits,
        _ => 0,
    };
    ArrowError::ArithmeticOverflow(format!("a decimal number of more than {digits} digits"))
}
