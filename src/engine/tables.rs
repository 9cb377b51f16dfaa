//! What a session makes for itself: its current schema, views, tables, prepared statements.

use std::sync::{Arc, PoisonError};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::{CreateExternalTable, Statement as DfStatement};
use datafusion::sql::sqlparser::ast::{self, ObjectNamePart, ObjectType, Spanned};

use super::parameters::Parameters;
use super::run::{Started, Statement};
use super::session::Prepared;
use super::session_table::SessionTable;
use super::state::Translated;
use super::{columns, names, write};
use crate::catalog::{FullName, NamePart, SESSION_CATALOG, SessionObject, choose};
use crate::error::{Error, Position, Result};
use crate::spi::TableKind;

fn done(tag: &str) -> Result<Started> {
    Ok(Started::Done(tag.to_owned()))
}

/// `USE catalog`, `USE catalog.schema`, `USE schema`.
pub(super) async fn use_home(statement: &Statement<'_>, parts: &[NamePart]) -> Result<Started> {
    let listing = statement.catalogs.listing();
    let home = match parts {
        [one] => match statement.catalogs.catalog_named(one) {
            Ok(catalog) => {
                let schemas = listing.schemas(&catalog).await?;
                let schema = ["default", "public"]
                    .into_iter()
                    .find(|name| schemas.iter().any(|schema| schema == name))
                    .or_else(|| schemas.first().map(String::as_str))
                    .unwrap_or("default");
                [catalog, schema.to_owned()]
            }
            Err(_) => {
                let catalog = statement.home[0].clone();
                let schema = schema_of(statement, &catalog, one).await.map_err(|e| {
                    Error::not_found(format!(
                        "{} is neither a catalog nor a schema of {catalog}",
                        one.text
                    ))
                    .with_hint(e.hint().unwrap_or("SHOW CATALOGS and SHOW SCHEMAS list them"))
                })?;
                [catalog, schema]
            }
        },
        [catalog, schema] => {
            let catalog = statement.catalogs.catalog_named(catalog)?;
            let schema = schema_of(statement, &catalog, schema).await?;
            [catalog, schema]
        }
        _ => return Err(Error::sql("USE takes catalog[.schema]")),
    };
    *statement.job.session.home() = home;
    done("USE")
}

async fn schema_of(statement: &Statement<'_>, catalog: &str, typed: &NamePart) -> Result<String> {
    let schemas = statement.catalogs.listing().schemas(catalog).await?;
    match choose("schema", typed, schemas.iter().map(String::as_str))? {
        Some(schema) => Ok(schema.to_owned()),
        None => Err(Error::not_found(format!("catalog {catalog} has no schema {}", typed.text))
            .with_hint(format!("schemas: {}", schemas.join(", ")))),
    }
}

/// The name of an object that the session makes. Other catalogs take none.
fn own_name(name: &ast::ObjectName) -> Result<String> {
    let parts: Vec<String> = name
        .0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .map(|ident| match ident.quote_style {
            Some(_) => ident.value.clone(),
            None => ident.value.to_lowercase(),
        })
        .collect();
    let refused = || {
        let start = name.span().start;
        Error::unsupported(format!(
            "{name} cannot be made: only session.default takes new tables and views"
        ))
        .at(Position { line: start.line, column: start.column })
        .with_hint("leave the catalog and schema out")
    };
    match parts.as_slice() {
        [table] => Ok(table.clone()),
        [schema, table] if schema == "default" => Ok(table.clone()),
        [catalog, schema, table] if catalog == SESSION_CATALOG && schema == "default" => {
            Ok(table.clone())
        }
        _ => Err(refused()),
    }
}

/// Refuses whatever makes something in a session that must not.
pub(super) fn refuse_if_read_only(statement: &Statement<'_>) -> Result<()> {
    if statement.context.settings().read_only {
        return Err(Error::denied("nothing can be made: this session is read-only")
            .with_hint("leave out --read-only"));
    }
    Ok(())
}

