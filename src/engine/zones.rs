//! `AT TIME ZONE` as SQL has it: a wall clock becomes the instant when it shows that time there, an
//! instant the wall clock there.
//!
//! DataFusion plans both as a cast to a type with the zone, which is right for wall clocks and
//! leaves an instant one. So the operator becomes a function, whose result depends on the type.

use std::sync::Arc;

use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::functions::datetime::to_local_time;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast;

use crate::catalog::sql_type_name;

/// What the function is called.
const NAME: &str = "at_time_zone";

/// Puts the function into the place of the operator.
pub(super) fn mend(expr: &mut ast::Expr) {
    let ast::Expr::AtTimeZone { timestamp, time_zone } = expr else { return };
    let is_text = |value: &ast::Value| matches!(value, ast::Value::SingleQuotedString(_));
    if !matches!(time_zone.as_ref(), ast::Expr::Value(value) if is_text(&value.value)) {
        // DataFusion refuses it with a place.
        return;
    }
    let args = [timestamp, time_zone]
        .map(|arg| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(arg.as_ref().clone())));
    let args =
        ast::FunctionArgumentList { duplicate_treatment: None, args: args.into(), clauses: vec![] };
    *expr = ast::Expr::Function(ast::Function {
        name: ast::ObjectName::from(vec![ast::Ident::new(NAME)]),
        uses_odbc_syntax: false,
        parameters: ast::FunctionArguments::None,
        args: ast::FunctionArguments::List(args),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    });
}

/// Whether a function only stands for an operator and is not meant to be called by its name.
pub(super) fn is_operator(name: &str) -> bool {
    name == NAME
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct AtTimeZone {
    signature: Signature,
}

impl Default for AtTimeZone {
    fn default() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

/// On the way from a value to its result.
struct Steps {
    /// A wall clock, where the value is one.
    wall_clock: Option<DataType>,
    /// The instant.
    zoned: DataType,
    /// What comes of an instant.
    local: Option<DataType>,
}

impl Steps {
    fn of(kind: &DataType, zone: &str) -> Result<Self> {
        let (wall_clock, unit, is_instant) = match kind {
            DataType::Timestamp(unit, zone) => (None, *unit, zone.is_some()),
            DataType::Date32 | DataType::Date64 => {
                let unit = TimeUnit::Microsecond;
                (Some(DataType::Timestamp(unit, None)), unit, false)
            }
            DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                (None, TimeUnit::Nanosecond, false)
            }
            other => {
                return plan_err!("AT TIME ZONE takes a TIMESTAMP, not {}", sql_type_name(other));
            }
        };
        let zoned = DataType::Timestamp(unit, Some(zone.into()));
        let local = is_instant.then_some(DataType::Timestamp(unit, None));
        Ok(Self { wall_clock, zoned, local })
    }

    fn result(self) -> DataType {
        self.local.unwrap_or(self.zoned)
    }
}

impl ScalarUDFImpl for AtTimeZone {
    fn name(&self) -> &str {
        NAME
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [value, zone] = args else { return internal_err!("{NAME} takes two") };
        Ok(format!("{} AT TIME ZONE {}", value.schema_name(), zone.schema_name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {NAME} depends on the zone")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let ([value, _], [_, zone]) = (args.arg_fields, args.scalar_arguments) else {
            return internal_err!("{NAME} takes two");
        };
        let zone = zone.and_then(|zone| zone.try_as_str().flatten());
        let Some(zone) = zone else { return plan_err!("AT TIME ZONE takes a zone in quotes") };
        if zone.parse::<Tz>().is_err() {
            return plan_err!("there is no time zone '{zone}'");
        }
        let kind = Steps::of(value.data_type(), zone)?.result();
        Ok(Arc::new(Field::new(NAME, kind, value.is_nullable())))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ([value, ColumnarValue::Scalar(zone)], [field, _]) =
            (args.args.as_slice(), args.arg_fields.as_slice())
        else {
            return internal_err!("{NAME} takes a value and a constant");
        };
        let zone = zone.try_as_str().flatten().unwrap_or_default();
        let steps = Steps::of(field.data_type(), zone)?;
        let value = match &steps.wall_clock {
            Some(wall_clock) => value.cast_to(wall_clock, None)?,
            None => value.clone(),
        };
        let zoned = value.cast_to(&steps.zoned, None)?;
        let Some(local) = steps.local else { return Ok(zoned) };
        if let ColumnarValue::Scalar(value) = &zoned
            && value.is_null()
        {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(&local)?));
        }
        to_local_time().invoke_with_args(ScalarFunctionArgs {
            args: vec![zoned],
            arg_fields: vec![Arc::new(Field::new("", steps.zoned, true))],
            return_field: Arc::new(Field::new("", local, true)),
            ..args
        })
    }
}
