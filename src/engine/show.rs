//! The answers of `SHOW`, `DESCRIBE`, `CHECK`, `INFER` and `REFRESH`: batches of fixed schemas.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Signature, TableType};

use super::own::{Looked, Own};
use super::queries::QuerySummary;
use super::rewrite::{lambdas, synonyms};
use super::run::{Started, Statement, parse_one};
use super::{arithmetic, bytes, empty_subquery, names, zones};
use crate::catalog::{FullName, ListedTable, NamePart, ObjectName, Problem, sql_type_name};
use crate::connectors::CONNECTORS;
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity};

/// Runs a statement that only looks.
pub(super) async fn run(statement: &Statement<'_>, own: Own) -> Result<Started> {
    let batch = match own {
        Own::ShowCatalogs { like } => catalogs(statement, like.as_deref())?,
        Own::ShowSchemas { catalog, like } => schemas(statement, catalog, like.as_deref()).await?,
        Own::ShowAllTables { like } => {
            let (tables, problems) = statement.catalogs.listing().all_tables(None, None).await;
            for (place, error) in problems {
                statement.context.receipt().add_with(&place, "not_listed", error.message(), 1);
            }
            liked(listed(&tables)?, like.as_deref())?
        }
        Own::ShowTables { from, like } => tables(statement, from, like.as_deref()).await?,
        Own::ShowColumns { table } | Own::Describe { table } => describe(statement, &table).await?,
        Own::DescribeQuery { query } => {
            let plan = statement.plan(parse_one(query)?, &statement.job.parameters).await?;
            fields(&names::visible(plan.schema().inner()))?
        }
        Own::ShowFunctions { like } => {
            liked(functions(statement.job.session.engine.base.state())?, like.as_deref())?
        }
        Own::ShowCreate { name } => show_create(statement, &name).await?,
        Own::ShowSettings { like } => {
            liked(statement.job.session.settings().batch()?, like.as_deref())?
        }
        Own::ShowSetting { name } => {
            let value = statement.job.session.settings().get(&name)?;
            texts(&[("name", vec![Some(name)]), ("value", vec![value])])?
        }
        Own::CheckCatalog { catalog } => check(statement, catalog).await?,
        Own::InferTable { table } => infer(statement, &table).await?,
        Own::Refresh { catalog } => {
            let catalogs = statement.catalogs.catalogs();
            let name = catalog.map(|typed| statement.catalogs.catalog_named(&typed)).transpose()?;
            catalogs.refresh(name.as_deref())?;
            return Ok(Started::Done("REFRESH".to_owned()));
        }
        other => return Err(Error::internal(format!("{other:?} is not shown here"))),
    };
    Ok(Started::batch(batch))
}

/// A batch of text columns.
pub(super) fn texts(columns: &[(&str, Vec<Option<String>>)]) -> Result<RecordBatch> {
    let fields: Vec<_> =
        columns.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect();
    let arrays: Vec<ArrayRef> = columns
        .iter()
        .map(|(_, values)| Arc::new(StringArray::from(values.clone())) as ArrayRef)
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|e| Error::internal(e.to_string()))
}

fn some<T>(items: &[T], text: impl Fn(&T) -> String) -> Vec<Option<String>> {
    items.iter().map(|item| Some(text(item))).collect()
}

/// The rows whose first column is LIKE the pattern, without regard to case.
fn liked(batch: RecordBatch, pattern: Option<&str>) -> Result<RecordBatch> {
    let Some(pattern) = pattern else { return Ok(batch) };
    let internal = |e: datafusion::arrow::error::ArrowError| Error::internal(e.to_string());
    let names = batch.column(0).as_any().downcast_ref::<StringArray>();
    let names = names.ok_or_else(|| Error::internal("names are text"))?;
    let pattern = StringArray::new_scalar(pattern);
    let keep: BooleanArray =
        datafusion::arrow::compute::kernels::comparison::ilike(names, &pattern)
            .map_err(internal)?;
    filter_record_batch(&batch, &keep).map_err(internal)
}

