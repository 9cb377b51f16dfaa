//! What a Parquet scan will read, from footers alone: the row groups that statistics leave, the
//! compressed bytes of the columns that are read.
//!
//! Row groups are skipped by the very code that skips them when the scan runs. What it may skip
//! besides (pages, Bloom filters, what a join learns on the way) makes *at least* smaller.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::simplifier::PhysicalExprSimplifier;
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapterFactory, replace_columns_with_literals,
};
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::FileRange;
use datafusion_datasource_parquet::{
    ParquetAccessPlan, ParquetFileMetrics, RowGroupAccessPlanFilter,
};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::super::scan::{Recipe, Split};
use super::footer::FooterCache;
use crate::error::Result;
use crate::spi::{Bounds, Estimate, StatementContext};

/// A scan as the estimate needs it.
#[derive(Debug)]
pub(in super::super) struct Asked<'a> {
    pub(in super::super) recipe: &'a Recipe,
    pub(in super::super) splits: Vec<&'a Split>,
    /// The names of the columns that are read.
    pub(in super::super) columns: Vec<&'a str>,
    /// All filters, over the table's columns.
    pub(in super::super) predicate: Option<Arc<dyn PhysicalExpr>>,
    /// Whether a filter changes while the scan runs.
    pub(in super::super) is_dynamic: bool,
}

/// Sums up what the row groups of all splits need.
pub(in super::super) async fn estimate(asked: Asked<'_>, task: &TaskContext) -> Result<Estimate> {
    let statement = StatementContext::of(task.session_config())?;
    let cache = statement.shared().get::<FooterCache>();
    let url = asked.recipe.store();
    let store = asked.recipe.store_of(task, &statement)?;
    let batch = task.session_config().batch_size() as u64;
    let mut total =
        Estimate { bytes: Bounds::exactly(0), records: Bounds::exactly(0), ..Estimate::default() };
    let mut first_batch: Option<(u64, u64)> = None;
    for split in &asked.splits {
        let meta = &split.file.meta;
        let footer = cache.get(&store, url, meta, meta.location.as_ref()).await?;
        let groups = Groups::of(&asked, split, &footer);
        if asked.predicate.is_some() {
            let index = Bounds { at_least: 0, at_most: Some(index_bytes(&footer)) };
            total.bytes = total.bytes.plus(index);
        }
        for (group, sure) in groups.kept(&footer) {
            let (bytes, rows) = asked.of_group(group, sure);
            total.bytes = total.bytes.plus(bytes);
            total.records = total.records.plus(rows);
            let least = first_batch.unwrap_or((u64::MAX, u64::MAX));
            let rows = rows.at_least.min(batch);
            first_batch = Some((least.0.min(bytes.at_least), least.1.min(rows)));
        }
    }
    total.first_batch = first_batch.unwrap_or_default();
    Ok(total)
}

impl Asked<'_> {
    /// Bytes and records of one row group; `sure` when all of it is read.
    fn of_group(&self, group: &RowGroupMetaData, sure: bool) -> (Bounds, Bounds) {
        let whole = |number: i64| u64::try_from(number).unwrap_or_default();
        let mut bytes = Bounds::exactly(0);
        for chunk in group.columns() {
            let path = chunk.column_path().parts();
            let is_read = path.first().is_some_and(|name| self.columns.contains(&name.as_str()));
            if is_read {
                let size = whole(chunk.compressed_size());
                // A part of a nested column may be left out.
                let at_least = if sure && path.len() == 1 { size } else { 0 };
                bytes = bytes.plus(Bounds { at_least, at_most: Some(size) });
            }
            if self.predicate.is_some() && chunk.bloom_filter_offset().is_some() {
                let length = chunk.bloom_filter_length().map(|length| whole(length.into()));
                bytes = bytes.plus(Bounds { at_least: 0, at_most: length });
            }
        }
        let rows = whole(group.num_rows());
        (bytes, Bounds { at_least: if sure { rows } else { 0 }, at_most: Some(rows) })
    }

    /// The predicate over the columns of one file, if it can decide about row groups at all.
    fn pruning(
        &self,
        split: &Split,
        footer: &ParquetMetaData,
    ) -> Option<(PruningPredicate, datafusion::arrow::datatypes::SchemaRef)> {
        let predicate = Arc::clone(self.predicate.as_ref()?);
        let physical = super::arrow_schema(split.file.meta.location.as_ref(), footer).ok()?;
        let partitions: HashMap<&str, &ScalarValue> = self
            .recipe
            .partition_fields()
            .iter()
            .map(|field| field.name().as_str())
            .zip(&split.file.values)
            .collect();
        let predicate = replace_columns_with_literals(predicate, &partitions).ok()?;
        let logical = Arc::clone(self.recipe.file_schema());
        let adapter =
            DefaultPhysicalExprAdapterFactory.create(logical, Arc::clone(&physical)).ok()?;
        let predicate = adapter.rewrite(predicate).ok()?;
        let predicate = PhysicalExprSimplifier::new(&physical).simplify(predicate).ok()?;
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&physical));
        let pruning = builder.try_build(predicate).ok()?;
        Some((pruning, physical))
    }
}

/// The row groups of a split that are left.
struct Groups {
    left: RowGroupAccessPlanFilter,
    // Without a filter all that is left is read; with one, what it lets through whole.
    filtered: bool,
    is_dynamic: bool,
}

impl Groups {
    fn of(asked: &Asked<'_>, split: &Split, footer: &ParquetMetaData) -> Self {
        let groups = footer.row_groups();
        let mut left = RowGroupAccessPlanFilter::new(ParquetAccessPlan::new_all(groups.len()));
        if let Some((start, end)) = split.range {
            let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            left.prune_by_range(groups, &FileRange { start: whole(start), end: whole(end) });
        }
        if let Some((pruning, physical)) = asked.pruning(split, footer) {
            let metrics = ParquetFileMetrics::new(0, "", &ExecutionPlanMetricsSet::new());
            let schema = footer.file_metadata().schema_descr();
            left.prune_by_statistics(&physical, schema, groups, &pruning, &metrics);
        }
        Self { left, filtered: asked.predicate.is_some(), is_dynamic: asked.is_dynamic }
    }

    /// Each with whether it is read for certain.
    fn kept<'f>(
        &self,
        footer: &'f ParquetMetaData,
    ) -> impl Iterator<Item = (&'f RowGroupMetaData, bool)> {
        self.left.row_group_indexes().filter_map(move |at| {
            let whole = self.left.is_fully_matched().get(at).copied().unwrap_or_default();
            let sure = !self.is_dynamic && (!self.filtered || whole);
            footer.row_groups().get(at).map(|group| (group, sure))
        })
    }
}

/// The bytes of a file's page index, which a scan with a filter may load in one piece.
fn index_bytes(footer: &ParquetMetaData) -> u64 {
    let chunks = footer.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let pieces = chunks.flat_map(|chunk| {
        let columns = chunk.column_index_offset().zip(chunk.column_index_length());
        let offsets = chunk.offset_index_offset().zip(chunk.offset_index_length());
        [columns, offsets]
    });
    let (mut first, mut end) = (i64::MAX, 0);
    for (offset, length) in pieces.flatten() {
        first = first.min(offset);
        end = end.max(offset + i64::from(length));
    }
    u64::try_from(end - first.min(end)).unwrap_or_default()
}
