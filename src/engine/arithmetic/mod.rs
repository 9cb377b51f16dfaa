//! Arithmetic that does not fit its type is an error, never a number that has wrapped around.
//!
//! DataFusion's `+ - *`, `<<`, negation and `sum` wrap. Its own switch for checked operators sits in
//! the physical expression: constants that the optimiser folds never see it, and it is lost when a
//! plan is sent. So the operators become functions of ours in the logical plan, after types are
//! settled ([`rule`]). Functions are folded, pushed down and sent by name: whoever decodes a plan
//! needs nothing but a session made by [`extend`](super::state::extend), which registers them. `sum`
//! simply takes the built-in's name. Intervals are compared by a function of their lengths, and orders
//! see no sign of zero.

mod date_trunc;
mod dates;
mod floats;
mod intervals;
mod multiples;
mod negation;
mod operators;
mod precision;
mod rule;
mod sum;

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, Operator, ScalarUDF};

use date_trunc::DateTrunc;
use floats::{DropSign, SignOf};
use intervals::IntervalLength;
use multiples::IntervalMultiple;
use negation::CheckedNegation;
use operators::{CheckedOperator, OPERATORS};
pub(super) use rule::columns_of;
use sum::CheckedSum;

/// The functions that stand for operators.
#[derive(Clone, Debug)]
struct Functions {
    operators: Vec<(Operator, Arc<ScalarUDF>)>,
    negation: Arc<ScalarUDF>,
    interval_length: Arc<ScalarUDF>,
    sign_of_nan: Arc<ScalarUDF>,
    sign_of_zero: Arc<ScalarUDF>,
}

impl Functions {
    fn all(&self) -> impl Iterator<Item = &Arc<ScalarUDF>> {
        let others = [&self.negation, &self.interval_length, &self.sign_of_nan, &self.sign_of_zero];
        self.operators.iter().map(|(_, function)| function).chain(others)
    }
}

/// A function of arrays over a value, which may be a constant.
fn mapped(
    value: &ColumnarValue,
    function: impl FnOnce(&ArrayRef) -> datafusion::common::Result<ArrayRef>,
) -> datafusion::common::Result<ColumnarValue> {
    Ok(match value {
        ColumnarValue::Array(values) => ColumnarValue::Array(function(values)?),
        ColumnarValue::Scalar(value) => {
            let result = function(&value.to_array()?)?;
            ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)
        }
    })
}

/// Makes a session's arithmetic checked.
///
/// # Errors
/// A registry that takes no functions.
pub(super) fn register(state: &mut SessionState) -> datafusion::common::Result<()> {
    let operators = OPERATORS.map(|(operator, name)| {
        (operator, Arc::new(ScalarUDF::from(CheckedOperator::new(operator, name))))
    });
    let functions = Functions {
        operators: operators.to_vec(),
        negation: Arc::new(ScalarUDF::from(CheckedNegation::default())),
        interval_length: Arc::new(ScalarUDF::from(IntervalLength::default())),
        sign_of_nan: Arc::new(ScalarUDF::from(DropSign::new(SignOf::Nan))),
        sign_of_zero: Arc::new(ScalarUDF::from(DropSign::new(SignOf::Zero))),
    };
    for function in functions.all() {
        state.register_udf(Arc::clone(function))?;
    }
    state.register_udf(Arc::new(ScalarUDF::from(DateTrunc::default())))?;
    state.register_udaf(Arc::new(AggregateUDF::from(CheckedSum::default())))?;
    let multiple = Arc::new(ScalarUDF::from(IntervalMultiple::default()));
    state.register_udf(Arc::clone(&multiple))?;
    state.register_expr_planner(Arc::new(dates::Dates::new(multiple)))?;
    state.add_analyzer_rule(Arc::new(rule::CheckedArithmetic::new(functions)));
    Ok(())
}

/// Whether a function only stands for an operator and is not meant to be called by its name.
pub(super) fn is_operator(name: &str) -> bool {
    [negation::NAME, intervals::NAME, multiples::NAME].contains(&name)
        || floats::NAMES.contains(&name)
        || OPERATORS.iter().any(|(_, operator)| *operator == name)
}