fn catalogs(statement: &Statement<'_>, like: Option<&str>) -> Result<RecordBatch> {
    let mut lines = statement.catalogs.catalogs().summaries();
    for (name, about) in [
        ("session", "tables and views of this session"),
        ("system", "what Sluice itself does: system.runtime.queries, system.catalog.problems"),
    ] {
        lines.push(crate::catalog::CatalogSummary {
            name: name.to_owned(),
            connector: name.to_owned(),
            location: String::new(),
            description: about.to_owned(),
        });
    }
    let batch = texts(&[
        ("catalog", some(&lines, |line| line.name.clone())),
        ("connector", some(&lines, |line| line.connector.clone())),
        ("location", some(&lines, |line| line.location.clone())),
        ("description", some(&lines, |line| line.description.clone())),
    ])?;
    liked(batch, like)
}

async fn schemas(
    statement: &Statement<'_>,
    catalog: Option<NamePart>,
    like: Option<&str>,
) -> Result<RecordBatch> {
    let catalog = match catalog {
        Some(typed) => statement.catalogs.catalog_named(&typed)?,
        None => statement.home[0].clone(),
    };
    let schemas = statement.catalogs.listing().schemas(&catalog).await?;
    let batch = texts(&[
        ("schema", some(&schemas, Clone::clone)),
        ("catalog", some(&schemas, |_| catalog.clone())),
    ])?;
    liked(batch, like)
}

/// `SHOW TABLES` lists the current schema; `FROM` takes a schema, a catalog, or both.
async fn tables(
    statement: &Statement<'_>,
    from: Option<ObjectName>,
    like: Option<&str>,
) -> Result<RecordBatch> {
    let listing = statement.catalogs.listing();
    let mut places: Vec<[String; 2]> = Vec::new();
    match from.as_ref().map(|name| name.parts.as_slice()) {
        None => places.push(statement.home.clone()),
        Some([catalog, schema]) => {
            places.push([statement.catalogs.catalog_named(catalog)?, schema.text.clone()]);
        }
        Some([one]) => {
            let own = listing.schemas(&statement.home[0]).await.unwrap_or_default();
            let known = own.iter().map(String::as_str);
            match crate::catalog::choose("schema", one, known)? {
                Some(schema) => places.push([statement.home[0].clone(), schema.to_owned()]),
                None => {
                    let catalog = statement.catalogs.catalog_named(one).map_err(|e| {
                        Error::not_found(format!(
                            "{} is neither a schema of {} nor a catalog",
                            one.text, statement.home[0]
                        ))
                        .with_hint(e.hint().unwrap_or("SHOW CATALOGS lists them"))
                    })?;
                    for schema in listing.schemas(&catalog).await? {
                        places.push([catalog.clone(), schema]);
                    }
                }
            }
        }
        Some(_) => return Err(Error::sql("SHOW TABLES FROM takes [catalog.]schema")),
    }
    let mut tables = Vec::new();
    for [catalog, schema] in &places {
        tables.extend(listing.tables(catalog, schema).await?);
    }
    if let ([], [[catalog, schema], ..]) = (tables.as_slice(), places.as_slice()) {
        let place = format!("{catalog}.{schema}");
        statement.context.receipt().add_with(&place, "no_tables", "", 1);
    }
    liked(listed(&tables)?, like)
}

fn listed(tables: &[ListedTable]) -> Result<RecordBatch> {
    texts(&[
        ("table", some(tables, |table| table.name.table.clone())),
        ("kind", some(tables, |table| table.kind.as_str().to_lowercase().replace("base ", ""))),
        ("schema", some(tables, |table| table.name.schema.clone())),
        ("catalog", some(tables, |table| table.name.catalog.clone())),
    ])
}

async fn describe(statement: &Statement<'_>, table: &Looked) -> Result<RecordBatch> {
    let name = match table {
        Looked::Table(name) => statement.catalogs.resolve(name, &statement.home).await?,
        Looked::Path(path) => names::open_path(&statement.catalogs, path).await?,
    };
    fields(&opened(statement, &name)?.schema())
}

/// The columns of a table or an answer.
fn fields(schema: &Schema) -> Result<RecordBatch> {
    let fields = schema.fields();
    texts(&[
        ("column", some(fields, |field| field.name().clone())),
        ("type", some(fields, |field| sql_type_name(field.data_type()))),
        ("nullable", some(fields, |f| if f.is_nullable() { "YES" } else { "NO" }.to_owned())),
    ])
}

fn opened(statement: &Statement<'_>, name: &FullName) -> Result<Arc<dyn TableProvider>> {
    statement
        .catalogs
        .opened(name)
        .ok_or_else(|| Error::internal(format!("{name} was resolved and is not open")))
}

