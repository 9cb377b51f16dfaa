//! Parameters: text until they are bound, typed by declaration, by the planner, or as text.

use std::collections::{BTreeMap, HashMap};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::state::Translated;
use crate::catalog::{parse_type, sql_type_name};
use crate::error::{Error, Position, Result};

/// The parameters of a statement: `$name`, and `$1` or `?` by position.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    values: BTreeMap<String, ParameterValue>,
}

#[derive(Clone, Debug)]
struct ParameterValue {
    text: Option<String>,
    data_type: Option<DataType>,
}

impl Parameters {
    /// Sets a parameter to a text; `None` is NULL.
    pub fn set(&mut self, name: impl Into<String>, text: Option<String>) {
        let name = name.into();
        let data_type = self.values.get(&name).and_then(|value| value.data_type.clone());
        self.values.insert(name, ParameterValue { text, data_type });
    }

    /// Declares a parameter's type, as CREATE TABLE takes it.
    ///
    /// # Errors
    /// `Sql` when the text is not a type, or the parameter's value is not of it.
    pub fn declare(&mut self, name: &str, type_text: &str) -> Result<()> {
        let data_type = parse_type(type_text)?;
        if let Some(value) = self.values.get_mut(name) {
            value.data_type = Some(data_type.clone());
            cast(name, value.text.as_deref(), &data_type)?;
        }
        Ok(())
    }

    /// Whether a parameter of this name is set.
    pub fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }
}

/// Gives every `?` its number, so that it can be bound.
///
/// # Errors
/// `Sql` when `?` and `$n` are mixed.
pub(super) fn number(tokens: &mut [TokenWithSpan]) -> Result<()> {
    let numbered = tokens.iter().any(|token| match &token.token {
        Token::Placeholder(name) => {
            name.strip_prefix('$').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => false,
    });
    let mut count = 0;
    for token in tokens {
        if token.token == Token::Placeholder("?".to_owned()) {
            if numbered {
                let at = token.span.start;
                return Err(Error::sql("`?` and `$1` cannot be mixed in one statement")
                    .at(Position { line: at.line, column: at.column }));
            }
            count += 1;
            token.token = Token::Placeholder(format!("${count}"));
        }
    }
    Ok(())
}

/// Binds the values into a plan that has not been optimised.
///
/// # Errors
/// `Sql` for a parameter without a value, or a value that is not of its type.
pub(super) fn bind(plan: LogicalPlan, parameters: &Parameters) -> Result<LogicalPlan> {
    let inferred = plan.get_parameter_types().translated()?;
    if inferred.is_empty() {
        return Ok(plan);
    }
    let mut bound: HashMap<String, ScalarValue> = HashMap::new();
    for (placeholder, inferred) in inferred {
        let name = placeholder.trim_start_matches('$');
        let Some(value) = parameters.values.get(name) else {
            return Err(Error::sql(format!("parameter ${name} has no value"))
                .with_hint(format!("give it one with -v {name}=…, \\set {name} …, or EXECUTE")));
        };
        // The planner takes the other side's type, which for `date - $x` is the wrong one.
        let inferred = inferred.filter(|known| !matches!(known, DataType::Interval(_)));
        let data_type = value.data_type.clone().or(inferred).unwrap_or(DataType::Utf8);
        bound.insert(name.to_owned(), cast(name, value.text.as_deref(), &data_type)?);
    }
    plan.with_param_values(ParamValues::from(bound)).translated()
}

fn cast(name: &str, text: Option<&str>, data_type: &DataType) -> Result<ScalarValue> {
    let value = ScalarValue::Utf8(text.map(str::to_owned));
    value.cast_to(data_type).map_err(|_| {
        let shown = text.unwrap_or("NULL");
        Error::sql(format!("parameter ${name}: `{shown}` is not {}", sql_type_name(data_type)))
    })
}
