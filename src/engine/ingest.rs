//! Rows that a client sends: into a table of a writable catalog, or one of the session's own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::sync::mpsc;

use super::parameters::Parameters;
use super::run::{Job, Statement, Work};
use super::session::LocalSession;
use super::state::Translated;
use super::{tables, write};
use crate::catalog::{FullName, SESSION_CATALOG};
use crate::error::{Error, Result};
use crate::spi::{TableName, TableWriter, WriteOptions};

/// What to do with a table that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Fail,
    /// Add the rows to it.
    Append,
    /// Take it away first.
    Replace,
}

/// Where rows go.
#[derive(Clone, Debug)]
pub struct Ingest {
    /// The catalog; the session's current one if not given.
    pub catalog: Option<String>,
    /// The schema; the session's current one if not given.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// Whether the session alone sees it, until it ends.
    pub temporary: bool,
    /// Whether a table that is not there is made.
    pub create: bool,
    /// What to do with one that is.
    pub if_exists: IfExists,
}

impl LocalSession {
    /// Writes the rows that arrive; how many there were. They are visible when all of them are
    /// there, and not at all after an error or when the future is dropped.
    ///
    /// # Errors
    /// As those of INSERT and CREATE TABLE; an error among the batches is passed on.
    pub async fn ingest(
        &self,
        target: Ingest,
        schema: SchemaRef,
        rows: mpsc::Receiver<Result<RecordBatch>>,
    ) -> Result<u64> {
        let text = format!("INSERT INTO {} -- rows of the client", target.table);
        let job = self.job(Work::Sql(text), &Parameters::default());
        self.apart(async move {
            let result = run(&job, target, schema, rows).await;
            match &result {
                Ok(_) => job.entered.query.enter(super::QueryState::Finished),
                Err(e) => job.entered.query.fail(e),
            }
            result
        })
        .await
    }
}

async fn run(
    job: &Job,
    target: Ingest,
    schema: SchemaRef,
    rows: mpsc::Receiver<Result<RecordBatch>>,
) -> Result<u64> {
    let statement = Statement::new(job, None)?;
    tables::refuse_if_read_only(&statement)?;
    let [catalog, home] = statement.home.clone();
    let catalog = if target.temporary {
        SESSION_CATALOG.to_owned()
    } else {
        target.catalog.unwrap_or(catalog)
    };
    let plan = arriving(Arc::clone(&schema), rows)?;
    if catalog == SESSION_CATALOG {
        return keep(&statement, plan, &target.table, target.if_exists).await;
    }
    let name = FullName { catalog, schema: target.schema.unwrap_or(home), table: target.table };
    let (writer, plan) = match target.if_exists {
        IfExists::Append => match append(&statement, &name, plan.clone()).await? {
            Some(opened) => opened,
            None if target.create => (create(&statement, &name, schema).await?, plan),
            None => return Err(Error::not_found(format!("table {name} does not exist"))),
        },
        IfExists::Replace => {
            return Err(Error::unsupported(format!("{name} cannot be replaced"))
                .with_hint("tables of a catalog are only added to: take another name"));
        }
        IfExists::Fail => (create(&statement, &name, schema).await?, plan),
    };
    write::run(&statement, plan, writer).await
}

async fn keep(
    statement: &Statement<'_>,
    plan: LogicalPlan,
    table: &str,
    if_exists: IfExists,
) -> Result<u64> {
    if if_exists == IfExists::Append && statement.catalogs.session().get(table).is_some() {
        let names = ["default", table].map(str::to_owned);
        let [schema, table] = names;
        let name = FullName { catalog: SESSION_CATALOG.to_owned(), schema, table };
        let columns: Vec<String> =
            plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        return Ok(tables::append(statement, plan, &name, &columns).await? as u64);
    }
    let definition = format!("CREATE TABLE {table} AS rows of the client");
    let replace = if_exists == IfExists::Replace;
    let rows = tables::collect(statement, plan, table, definition, replace).await?;
    Ok(rows as u64)
}

fn inner(name: &FullName) -> TableName {
    TableName { schema: name.schema.clone(), table: name.table.clone() }
}

/// A writer of more rows and the plan that gives them as the table has them; `None` without a
/// table.
async fn append(
    statement: &Statement<'_>,
    name: &FullName,
    plan: LogicalPlan,
) -> Result<Option<(Box<dyn TableWriter>, LogicalPlan)>> {
    let catalogs = statement.catalogs.catalogs();
    let opened = catalogs.append(&statement.context, &name.catalog, &inner(name)).await?;
    let Some(writer) = opened else { return Ok(None) };
    let columns: Vec<String> =
        plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    match write::fit(plan, writer.schema(), &columns, name) {
        Ok(plan) => Ok(Some((writer, plan))),
        Err(e) => {
            writer.abort().await;
            Err(e)
        }
    }
}

async fn create(
    statement: &Statement<'_>,
    name: &FullName,
    schema: SchemaRef,
) -> Result<Box<dyn TableWriter>> {
    let options = WriteOptions::default();
    let catalogs = statement.catalogs.catalogs();
    let created =
        catalogs.create(&statement.context, &name.catalog, &inner(name), schema, &options).await?;
    created.ok_or_else(|| Error::sql(format!("{name} exists already")))
}

/// A plan of the rows that arrive. It can be run once.
fn arriving(schema: SchemaRef, rows: mpsc::Receiver<Result<RecordBatch>>) -> Result<LogicalPlan> {
    let arriving = Arriving { schema: Arc::clone(&schema), rows: Mutex::new(Some(rows)) };
    let table = StreamingTable::try_new(schema, vec![Arc::new(arriving)]).translated()?;
    LogicalPlanBuilder::scan("rows", provider_as_source(Arc::new(table)), None)
        .and_then(LogicalPlanBuilder::build)
        .translated()
}

/// Batches on their way.
struct Arriving {
    schema: SchemaRef,
    rows: Mutex<Option<mpsc::Receiver<Result<RecordBatch>>>>,
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for Arriving {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        let batches = futures::stream::unfold(rows, |rows| async move {
            let mut rows = rows?;
            let batch = rows.recv().await?;
            Some((batch.map_err(Into::into), Some(rows)))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
