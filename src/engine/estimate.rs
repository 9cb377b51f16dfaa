//! What a plan will scan, per source, and the refusal of what is surely beyond a limit.
//!
//! A scan's own bounds hold for a scan that is read to its end, once. What stands above it may end
//! it early (LIMIT), never begin it (the other side of a join is empty) or begin it again
//! (recursion), and the bounds are widened for that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::TreeNode;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast;

use super::run::{Started, Statement};
use crate::connectors::CONNECTORS;
use crate::error::{Error, ErrorKind, Result};
use crate::spi::{Bounds, Estimate, ScanLeaf, ScanUnit, TableLimits};

/// The scan that a plan node is; `None` for a node that reads no system.
pub(super) fn leaf(node: &dyn ExecutionPlan) -> Option<&dyn ScanLeaf> {
    CONNECTORS.iter().find_map(|connector| connector.leaf(node))
}

/// How what stands above a node treats it.
#[derive(Clone, Copy, Debug)]
struct Above {
    /// It may be ended after its first batch.
    ends_early: bool,
    /// It may never begin.
    is_optional: bool,
    /// It may run more than once.
    repeats: bool,
}

impl Above {
    /// What the children of `node` have above them; the first child and the others.
    fn below(mut self, node: &Arc<dyn ExecutionPlan>) -> [Self; 2] {
        if node.properties().emission_type == EmissionType::Final {
            // It reads all of its input before it gives anything.
            self.ends_early = false;
        } else {
            self.ends_early |= node.fetch().is_some();
        }
        let mut others = self;
        match node.name() {
            "RecursiveQueryExec" => {
                self.repeats = true;
                others = Self { is_optional: true, ..self };
            }
            // One of several inputs may be all that is needed.
            "UnionExec" | "InterleaveExec" => {
                self.is_optional |= self.ends_early;
                others = self;
            }
            // The first side is read whole before the second begins.
            "HashJoinExec" | "CrossJoinExec" | "NestedLoopJoinExec" => others.is_optional = true,
            _ if node.children().len() > 1 => {
                self.is_optional = true;
                others = self;
            }
            _ => {}
        }
        [self, others]
    }

    fn widen(self, mut estimate: Estimate) -> (Bounds, Bounds) {
        if self.ends_early {
            let (bytes, records) = estimate.first_batch;
            estimate.bytes.at_least = estimate.bytes.at_least.min(bytes);
            estimate.records.at_least = estimate.records.at_least.min(records);
        }
        for bounds in [&mut estimate.bytes, &mut estimate.records] {
            if self.is_optional {
                bounds.at_least = 0;
            }
            if self.repeats && bounds.at_most != Some(0) {
                bounds.at_most = None;
            }
        }
        (estimate.bytes, estimate.records)
    }
}

/// One source of a plan.
#[derive(Debug)]
struct Source {
    bytes: Bounds,
    records: Bounds,
    advice: String,
    limits: TableLimits,
}

impl Source {
    fn at_least(&self, unit: ScanUnit) -> u64 {
        match unit {
            ScanUnit::Bytes => self.bytes.at_least,
            ScanUnit::Records => self.records.at_least,
        }
    }
}

/// The sources of a plan by name. A source that is read twice counts twice.
async fn sources(
    statement: &Statement<'_>,
    plan: &Arc<dyn ExecutionPlan>,
) -> Result<BTreeMap<String, Source>> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let top = Above { ends_early: false, is_optional: false, repeats: false };
    let mut open = vec![(plan, top)];
    while let Some((node, above)) = open.pop() {
        if let Some(leaf) = leaf(node.as_ref()) {
            let (bytes, records) = above.widen(leaf.estimate(statement.task()).await?);
            sources
                .entry(leaf.source().to_owned())
                .and_modify(|source| {
                    source.bytes = source.bytes.plus(bytes);
                    source.records = source.records.plus(records);
                })
                .or_insert_with(|| Source {
                    bytes,
                    records,
                    advice: leaf.advice(),
                    limits: leaf.limits(),
                });
        }
        let [first, others] = above.below(node);
        let children = node.children().into_iter().enumerate();
        open.extend(children.map(|(at, child)| (child, if at == 0 { first } else { others })));
    }
    Ok(sources)
}

