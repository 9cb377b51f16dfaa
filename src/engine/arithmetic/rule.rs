//! The analyser rule that puts the checked functions in the place of operators.
//!
//! It runs after the types of a plan are settled and before anything is folded. No later rule may
//! make arithmetic of its own: the one that would, `sum(x + 1)` to `sum(x) + count(x)`, asks the
//! aggregate, and ours says no.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::Functions;
use super::intervals::{compared, is_interval, length};
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
        let sorts = matches!(plan, LogicalPlan::Sort(_));
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let mut checked = expr.transform_up(|expr| self.expr(expr, &schema))?;
            if sorts && is_interval(&checked.data, &schema) {
                let interval_length = &self.functions.interval_length;
                checked = Transformed::yes(length(interval_length, checked.data));
            }
            Ok(checked.update_data(|expr| name.restore(expr)))
        })
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
                        let call = ScalarFunction::new_udf(function.clone(), vec![*left, *right]);
                        Ok(Transformed::yes(Expr::ScalarFunction(call)))
                    }
                    _ => Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
                }
            }
            Expr::Negative(value) if value.get_type(schema)?.is_signed_integer() => {
                let function = self.functions.negation.clone();
                let call = ScalarFunction::new_udf(function, vec![*value]);
                Ok(Transformed::yes(Expr::ScalarFunction(call)))
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
