//! `LIKE` over bytes: DataFusion casts them to text first, and fails at the first value that is none.
//!
//! Here a pattern is bytes as well: `_` is one byte, `%` any number. The operator becomes a function
//! after types are settled, as those of [`arithmetic`](super::arithmetic) do.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, internal_err};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr::{Like, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ExprSchemable, LogicalPlan, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility, not,
};
use datafusion::optimizer::AnalyzerRule;

use super::arithmetic::columns_of;

/// What the function is called.
const NAME: &str = "bytes_like";

/// Makes a session's LIKE take bytes.
///
/// # Errors
/// A registry that takes no functions.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    let function = Arc::new(ScalarUDF::from(BytesLike::default()));
    state.register_udf(Arc::clone(&function))?;
    state.add_analyzer_rule(Arc::new(LikeOverBytes { function }));
    Ok(())
}

/// Whether a function only stands for an operator and is not meant to be called by its name.
pub(super) fn is_operator(name: &str) -> bool {
    name == NAME
}

/// The rule.
#[derive(Debug)]
struct LikeOverBytes {
    function: Arc<ScalarUDF>,
}

impl LikeOverBytes {
    fn plan(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let schema = columns_of(&plan)?;
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let changed = expr.transform_up(|expr| Ok(self.expr(expr, &schema)))?;
            Ok(changed.update_data(|expr| name.restore(expr)))
        })
    }

    fn expr(&self, expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
        let Expr::Like(like) = expr else { return Transformed::no(expr) };
        if like.case_insensitive || like.escape_char.is_some() {
            return Transformed::no(Expr::Like(like));
        }
        let Some(bytes) = bytes_below(&like.expr, schema) else {
            return Transformed::no(Expr::Like(like));
        };
        let Like { negated, pattern, .. } = like;
        let call = ScalarFunction::new_udf(Arc::clone(&self.function), vec![bytes, *pattern]);
        let call = Expr::ScalarFunction(call);
        Transformed::yes(if negated { not(call) } else { call })
    }
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::BinaryView | DataType::LargeBinary)
}

/// The bytes that were cast to text for the sake of LIKE.
fn bytes_below(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    let of_bytes = |expr: &Expr| expr.get_type(schema).is_ok_and(|kind| is_bytes(&kind));
    match expr {
        Expr::Cast(Cast { expr, field }) if field.data_type().is_string() && of_bytes(expr) => {
            Some(expr.as_ref().clone())
        }
        other if of_bytes(other) => Some(other.clone()),
        _ => None,
    }
}

impl AnalyzerRule for LikeOverBytes {
    fn name(&self) -> &str {
        "like_over_bytes"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(|plan| self.plan(plan))?.data)
    }
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct BytesLike {
    signature: Signature,
}

impl Default for BytesLike {
    fn default() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for BytesLike {
    fn name(&self) -> &str {
        NAME
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let [value, pattern] = args else { return internal_err!("{NAME} takes two") };
        Ok(format!("{} LIKE {}", value.schema_name(), pattern.schema_name()))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, pattern] = args.args.as_slice() else {
            return internal_err!("{NAME} takes two");
        };
        let scalar = matches!(value, ColumnarValue::Scalar(_))
            && matches!(pattern, ColumnarValue::Scalar(_));
        let values = cast(&value.to_array(args.number_rows)?, &DataType::Binary)?;
        let patterns = cast(&pattern.to_array(args.number_rows)?, &DataType::Binary)?;
        let (values, patterns) = (values.as_binary::<i32>(), patterns.as_binary::<i32>());
        let pairs = values.iter().zip(patterns.iter());
        let found: BooleanArray =
            pairs.map(|(value, pattern)| Some(matches_whole(value?, pattern?))).collect();
        if scalar && found.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}

/// Whether all of `value` matches `pattern`. A wildcard that fails later takes one byte more of the
/// last `%`; no earlier one need be tried again.
fn matches_whole(value: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let literal = match pattern.get(of) {
            Some(b'%') => {
                of += 1;
                retry = Some((at, of));
                continue;
            }
            Some(b'_') => value.get(at).map(|_| 1),
            Some(b'\\') if pattern.get(of + 1).is_some() => {
                (value.get(at) == pattern.get(of + 1)).then_some(2)
            }
            Some(byte) => (value.get(at) == Some(byte)).then_some(1),
            None if at == value.len() => return true,
            None => None,
        };
        match (literal, &mut retry) {
            (Some(length), _) => {
                at += 1;
                of += length;
            }
            (None, Some((from, after))) if *from < value.len() => {
                *from += 1;
                (at, of) = (*from, *after);
            }
            (None, _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches_whole;

    #[test]
    fn patterns_match_bytes() {
        for (value, pattern, expected) in [
            (&b"dev-1\xff"[..], &b"dev-%"[..], true),
            (b"dev-1", b"dev-_", true),
            (b"dev-", b"dev-_", false),
            (b"abcabc", b"%abc", true),
            (b"abcab", b"%abc", false),
            (b"", b"%", true),
            (b"", b"", true),
            (b"a", b"", false),
            (b"a%b", b"a\\%b", true),
            (b"axb", b"a\\%b", false),
            (b"aXbXc", b"a%b%c", true),
        ] {
            assert_eq!(matches_whole(value, pattern), expected, "{value:?} {pattern:?}");
        }
    }
}