async fn show_create(statement: &Statement<'_>, name: &ObjectName) -> Result<RecordBatch> {
    let name = statement.catalogs.resolve(name, &statement.home).await?;
    let session = statement.catalogs.session();
    let own = (name.catalog == crate::catalog::SESSION_CATALOG).then(|| session.get(&name.table));
    let definition = match own.flatten() {
        Some(object) => object.definition().to_owned(),
        None => {
            let provider = opened(statement, &name)?;
            match provider.get_table_definition() {
                None if is_view(&provider, &name) => {
                    return Err(Error::denied(format!(
                        "the definition of {name} names what is not open to this user"
                    )));
                }
                Some(query) => format!("CREATE VIEW {name} AS\n{}", query.trim_end()),
                None => create_table(&name, &provider.schema()),
            }
        }
    };
    texts(&[("name", vec![Some(name.to_string())]), ("definition", vec![Some(definition)])])
}

/// Whether a table is a view that somebody has written.
fn is_view(provider: &Arc<dyn TableProvider>, name: &FullName) -> bool {
    provider.table_type() == TableType::View && name.schema != "information_schema"
}

/// `system.runtime.queries`.
pub(super) fn queries(listed: &[QuerySummary]) -> Result<RecordBatch> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str| Field::new(name, DataType::UInt64, false);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Schema::new(vec![
        text("query_id", false),
        text("user", false),
        text("address", true),
        text("state", false),
        Field::new("began", instant, false),
        number("elapsed_ms"),
        number("queued_ms"),
        number("rows"),
        number("bytes"),
        number("bad_records"),
        text("error_kind", true),
        text("error", true),
        text("sql", false),
    ]);
    let texts = |of: fn(&QuerySummary) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(listed.iter().map(of)))
    };
    let numbers = |of: fn(&QuerySummary) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(listed.iter().map(of)))
    };
    let began = listed.iter().map(|query| query.began.timestamp_micros());
    let began = TimestampMicrosecondArray::from_iter_values(began).with_timezone("UTC");
    let kinds = listed.iter().map(|query| query.kind.map(crate::error::ErrorKind::as_str));
    let columns: Vec<ArrayRef> = vec![
        texts(|query| &query.id),
        texts(|query| &query.user),
        Arc::new(listed.iter().map(|query| query.address.as_deref()).collect::<StringArray>()),
        texts(|query| query.state.as_str()),
        Arc::new(began),
        numbers(|query| query.elapsed_ms),
        numbers(|query| query.queued_ms),
        numbers(|query| query.rows),
        numbers(|query| query.bytes),
        numbers(|query| query.bad_records),
        Arc::new(kinds.collect::<StringArray>()),
        Arc::new(listed.iter().map(|query| query.error.as_deref()).collect::<StringArray>()),
        texts(|query| &query.sql),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::internal(e.to_string()))
}

/// `system.catalog.problems`.
pub(super) fn problems(known: &[Problem]) -> Result<RecordBatch> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Schema::new(vec![
        text("severity", false),
        text("object", false),
        text("message", false),
        text("fix", true),
        Field::new("last_good_in_use", DataType::Boolean, false),
        Field::new("since", instant, false),
    ]);
    let findings: Vec<Finding> = known.iter().map(Problem::finding).collect();
    let texts = |of: fn(&Finding) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(findings.iter().map(of)))
    };
    let since = known.iter().map(|problem| problem.since.timestamp_micros());
    let since = TimestampMicrosecondArray::from_iter_values(since).with_timezone("UTC");
    let kept: Vec<bool> = known.iter().map(|problem| problem.last_good_in_use).collect();
    let columns: Vec<ArrayRef> = vec![
        texts(|finding| finding.severity.as_str()),
        texts(|finding| &finding.object),
        texts(|finding| &finding.message),
        Arc::new(findings.iter().map(|finding| finding.fix.as_deref()).collect::<StringArray>()),
        Arc::new(BooleanArray::from(kept)),
        Arc::new(since),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::internal(e.to_string()))
}

/// What a table is, as the statement that would declare its columns.
fn create_table(name: &FullName, schema: &Schema) -> String {
    let columns: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            let null = if field.is_nullable() { "" } else { " NOT NULL" };
            format!("    {} {}{null}", field.name(), sql_type_name(field.data_type()))
        })
        .collect();
    format!("CREATE TABLE {name} (\n{}\n)", columns.join(",\n"))
}

