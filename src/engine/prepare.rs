//! What a statement will give and takes, known before it runs: for clients that prepare.
//!
//! A query is planned with its parameters open, then with NULLs of the types that their places ask
//! for, which gives the columns of its answer. Nothing runs; lists of ours (`SHOW …`) are made, as
//! they cost nothing, and statements that change something are only read.

use std::collections::BTreeMap;

use datafusion::arrow::array::new_null_array;
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, ObjectNamePart};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::own::{self, Own};
use super::parameters::{self, Parameters};
use super::prepared::PreparedStatement;
use super::run::{Job, Started, Statement, Work, parse_one, run_own, tokenize};
use super::{estimate, every_row, names, show, summarize, tables, write};
use crate::error::{Error, Result};

/// Whether a statement is asked for rows, or does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// It gives rows.
    Query,
    /// It changes something and gives none.
    Update,
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name without `$`: a number for `?` and `$1`.
    pub name: String,
    /// The type that its place asks for; text where it asks for none.
    pub data_type: DataType,
}

/// What a statement gives and takes.
#[derive(Clone, Debug)]
pub struct Description {
    /// Rows or not.
    pub kind: StatementKind,
    /// The columns of its rows; `None` without rows.
    pub schema: Option<SchemaRef>,
    /// Its parameters in order, `$2` before `$10`.
    pub parameters: Vec<Parameter>,
}

impl Description {
    fn query(schema: SchemaRef) -> Self {
        Self { kind: StatementKind::Query, schema: Some(schema), parameters: vec![] }
    }

    fn update(parameters: Vec<Parameter>) -> Self {
        Self { kind: StatementKind::Update, schema: None, parameters }
    }
}

/// The types of a statement's parameters, by name.
type Types = BTreeMap<String, DataType>;

/// Prepares the statement of a job.
pub(super) async fn prepare(job: &Job) -> Result<PreparedStatement> {
    let Work::Sql(sql) = &job.work else {
        return Err(Error::internal("only the text of a statement is prepared"));
    };
    let mut tokens = tokenize(sql)?;
    parameters::number(&mut tokens)?;
    let own = own::parse(&tokens)?;
    let statement = Statement::new(job, None)?;
    if let Some(own) = own {
        let description = describe_own(&statement, own, &tokens).await?;
        return Ok(PreparedStatement::of_text(sql, description));
    }
    match parse_one(tokens.clone())? {
        DfStatement::Statement(inner) if matches!(*inner, ast::Statement::Query(_)) => {
            let planned = statement.plan_unbound(DfStatement::Statement(inner)).await?;
            let description = describe_plan(&planned.0)?;
            PreparedStatement::of_query(sql, description, &statement, planned)
        }
        parsed => {
            let takes_rows = every_row::takes_rows(&parsed);
            let description = describe_sql(&statement, parsed, &tokens).await?;
            Ok(PreparedStatement::of_text(sql, description).taking_rows(takes_rows))
        }
    }
}

async fn describe_own(
    statement: &Statement<'_>,
    own: Own,
    tokens: &[TokenWithSpan],
) -> Result<Description> {
    let batch = match own {
        Own::Set { .. }
        | Own::Reset { .. }
        | Own::Use { .. }
        | Own::Kill { .. }
        | Own::Refresh { .. }
        | Own::Deallocate { .. } => return Ok(Description::update(vec![])),
        Own::Copy { query, .. } => {
            let types = types_of(statement, parse_one(query)?).await?;
            return Ok(Description::update(in_order(tokens, &types)));
        }
        Own::CreatePartitioned { statement: create, .. } => {
            return describe_sql(statement, parse_one(create)?, tokens).await;
        }
        Own::Summarize { .. } => summarize::nothing()?,
        Own::ExplainEstimate { .. } => estimate::nothing()?,
        Own::CheckCatalog { .. } => show::checked(&[])?,
        Own::CleanCatalog { .. } => write::removed(vec![])?,
        other => return Ok(Description::query(schema_of(run_own(statement, other).await?)?)),
    };
    Ok(Description::query(batch.schema()))
}

fn schema_of(started: Started) -> Result<SchemaRef> {
    match started {
        Started::Batches(schema, _) | Started::Stream(schema, _) => Ok(schema),
        Started::Done(tag) => Err(Error::internal(format!("{tag} has run to be described"))),
    }
}

async fn describe_sql(
    statement: &Statement<'_>,
    parsed: DfStatement,
    tokens: &[TokenWithSpan],
) -> Result<Description> {
    let inner = match parsed {
        DfStatement::Statement(inner) => inner,
        parsed @ DfStatement::Explain(_) => return describe_query(statement, parsed).await,
        DfStatement::CreateExternalTable(_) => return Ok(Description::update(vec![])),
        DfStatement::CopyTo(_) | DfStatement::Reset(_) => {
            return Err(Error::internal("COPY and RESET were parsed twice"));
        }
    };
    match *inner {
        ast::Statement::Query(_) | ast::Statement::Explain { .. } => {
            describe_query(statement, DfStatement::Statement(inner)).await
        }
        ast::Statement::Execute { name, parameters, .. } => {
            let name = name.map(|name| name.to_string()).unwrap_or_default();
            let started = tables::execute_prepared(statement, &name, &parameters).await?;
            Ok(Description::query(schema_of(started)?))
        }
        ast::Statement::Insert(insert) => {
            let mut types = Types::new();
            if let Some(query) = insert.source.clone() {
                let query = DfStatement::Statement(Box::new(ast::Statement::Query(query)));
                types = types_of(statement, query).await?;
            }
            types.extend(types_of_values(statement, &insert).await?);
            Ok(Description::update(in_order(tokens, &types)))
        }
        ast::Statement::CreateTable(ast::CreateTable { query: Some(query), .. }) => {
            let query = DfStatement::Statement(Box::new(ast::Statement::Query(query)));
            let types = types_of(statement, query).await?;
            Ok(Description::update(in_order(tokens, &types)))
        }
        _ => Ok(Description::update(vec![])),
    }
}

