//! `date_trunc` of one value goes back in time also before 1970: DataFusion has two ways, and the one
//! for constants rounds towards 1970.

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::datetime::date_trunc::DateTruncFunc;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};

/// DataFusion's function, always by its way for many values.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct DateTrunc(DateTruncFunc);

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn aliases(&self) -> &[String] {
        self.0.aliases()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.0.return_field_from_args(args)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.0.output_ordering(inputs)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation()
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [_, ColumnarValue::Scalar(value)] = args.args.as_slice() else {
            return self.0.invoke_with_args(args);
        };
        let value = value.to_array()?;
        if let Some(argument) = args.args.last_mut() {
            *argument = ColumnarValue::Array(value);
        }
        args.number_rows = 1;
        match self.0.invoke_with_args(args)? {
            ColumnarValue::Array(value) => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&value, 0)?))
            }
            scalar @ ColumnarValue::Scalar(_) => Ok(scalar),
        }
    }
}
