//! The receipt: what a statement read, skipped and kept, per source, and what it cost.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;

use super::estimate::leaf;
use super::query::{Progress, rows_read};
use super::read_points::Packed;
use super::run::Statement;
use super::show::texts;
use crate::error::{Error, Result};

/// How many receipts a session keeps, and for how long.
const KEPT: usize = 100;
const KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// The source of what counts for the whole statement.
const STATEMENT: &str = "statement";

/// One line: a source, what was counted, how much, and what about.
#[derive(Clone, Debug)]
struct Line {
    source: String,
    counter: String,
    amount: u64,
    detail: String,
}

/// What a session remembers of a statement.
#[derive(Debug)]
struct Receipt {
    id: String,
    written: Instant,
    lines: Vec<Line>,
    read_point: Option<Packed>,
    // The read point names what the user may not see.
    hides: bool,
}

/// The last receipts of a session, oldest first.
#[derive(Debug, Default)]
pub(super) struct Receipts(VecDeque<Receipt>);

impl Receipts {
    fn keep(&mut self, receipt: Receipt) {
        self.0.push_back(receipt);
        self.forget_old();
    }

    fn forget_old(&mut self) {
        let old = |receipt: &Receipt| receipt.written.elapsed() > KEPT_FOR;
        while self.0.len() > KEPT || self.0.front().is_some_and(old) {
            self.0.pop_front();
        }
    }

    fn find(&mut self, id: Option<&str>) -> Result<&Receipt> {
        self.forget_old();
        let found = match id {
            Some(id) => self.0.iter().find(|receipt| receipt.id == id),
            None => self.0.back(),
        };
        found.ok_or_else(|| match id {
            Some(id) => Error::not_found(format!("there is no receipt of {id}")),
            None => Error::not_found("no statement of this session has a receipt yet"),
        })
    }
}

/// Takes down the receipt of a statement that has ended well, and keeps its read point.
pub(super) fn write(statement: &Statement<'_>, run: Progress) {
    let plans = statement.ran();
    if plans.is_empty() {
        return;
    }
    let mut lines = Lines::default();
    lines.add(STATEMENT, "rows", run.rows, "");
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    if let Some(first) = run.first_row {
        lines.add(STATEMENT, "first_row_micros", micros(first), "");
    }
    lines.add(STATEMENT, "total_micros", micros(run.elapsed), "");
    lines.add(STATEMENT, "peak_memory_bytes", statement.peak_memory(), "");
    let spilled: usize = plans.iter().map(spilled).sum();
    lines.add(STATEMENT, "spilled_bytes", spilled as u64, "");
    let read_point = read_point(statement, &mut lines);

    let mut scanned = BTreeSet::new();
    for plan in &plans {
        lines.add_scans(plan, None, &mut scanned);
    }
    for (source, counters) in statement.context.receipt().sources() {
        let planned = counters.keys().any(|counter| counter.name == "files");
        if planned && !scanned.contains(&source) {
            lines.add(&source, "answered_from_footers", 1, "nothing was read");
        }
        for (counter, amount) in &counters {
            lines.add(&source, counter.name, *amount, &counter.detail);
        }
    }
    for (root, counters) in statement.context.all_calls() {
        for (counter, amount, detail) in counters {
            lines.add(&root, counter, amount, &detail);
        }
    }
    let hides = statement.catalogs.hides();
    if hides {
        // Sources are tables, paths and stores: of those only tables are known to be seen.
        let seen = statement.catalogs.seen();
        lines.0.retain(|line| line.source == STATEMENT || seen.contains(&line.source));
    }
    let id = statement.job.id.clone();
    let written = Instant::now();
    receipts(statement).keep(Receipt { id, written, lines: lines.0, read_point, hides });
}

/// The read point of a statement that pinned something. A folder that takes no file is told in the
/// receipt: the answer is right all the same.
fn read_point(statement: &Statement<'_>, lines: &mut Lines) -> Option<Packed> {
    let point = statement.context.read_point().pinned();
    if point.is_empty() {
        return None;
    }
    let packed = Packed::of(&point).and_then(|packed| {
        statement.job.session.engine.read_points.keep(&packed).map(|()| packed.clone()).or_else(
            |e| {
                lines.add(STATEMENT, "read_point_not_kept", 1, e.message());
                Ok(packed)
            },
        )
    });
    match packed {
        Ok(packed) => {
            lines.add(STATEMENT, "read_point", 1, &packed.token);
            Some(packed)
        }
        Err(e) => {
            lines.add(STATEMENT, "read_point_not_kept", 1, e.message());
            None
        }
    }
}