/// `SHOW FUNCTIONS`: one line per function, with its arguments.
pub(super) fn functions(state: &SessionState) -> Result<RecordBatch> {
    let mut lines: Vec<[String; 4]> = Vec::new();
    let arguments = |name: &str, signature: &Signature| {
        let shapes = signature.type_signature.to_string_repr();
        let shapes: Vec<_> = shapes.iter().map(|shape| format!("{name}({shape})")).collect();
        shapes.join(", ")
    };
    let mut add = |name: &str, kind: &str, signature: &Signature, about: Option<String>| {
        lines.push([
            name.to_owned(),
            kind.to_owned(),
            arguments(name, signature),
            about.unwrap_or_default(),
        ]);
    };
    let operators = [
        arithmetic::is_operator,
        bytes::is_operator,
        empty_subquery::is_operator,
        zones::is_operator,
    ];
    let scalar = state.scalar_functions().iter();
    for (name, function) in scalar.filter(|(name, _)| !operators.iter().any(|is| is(name))) {
        let about = function.documentation().map(|doc| doc.description.clone());
        add(name, "scalar", function.signature(), about);
    }
    for (name, function) in state.aggregate_functions() {
        let about = function.documentation().map(|doc| doc.description.clone());
        add(name, "aggregate", function.signature(), about);
    }
    for (name, function) in state.window_functions() {
        let about = function.documentation().map(|doc| doc.description.clone());
        add(name, "window", function.signature(), about);
    }
    lines.extend(lambdas::listed());
    lines.extend(synonyms::listed(&lines));
    for name in state.table_functions().keys() {
        lines.push([name.clone(), "table".to_owned(), String::new(), String::new()]);
    }
    let errors = "the records of a table that are not what it declares";
    lines.push(["errors", "table", "errors('catalog.schema.table')", errors].map(str::to_owned));
    for function in CONNECTORS.iter().flat_map(|connector| connector.table_functions()) {
        let about = function.description;
        lines.push([function.name, "table", function.usage, about].map(str::to_owned));
    }
    lines.sort();
    // Several connectors have some of them.
    lines.dedup();
    texts(&[
        ("function", some(&lines, |line| line[0].clone())),
        ("kind", some(&lines, |line| line[1].clone())),
        ("arguments", some(&lines, |line| line[2].clone())),
        (
            "description",
            some(&lines, |line| line[3].split_whitespace().collect::<Vec<_>>().join(" ")),
        ),
    ])
}

/// `CHECK CATALOG`: everything that is wrong, at once; views are planned too.
async fn check(statement: &Statement<'_>, catalog: Option<NamePart>) -> Result<RecordBatch> {
    let only = catalog.map(|typed| statement.catalogs.catalog_named(&typed)).transpose()?;
    let engine = statement.catalogs.catalogs();
    let mut findings = engine.check(&statement.context, only.as_deref()).await?;
    for [catalog, schema, table] in engine.declared_views(only.as_deref()) {
        let name = FullName { catalog, schema, table };
        if let Err(e) = statement.catalogs.open(&name).await {
            findings.push(Finding {
                severity: Severity::Error,
                object: name.to_string(),
                message: e.message().to_owned(),
                fix: e.hint().map(str::to_owned),
            });
        }
    }
    checked(&findings)
}

/// The answer of `CHECK CATALOG`.
pub(super) fn checked(findings: &[Finding]) -> Result<RecordBatch> {
    texts(&[
        ("severity", some(findings, |finding| finding.severity.as_str().to_owned())),
        ("object", some(findings, |finding| finding.object.clone())),
        ("message", some(findings, |finding| finding.message.clone())),
        ("fix", findings.iter().map(|finding| finding.fix.clone()).collect()),
    ])
}

async fn infer(statement: &Statement<'_>, table: &ObjectName) -> Result<RecordBatch> {
    let name = statement.catalogs.resolve(table, &statement.home).await?;
    let inner = crate::spi::TableName { schema: name.schema.clone(), table: name.table.clone() };
    let catalogs = statement.catalogs.catalogs();
    let text = catalogs.infer(&statement.context, &name.catalog, &inner).await?;
    let text = text.ok_or_else(|| Error::not_found(format!("table {name} does not exist")))?;
    texts(&[("table_file", vec![Some(text)])])
}
