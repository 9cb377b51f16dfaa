//! The operators `+ - * / << >>` as functions that fail where the result does not fit.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::compute::kernels::numeric::{add, div, mul, sub};
use datafusion::arrow::compute::try_binary;
use datafusion::arrow::datatypes::{
    DataType, Field, FieldRef, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::physical_expr_common::datum::apply;

use super::floats::SignOf;
use super::precision;

/// The operators with the names of their functions.
pub(super) const OPERATORS: [(Operator, &str); 6] = [
    (Operator::Plus, "checked_add"),
    (Operator::Minus, "checked_subtract"),
    (Operator::Multiply, "checked_multiply"),
    (Operator::Divide, "checked_divide"),
    (Operator::BitwiseShiftLeft, "checked_shift_left"),
    (Operator::BitwiseShiftRight, "checked_shift_right"),
];

/// Whether an operator between these types can leave its type without DataFusion saying so.
///
/// Floating point goes to infinity and stays an operator but for the quotient, whose NaN is not the
/// one of other NaNs. So does what arrow has no kernel for: days between dates, which always fit, and
/// times of the day, which wrap on purpose.
pub(super) fn needs_checking(operator: Operator, left: &DataType, right: &DataType) -> bool {
    let integers = left.is_integer() && right.is_integer();
    let decimals = left.is_decimal() && right.is_decimal();
    match operator {
        Operator::Plus | Operator::Minus => integers || decimals || moves_in_time(left, right),
        Operator::Multiply => integers || decimals,
        Operator::Divide => decimals || (left.is_floating() && right.is_floating()),
        Operator::BitwiseShiftLeft | Operator::BitwiseShiftRight => integers,
        _ => false,
    }
}

fn moves_in_time(left: &DataType, right: &DataType) -> bool {
    use DataType::{Date32, Date64, Duration, Interval, Time32, Time64, Timestamp};
    let is_date = |kind: &DataType| matches!(kind, Date32 | Date64);
    let is_time = |kind: &DataType| matches!(kind, Time32(_) | Time64(_));
    let counts = |kind: &DataType| {
        is_date(kind) || matches!(kind, Timestamp(..) | Interval(_) | Duration(_))
    };
    (counts(left) || counts(right))
        && !(is_time(left) || is_time(right))
        && !(is_date(left) && is_date(right))
}

/// One operator as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedOperator {
    operator: Operator,
    name: &'static str,
    signature: Signature,
}

impl CheckedOperator {
    /// The function of `operator`, called `name`.
    pub(super) fn new(operator: Operator, name: &'static str) -> Self {
        Self { operator, name, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for CheckedOperator {
    fn name(&self) -> &str {
        self.name
    }

    /// As the operator's, so that columns keep the names they had.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [left, right] = args else { return internal_err!("{} takes two", self.name) };
        Ok(format!("{} {} {}", left.schema_name(), self.operator, right.schema_name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = types else { return internal_err!("{} takes two", self.name) };
        let (left, right) =
            BinaryTypeCoercer::new(left, &self.operator, right).get_input_types()?;
        Ok(vec![left, right])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [left, right] = types else { return internal_err!("{} takes two", self.name) };
        BinaryTypeCoercer::new(left, &self.operator, right).get_result_type()
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<_> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name, self.return_type(&types)?, nullable)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else {
            return internal_err!("{} takes two", self.name);
        };
        let result = match self.operator {
            Operator::Plus => apply(left, right, add)?,
            Operator::Minus => apply(left, right, sub)?,
            Operator::Multiply => apply(left, right, mul)?,
            Operator::Divide => quotient(apply(left, right, div)?)?,
            _ => {
                let arrays = ColumnarValue::values_to_arrays(&args.args)?;
                let [left, right] = arrays.as_slice() else {
                    return internal_err!("{} takes two", self.name);
                };
                let is_left = self.operator == Operator::BitwiseShiftLeft;
                ColumnarValue::Array(shift(left, right, is_left)?)
            }
        };
        precision::check(&result)?;
        Ok(result)
    }
}

/// Processors set the sign of the NaN that is `0.0 / 0.0`.
fn quotient(value: ColumnarValue) -> Result<ColumnarValue> {
    if value.data_type().is_floating() { SignOf::Nan.dropped(&value) } else { Ok(value) }
}

fn shift(left: &ArrayRef, right: &ArrayRef, is_left: bool) -> Result<ArrayRef> {
    let shifted = match left.data_type() {
        DataType::Int8 => shift_integers::<Int8Type>(left, right, is_left),
        DataType::Int16 => shift_integers::<Int16Type>(left, right, is_left),
        DataType::Int32 => shift_integers::<Int32Type>(left, right, is_left),
        DataType::Int64 => shift_integers::<Int64Type>(left, right, is_left),
        DataType::UInt8 => shift_integers::<UInt8Type>(left, right, is_left),
        DataType::UInt16 => shift_integers::<UInt16Type>(left, right, is_left),
        DataType::UInt32 => shift_integers::<UInt32Type>(left, right, is_left),
        DataType::UInt64 => shift_integers::<UInt64Type>(left, right, is_left),
        other => return internal_err!("{other} is no integer"),
    };
    Ok(shifted?)
}

fn shift_integers<T>(
    values: &ArrayRef,
    places: &ArrayRef,
    is_left: bool,
) -> Result<ArrayRef, ArrowError>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i128> + TryFrom<i128>,
{
    let shifted: PrimitiveArray<T> =
        try_binary(values.as_primitive::<T>(), places.as_primitive::<T>(), |value, places| {
            let (value, places): (i128, i128) = (value.into(), places.into());
            let overflow = || {
                let operator = if is_left { "<<" } else { ">>" };
                ArrowError::ArithmeticOverflow(format!("{value} {operator} {places}"))
            };
            let places = u32::try_from(places).map_err(|_| overflow())?;
            // No value has more than 64 bits: as many places to the right leave nothing but the
            // sign, and to the left, where an i128 has the room, never fit.
            let shifted = if is_left {
                if value == 0 { Some(0) } else { (places < 64).then(|| value << places) }
            } else {
                Some(value >> places.min(64))
            };
            shifted.and_then(|shifted| T::Native::try_from(shifted).ok()).ok_or_else(overflow)
        })?;
    Ok(Arc::new(shifted))
}
