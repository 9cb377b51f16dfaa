//! A scalar subquery without rows is NULL, also where its column cannot be: DataFusion declares the
//! subquery as its column is declared, and fails on the NULL.
//!
//! So the column goes through a function of which nothing is known but that it may be NULL.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, internal_err};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Subquery, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

/// What the function is called.
const NAME: &str = "or_null";

/// Whether a function only stands for this and is not meant to be called by its name.
pub(super) fn is_operator(name: &str) -> bool {
    name == NAME
}

/// Makes scalar subqueries of a session what they are.
///
/// # Errors
/// A registry that takes no functions.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    let signature = Signature::any(1, Volatility::Immutable);
    let function = Arc::new(ScalarUDF::from(OrNull { signature }));
    state.register_udf(Arc::clone(&function))?;
    state.add_analyzer_rule(Arc::new(EmptySubquery { function }));
    Ok(())
}

/// The analyser rule that puts the function in.
#[derive(Debug)]
struct EmptySubquery {
    function: Arc<ScalarUDF>,
}

impl EmptySubquery {
    fn plan(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let mended = expr.transform_up(|expr| self.expr(expr))?;
            Ok(mended.update_data(|expr| name.restore(expr)))
        })
    }

    fn expr(&self, expr: Expr) -> Result<Transformed<Expr>> {
        let Expr::ScalarSubquery(subquery) = expr else { return Ok(Transformed::no(expr)) };
        let schema = Arc::clone(subquery.subquery.schema());
        // With columns from outside it becomes an outer join, which gives NULL.
        let is_mended = schema.fields().iter().all(|field| field.is_nullable());
        if is_mended || !subquery.outer_ref_columns.is_empty() || schema.fields().len() != 1 {
            return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
        }
        let column = Column::from(schema.qualified_field(0));
        let name = column.name.clone();
        let call = ScalarFunction::new_udf(Arc::clone(&self.function), vec![Expr::Column(column)]);
        let input = Arc::unwrap_or_clone(subquery.subquery);
        let mended = LogicalPlanBuilder::from(input)
            .project(vec![Expr::ScalarFunction(call).alias(name)])?
            .build()?;
        Ok(Transformed::yes(Expr::ScalarSubquery(Subquery {
            subquery: Arc::new(mended),
            ..subquery
        })))
    }
}

impl AnalyzerRule for EmptySubquery {
    fn name(&self) -> &str {
        "empty_subquery"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let mut changed = false;
        let mended = plan.transform_up_with_subqueries(|plan| {
            let mended = self.plan(plan)?;
            changed |= mended.transformed;
            if !changed {
                return Ok(mended);
            }
            // What may be NULL below may be above.
            mended.map_data(LogicalPlan::recompute_schema)
        })?;
        Ok(mended.data)
    }
}

/// Its argument, of which nobody knows that it is not NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OrNull {
    signature: Signature,
}

impl ScalarUDFImpl for OrNull {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [kind] = types else { return internal_err!("{NAME} takes one") };
        Ok(kind.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [field] = args.arg_fields else { return internal_err!("{NAME} takes one") };
        Ok(Arc::new(field.as_ref().clone().with_nullable(true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match <[ColumnarValue; 1]>::try_from(args.args) {
            Ok([value]) => Ok(value),
            Err(_) => internal_err!("{NAME} takes one"),
        }
    }
}
