//! Batches of one task's splits: records read, decoded, the good or the bad ones kept.
//!
//! A range has been read when the position has reached its end; one that ends before is an error,
//! never a short answer.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder,
};
use futures::stream::BoxStream;
use futures::{Stream, TryStreamExt};

use super::recipe::{Half, Recipe};
use super::rows::{RowMaker, Rows};
use super::scan::Split;
use super::skip::Skipper;
use super::source::{LogSource, OffsetUnit, ReadRequest, Records, TO_ITS_END};
use super::tail::Backwards;
use super::tally::Tally;
use crate::error::{Error, Result};
use crate::spi::{RowShare, ScanUnit, StatementContext};

/// The receipt's counter of bad records.
const BAD_RECORDS: &str = "bad_records";

/// The receipt's counter of offsets that were deleted before they were read; notes tell them.
const LOST: &str = "offsets_lost";

/// What one partition of a scan is made of.
#[derive(Debug)]
pub(super) struct Task {
    /// Its number.
    pub(super) number: usize,
    pub(super) splits: Vec<Split>,
    /// Indices into the table's columns.
    pub(super) projection: Vec<usize>,
    /// The projected schema.
    pub(super) schema: SchemaRef,
    /// Over that schema; what none of a range's records can pass is not read.
    pub(super) filters: Vec<Arc<dyn PhysicalExpr>>,
    /// The most rows that are wanted.
    pub(super) fetch: Option<usize>,
    /// Whether the last records are wanted first.
    pub(super) last_first: bool,
    /// Rows of a batch.
    pub(super) batch_size: usize,
    /// Shared by all tasks of the scan.
    pub(super) tally: Arc<Tally>,
}

/// The batches of a task.
pub(super) fn read(
    source: Arc<dyn LogSource>,
    recipe: Arc<Recipe>,
    task: Task,
    metrics: &ExecutionPlanMetricsSet,
    statement: Arc<StatementContext>,
) -> Result<impl Stream<Item = datafusion::common::Result<RecordBatch>> + use<>> {
    let mut splits: Vec<Split> = task.splits;
    if task.last_first {
        splits.sort_by_key(|split| std::cmp::Reverse(split.range.end));
    } else {
        // Neighbours are read in one go: to begin anew costs a question to the system.
        splits.dedup_by(|next, split| {
            let follows = next.partition == split.partition && next.range.start == split.range.end;
            if follows {
                split.range.end = next.range.end;
            }
            follows
        });
    }
    let setting = statement.settings().max_bad_records.as_deref();
    let (projection, schema) = (&task.projection, Arc::clone(&task.schema));
    let reader = Reader {
        rows: RowMaker::try_new(Arc::clone(&recipe), projection, schema, &source)?,
        skipper: Skipper::new(&recipe, task.filters, task.schema),
        limit: recipe.max_bad_records.or_else(|| setting.and_then(|text| text.parse().ok())),
        source,
        recipe,
        splits: splits.into(),
        last_first: task.last_first,
        left: task.fetch.unwrap_or(usize::MAX),
        batch_size: task.batch_size.max(1),
        tally: task.tally,
        baseline: BaselineMetrics::new(metrics, task.number),
        bytes: MetricBuilder::new(metrics).counter("bytes_read", task.number),
        statement,
        open: None,
        reading: None,
        ignored: 0,
        ended: false,
    };
    Ok(futures::stream::try_unfold(reader, |mut reader| async move {
        let next = reader.next().await?;
        Ok(next.map(|batch| (batch, reader)))
    }))
}

/// Reads one split after the other.
struct Reader {
    source: Arc<dyn LogSource>,
    recipe: Arc<Recipe>,
    rows: RowMaker,
    skipper: Skipper,
    splits: VecDeque<Split>,
    last_first: bool,
    left: usize,
    batch_size: usize,
    tally: Arc<Tally>,
    limit: Option<RowShare>,
    baseline: BaselineMetrics,
    bytes: Count,
    statement: Arc<StatementContext>,
    open: Option<OpenSplit>,
    reading: Option<Reading>,
    // Parts of values that no column asks for.
    ignored: u64,
    ended: bool,
}

/// A split that is not yet read to its end.
struct OpenSplit {
    split: Split,
    parts: Backwards,
}

