//! Statements that write: `COPY`, `INSERT`, `CREATE TABLE` in a catalog, `CLEAN CATALOG`.
//!
//! A query is run and its batches are handed to a connector's writer. What is written is visible
//! when all of it is there, and not at all after an error.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, ObjectNamePart, Spanned};
use datafusion::sql::sqlparser::tokenizer::TokenWithSpan;
use futures::StreamExt;

use super::columns;
use super::every_row;
use super::run::{Started, Statement, parse_one};
use super::state::Translated;
use super::tables::{self, refuse_if_read_only};
use crate::catalog::{FullName, NamePart, ObjectName, SESSION_CATALOG, choose, sql_type_name};
use crate::error::{Error, Position, Result};
use crate::spi::{TableName, TableWriter, WriteOptions};

/// The age of leftovers that `CLEAN CATALOG` removes where it does not say one.
const LEFT_BEHIND: &str = "1day";

/// `COPY query TO 'path'`.
pub(super) async fn copy(
    statement: &Statement<'_>,
    query: Vec<TokenWithSpan>,
    target: &str,
    options: &WriteOptions,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    let parsed = parse_one(query)?;
    if !is_query(&parsed) {
        return Err(Error::sql("COPY takes a table or a query"));
    }
    statement.catalogs.allow_path(target)?;
    let plan = statement.plan(parsed, &statement.job.parameters).await?;
    let location = location(target)?;
    let columns = Arc::new(plan.schema().as_arrow().clone());
    let catalogs = statement.catalogs.catalogs();
    let writer = catalogs.copy_to(&statement.context, &location, columns, options).await?;
    let rows = run(statement, plan, writer).await?;
    Ok(Started::Done(format!("COPY {rows}")))
}

fn is_query(statement: &DfStatement) -> bool {
    match statement {
        DfStatement::Statement(inner) => matches!(**inner, ast::Statement::Query(_)),
        _ => false,
    }
}

/// Where a typed path leads: plain paths start at the working directory and lose their dots, so
/// that a catalog's location is recognised however it is written.
pub(super) fn location(target: &str) -> Result<String> {
    let plain = match target.strip_prefix("file://") {
        Some(plain) => plain,
        None if target.contains("://") => return Ok(target.to_owned()),
        None => target,
    };
    let wrong = |e: std::io::Error| Error::sql(format!("path '{target}': {e}")).with_source(e);
    let absolute = std::path::absolute(Path::new(plain)).map_err(wrong)?;
    let mut clean = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    let end = if plain.ends_with('/') { "/" } else { "" };
    Ok(format!("{}{end}", clean.display()))
}

/// `INSERT INTO table [(columns)] query`.
pub(super) async fn insert(statement: &Statement<'_>, insert: ast::Insert) -> Result<Started> {
    refuse_if_read_only(statement)?;
    if insert.overwrite || insert.on.is_some() || insert.replace_into || insert.or.is_some() {
        return Err(Error::unsupported("INSERT only adds rows: it replaces none"));
    }
    if insert.returning.is_some() || insert.partitioned.is_some() || !insert.assignments.is_empty()
    {
        return Err(Error::unsupported("INSERT takes columns and a query, nothing else"));
    }
    let ast::TableObject::TableName(typed) = &insert.table else {
        return Err(Error::unsupported("INSERT takes the name of a table"));
    };
    let Some(query) = insert.source else {
        return Err(Error::sql("INSERT needs rows: VALUES (…) or a SELECT"));
    };
    let typed = typed_name(typed);
    let name = statement.catalogs.resolve(&typed, &statement.home).await?;
    let planned = DfStatement::Statement(Box::new(ast::Statement::Query(query)));
    let plan = match &statement.job.rows {
        Some(rows) => every_row::plan(statement, planned, rows).await?,
        None => statement.plan(planned, &statement.job.parameters).await?,
    };
    let columns: Vec<String> = insert
        .columns
        .iter()
        .map(|column| {
            let last = column.0.last().and_then(ObjectNamePart::as_ident);
            last.map(|ident| ident.value.clone()).unwrap_or_default()
        })
        .collect();
    if name.catalog == SESSION_CATALOG {
        let rows = tables::append(statement, plan, &name, &columns).await?;
        return Ok(Started::Done(format!("INSERT 0 {rows}")));
    }
    let writer = statement
        .catalogs
        .catalogs()
        .append(&statement.context, &name.catalog, &inner(&name))
        .await?
        .ok_or_else(|| Error::not_found(format!("table {name} does not exist")))?;
    let fitted = match fit(plan, writer.schema(), &columns, &name) {
        Ok(plan) => plan,
        Err(e) => {
            writer.abort().await;
            return Err(e);
        }
    };
    let rows = run(statement, fitted, writer).await?;
    Ok(Started::Done(format!("INSERT 0 {rows}")))
}

