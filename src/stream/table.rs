//! One table over a stream: which offsets a scan has to read, and what it declares of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::pushdown::{Part, parts};
use super::recipe::Recipe;
use super::scan::{Split, StreamScan};
use super::source::{LogSource, OffsetUnit, TO_ITS_END, TimeEdge, TimeOrder};
use crate::error::Result;
use crate::spi::{PinnedStream, StatementContext, spread};

/// A table over a stream, as one statement sees it.
#[derive(Debug)]
pub(super) struct StreamTable {
    source: Arc<dyn LogSource>,
    statement: Arc<StatementContext>,
    recipe: Arc<Recipe>,
    pinned: Arc<PinnedStream>,
    // Of what is pinned, all that the table has.
    bounds: Left,
}

/// What is left to read of each partition.
pub(super) type Left = BTreeMap<String, Range<u64>>;

impl StreamTable {
    /// A table of what is pinned.
    pub(super) fn new(
        source: Arc<dyn LogSource>,
        statement: Arc<StatementContext>,
        recipe: Recipe,
        pinned: Arc<PinnedStream>,
    ) -> Self {
        let partitions = pinned.partitions.iter();
        let bounds = partitions.map(|(name, it)| (name.clone(), it.start..it.end)).collect();
        Self { source, statement, recipe: Arc::new(recipe), pinned, bounds }
    }

    /// The same table with nothing outside of bounds, which lie in what is pinned.
    pub(super) fn within(self, bounds: Left) -> Self {
        Self { bounds, ..self }
    }

    /// What passes the filters, and the receipt's lines about them.
    async fn select(&self, filters: &[Expr]) -> Result<Left> {
        let mut left = self.bounds.clone();
        for filter in filters {
            let Some(parts) = parts(filter) else {
                self.tell("filters_not_pushed", filter, "records have no statistics");
                continue;
            };
            for part in parts {
                match part {
                    Part::Partitions(names) => {
                        left.retain(|name, _| names.contains(name));
                        self.tell("filters_pushed", filter, "by partition");
                    }
                    Part::Offsets(offsets) => {
                        left.values_mut().for_each(|range| clamp(range, &offsets));
                        self.tell("filters_pushed", filter, "by offset");
                    }
                    Part::Since(time) => self.since(&mut left, filter, time).await?,
                    Part::Before(time) => self.before(&mut left, filter, time).await?,
                }
            }
        }
        let all = left.len();
        left.retain(|_, range| range.start < range.end);
        if left.len() < all && !filters.is_empty() {
            let skipped = (all - left.len()) as u64;
            let receipt = self.statement.receipt();
            receipt.add_with(&self.recipe.label, "partitions_skipped", "by filter", skipped);
        }
        Ok(left)
    }

    fn tell(&self, counter: &'static str, filter: &Expr, why: &str) {
        let detail = format!("{}: {why}", filter.human_display());
        self.statement.receipt().add_with(&self.recipe.label, counter, &detail, 1);
    }

    /// Offsets of a time.
    async fn at(
        &self,
        partitions: &[String],
        time: chrono::DateTime<chrono::Utc>,
        edge: TimeEdge,
    ) -> Result<Option<BTreeMap<String, u64>>> {
        self.source.offsets_at(&self.recipe.stream, partitions, time, edge).await
    }

    /// Begins where the first record is that is not older.
    async fn since(
        &self,
        left: &mut Left,
        filter: &Expr,
        time: chrono::DateTime<chrono::Utc>,
    ) -> Result<()> {
        let names: Vec<String> = left.keys().cloned().collect();
        let Some(first) = self.at(&names, time, TimeEdge::Since).await? else {
            self.tell("filters_not_pushed", filter, "there is no index of times");
            return Ok(());
        };
        for (name, range) in left.iter_mut() {
            let begin = first.get(name).copied().unwrap_or(range.end);
            clamp(range, &(begin..u64::MAX));
        }
        self.tell("filters_pushed", filter, "by the index of times");
        Ok(())
    }

    /// Ends where the first record is that is as late, if all behind it are as well.
    async fn before(
        &self,
        left: &mut Left,
        filter: &Expr,
        time: chrono::DateTime<chrono::Utc>,
    ) -> Result<()> {
        if self.recipe.times != TimeOrder::Rising {
            let why = "later records may be older, as whoever wrote them gave their time";
            self.tell("filters_not_pushed", filter, why);
            return Ok(());
        }
        let names: Vec<String> = left.keys().cloned().collect();
        let Some(first) = self.at(&names, time, TimeEdge::Before).await? else {
            self.tell("filters_not_pushed", filter, "there is no index of times");
            return Ok(());
        };
        for (name, range) in left.iter_mut() {
            let end = first.get(name).copied().unwrap_or(range.end);
            clamp(range, &(0..end));
        }
        self.tell("filters_pushed", filter, "by the index of times");
        Ok(())
    }

    /// The ranges cut into pieces for `count` tasks, neighbours together.
    fn splits(&self, left: &Left, count: usize) -> Vec<Vec<Split>> {
        let longest = self.source.traits().split;
        let longest = longest.unwrap_or(self.statement.settings().split_bytes).max(1);
        let mut splits = Vec::new();
        for (name, range) in left {
            let pinned = self.pinned.partitions.get(name);
            let (pinned_end, identity) =
                pinned.map_or((range.end, None), |it| (it.end, it.identity.clone()));
            let length = range.end - range.start;
            let pieces = if range.end == TO_ITS_END { 1 } else { length.div_ceil(longest) };
            for piece in 0..pieces {
                let start = range.start + piece * longest;
                let end = if piece + 1 == pieces { range.end } else { start + longest };
                let (partition, identity) = (name.clone(), identity.clone());
                splits.push(Split { partition, range: start..end, pinned_end, identity });
            }
        }
        let weight = |split: &Split| split.length().unwrap_or(longest);
        spread(splits, count, weight)
    }
}

fn clamp(range: &mut Range<u64>, within: &Range<u64>) {
    range.start = range.start.max(within.start);
    range.end = range.end.min(within.end).max(range.start);
}

#[async_trait]
impl TableProvider for StreamTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.recipe.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        if !self.statement.settings().pushdown {
            return Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()]);
        }
        let answer = |filter: &&Expr| match parts(filter) {
            Some(parts) if parts.iter().all(Part::is_exact) => TableProviderFilterPushDown::Exact,
            _ => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let is_exact =
            |filter: &Expr| parts(filter).is_some_and(|parts| parts.iter().all(Part::is_exact));
        // A limit counts rows after all filters, so it says nothing while one is left.
        let limit = limit.filter(|_| filters.iter().all(is_exact));
        let left = self.select(filters).await?;
        if self.recipe.unit == OffsetUnit::Records {
            let offsets = left.values().map(|range| range.end - range.start).sum();
            self.statement.receipt().add(&self.recipe.label, "offsets_to_read", offsets);
        }
        let splits = self.splits(&left, state.config().target_partitions());
        let all = || (0..self.recipe.schema.fields().len()).collect();
        let projection = projection.cloned().unwrap_or_else(all);
        let scan = StreamScan::over(Arc::clone(&self.recipe), splits, projection, limit)?;
        Ok(Arc::new(scan))
    }
}
