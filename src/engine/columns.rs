//! The columns of `CREATE TABLE t (a INT, b TEXT NOT NULL)`.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, ColumnDef, ColumnOption};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::parameters::Parameters;
use super::run::Statement;
use crate::error::{Error, Position, Result};

/// A query without rows that has these columns, all of which may be NULL.
pub(super) fn query(columns: &[ColumnDef]) -> Result<Box<ast::Query>> {
    if columns.is_empty() {
        return Err(Error::sql("a table needs columns")
            .with_hint("write CREATE TABLE t (a INT, b TEXT), or CREATE TABLE t AS SELECT …"));
    }
    let casts: Vec<String> = columns
        .iter()
        .map(|column| format!("CAST(NULL AS {}) AS {}", column.data_type, column.name))
        .collect();
    let sql = format!("SELECT {} WHERE false", casts.join(", "));
    Parser::new(&GenericDialect {})
        .try_with_sql(&sql)
        .and_then(|mut parser| parser.parse_query())
        .map_err(|e| Error::sql(format!("the columns cannot be read: {e}")))
}

/// The schema of these columns.
///
/// # Errors
/// `Unsupported` for what is said of a column beyond NULL and NOT NULL.
pub(super) async fn schema(statement: &Statement<'_>, columns: &[ColumnDef]) -> Result<SchemaRef> {
    let strict = columns.iter().map(takes_no_null).collect::<Result<Vec<bool>>>()?;
    let planned = DfStatement::Statement(Box::new(ast::Statement::Query(query(columns)?)));
    let plan = statement.plan(planned, &Parameters::default()).await?;
    let fields = plan.schema().fields().iter().zip(strict);
    let fields = fields.map(|(field, strict)| field.as_ref().clone().with_nullable(!strict));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

/// Whether a column is NOT NULL.
pub(super) fn takes_no_null(column: &ColumnDef) -> Result<bool> {
    let mut strict = false;
    for option in &column.options {
        match &option.option {
            ColumnOption::Null => {}
            ColumnOption::NotNull => strict = true,
            other => {
                let start = column.name.span.start;
                let refused = Error::unsupported(format!(
                    "column {}: {other} is not supported",
                    column.name.value
                ))
                .with_hint("columns take a type and NOT NULL");
                let at = Position { line: start.line, column: start.column };
                return Err(if at.line > 0 { refused.at(at) } else { refused });
            }
        }
    }
    Ok(strict)
}
