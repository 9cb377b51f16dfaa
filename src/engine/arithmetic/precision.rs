//! Decimals of more digits than their type: arrow only notices numbers that leave their bits.
//!
//! A DECIMAL(38) has room for some numbers of 39 digits. They are not of the type, and every later
//! step would take them for what they are not.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION, DECIMAL128_MAX_PRECISION,
    DECIMAL256_MAX_PRECISION, DataType, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type,
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
    let checked = match values.data_type() {
        DataType::Decimal32(DECIMAL32_MAX_PRECISION, _) => values
            .as_primitive::<Decimal32Type>()
            .validate_decimal_precision(DECIMAL32_MAX_PRECISION),
        DataType::Decimal64(DECIMAL64_MAX_PRECISION, _) => values
            .as_primitive::<Decimal64Type>()
            .validate_decimal_precision(DECIMAL64_MAX_PRECISION),
        DataType::Decimal128(DECIMAL128_MAX_PRECISION, _) => values
            .as_primitive::<Decimal128Type>()
            .validate_decimal_precision(DECIMAL128_MAX_PRECISION),
        DataType::Decimal256(DECIMAL256_MAX_PRECISION, _) => values
            .as_primitive::<Decimal256Type>()
            .validate_decimal_precision(DECIMAL256_MAX_PRECISION),
        _ => Ok(()),
    };
    Ok(checked.map_err(|_| too_long(values.data_type()))?)
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