fn spilled(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.spilled_bytes()).unwrap_or_default();
    own + plan.children().into_iter().map(spilled).sum::<usize>()
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, source: &str, counter: &str, amount: u64, detail: &str) {
        let same = |line: &&mut Line| {
            line.source == source && line.counter == counter && line.detail == detail
        };
        match self.0.iter_mut().find(same) {
            Some(line) => line.amount += amount,
            None => self.0.push(Line {
                source: source.to_owned(),
                counter: counter.to_owned(),
                amount,
                detail: detail.to_owned(),
            }),
        }
    }

    /// The counters of every scan below `plan`; `kept` is what a filter above let through.
    fn add_scans(
        &mut self,
        plan: &Arc<dyn ExecutionPlan>,
        kept: Option<usize>,
        scanned: &mut BTreeSet<String>,
    ) {
        if let Some(leaf) = leaf(plan.as_ref()) {
            scanned.insert(leaf.source().to_owned());
            self.add_scan(leaf.source(), plan, kept);
        }
        let metrics = plan.metrics();
        let rows = metrics.and_then(|metrics| metrics.output_rows());
        let kept = match plan.name() {
            "FilterExec" => rows,
            // These give every row on that they get.
            "RepartitionExec"
            | "CoalescePartitionsExec"
            | "CoalesceBatchesExec"
            | "ProjectionExec"
            | "CooperativeExec"
            | "SortPreservingMergeExec" => kept,
            _ => None,
        };
        for child in plan.children() {
            self.add_scans(child, kept, scanned);
        }
    }

    fn add_scan(&mut self, source: &str, plan: &Arc<dyn ExecutionPlan>, kept: Option<usize>) {
        let Some(metrics) = plan.metrics() else { return };
        let sum = |name: &str| metrics.sum_by_name(name).map_or(0, |sum| sum.as_usize());
        // What a reader dropped was read as well; what the scan dropped is not handed on.
        let (by_reader, by_scan) = (sum("pushdown_rows_pruned"), sum("rows_dropped"));
        let given = metrics.output_rows().unwrap_or_default();
        self.add(source, "rows_read", rows_read(&metrics), "");
        self.add(source, "rows_kept", kept.unwrap_or(given.saturating_sub(by_scan)) as u64, "");
        for (dropped, by) in [(by_reader, "by the reader"), (by_scan, "by dynamic filter")] {
            if dropped > 0 {
                self.add(source, "rows_dropped", dropped as u64, by);
            }
        }
        for metric in metrics.iter() {
            match metric.value() {
                MetricValue::Count { name, count } => match name.as_ref() {
                    name @ ("bytes_read" | "requests") => {
                        self.add(source, name, count.value() as u64, "");
                    }
                    "row_groups_pruned_dynamic_filter" if count.value() > 0 => {
                        let by = "by dynamic filter";
                        self.add(source, "row_groups_skipped", count.value() as u64, by);
                    }
                    _ => {}
                },
                MetricValue::PruningMetrics { name, pruning_metrics } => {
                    let pruned = pruning_metrics.pruned() as u64;
                    if let Some((counter, by)) = skipped(name)
                        && pruned > 0
                    {
                        self.add(source, counter, pruned, by);
                    }
                    if let Some(counter) = read(name) {
                        self.add(source, counter, pruning_metrics.matched() as u64, "");
                    }
                }
                _ => {}
            }
        }
    }
}

/// What the counters of things that are not skipped are called in a receipt.
fn read(name: &str) -> Option<&'static str> {
    match name {
        "row_groups_pruned_statistics" => Some("row_groups"),
        "stripes_pruned_statistics" => Some("stripes"),
        _ => None,
    }
}

/// What the counters of skipped things are called in a receipt, and what skipped them.
fn skipped(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "files_ranges_pruned_statistics" => ("splits_skipped", "by statistics"),
        "row_groups_pruned_statistics" => ("row_groups_skipped", "by statistics"),
        "stripes_pruned_statistics" => ("stripes_skipped", "by statistics"),
        "row_groups_pruned_bloom_filter" => ("row_groups_skipped", "by Bloom filter"),
        "limit_pruned_row_groups" => ("row_groups_skipped", "by limit"),
        "page_index_rows_pruned" => ("rows_skipped", "by page index"),
        "page_index_pages_pruned" => ("pages_skipped", "by page index"),
        _ => return None,
    })
}

fn receipts<'s>(statement: &'s Statement<'_>) -> MutexGuard<'s, Receipts> {
    statement.job.session.receipts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `SHOW RECEIPT ['id']`: of a statement of this session, the last one if none is named.
pub(super) fn show(statement: &Statement<'_>, id: Option<&str>) -> Result<RecordBatch> {
    let mut receipts = receipts(statement);
    let Receipt { id, lines, .. } = receipts.find(id)?;
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Schema::new(vec![
        field("query_id", DataType::Utf8),
        field("source", DataType::Utf8),
        field("counter", DataType::Utf8),
        field("amount", DataType::UInt64),
        field("detail", DataType::Utf8),
    ]);
    let texts = |of: fn(&Line) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(lines.iter().map(of)))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(lines.iter().map(|_| id))),
        texts(|line| &line.source),
        texts(|line| &line.counter),
        Arc::new(UInt64Array::from_iter_values(lines.iter().map(|line| line.amount))),
        texts(|line| &line.detail),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::internal(e.to_string()))
}

/// `SHOW READ POINT ['id']`: the token and the whole of it.
pub(super) fn show_read_point(statement: &Statement<'_>, id: Option<&str>) -> Result<RecordBatch> {
    let mut receipts = receipts(statement);
    let Receipt { id, read_point, hides, .. } = receipts.find(id)?;
    let packed = read_point.as_ref().ok_or_else(|| {
        Error::not_found(format!(
            "statement {id} has no read point: it read nothing that is pinned"
        ))
    })?;
    if *hides {
        let text = format!("the read point of {id} names what is not open to this user");
        return Err(Error::denied(text)
            .with_hint(format!("SET read_point = '{}' reads it again", packed.token)));
    }
    texts(&[
        ("query_id", vec![Some(id.clone())]),
        ("read_point", vec![Some(packed.token.clone())]),
        ("content", vec![Some(packed.json()?)]),
    ])
}
