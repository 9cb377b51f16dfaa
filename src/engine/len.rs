//! `len(x)` of DuckDB and Spark: the letters of a text, the elements of a list or a map.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::functions::unicode::character_length;
use datafusion::functions_nested::cardinality::cardinality_udf;
use datafusion::functions_nested::length::array_length_udf;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::catalog::sql_type_name;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Len {
    signature: Signature,
}

impl Default for Len {
    fn default() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

/// The function that counts what a type has.
fn counter(kind: &DataType) -> Result<Arc<ScalarUDF>> {
    Ok(match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => character_length(),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            array_length_udf()
        }
        DataType::Map(..) => cardinality_udf(),
        other => {
            return plan_err!("len takes a text, a list or a map, not {}", sql_type_name(other));
        }
    })
}

impl ScalarUDFImpl for Len {
    fn name(&self) -> &str {
        "len"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if let [kind] = types
            && *kind != DataType::Null
        {
            counter(kind)?;
        }
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else { return internal_err!("len takes one") };
        let kind = value.data_type();
        if kind == DataType::Null {
            return value.cast_to(&DataType::Int64, None);
        }
        let counter = counter(&kind)?;
        let counted = counter.return_type(&[kind])?;
        let return_field = args.return_field.as_ref().clone().with_data_type(counted).into();
        let counted = counter.invoke_with_args(ScalarFunctionArgs { return_field, ..args })?;
        counted.cast_to(&DataType::Int64, None)
    }
}