/// Ends what takes longer than `estimate_timeout`.
async fn in_time<T>(statement: &Statement<'_>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let text = &statement.context.settings().estimate_timeout;
    let limit: Duration =
        humantime::parse_duration(text).map_err(|e| Error::internal(e.to_string()))?;
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::timed_out(format!("the estimate did not end within {text}"))
            .with_hint("raise it with SET estimate_timeout"))
    })
}

/// Refuses a plan that is surely beyond a limit of the statement. Without a limit nothing is
/// estimated; an estimate that takes too long leaves it to the meter.
///
/// # Errors
/// `Exhausted`, naming the limit, the estimate and what would help.
pub(super) async fn hold_limits(
    statement: &Statement<'_>,
    plan: &Arc<dyn ExecutionPlan>,
) -> Result<()> {
    let settings = statement.context.settings();
    let units = [ScanUnit::Bytes, ScanUnit::Records];
    let limits: Vec<(ScanUnit, u64)> =
        units.into_iter().filter_map(|unit| Some((unit, unit.limit(settings)?))).collect();
    let is_limited = |node: &Arc<dyn ExecutionPlan>| {
        leaf(node.as_ref()).is_some_and(|leaf| leaf.limits() != TableLimits::default())
    };
    if limits.is_empty() && !plan.exists(|node| Ok(is_limited(node))).unwrap_or(true) {
        return Ok(());
    }
    let sources = match in_time(statement, sources(statement, plan)).await {
        Err(e) if e.kind() == ErrorKind::TimedOut => return Ok(()),
        sources => sources?,
    };
    for (name, source) in &sources {
        for unit in units {
            let (limit, amount) = (source.limits.of(unit), source.at_least(unit));
            if let Some(limit) = limit.filter(|limit| amount > *limit) {
                return Err(unit.exceeded_of_table(limit, amount, name, &source.advice));
            }
        }
    }
    for (unit, limit) in limits {
        let total = sources.values().map(|source| source.at_least(unit));
        let total = total.fold(0, u64::saturating_add);
        let largest = sources.iter().max_by_key(|(_, source)| source.at_least(unit));
        if let Some((name, source)) = largest
            && total > limit
        {
            return Err(unit.exceeded(limit, total, name, &source.advice));
        }
    }
    Ok(())
}

/// `EXPLAIN ESTIMATE statement`: planned as it would be, and not run.
pub(super) async fn explain(statement: &Statement<'_>, parsed: DfStatement) -> Result<Started> {
    let query = match parsed {
        DfStatement::Statement(inner) => match *inner {
            ast::Statement::Query(_) => DfStatement::Statement(inner),
            ast::Statement::CreateTable(table) if table.query.is_some() => {
                let query = table.query.map(ast::Statement::Query);
                query.map_or_else(
                    || Err(takes_a_query()),
                    |q| Ok(DfStatement::Statement(Box::new(q))),
                )?
            }
            _ => return Err(takes_a_query()),
        },
        _ => return Err(takes_a_query()),
    };
    let work = async {
        let plan = statement.plan(query, &statement.job.parameters).await?;
        statement.refuse_unseen("the estimate")?;
        let physical = statement.optimise(&plan).await?;
        sources(statement, &physical).await
    };
    in_time(statement, work).await.and_then(|sources| batch(&sources)).map(Started::batch)
}

fn takes_a_query() -> Error {
    Error::sql("EXPLAIN ESTIMATE takes a SELECT or a CREATE TABLE … AS SELECT")
}

/// The answer of `EXPLAIN ESTIMATE` of a query that reads nothing: its schema.
pub(super) fn nothing() -> Result<RecordBatch> {
    batch(&BTreeMap::new())
}

fn batch(sources: &BTreeMap<String, Source>) -> Result<RecordBatch> {
    let number = |name: &str, nullable| Field::new(name, DataType::UInt64, nullable);
    let schema = Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        number("bytes_at_least", false),
        number("bytes_at_most", true),
        number("records_at_least", false),
        number("records_at_most", true),
    ]);
    let numbers = |of: fn(&Source) -> Option<u64>| -> ArrayRef {
        Arc::new(sources.values().map(of).collect::<UInt64Array>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(sources.keys())),
        numbers(|source| Some(source.bytes.at_least)),
        numbers(|source| source.bytes.at_most),
        numbers(|source| Some(source.records.at_least)),
        numbers(|source| source.records.at_most),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|e| Error::internal(e.to_string()))
}