/// An answer may name two columns alike, what is asked again may not.
fn refuse_repeated_names(schema: &SchemaRef) -> Result<()> {
    let visible = names::visible(schema);
    let names = schema.fields().iter().zip(visible.fields());
    match names.into_iter().find(|(planned, visible)| planned.name() != visible.name()) {
        None => Ok(()),
        Some((_, repeated)) => {
            Err(Error::sql(format!("two columns are called {}", repeated.name()))
                .with_hint("give one of them another name: expression AS name"))
        }
    }
}

/// `CREATE [OR REPLACE] VIEW`: planned once, to know that it can be.
pub(super) async fn create_view(
    statement: &Statement<'_>,
    view: ast::CreateView,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    if view.materialized {
        return Err(Error::unsupported("materialized views are not supported")
            .with_hint("use CREATE TABLE … AS SELECT …"));
    }
    let name = own_name(&view.name)?;
    let definition = view.to_string();
    if !view.columns.is_empty() {
        return Err(Error::unsupported("a column list of a view is not supported")
            .with_hint("name the columns in the SELECT: expression AS name"));
    }
    let query = view.query.to_string();
    let planned = DfStatement::Statement(Box::new(ast::Statement::Query(view.query)));
    let plan = statement.plan(planned, &Parameters::default()).await?;
    refuse_repeated_names(plan.schema().inner())?;
    if !plan.get_parameter_names().translated()?.is_empty() {
        return Err(Error::sql("a view cannot have parameters"));
    }
    if view.if_not_exists && statement.catalogs.session().get(&name).is_some() {
        return done("CREATE VIEW");
    }
    let home = statement.home.clone();
    let object = SessionObject::View { query, definition, home };
    statement.catalogs.session().create(&name, object, view.or_replace)?;
    done("CREATE VIEW")
}

/// `CREATE TABLE … AS SELECT …`.
pub(super) async fn create_table(
    statement: &Statement<'_>,
    table: ast::CreateTable,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    let Ok(name) = own_name(&table.name) else {
        return write::create(statement, table, vec![]).await;
    };
    let definition = table.to_string();
    let exists = statement.catalogs.session().get(&name).is_some();
    if exists && table.if_not_exists {
        return done("CREATE TABLE");
    }
    let Some(query) = table.query else {
        let schema = columns::schema(statement, &table.columns).await?;
        refuse_repeated_names(&schema)?;
        let provider = Arc::new(SessionTable::empty(schema));
        let object = SessionObject::Table { provider, definition };
        statement.catalogs.session().create(&name, object, table.or_replace)?;
        return done("CREATE TABLE");
    };
    let planned = DfStatement::Statement(Box::new(ast::Statement::Query(query)));
    let plan = statement.plan(planned, &statement.job.parameters).await?;
    refuse_repeated_names(plan.schema().inner())?;
    let rows = collect(statement, plan, &name, definition, table.or_replace).await?;
    done(&format!("SELECT {rows}"))
}

/// More rows for a table of the session: a query's columns as the table's, see [`write::fit`].
pub(super) async fn append(
    statement: &Statement<'_>,
    plan: LogicalPlan,
    name: &FullName,
    targets: &[String],
) -> Result<usize> {
    let session = statement.catalogs.session();
    let provider = match session.get(&name.table) {
        Some(SessionObject::Table { provider, .. }) => provider,
        Some(other) => {
            let what = match other.kind() {
                TableKind::View => "a view",
                TableKind::Table => "an external table",
            };
            return Err(Error::unsupported(format!("{name} takes no rows: it is {what}"))
                .with_hint("only tables of CREATE TABLE do"));
        }
        None => return Err(Error::not_found(format!("table {name} does not exist"))),
    };
    let schema = provider.schema();
    let plan = write::fit(plan, &schema, targets, name)?;
    let physical = statement.admit(&plan).await?;
    let _turn = statement.job.turn().await?;
    let more = SessionTable::collect(schema, physical, statement.task()).await?;
    session.change(&name.table, |object| match object {
        SessionObject::Table { provider, definition } => {
            let own = provider.downcast_ref::<SessionTable>();
            // Somebody may have made another one of this name meanwhile.
            let own = own.filter(|own| own.schema() == more.schema()).ok_or_else(|| {
                Error::sql(format!("{name} was replaced while its rows were computed"))
            })?;
            let provider = Arc::new(own.with(&more)?);
            Ok(SessionObject::Table { provider, definition: definition.clone() })
        }
        _ => Err(Error::sql(format!("{name} was replaced while its rows were computed"))),
    })?;
    Ok(more.rows())
}

