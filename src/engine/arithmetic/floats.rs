//! Signs that floating point has and numbers have not: arrow compares bits, so that a NaN with a sign
//! is less than every number and differs from other NaNs, and minus zero sorts before zero.
//!
//! What comes from a source has no NaN with a sign ([`unsigned_nan`]). Here are the places where a
//! statement commonly makes one, a quotient and a text, and the keys of orders. Infinity less infinity
//! makes one as well, and is not looked at.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, FieldRef, Float32Type, Float64Type};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::expr::{Cast, TryCast};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};

use super::mapped;
use crate::spi::unsigned_nan;

/// Whose sign is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SignOf {
    Nan,
    Zero,
}

/// What the functions are called.
pub(super) const NAMES: [&str; 2] = [SignOf::Nan.name(), SignOf::Zero.name()];

impl SignOf {
    const fn name(self) -> &'static str {
        match self {
            SignOf::Nan => "drop_sign_of_nan",
            SignOf::Zero => "drop_sign_of_zero",
        }
    }

    fn drop(self, values: &ArrayRef) -> Result<ArrayRef> {
        Ok(match (self, values.data_type()) {
            (SignOf::Nan, _) => unsigned_nan(values)?.unwrap_or_else(|| Arc::clone(values)),
            (SignOf::Zero, DataType::Float32) => {
                Arc::new(values.as_primitive::<Float32Type>().unary::<_, Float32Type>(|x| x + 0.0))
            }
            (SignOf::Zero, DataType::Float64) => {
                Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(|x| x + 0.0))
            }
            (SignOf::Zero, _) => Arc::clone(values),
        })
    }

    /// The same number without the sign.
    pub(super) fn dropped(self, value: &ColumnarValue) -> Result<ColumnarValue> {
        mapped(value, |values| self.drop(values))
    }
}

/// Whether an expression is floating point.
pub(super) fn is_float(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr.get_type(schema), Ok(DataType::Float32 | DataType::Float64))
}

/// Whether an expression makes a number of a text, which may be `-nan`.
pub(super) fn is_read_from_text(expr: &Expr, schema: &DFSchema) -> bool {
    let (Expr::Cast(Cast { expr: from, field }) | Expr::TryCast(TryCast { expr: from, field })) =
        expr
    else {
        return false;
    };
    field.data_type().is_floating() && from.get_type(schema).is_ok_and(|from| from.is_string())
}

/// The function that drops a sign.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DropSign {
    of: SignOf,
    signature: Signature,
}

impl DropSign {
    /// The function that drops the sign `of` these.
    pub(super) fn new(of: SignOf) -> Self {
        Self { of, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DropSign {
    fn name(&self) -> &str {
        self.of.name()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [value] = args else { return internal_err!("{} takes one", self.name()) };
        Ok(value.schema_name().to_string())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [kind] = types else { return internal_err!("{} takes one", self.name()) };
        Ok(kind.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [field] = args.arg_fields else { return internal_err!("{} takes one", self.name()) };
        Ok(Arc::clone(field))
    }

    fn is_strict(&self) -> bool {
        true
    }

    /// Rows that are sorted stay so: what differed in a sign alone lay side by side.
    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        let [value] = inputs else { return internal_err!("{} takes one", self.name()) };
        Ok(match self.of {
            SignOf::Zero => value.sort_properties,
            SignOf::Nan => SortProperties::Unordered,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else {
            return internal_err!("{} takes one", self.name());
        };
        self.of.dropped(value)
    }
}
