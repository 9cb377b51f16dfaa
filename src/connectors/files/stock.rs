//! DataFusion's own file scan over some splits of a partition, built when the partition runs.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion_datasource::file::FileSource;
use datafusion_datasource::file_groups::FileGroup;
use datafusion_datasource::file_scan_config::FileScanConfigBuilder;
use datafusion_datasource::source::DataSourceExec;
use datafusion_datasource::{FileRange, PartitionedFile};
use object_store::ObjectStore;

use super::format::Format;
use super::metered::task_over;
use super::parquet;
use super::scan::{Recipe, Split};
use crate::error::Error;
use crate::spi::StatementContext;

type DfResult<T> = datafusion::common::Result<T>;

/// The stock scans that a plan node has built, for their metrics.
pub(super) type Built = Arc<Mutex<Vec<Arc<dyn ExecutionPlan>>>>;

/// What the stock scans of one partition share.
#[derive(Debug)]
pub(super) struct Stock {
    /// Which columns, and who is told what is read.
    pub(super) recipe: Arc<Recipe>,
    /// Indices into the table's columns.
    pub(super) projection: Vec<usize>,
    /// The most rows that are needed.
    pub(super) fetch: Option<usize>,
    /// All filters over the table's columns.
    pub(super) predicate: Option<Arc<dyn PhysicalExpr>>,
    /// The store, for footers.
    pub(super) store: Arc<dyn ObjectStore>,
    /// The same store with every byte counted, for all else.
    pub(super) metered: Arc<dyn ObjectStore>,
    /// The statement that reads.
    pub(super) statement: Arc<StatementContext>,
    /// The task that runs the partition.
    pub(super) task: Arc<TaskContext>,
    /// Where the scans are kept.
    pub(super) built: Built,
}

impl Stock {
    /// Starts to read splits. Only the Parquet reader knows `filter_rows`: it then hands over the
    /// rows that pass the predicate.
    ///
    /// # Errors
    /// `Internal` for a format that has a reader of its own.
    pub(super) fn read(
        &self,
        splits: &[Split],
        filter_rows: bool,
    ) -> DfResult<(Arc<DataSourceExec>, SendableRecordBatchStream)> {
        let source: Arc<dyn FileSource> = match self.recipe.format() {
            Format::Parquet => parquet::source(self, filter_rows),
            Format::Arrow | Format::Orc | Format::Avro | Format::Csv | Format::Json => {
                return Err(Error::internal("only Parquet has a stock scan").into());
            }
        };
        let splits = joined(splits);
        let files: FileGroup = splits.iter().map(partitioned_file).collect::<Vec<_>>().into();
        let url = self.recipe.store().as_object_store_url().clone();
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_group(files)
            .with_projection_indices(Some(self.projection.clone()))?
            .with_limit(self.fetch)
            .build();
        let scan = DataSourceExec::from_data_source(config);
        let task = task_over(Arc::clone(&self.metered), &self.task);
        let stream = scan.execute(0, Arc::new(task))?;
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        built.push(Arc::clone(&scan) as _);
        Ok((scan, stream))
    }
}

/// Neighbours of one file as one split: the stock reader prepares pruning and page index anew for
/// each range that it opens, and reads row group by row group all the same.
fn joined(splits: &[Split]) -> Vec<Split> {
    let mut joined: Vec<Split> = Vec::with_capacity(splits.len());
    for split in splits {
        if let Some(last) = joined.last_mut()
            && last.file.meta == split.file.meta
            && let (Some((start, end)), Some((next, next_end))) = (last.range, split.range)
            && end == next
        {
            last.range = Some((start, next_end));
            last.bytes += split.bytes;
            last.rows = last.rows.zip(split.rows).map(|(one, other)| one + other);
        } else {
            joined.push(split.clone());
        }
    }
    joined
}

fn partitioned_file(split: &Split) -> PartitionedFile {
    let mut file = PartitionedFile::new_from_meta(split.file.meta.clone())
        .with_partition_values(split.file.values.clone());
    file.range = split.range.map(|(start, end)| FileRange {
        start: i64::try_from(start).unwrap_or(i64::MAX),
        end: i64::try_from(end).unwrap_or(i64::MAX),
    });
    file
}
