//! A running statement as a front end sees it: batch after batch, and away when it is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::EngineParts;
use super::estimate::leaf;
use super::memory::StatementPool;
use super::queries::{Entered, QueryState};
use super::rows::Plans;
use super::runtime::Threads;
use crate::error::{Error, Result};
use crate::spi::{ReadPoint, StatementContext};

/// What a statement gives.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Rows of a schema.
    Rows(SchemaRef),
    /// No rows; what was done, as psql's command tags say it.
    Done(String),
}

/// How far a statement has come. A server tells it to Sluice's own client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows handed out so far.
    pub rows: u64,
    /// Since the statement began.
    pub elapsed: Duration,
    /// Until the first row, once there was one.
    pub first_row: Option<Duration>,
    /// Rows that scans have read.
    pub rows_read: u64,
    /// Bytes that scans have read.
    pub bytes_read: u64,
    /// Files that scans read, as far as it is planned.
    pub files: u64,
    /// Rows that scans will have read at the end, where all of them know.
    pub rows_to_read: Option<u64>,
    /// Records that are not what their table declares, left out of the answer.
    pub bad_records: u64,
    /// When the newest of the files was written that the statement has listed.
    pub newest: Option<DateTime<Utc>>,
    /// Bytes of memory held now.
    pub memory: u64,
}

/// The rows that a reader was given, and when.
#[derive(Clone, Copy, Debug)]
pub struct Delivered {
    started: Instant,
    rows: u64,
    first_row: Option<Duration>,
}

impl Delivered {
    /// None yet, of a statement that has begun then.
    pub fn since(started: Instant) -> Self {
        Self { started, rows: 0, first_row: None }
    }

    /// Counts a batch.
    pub fn count(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        if batch.num_rows() > 0 && self.first_row.is_none() {
            self.first_row = Some(self.started.elapsed());
        }
    }

    /// How far that is.
    pub fn progress(&self) -> Progress {
        Progress {
            rows: self.rows,
            elapsed: self.started.elapsed(),
            first_row: self.first_row,
            ..Progress::default()
        }
    }
}

/// A running statement. Dropping it cancels it and all that it owns.
#[async_trait]
pub trait Query: Send {
    /// The query id.
    fn id(&self) -> &str;
    /// Rows, or what was done.
    fn outcome(&self) -> &Outcome;
    /// The next batch; `None` at the end. After an error there is nothing more.
    async fn next(&mut self) -> Option<Result<RecordBatch>>;
    /// How far it has come.
    fn progress(&self) -> Progress;
    /// Ends it before its last batch: what it has read so far becomes its receipt.
    async fn stop(&mut self);
    /// What a person should know of the answer once it is there: bad records that are not in it.
    fn notes(&self) -> Vec<String>;
    /// What a statement that goes on all the same has met so far: systems that did not answer.
    fn outages(&self) -> Vec<String> {
        vec![]
    }
}

/// A statement that runs in this process.
#[derive(Debug)]
pub struct LocalQuery {
    pub(super) id: String,
    // The statement is listed until its reader has gone too.
    pub(super) entered: Arc<Entered>,
    pub(super) outcome: Outcome,
    pub(super) statement: Arc<StatementContext>,
    pub(super) batches: mpsc::Receiver<Result<RecordBatch>>,
    // Says that the first batch is wanted, of a statement that waits for it.
    pub(super) ask: Option<oneshot::Sender<()>>,
    pub(super) task: RunningTask,
    pub(super) deadline: Option<Deadline>,
    pub(super) delivered: Delivered,
    pub(super) watch: Watch,
}

/// What a statement has pinned, for another run over exactly the same.
#[derive(Clone, Debug)]
pub struct Pinned(Arc<StatementContext>);

impl Pinned {
    /// The read point; `None` when nothing is pinned.
    pub(super) fn read_point(&self) -> Option<ReadPoint> {
        let book = self.0.read_point();
        let point = book.replayed().cloned().unwrap_or_else(|| book.pinned());
        (!point.is_empty()).then_some(point)
    }
}