/// A range that is read now.
struct Reading {
    partition: String,
    range: Range<u64>,
    stream: BoxStream<'static, Result<Records>>,
    // What came last, and how many of its records were made rows of.
    came: Records,
    done: usize,
    position: u64,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.left == 0 {
                return Ok(None);
            }
            if let Some(reading) = &mut self.reading {
                if reading.done < reading.came.records.len() {
                    if let Some(batch) = self.make()? {
                        return Ok(Some(batch));
                    }
                } else if !self.more().await? {
                    self.reading = None;
                }
                continue;
            }
            if !self.begin()? {
                return self.end();
            }
        }
    }

    /// Begins the next range; false when there is none.
    fn begin(&mut self) -> Result<bool> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(split) = self.splits.pop_front() else { return Ok(false) };
                let step = if self.last_first { self.source.traits().tail } else { u64::MAX };
                let parts = Backwards::new(split.range.clone(), step);
                self.open = Some(OpenSplit { split, parts });
                continue;
            };
            // What is left of it, older than all that was read.
            if !self.skipper.may_match(&open.split.partition, open.parts.left())? {
                self.open = None;
                continue;
            }
            let Some(range) = open.parts.next() else {
                self.open = None;
                continue;
            };
            let request = ReadRequest {
                stream: self.recipe.stream.clone(),
                partition: open.split.partition.clone(),
                range: range.clone(),
                pinned_end: open.split.pinned_end,
                identity: open.split.identity.clone(),
                wants_keys: self.rows.wants_keys(),
                skips_lost: self.recipe.skips_lost,
            };
            self.reading = Some(Reading {
                partition: open.split.partition.clone(),
                stream: self.source.read(&self.statement, request),
                came: Records::default(),
                done: 0,
                position: range.start,
                range,
            });
            return Ok(true);
        }
    }

    /// Takes what comes next of the range; false when it has been read, or need not be read on.
    async fn more(&mut self) -> Result<bool> {
        let Some(reading) = &mut self.reading else { return Ok(false) };
        let rest = reading.position..reading.range.end;
        if reading.position > reading.range.start
            && !self.last_first
            && !self.skipper.may_match(&reading.partition, &rest)?
        {
            return Ok(false);
        }
        let Some(came) = reading.stream.try_next().await? else {
            let Range { end, .. } = reading.range;
            if end != TO_ITS_END && reading.position < end {
                return Err(Error::internal(format!(
                    "{} partition {}: reading ended at offset {} instead of {end}",
                    self.recipe.label, reading.partition, reading.position
                )));
            }
            return Ok(false);
        };
        let records = match self.recipe.unit {
            OffsetUnit::Bytes => came.records.len() as u64,
            OffsetUnit::Records => came.position.saturating_sub(reading.position),
        };
        self.bytes.add(usize::try_from(came.bytes).unwrap_or(usize::MAX));
        self.recipe.meter(&self.statement, ScanUnit::Bytes, came.bytes)?;
        self.recipe.meter(&self.statement, ScanUnit::Records, records)?;
        if let Some(lost) = &came.lost {
            let detail = format!("partition {}: [{}, {})", reading.partition, lost.start, lost.end);
            let receipt = self.statement.receipt();
            receipt.add_with(&self.recipe.label, LOST, &detail, lost.end - lost.start);
        }
        self.rows.prepare(&self.statement, &came).await?;
        self.skipper.saw(&reading.partition, &came);
        reading.position = came.position;
        reading.came = came;
        reading.done = 0;
        Ok(true)
    }

    /// Rows of the next records that have come; `None` where those are none.
    fn make(&mut self) -> Result<Option<RecordBatch>> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let from = reading.done;
        let to = reading.came.records.len().min(from.saturating_add(self.batch_size));
        reading.done = to;
        let Rows { batch, records, bad, ignored } =
            self.rows.make(&reading.partition, &reading.came, from..to)?;
        self.ignored += ignored;
        if self.recipe.half == Half::Good {
            let label = &self.recipe.label;
            let result = self.tally.add(records, bad, self.limit, label);
            if bad > 0 {
                self.statement.receipt().at_least(label, BAD_RECORDS, self.tally.bad());
            }
            result?;
        }
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let batch = batch.slice(0, batch.num_rows().min(self.left));
        self.left -= batch.num_rows();
        self.baseline.record_output(batch.num_rows());
        Ok(Some(batch))
    }

    fn end(&mut self) -> Result<Option<RecordBatch>> {
        if !self.ended {
            self.ended = true;
            let label = &self.recipe.label;
            if self.ignored > 0 {
                self.statement.receipt().add(label, "unknown_fields", self.ignored);
            }
            if self.recipe.half == Half::Good {
                self.tally.end(self.limit, label)?;
            }
        }
        Ok(None)
    }
}