/// `CREATE TABLE catalog.schema.table [PARTITIONED BY (…)] AS query`.
pub(super) async fn create(
    statement: &Statement<'_>,
    table: ast::CreateTable,
    partitioned_by: Vec<String>,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    let typed = typed_name(&table.name);
    let [catalog, schema, name] = typed.parts.as_slice() else {
        return Err(Error::unsupported(format!("{} is no full name", table.name))
            .with_hint("a table in a catalog needs catalog.schema.table"));
    };
    let catalog = statement.catalogs.catalog_named(catalog)?;
    let schemas = statement.catalogs.listing().schemas(&catalog).await?;
    let known = choose("schema", schema, schemas.iter().map(String::as_str))?;
    let schema = known.map_or_else(|| new_name(schema), str::to_owned);
    let table_name = TableName { schema, table: new_name(name) };
    let tag = if table.query.is_some() { "SELECT" } else { "CREATE TABLE" };
    let query = match table.query {
        Some(query) => query,
        None if table
            .columns
            .iter()
            .any(|column| columns::takes_no_null(column).unwrap_or(true)) =>
        {
            return Err(Error::unsupported("columns of a table in a catalog take a type alone")
                .with_hint("leave NOT NULL and the like out"));
        }
        None => columns::query(&table.columns)?,
    };
    if table.or_replace {
        return Err(Error::unsupported(format!("{catalog}.{table_name} cannot be replaced"))
            .with_hint("tables of a catalog are only added to: take another name"));
    }
    let planned = DfStatement::Statement(Box::new(ast::Statement::Query(query)));
    let plan = statement.plan(planned, &statement.job.parameters).await?;
    let columns = Arc::new(plan.schema().as_arrow().clone());
    let options = WriteOptions { partitioned_by, ..WriteOptions::default() };
    let catalogs = statement.catalogs.catalogs();
    let writer =
        catalogs.create(&statement.context, &catalog, &table_name, columns, &options).await?;
    let Some(writer) = writer else {
        if table.if_not_exists {
            return Ok(Started::Done("CREATE TABLE".to_owned()));
        }
        return Err(Error::sql(format!("{catalog}.{table_name} exists already")));
    };
    let rows = run(statement, plan, writer).await?;
    Ok(Started::Done(if tag == "SELECT" { format!("SELECT {rows}") } else { tag.to_owned() }))
}

/// `CLEAN CATALOG catalog [OLDER THAN 'age']`: a row for each thing that was removed.
pub(super) async fn clean(
    statement: &Statement<'_>,
    catalog: &NamePart,
    older_than: Option<&str>,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    let age: Duration = humantime::parse_duration(older_than.unwrap_or(LEFT_BEHIND))
        .map_err(|e| Error::sql(format!("an age such as '1day' or '2h': {e}")))?;
    let catalog = statement.catalogs.catalog_named(catalog)?;
    let gone = statement.catalogs.catalogs().clean(&statement.context, &catalog, age).await?;
    removed(gone).map(Started::batch)
}

/// The answer of `CLEAN CATALOG`.
pub(super) fn removed(removed: Vec<String>) -> Result<RecordBatch> {
    let schema = Schema::new(vec![Field::new("removed", DataType::Utf8, false)]);
    let column: ArrayRef = Arc::new(StringArray::from(removed));
    RecordBatch::try_new(Arc::new(schema), vec![column]).map_err(|e| Error::internal(e.to_string()))
}

fn inner(name: &FullName) -> TableName {
    TableName { schema: name.schema.clone(), table: name.table.clone() }
}

/// A name that does not exist yet, as unquoted names are spelled.
fn new_name(part: &NamePart) -> String {
    if part.quoted { part.text.clone() } else { part.text.to_lowercase() }
}

pub(super) fn typed_name(name: &ast::ObjectName) -> ObjectName {
    let idents = name.0.iter().filter_map(ObjectNamePart::as_ident);
    let parts = idents
        .map(|ident| NamePart { text: ident.value.clone(), quoted: ident.quote_style.is_some() });
    let start = name.span().start;
    let position = (start.line > 0).then_some(Position { line: start.line, column: start.column });
    ObjectName { parts: parts.collect(), position }
}

