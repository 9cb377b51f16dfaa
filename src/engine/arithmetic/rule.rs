//! The analyser rule that puts the checked functions in the place of operators.
//!
//! It runs after the types of a plan are settled and before anything is folded. No later rule may
//! make arithmetic of its own: the one that would, `sum(x + 1)` to `sum(x) + count(x)`, asks the
//! aggregate, and ours says no.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{ScalarFunction, Sort};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, ScalarUDF};
use datafusion::optimizer::AnalyzerRule;

use super::Functions;
use super::floats::{is_float, is_read_from_text};
use super::intervals::{by_length, compared, is_interval};
use super::operators::needs_checking;

/// The columns that the expressions of a plan node may name: those of its inputs, and of a scan its
/// table's.
///
/// # Errors
/// When a table has a column twice.
pub(in crate::engine) fn columns_of(plan: &LogicalPlan) -> Result<DFSchema> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = plan {
        let name = scan.table_name.clone();
        schema.merge(&DFSchema::try_from_qualified_schema(name, &scan.source.schema())?);
    }
    Ok(schema)
}

/// A call of a function.
pub(super) fn call(function: &Arc<ScalarUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), arguments))
}

/// The rule.
#[derive(Debug)]
pub(super) struct CheckedArithmetic {
    functions: Functions,
}

impl CheckedArithmetic {
    /// The rule that puts `functions` in.
    pub(super) fn new(functions: Functions) -> Self {
        Self { functions }
    }

    fn plan(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let schema = columns_of(&plan)?;
        let names = NamePreserver::new(&plan);
        let keys = if let LogicalPlan::Sort(sort) = &plan { sort.expr.len() } else { 0 };
        let mut key = 0;
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let mut checked = expr.transform_up(|expr| self.expr(expr, &schema))?;
            key += 1;
            if key <= keys {
                // Nobody sees in which order the last key leaves what is equal.
                let ordered = self.ordered(checked.data, &schema, key < keys);
                checked = Transformed::yes(ordered);
            }
            Ok(checked.update_data(|expr| name.restore(expr)))
        })
    }

    /// A key by whose order its values are ordered. With `ties` it matters which of them are equal.
    fn ordered(&self, key: Expr, schema: &DFSchema, ties: bool) -> Expr {
        if is_interval(&key, schema) {
            return call(&self.functions.interval_length, vec![key]);
        }
        if ties && is_float(&key, schema) {
            return call(&self.functions.sign_of_zero, vec![key]);
        }
        key
    }

    fn expr(&self, expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        let expr = match compared(&self.functions.interval_length, expr, schema) {
            Ok(compared) => return Ok(Transformed::yes(compared)),
            Err(other) => other,
        };
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let function =
                    self.functions.operators.iter().find(|(operator, _)| *operator == op);
                match function {
                    Some((_, function))
                        if needs_checking(
                            op,
                            &left.get_type(schema)?,
                            &right.get_type(schema)?,
                        ) =>
                    {
                        Ok(Transformed::yes(call(function, vec![*left, *right])))
                    }
                    _ => Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
                }
            }
            Expr::Negative(value) if value.get_type(schema)?.is_signed_integer() => {
                Ok(Transformed::yes(call(&self.functions.negation, vec![*value])))
            }
            Expr::AggregateFunction(aggregate) => {
                let length = &self.functions.interval_length;
                Ok(match by_length(length, &aggregate, schema) {
                    Some(found) => Transformed::yes(Expr::AggregateFunction(found)),
                    None => Transformed::no(Expr::AggregateFunction(aggregate)),
                })
            }
            Expr::WindowFunction(mut window) => {
                let keys = std::mem::take(&mut window.params.order_by);
                let ordered = |Sort { expr, asc, nulls_first }| {
                    Sort::new(self.ordered(expr, schema, true), asc, nulls_first)
                };
                window.params.order_by = keys.into_iter().map(ordered).collect();
                Ok(Transformed::yes(Expr::WindowFunction(window)))
            }
            read if is_read_from_text(&read, schema) => {
                Ok(Transformed::yes(call(&self.functions.sign_of_nan, vec![read])))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

impl AnalyzerRule for CheckedArithmetic {
    fn name(&self) -> &str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(|plan| self.plan(plan))?.data)
    }
}