/// `CREATE EXTERNAL TABLE … STORED AS format LOCATION 'path'`: a name for a path, which is listed
/// anew by every statement.
pub(super) async fn create_external(
    statement: &Statement<'_>,
    table: CreateExternalTable,
) -> Result<Started> {
    refuse_if_read_only(statement)?;
    let definition = table.to_string();
    let name = own_name(&table.name)?;
    let refused = [
        (!table.columns.is_empty(), "columns are found in the files"),
        (!table.table_partition_cols.is_empty(), "partitions are found by their folders"),
        (!table.options.is_empty(), "OPTIONS are not supported"),
        (!table.order_exprs.is_empty(), "WITH ORDER is not supported"),
        (!table.constraints.is_empty(), "constraints are not supported"),
        (table.unbounded, "UNBOUNDED is not supported"),
    ];
    if let Some((_, what)) = refused.iter().find(|(given, _)| *given) {
        return Err(Error::unsupported(format!("external table {name}: {what}"))
            .with_hint("leave it out here, or declare the table in a file of the catalog folder"));
    }
    let [location] = table.locations.as_slice() else {
        return Err(Error::unsupported(format!("external table {name} has several locations"))
            .with_hint("one location may be a pattern: folder/*.parquet"));
    };
    statement.catalogs.allow_path(location)?;
    let location = write::location(location)?;
    let format = table.file_type.to_ascii_lowercase();
    // Opened once, to know that it can be.
    let catalogs = statement.catalogs.catalogs();
    let opened = catalogs.open_path(&statement.context, &location, Some(&format)).await?;
    opened.ok_or_else(|| Error::not_found(format!("path '{location}' does not exist")))?;
    if table.if_not_exists && statement.catalogs.session().get(&name).is_some() {
        return done("CREATE EXTERNAL TABLE");
    }
    let object = SessionObject::Path { location, format, definition };
    statement.catalogs.session().create(&name, object, table.or_replace)?;
    done("CREATE EXTERNAL TABLE")
}

pub(super) async fn collect(
    statement: &Statement<'_>,
    plan: LogicalPlan,
    name: &str,
    definition: String,
    replace: bool,
) -> Result<usize> {
    let physical = statement.admit(&plan).await?;
    let _turn = statement.job.turn().await?;
    let table = SessionTable::collect(physical.schema(), physical, statement.task()).await?;
    let rows = table.rows();
    let object = SessionObject::Table { provider: Arc::new(table), definition };
    statement.catalogs.session().create(name, object, replace)?;
    Ok(rows)
}

/// `DROP TABLE`, `DROP VIEW` of the session's own.
pub(super) fn drop_objects(
    statement: &Statement<'_>,
    object_type: ObjectType,
    if_exists: bool,
    names: &[ast::ObjectName],
) -> Result<Started> {
    let tag = match object_type {
        ObjectType::Table => "DROP TABLE",
        ObjectType::View => "DROP VIEW",
        other => return Err(Error::unsupported(format!("DROP {other} is not supported"))),
    };
    let session = statement.catalogs.session();
    for name in names {
        let own = own_name(name).map_err(|_| {
            Error::unsupported(format!("{name} cannot be dropped: only what the session made can"))
        })?;
        let kind = session.get(&own).map(|object| object.kind());
        let fits = match object_type {
            ObjectType::View => kind == Some(TableKind::View),
            _ => kind == Some(TableKind::Table),
        };
        if fits {
            session.drop_object(&own);
        } else if !if_exists {
            return Err(match kind {
                Some(kind) => Error::sql(format!("{name} is a {}", kind.as_str().to_lowercase())),
                None => Error::not_found(format!("session.default.{own} does not exist")),
            });
        }
    }
    done(tag)
}