/// The query's columns as the table's: by position, or by the names of a column list; a column
/// that is not named is NULL.
pub(super) fn fit(
    plan: LogicalPlan,
    table: &SchemaRef,
    columns: &[String],
    name: &FullName,
) -> Result<LogicalPlan> {
    let names: Vec<&str> = table.fields().iter().map(|field| field.name().as_str()).collect();
    let targets: Vec<String> = if columns.is_empty() {
        names.iter().map(|name| (*name).to_owned()).collect()
    } else {
        let find = |typed: &String| {
            let part = NamePart { text: typed.clone(), quoted: false };
            choose("column", &part, names.iter().copied())?.map(str::to_owned).ok_or_else(|| {
                Error::sql(format!("{name} has no column {typed}"))
                    .with_hint(format!("columns: {}", names.join(", ")))
            })
        };
        columns.iter().map(find).collect::<Result<_>>()?
    };
    if let Some(twice) = targets.iter().enumerate().find_map(|(at, target)| {
        targets.iter().take(at).any(|known| known == target).then_some(target)
    }) {
        return Err(Error::sql(format!("column {twice} is named twice")));
    }
    let given = plan.schema().fields().len();
    if given != targets.len() {
        return Err(Error::sql(format!(
            "{name} takes {} columns, and {given} are given",
            targets.len()
        ))
        .with_hint(format!("columns: {}", targets.join(", "))));
    }
    let mut values = Vec::new();
    for field in table.fields() {
        let at = targets.iter().position(|target| target == field.name());
        let value = match at.and_then(|at| plan.schema().iter().nth(at)) {
            None if !field.is_nullable() => {
                return Err(Error::sql(format!("column {} of {name} needs a value", field.name())));
            }
            None => lit(ScalarValue::try_from(field.data_type()).translated()?),
            Some((qualifier, own)) => {
                let column = Expr::Column(Column::from((qualifier, own)));
                if own.data_type() == field.data_type() {
                    column
                } else if loses(own.data_type(), field.data_type()) {
                    let (from, to) =
                        (sql_type_name(own.data_type()), sql_type_name(field.data_type()));
                    return Err(Error::sql(format!(
                        "column {} is {to} and the value is {from}",
                        field.name()
                    ))
                    .with_hint(format!("write CAST(… AS {to}) where that is meant")));
                } else {
                    cast(column, field.data_type().clone())
                }
            }
        };
        values.push(value.alias(field.name()));
    }
    LogicalPlanBuilder::from(plan).project(values).and_then(LogicalPlanBuilder::build).translated()
}

/// Whether a cast would lose a part of values without an error.
fn loses(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    match (from, to) {
        (_, T::Decimal128(_, scale) | T::Decimal256(_, scale)) => match from {
            T::Decimal128(_, own) | T::Decimal256(_, own) => own > scale,
            other => other.is_floating(),
        },
        (T::Decimal128(_, scale) | T::Decimal256(_, scale), to) => *scale > 0 && to.is_integer(),
        (from, to) if from.is_floating() && to.is_integer() => true,
        (T::Timestamp(..), T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_)) => true,
        (T::Timestamp(own, _), T::Timestamp(unit, _)) => own > unit,
        _ => false,
    }
}

/// Runs a plan into a writer; how many rows there were.
pub(super) async fn run(
    statement: &Statement<'_>,
    plan: LogicalPlan,
    mut writer: Box<dyn TableWriter>,
) -> Result<u64> {
    match feed(statement, plan, writer.as_mut()).await {
        Ok(rows) => {
            writer.commit().await?;
            Ok(rows)
        }
        Err(e) => {
            writer.abort().await;
            Err(e)
        }
    }
}

async fn feed(
    statement: &Statement<'_>,
    plan: LogicalPlan,
    writer: &mut dyn TableWriter,
) -> Result<u64> {
    let plan = clustered(plan, writer.clustered_by())?;
    let physical = statement.admit(&plan).await?;
    let _turn = statement.job.turn().await?;
    let mut stream = execute_stream(physical, statement.task()).translated()?;
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.translated()?;
        rows += batch.num_rows() as u64;
        writer.write(batch).await?;
    }
    Ok(rows)
}

/// The rows with equal values of some columns one after another; within them, the order that the
/// query asks for stays.
fn clustered(plan: LogicalPlan, columns: &[String]) -> Result<LogicalPlan> {
    if columns.is_empty() {
        return Ok(plan);
    }
    let mut order = Vec::new();
    for name in columns {
        let found = plan.schema().iter().find(|(_, field)| field.name() == name);
        let (qualifier, field) =
            found.ok_or_else(|| Error::internal(format!("there is no column {name}")))?;
        let column = Expr::Column(Column::from((qualifier, field)));
        order.push(Sort::new(column, true, false));
    }
    if let LogicalPlan::Sort(sort) = &plan {
        order.extend(sort.expr.iter().cloned());
    }
    LogicalPlanBuilder::from(plan).sort(order).and_then(LogicalPlanBuilder::build).translated()
}
