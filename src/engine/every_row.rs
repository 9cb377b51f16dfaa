//! `INSERT … VALUES (?, …)` with many rows of parameters: one statement that writes all of them, and
//! so one file and not one for each.
//!
//! The parameters become the columns of a table that only this statement has.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, Visit, Visitor};

use super::parameters;
use super::prepare::Parameter;
use super::run::Statement;
use super::state::Translated;
use crate::error::{Error, Result};

/// The name of the table of parameters.
const TABLE: &str = "parameters";

/// Whether a statement writes one row of values that each row of parameters can stand for.
pub(super) fn takes_rows(parsed: &DfStatement) -> bool {
    let DfStatement::Statement(inner) = parsed else { return false };
    let ast::Statement::Insert(insert) = inner.as_ref() else { return false };
    let Some(query) = &insert.source else { return false };
    let ast::SetExpr::Values(values) = query.body.as_ref() else { return false };
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    let inside = values.rows.iter().any(|row| Visit::visit(row, &mut Subqueries).is_break());
    plain && query.fetch.is_none() && values.rows.len() == 1 && !inside
}

/// Breaks off at a query.
struct Subqueries;

impl Visitor for Subqueries {
    type Break = ();

    fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// Rows of parameters as a table of columns that are called like them.
///
/// # Errors
/// `Sql` when there are more or fewer columns than parameters.
pub(super) fn named(rows: &RecordBatch, parameters: &[Parameter]) -> Result<RecordBatch> {
    if rows.num_columns() != parameters.len() {
        let (asked, given) = (parameters.len(), rows.num_columns());
        return Err(Error::sql(format!(
            "the statement takes {asked} parameters, and {given} are given"
        )));
    }
    let fields = parameters
        .iter()
        .zip(rows.columns())
        .map(|(parameter, column)| Field::new(&parameter.name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(schema, rows.columns().to_vec(), &options)
        .map_err(|e| Error::internal(format!("parameters: {e}")))
}

/// The plan of `VALUES (…)` for every row of parameters.
///
/// # Errors
/// `Sql` for a parameter without a column, and what planning finds.
pub(super) async fn plan(
    statement: &Statement<'_>,
    values: DfStatement,
    rows: &RecordBatch,
) -> Result<LogicalPlan> {
    let (plan, _) = statement.plan_unbound(values).await?;
    let types: HashMap<String, Option<DataType>> = parameters::types(&plan)?.into_iter().collect();
    let LogicalPlan::Values(values) = plan else {
        return Err(Error::internal("VALUES are planned as something else"));
    };
    let [row] = <[Vec<Expr>; 1]>::try_from(values.values)
        .map_err(|_| Error::internal("VALUES have not one row"))?;
    let columns = rows.schema();
    let parameter = |id: &str| -> datafusion::common::Result<Expr> {
        let name = id.trim_start_matches('$');
        let field = columns
            .field_with_name(name)
            .map_err(|_| datafusion::common::plan_datafusion_err!("parameter {id} has no value"))?;
        let column = Expr::Column(Column::new(Some(TABLE), name));
        Ok(match types.get(name).cloned().flatten() {
            Some(asked) if asked != *field.data_type() => cast(column, asked),
            _ => column,
        })
    };
    let exprs = row.into_iter().zip(values.schema.fields()).map(|(value, field)| {
        let value = value.transform_up(|expr| match &expr {
            Expr::Placeholder(placeholder) => parameter(&placeholder.id).map(Transformed::yes),
            _ => Ok(Transformed::no(expr)),
        });
        Ok(value?.data.alias(field.name()))
    });
    let exprs = exprs.collect::<datafusion::common::Result<Vec<_>>>().translated()?;
    let table = MemTable::try_new(rows.schema(), vec![vec![rows.clone()]]).translated()?;
    let plan = LogicalPlanBuilder::scan(TABLE, provider_as_source(Arc::new(table)), None)
        .and_then(|scan| scan.project(exprs))
        .and_then(LogicalPlanBuilder::build)
        .translated()?;
    statement.bind(plan, &super::Parameters::default())
}