/// `PREPARE name [(types)] AS statement`.
pub(super) fn prepare(
    statement: &Statement<'_>,
    name: &str,
    prepared: Box<ast::Statement>,
    types: Vec<String>,
) -> Result<Started> {
    let mut all = statement.job.session.prepared.lock().unwrap_or_else(PoisonError::into_inner);
    if all.contains_key(name) {
        return Err(Error::sql(format!("{name} is prepared already"))
            .with_hint(format!("DEALLOCATE {name}, or take another name")));
    }
    all.insert(name.to_owned(), Prepared { statement: prepared, types });
    done("PREPARE")
}

/// `EXECUTE name [(values)]`: planned anew, so that it reads what is there now.
pub(super) async fn execute_prepared(
    statement: &Statement<'_>,
    name: &str,
    values: &[ast::Expr],
) -> Result<Started> {
    let found = {
        let all = statement.job.session.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(name) {
            Some(prepared) => prepared.clone(),
            None => {
                let known = crate::error::nearest(name, all.keys().map(String::as_str));
                let error = Error::not_found(format!("{name} is not prepared"));
                return Err(match known {
                    Some(near) => error.with_hint(format!("did you mean {near}?")),
                    None => error.with_hint(format!("PREPARE {name} AS SELECT …")),
                });
            }
        }
    };
    let mut parameters = Parameters::default();
    for (at, value) in values.iter().enumerate() {
        parameters.set((at + 1).to_string(), literal(value)?);
    }
    for (at, type_text) in found.types.iter().enumerate() {
        parameters.declare(&(at + 1).to_string(), type_text)?;
    }
    if !found.types.is_empty() && found.types.len() != values.len() {
        return Err(Error::sql(format!(
            "{name} takes {} values, and {} are given",
            found.types.len(),
            values.len()
        )));
    }
    if !matches!(*found.statement, ast::Statement::Query(_)) {
        return Err(Error::unsupported(format!("{name} is no query: only queries are executed")));
    }
    let plan = statement.plan(DfStatement::Statement(found.statement), &parameters).await?;
    statement.execute(plan).await
}

/// The text of a literal; `None` is NULL.
fn literal(value: &ast::Expr) -> Result<Option<String>> {
    use ast::{Expr, UnaryOperator, Value};
    match value {
        Expr::Value(value) => {
            match &value.value {
                Value::Null => Ok(None),
                Value::Number(text, _) => Ok(Some(text.clone())),
                Value::Boolean(value) => Ok(Some(value.to_string())),
                other => other.clone().into_string().map(Some).ok_or_else(|| {
                    Error::sql(format!("{other} is not a value that EXECUTE takes"))
                }),
            }
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            Ok(literal(expr)?.map(|text| format!("-{text}")))
        }
        Expr::TypedString(typed) => Ok(typed.value.clone().into_string()),
        other => Err(Error::sql(format!("{other} is not a literal"))
            .with_hint("EXECUTE takes literals: numbers, texts, TRUE, FALSE, NULL, DATE '…'")),
    }
}

/// `DEALLOCATE name`, `DEALLOCATE ALL`.
pub(super) fn deallocate(statement: &Statement<'_>, name: Option<String>) -> Result<Started> {
    let mut all = statement.job.session.prepared.lock().unwrap_or_else(PoisonError::into_inner);
    match name {
        None => all.clear(),
        Some(name) if all.remove(&name).is_none() => {
            return Err(Error::not_found(format!("{name} is not prepared")));
        }
        Some(_) => {}
    }
    done("DEALLOCATE")
}
