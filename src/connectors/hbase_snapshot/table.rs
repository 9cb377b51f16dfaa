//! A snapshot as a table: what its columns are, and which parts of which regions a scan reads.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, UnboundedMemoryPool};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet};

use super::infer::{SAMPLED_CELLS, Sample};
use super::keys::{self, Ranges};
use super::read::{Counters, Driver, Opener, Partition};
use super::recipe::{Recipe, Split};
use super::scan::SnapshotScan;
use super::snapshot::Loaded;
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{FileName, RegionManifest};
use crate::formats::hfile::RowRange;
use crate::spi::{OpenedStore, StatementContext, physical_filters, spread};
use crate::stream::Tally;

/// From how many places of a table a sample is.
const SAMPLED_PARTS: usize = 16;

/// A region of more bytes is cut into parts of about so many.
const PART_BYTES: u64 = 64 << 20;

/// The table.
#[derive(Debug)]
pub(super) struct SnapshotTable {
    context: Arc<StatementContext>,
    store: OpenedStore,
    recipe: Arc<Recipe>,
    loaded: Arc<Loaded>,
}

impl SnapshotTable {
    /// A table of a snapshot.
    pub(super) fn new(
        context: &Arc<StatementContext>,
        store: OpenedStore,
        recipe: Arc<Recipe>,
        loaded: Arc<Loaded>,
    ) -> Self {
        Self { context: Arc::clone(context), store, recipe, loaded }
    }

    /// What the snapshot is.
    pub(super) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Cells of a table of cells, from places all over it.
    pub(super) async fn sample(&self) -> Result<Sample> {
        let regions = self.regions();
        let step = regions.len().div_ceil(SAMPLED_PARTS).max(1);
        let regions: Vec<Split> = regions.into_iter().step_by(step).collect();
        let mut parts = vec![];
        for region in &regions {
            parts.extend(self.cut(region.clone(), SAMPLED_PARTS / regions.len()).await?);
        }
        let mut sample = Sample::default();
        let count = parts.len();
        for part in parts {
            sample.join(self.sample_of(part, count).await?);
        }
        Ok(sample)
    }

    /// The first cells of one of some parts.
    async fn sample_of(&self, part: Split, parts: usize) -> Result<Sample> {
        let metrics = ExecutionPlanMetricsSet::new();
        let opener = self.opener(&metrics);
        let projection = vec![0, 1, 2, 5];
        let schema = self.recipe.schema.project(&projection);
        let partition = Partition {
            splits: vec![part],
            ranges: Ranges::all(),
            families: (0..self.recipe.families.len()).collect(),
            columns: None,
            schema: Arc::new(schema.map_err(|e| Error::internal(e.to_string()))?),
            projection,
            fetch: Some(SAMPLED_CELLS.div_ceil(parts)),
            batch_size: 8192,
            tally: Arc::new(Tally::new(1)),
        };
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let memory = MemoryConsumer::new("sample").register(&pool);
        let baseline = BaselineMetrics::new(&metrics, 0);
        let mut driver = Driver::new(opener, partition, baseline, memory)?;
        let mut sample = Sample::default();
        while let Some(batch) = driver.next().await? {
            sample.add(&batch, parts);
        }
        Ok(sample)
    }

    /// Opens files before a plan runs.
    fn opener(&self, metrics: &ExecutionPlanMetricsSet) -> Arc<Opener> {
        let counters = Counters::new(metrics, 0, &self.recipe, &self.context);
        let store = Arc::clone(&self.store.store);
        Arc::new(Opener::new(Arc::clone(&self.recipe), store, counters))
    }

    /// The regions that have files, each as one split.
    fn regions(&self) -> Vec<Split> {
        let split = |(name, manifest): &(String, RegionManifest)| {
            let files = self.loaded.files(manifest);
            let bytes = files.iter().flatten().filter_map(|file| file.size).sum();
            let end = &manifest.region.end;
            let rows = RowRange {
                start: manifest.region.start.to_vec(),
                end: (!end.is_empty()).then(|| end.to_vec()),
            };
            let has_files = files.iter().any(|files| !files.is_empty());
            has_files.then(|| Split {
                region: name.as_str().into(),
                rows,
                files: files.into(),
                bytes,
            })
        };
        self.loaded.regions.iter().filter_map(split).collect()
    }

    /// The regions as splits, those of many bytes cut.
    async fn splits(&self) -> Result<Vec<Split>> {
        let mut splits = vec![];
        for whole in self.regions() {
            if whole.bytes > 2 * PART_BYTES {
                let parts = usize::try_from(whole.bytes / PART_BYTES).unwrap_or(usize::MAX);
                splits.extend(self.cut(whole, parts).await?);
            } else {
                splits.push(whole);
            }
        }
        Ok(splits)
    }

    /// A region in about so many parts of about equal bytes, cut where the index of its largest file
    /// is.
    async fn cut(&self, whole: Split, parts: usize) -> Result<Vec<Split>> {
        let largest = whole.files.iter().enumerate().flat_map(|(family, files)| {
            files.iter().map(move |file| (file.size.unwrap_or(0), family, file))
        });
        let Some((_, family, file)) = largest.max_by_key(|(size, ..)| *size) else {
            return Ok(vec![whole]);
        };
        let Some(family) = self.recipe.families.get(family) else { return Ok(vec![whole]) };
        let place =
            FileName::parse(&file.name).place(&self.recipe.table, &whole.region, &family.name);
        let opened = self.opener(&ExecutionPlanMetricsSet::new()).open(&place, file.size).await?;
        let rows = opened.rows_of_blocks(parts.max(1)).await?;
        let inside =
            rows.into_iter().filter(|row| *row > whole.rows.start && whole.rows.contains(row));
        let mut starts: Vec<Vec<u8>> = vec![whole.rows.start.clone()];
        starts.extend(inside);
        starts.dedup();
        let count = starts.len() as u64;
        let ends = starts.iter().skip(1).cloned().map(Some).chain([whole.rows.end.clone()]);
        let ends: Vec<_> = ends.collect();
        let part = |(start, end)| Split {
            rows: RowRange { start, end },
            bytes: whole.bytes / count,
            ..whole.clone()
        };
        Ok(starts.into_iter().zip(ends).map(part).collect())
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
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
        let answer = if self.context.settings().pushdown {
            TableProviderFilterPushDown::Inexact
        } else {
            TableProviderFilterPushDown::Unsupported
        };
        Ok(vec![answer; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let schema = &self.recipe.schema;
        let columns = DFSchema::try_from(schema.as_ref().clone())?;
        let physical = physical_filters(state, &columns, filters)?;
        let (ranges, _) = keys::of_filters(&self.recipe, &physical);
        let mut splits = self.splits().await?;
        let all = splits.len();
        splits.retain(|split| !ranges.within(&split.rows).is_empty());
        let receipt = self.context.receipt();
        receipt.add(&self.recipe.label, "regions", self.loaded.regions.len() as u64);
        if splits.len() < all {
            let skipped = (all - splits.len()) as u64;
            receipt.add_with(&self.recipe.label, "region_parts_skipped", "by row range", skipped);
        }
        let limit = limit.filter(|_| filters.is_empty());
        let projection =
            projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let partitions = state.config().target_partitions();
        let splits = spread(splits, partitions, |split| split.bytes.max(1));
        let recipe = Arc::clone(&self.recipe);
        Ok(Arc::new(SnapshotScan::over(recipe, splits, projection, vec![], limit)?))
    }
}