impl LocalQuery {
    /// What it has pinned.
    pub fn pinned(&self) -> Pinned {
        Pinned(Arc::clone(&self.statement))
    }

    /// What is seen of it by who does not read it.
    pub fn observer(&self) -> Observer {
        let (plans, memory) = (self.watch.plans.clone(), Arc::clone(&self.watch.memory));
        let entered = Arc::clone(&self.entered);
        Observer { plans, memory, statement: Arc::clone(&self.statement), entered }
    }

    /// Waits for the end behind the last batch: rows that stop coming are not all rows there are.
    async fn end(&mut self) -> Result<()> {
        let Some(ended) = &mut self.watch.ended else { return Ok(()) };
        let told = ended.await;
        self.watch.ended = None;
        told.map_err(|_| Error::internal("the statement was ended before its last row"))
    }
}

/// A running statement for who does not read its rows: how far it is, and what became of them.
#[derive(Clone, Debug)]
pub struct Observer {
    plans: Plans,
    memory: Arc<StatementPool>,
    statement: Arc<StatementContext>,
    entered: Arc<Entered>,
}

impl Observer {
    /// What scans have read and the memory that is held, beside the rows that were `delivered`.
    pub fn progress(&self, delivered: &Delivered) -> Progress {
        let mut progress = Progress { memory: self.memory.held(), ..delivered.progress() };
        let mut to_read = Some(0);
        for plan in self.plans.all() {
            add_scans(&plan, &mut progress, &mut to_read);
        }
        progress.rows_to_read = to_read.filter(|rows| *rows > 0);
        for counters in self.statement.receipt().sources().values() {
            let sum = |name: &str| {
                let named = counters.iter().filter(|(counter, _)| counter.name == name);
                named.map(|(_, count)| count).sum::<u64>()
            };
            progress.files += sum("files");
            progress.bad_records += sum("bad_records");
        }
        progress.newest = self.statement.read_point().newest();
        progress
    }

    /// Takes down why its rows did not come to whom they were for, which the engine does not see.
    pub fn fail(&self, error: &Error) {
        self.entered.query.fail(error);
    }
}

/// A running statement from outside: its plans and their memory.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) plans: Plans,
    pub(super) memory: Arc<StatementPool>,
    /// Told when all was delivered and the receipt is written; dropped untold when it never will
    /// be. `None` once it is known which.
    pub(super) ended: Option<oneshot::Receiver<()>>,
}

/// How long a statement that is stopped may take to come to its next batch.
const STOPPING: Duration = Duration::from_secs(3);

/// When a statement has to end, and the limit to name then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn error(&self) -> Error {
        let limit = humantime::format_duration(self.limit);
        Error::timed_out(format!("the statement did not end within {limit}"))
            .with_hint("raise it with --timeout or SET timeout, or read less")
    }
}

/// The task behind a query; dropped, it is cancelled.
#[derive(Debug)]
pub(super) struct RunningTask {
    pub(super) engine: Arc<EngineParts>,
    pub(super) task: AbortHandle,
    // Kept until the statement is over.
    pub(super) _threads: Arc<Threads>,
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        if !self.task.is_finished() {
            self.engine.runtime.cancel(self.task.clone());
        }
    }
}

