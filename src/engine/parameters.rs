//! Parameters: text until they are bound, typed by declaration, by the planner, or as text.

use std::collections::{BTreeMap, HashMap};

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan};
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
    value: ScalarValue,
    data_type: Option<DataType>,
}

impl Parameters {
    /// Sets a parameter to a text; `None` is NULL.
    pub fn set(&mut self, name: impl Into<String>, text: Option<String>) {
        let name = name.into();
        let data_type = self.values.get(&name).and_then(|value| value.data_type.clone());
        self.values.insert(name, ParameterValue { value: ScalarValue::Utf8(text), data_type });
    }

    /// Sets a parameter to a row of a column, which keeps its type where the statement asks for
    /// none.
    ///
    /// # Errors
    /// `Unsupported` for a type that no parameter has.
    pub fn set_value(
        &mut self,
        name: impl Into<String>,
        column: &dyn Array,
        row: usize,
    ) -> Result<()> {
        let name = name.into();
        let value = ScalarValue::try_from_array(column, row).map_err(|_| {
            let data_type = column.data_type();
            Error::unsupported(format!("parameter ${name} cannot be {}", sql_type_name(data_type)))
        })?;
        self.values.insert(name, ParameterValue { value, data_type: None });
        Ok(())
    }

    /// Declares a parameter's type, as CREATE TABLE takes it.
    ///
    /// # Errors
    /// `Sql` when the text is not a type, or the parameter's value is not of it.
    pub fn declare(&mut self, name: &str, type_text: &str) -> Result<()> {
        let data_type = parse_type(type_text)?;
        if let Some(value) = self.values.get_mut(name) {
            value.data_type = Some(data_type.clone());
            cast(name, &value.value, &data_type)?;
        }
        Ok(())
    }

    /// A parameter's value as a column of one row, of its declared type; `None` when it is not set.
    ///
    /// # Errors
    /// `Sql` when the value is not of the declared type.
    pub fn column(&self, name: &str) -> Result<Option<ArrayRef>> {
        let Some(ParameterValue { value, data_type }) = self.values.get(name) else {
            return Ok(None);
        };
        let value = match data_type {
            Some(data_type) => cast(name, value, data_type)?,
            None => value.clone(),
        };
        value.to_array().translated().map(Some)
    }

    /// The error of a parameter that a statement takes and nobody has set.
    pub fn missing(name: &str) -> Error {
        Error::sql(format!("parameter ${name} has no value"))
            .with_hint(format!("give it one with -v {name}=…, \\set {name} …, or EXECUTE"))
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
    let inferred = types(&plan)?;
    if inferred.is_empty() {
        return Ok(plan);
    }
    let mut bound: HashMap<String, ScalarValue> = HashMap::new();
    for (name, inferred) in inferred {
        let Some(value) = parameters.values.get(&name) else {
            return Err(Parameters::missing(&name));
        };
        let data_type = value.data_type.clone().or(inferred);
        let value = match data_type {
            Some(data_type) => cast(&name, &value.value, &data_type)?,
            None => value.value.clone(),
        };
        bound.insert(name, value);
    }
    plan.with_param_values(ParamValues::from(bound)).translated()
}

/// The parameters of a plan, `$2` before `$10`, with the types that their places ask for.
pub(super) fn types(plan: &LogicalPlan) -> Result<Vec<(String, Option<DataType>)>> {
    let inferred = plan.get_parameter_types().translated()?;
    let whole = whole_numbers(plan)?;
    let mut types: Vec<(String, Option<DataType>)> = inferred
        .into_iter()
        .map(|(placeholder, inferred)| {
            // The planner takes the other side's type, which for `date - $x` is the wrong one; of
            // two parameters it knows none.
            let inferred =
                inferred.filter(|known| !matches!(known, DataType::Interval(_) | DataType::Null));
            let inferred =
                if whole.contains(&placeholder) { Some(DataType::Int64) } else { inferred };
            (placeholder.trim_start_matches('$').to_owned(), inferred)
        })
        .collect();
    types.sort_by_cached_key(|(name, _)| (name.parse::<u64>().unwrap_or(u64::MAX), name.clone()));
    Ok(types)
}

/// The placeholders that stand as LIMIT or OFFSET, of which the planner infers nothing.
fn whole_numbers(plan: &LogicalPlan) -> Result<Vec<String>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Limit(limit) = node {
            for expression in [&limit.skip, &limit.fetch].into_iter().flatten() {
                if let Expr::Placeholder(placeholder) = expression.as_ref() {
                    found.push(placeholder.id.clone());
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .translated()?;
    Ok(found)
}

fn cast(name: &str, value: &ScalarValue, data_type: &DataType) -> Result<ScalarValue> {
    value.cast_to(data_type).map_err(|_| {
        let shown = if value.is_null() { "NULL".to_owned() } else { value.to_string() };
        Error::sql(format!("parameter ${name}: `{shown}` is not {}", sql_type_name(data_type)))
    })
}
