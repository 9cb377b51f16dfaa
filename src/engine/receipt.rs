//! The receipt: what a statement read, skipped and kept, per source.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;

use super::run::{Job, Statement};
use crate::error::{Error, Result};
use crate::spi::StatementContext;

/// How many receipts a session keeps.
const KEPT: usize = 100;

/// One line: a source, what was counted, how much.
#[derive(Clone, Debug)]
struct Line {
    source: String,
    counter: String,
    amount: u64,
}

/// The last receipts of a session, oldest first.
#[derive(Debug, Default)]
pub(super) struct Receipts(VecDeque<(String, Vec<Line>)>);

/// Takes down the receipt of a plan that has run to its end.
pub(super) fn write(
    job: &Job,
    context: &StatementContext,
    plan: &Arc<dyn ExecutionPlan>,
    rows: u64,
) {
    let mut lines =
        vec![Line { source: "statement".to_owned(), counter: "rows".to_owned(), amount: rows }];
    for (source, counters) in context.receipt().sources() {
        lines.extend(counters.iter().map(|(counter, amount)| Line {
            source: source.clone(),
            counter: (*counter).to_owned(),
            amount: *amount,
        }));
    }
    leaves(plan, &mut lines);
    let mut receipts = job.session.receipts.lock().unwrap_or_else(PoisonError::into_inner);
    receipts.0.push_back((job.id.clone(), lines));
    while receipts.0.len() > KEPT {
        receipts.0.pop_front();
    }
}

/// The counters of every leaf that scans a source.
fn leaves(plan: &Arc<dyn ExecutionPlan>, lines: &mut Vec<Line>) {
    for child in plan.children() {
        leaves(child, lines);
    }
    if !plan.children().is_empty() {
        return;
    }
    let Some(metrics) = plan.metrics() else { return };
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).one_line().to_string();
    let table = shown.split("table=").nth(1).and_then(|rest| rest.split(", ").next());
    let source = table.map_or_else(|| plan.name().to_owned(), str::to_owned);
    let mut add = |counter: &str, amount: usize| {
        let amount = amount as u64;
        let known = lines.iter_mut().find(|line| line.source == source && line.counter == counter);
        match known {
            Some(line) => line.amount += amount,
            None if amount > 0 => {
                lines.push(Line { source: source.clone(), counter: counter.to_owned(), amount })
            }
            None => {}
        }
    };
    for metric in metrics.iter() {
        match metric.value() {
            MetricValue::OutputRows(count) => add("rows_read", count.value()),
            MetricValue::Count { name, count } if name == "bytes_scanned" => {
                add("bytes_read", count.value());
            }
            MetricValue::PruningMetrics { name, pruning_metrics } => {
                add(&format!("{name}_skipped").replace("_pruned", ""), pruning_metrics.pruned());
            }
            _ => {}
        }
    }
}

/// `SHOW RECEIPT ['id']`: of a statement of this session, the last one if none is named.
pub(super) fn show(statement: &Statement<'_>, id: Option<&str>) -> Result<RecordBatch> {
    let receipts = &statement.job.session.receipts;
    let receipts = receipts.lock().unwrap_or_else(PoisonError::into_inner);
    let found = match id {
        Some(id) => receipts.0.iter().find(|(known, _)| known == id),
        None => receipts.0.back(),
    };
    let (id, lines) = found.ok_or_else(|| match id {
        Some(id) => Error::not_found(format!("there is no receipt of {id}")),
        None => Error::not_found("no statement of this session has a receipt yet"),
    })?;
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Schema::new(vec![
        field("query_id", DataType::Utf8),
        field("source", DataType::Utf8),
        field("counter", DataType::Utf8),
        field("amount", DataType::UInt64),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(lines.iter().map(|_| id))),
        Arc::new(StringArray::from_iter_values(lines.iter().map(|line| &line.source))),
        Arc::new(StringArray::from_iter_values(lines.iter().map(|line| &line.counter))),
        Arc::new(UInt64Array::from_iter_values(lines.iter().map(|line| line.amount))),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::internal(e.to_string()))
}