async fn describe_query(statement: &Statement<'_>, parsed: DfStatement) -> Result<Description> {
    let (plan, _) = statement.plan_unbound(parsed).await?;
    describe_plan(&plan)
}

/// What a query gives and takes by its plan, parameters open.
pub(super) fn describe_plan(plan: &LogicalPlan) -> Result<Description> {
    let types = parameters::types(plan)?;
    // Text can be nearly everything, but `$1 - $2` wants numbers.
    let mut first = None;
    for unknown in [DataType::Utf8, DataType::Int64, DataType::Null] {
        let parameters: Vec<Parameter> = types
            .iter()
            .map(|(name, inferred)| {
                let data_type = inferred.clone().unwrap_or_else(|| unknown.clone());
                Parameter { name: name.clone(), data_type: asked(data_type) }
            })
            .collect();
        match with_nulls(plan.clone(), &parameters) {
            Ok(plan) => {
                let schema = Some(names::visible(plan.schema().inner()));
                return Ok(Description { kind: StatementKind::Query, schema, parameters });
            }
            Err(e) => drop(first.get_or_insert(e)),
        }
    }
    Err(first.unwrap_or_else(|| Error::internal("no type was tried")))
}

/// A plan with NULLs in the place of its parameters.
fn with_nulls(plan: LogicalPlan, parameters: &[Parameter]) -> Result<LogicalPlan> {
    let mut nulls = Parameters::default();
    for parameter in parameters {
        let null = new_null_array(&parameter.data_type, 1);
        nulls.set_value(parameter.name.as_str(), null.as_ref(), 0)?;
    }
    parameters::bind(plan, &nulls)
}

/// The type that a client is asked for: milliseconds for instants, as JDBC's driver writes these into
/// whatever unit it is asked for.
fn asked(known: DataType) -> DataType {
    match known {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone),
        other => other,
    }
}

/// The types that a query's places ask of its parameters.
async fn types_of(statement: &Statement<'_>, query: DfStatement) -> Result<Types> {
    let (plan, _) = statement.plan_unbound(query).await?;
    let types = parameters::types(&plan)?.into_iter();
    Ok(types.filter_map(|(name, inferred)| Some((name, inferred?))).collect())
}

/// The types of the columns that the placeholders of `INSERT … VALUES ($1, …)` go into.
async fn types_of_values(statement: &Statement<'_>, insert: &ast::Insert) -> Result<Types> {
    let mut types = Types::new();
    let ast::TableObject::TableName(typed) = &insert.table else { return Ok(types) };
    let Some(ast::SetExpr::Values(values)) =
        insert.source.as_deref().map(|query| query.body.as_ref())
    else {
        return Ok(types);
    };
    let name = statement.catalogs.resolve(&write::typed_name(typed), &statement.home).await?;
    let Some(provider) = statement.catalogs.opened(&name) else { return Ok(types) };
    let schema = provider.schema();
    let named: Vec<&str> = insert
        .columns
        .iter()
        .filter_map(|column| column.0.last().and_then(ObjectNamePart::as_ident))
        .map(|ident| ident.value.as_str())
        .collect();
    for row in &values.rows {
        for (at, value) in row.iter().enumerate() {
            let ast::Expr::Value(value) = value else { continue };
            let ast::Value::Placeholder(placeholder) = &value.value else { continue };
            let field = match named.get(at) {
                Some(name) => {
                    schema.fields().iter().find(|field| field.name().eq_ignore_ascii_case(name))
                }
                None => schema.fields().get(at),
            };
            if let Some(field) = field {
                let name = placeholder.trim_start_matches('$').to_owned();
                types.insert(name, field.data_type().clone());
            }
        }
    }
    Ok(types)
}

/// The parameters that the tokens of a statement name, `$2` before `$10`.
fn in_order(tokens: &[TokenWithSpan], types: &Types) -> Vec<Parameter> {
    let mut names: Vec<&str> = tokens
        .iter()
        .filter_map(|token| match &token.token {
            Token::Placeholder(name) => name.strip_prefix('$'),
            _ => None,
        })
        .collect();
    names.sort_by_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), *name));
    names.dedup();
    names
        .into_iter()
        .map(|name| Parameter {
            name: name.to_owned(),
            data_type: asked(types.get(name).cloned().unwrap_or(DataType::Utf8)),
        })
        .collect()
}