#[async_trait]
impl Query for LocalQuery {
    fn id(&self) -> &str {
        &self.id
    }

    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        if let Some(ask) = self.ask.take() {
            // A statement that has ended meanwhile has left its error among the batches.
            let _ = ask.send(());
        }
        let batch = match self.deadline {
            None => self.batches.recv().await,
            Some(deadline) => {
                match tokio::time::timeout_at(deadline.at.into(), self.batches.recv()).await {
                    Ok(batch) => batch,
                    Err(_) => {
                        self.batches.close();
                        self.watch.ended = None;
                        self.task.engine.runtime.cancel(self.task.task.clone());
                        let error = deadline.error();
                        self.entered.query.fail(&error);
                        return Some(Err(error));
                    }
                }
            }
        };
        match &batch {
            Some(Ok(batch)) => self.delivered.count(batch),
            Some(Err(_)) => self.watch.ended = None,
            None => {
                let ended = self.end().await;
                match &ended {
                    Ok(()) => self.entered.query.enter(QueryState::Finished),
                    Err(e) => self.entered.query.fail(e),
                }
                return ended.err().map(Err);
            }
        }
        batch
    }

    fn notes(&self) -> Vec<String> {
        let sources = self.statement.receipt().sources();
        let bad = sources.iter().filter_map(|(source, counters)| {
            let (_, count) = counters.iter().find(|(counter, _)| counter.name == "bad_records")?;
            let records = if *count == 1 { "record of" } else { "records of" };
            Some(format!("{count} bad {records} {source}: errors('{source}') shows them"))
        });
        let lost = sources.iter().flat_map(|(source, counters)| {
            let lost = counters.iter().filter(|(counter, _)| counter.name == "offsets_lost");
            lost.map(move |(counter, count)| {
                let place = &counter.detail;
                format!("{count} offsets of {source} were deleted before they were read: {place}")
            })
        });
        let unlisted = sources.iter().flat_map(|(place, counters)| {
            let unlisted = counters.keys().filter(|counter| counter.name == "not_listed");
            unlisted.map(move |counter| format!("{place} is left out: {}", counter.detail))
        });
        let empty = sources.iter().filter_map(|(place, counters)| {
            counters.keys().find(|counter| counter.name == "no_tables")?;
            Some(format!("{place} has no tables: SHOW ALL TABLES lists those of all catalogs"))
        });
        bad.chain(lost).chain(unlisted).chain(empty).collect()
    }

    fn outages(&self) -> Vec<String> {
        let sources = self.statement.receipt().sources();
        let all = sources.values().flatten();
        let outages = all.filter(|(counter, _)| counter.name == "outages");
        // Each time counts.
        outages.flat_map(|(counter, count)| (0..*count).map(|_| counter.detail.clone())).collect()
    }

    async fn stop(&mut self) {
        self.batches.close();
        // Who does not come to its end in time leaves no receipt.
        if let Ok(Ok(())) = tokio::time::timeout(STOPPING, self.end()).await {
            self.entered.query.enter(QueryState::Finished);
        }
    }

    fn progress(&self) -> Progress {
        self.observer().progress(&self.delivered)
    }
}

/// Adds what the scans of a plan have read so far.
fn add_scans(plan: &Arc<dyn ExecutionPlan>, progress: &mut Progress, to_read: &mut Option<u64>) {
    if leaf(plan.as_ref()).is_some() {
        if let Some(metrics) = plan.metrics() {
            progress.rows_read += rows_read(&metrics);
            let bytes = metrics.sum_by_name("bytes_read").map(|value| value.as_usize());
            progress.bytes_read += bytes.unwrap_or_default() as u64;
        }
        *to_read = to_read.zip(exact_rows(plan)).map(|(sum, rows)| sum + rows);
    }
    plan.children().into_iter().for_each(|child| add_scans(child, progress, to_read));
}

/// The rows of a scan that knows them.
fn exact_rows(scan: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    let known = StatisticsContext::new().compute(scan.as_ref(), &StatisticsArgs::new()).ok()?;
    match known.num_rows {
        Precision::Exact(rows) => Some(rows as u64),
        _ => None,
    }
}

/// The rows that a scan has read: what its reader dropped was read as well.
pub(super) fn rows_read(scan: &MetricsSet) -> u64 {
    let dropped = scan.sum_by_name("pushdown_rows_pruned").map_or(0, |sum| sum.as_usize());
    (scan.output_rows().unwrap_or_default() + dropped) as u64
}
