//! Formats of which whole batches are read, their columns by name: Arrow, ORC and Avro.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Statistics;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricType, PruningMetrics,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::format::Format;
use super::scan::{Planned, Recipe, SelectedFile, Split};
use super::{avro, ipc, orc};
use crate::error::{Error, Result};

/// Batches with the columns of their file.
pub(super) type Batches = BoxStream<'static, Result<RecordBatch>>;

/// What one partition of a scan is made of.
#[derive(Debug)]
pub(super) struct Partition {
    /// Its number.
    pub(super) number: usize,
    /// Its splits.
    pub(super) splits: Vec<Split>,
    /// Indices into the table's columns, files' first.
    pub(super) projection: Vec<usize>,
    /// The projected schema.
    pub(super) schema: SchemaRef,
    /// The most rows that are wanted.
    pub(super) fetch: Option<usize>,
    /// The most rows of a batch, where the format leaves a choice.
    pub(super) batch_size: usize,
    /// Over the table's columns: what no row passes may be skipped.
    pub(super) filter: Option<Arc<dyn PhysicalExpr>>,
}

/// One split per file, or per piece of about `bytes` of it.
pub(super) fn plan(files: Vec<SelectedFile>, schema: &SchemaRef, bytes: Option<u64>) -> Planned {
    let splits = files.into_iter().flat_map(|file| Split::pieces(file, bytes));
    Planned { splits: splits.collect(), statistics: Statistics::new_unknown(schema) }
}

/// The batches of a partition. What stands at the ends of files is read from `store`, all else from
/// `metered`.
pub(super) fn scan(
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    recipe: &Arc<Recipe>,
    partition: Partition,
    metrics: &ExecutionPlanMetricsSet,
) -> SendableRecordBatchStream {
    let schema = Arc::clone(&partition.schema);
    let baseline = BaselineMetrics::new(metrics, partition.number);
    let fetch = partition.fetch.unwrap_or(usize::MAX);
    let skipped = match recipe.format() {
        Format::Orc => MetricBuilder::new(metrics)
            .with_type(MetricType::Summary)
            .pruning_metrics("stripes_pruned_statistics", partition.number),
        _ => PruningMetrics::new(),
    };
    let reader = Arc::new(Reader {
        store,
        metered,
        recipe: Arc::clone(recipe),
        projection: partition.projection,
        schema: partition.schema,
        batch_size: partition.batch_size,
        filter: partition.filter,
        skipped,
    });
    let batches = futures::stream::iter(partition.splits)
        .then(move |split| Arc::clone(&reader).open(split))
        .try_flatten();
    let limited = futures::stream::try_unfold(
        (batches.boxed(), fetch, baseline),
        |(mut batches, left, baseline)| async move {
            if left == 0 {
                return Ok(None);
            }
            let Some(batch) = batches.try_next().await? else { return Ok(None) };
            let batch = batch.slice(0, batch.num_rows().min(left));
            baseline.record_output(batch.num_rows());
            let left = left - batch.num_rows();
            Ok(Some((batch, (batches, left, baseline))))
        },
    );
    Box::pin(RecordBatchStreamAdapter::new(schema, limited))
}

/// What reads the files of a partition.
pub(super) struct Reader {
    /// For what stands at the ends of files.
    pub(super) store: Arc<dyn ObjectStore>,
    /// The same with every byte counted.
    pub(super) metered: Arc<dyn ObjectStore>,
    /// The table.
    pub(super) recipe: Arc<Recipe>,
    /// The most rows of a batch.
    pub(super) batch_size: usize,
    /// Over the table's columns.
    pub(super) filter: Option<Arc<dyn PhysicalExpr>>,
    /// Stripes that were skipped and read.
    pub(super) skipped: PruningMetrics,
    // All wanted columns.
    projection: Vec<usize>,
    schema: SchemaRef,
}

impl Reader {
    /// The table's batches of one split.
    async fn open(
        self: Arc<Self>,
        split: Split,
    ) -> Result<BoxStream<'static, datafusion::common::Result<RecordBatch>>> {
        let outer = self.recipe.outer(&split.file.meta.location);
        let batches = match self.recipe.format() {
            Format::Arrow => ipc::open(&self, &split, outer).await?,
            Format::Orc => orc::open(&self, &split, outer).await?,
            Format::Avro => avro::open(&self, &split, outer).await?,
            Format::Parquet | Format::Csv | Format::Json => {
                return Err(Error::internal("the format has a reader of its own"));
            }
        };
        let file = Arc::clone(&split.file);
        Ok(batches.map(move |batch| Ok(self.of_table(&batch?, &file)?)).boxed())
    }

    /// The places of the wanted columns in a file.
    pub(super) fn wanted(&self, file: &Schema) -> Vec<usize> {
        let columns = self.recipe.file_schema().fields();
        let names = self.projection.iter().filter_map(|at| columns.get(*at));
        names.filter_map(|field| file.index_of(field.name()).ok()).collect()
    }

    /// The same, and the first column where no other is: rows are counted by one.
    pub(super) fn wanted_or_first(&self, file: &Schema) -> Vec<usize> {
        let mut wanted = self.wanted(file);
        if wanted.is_empty() && !file.fields().is_empty() {
            wanted.push(0);
        }
        wanted
    }

    /// A batch of a file as one of the table: columns by name, in the types of the table.
    fn of_table(&self, batch: &RecordBatch, file: &SelectedFile) -> Result<RecordBatch> {
        let files = self.recipe.file_schema().fields().len();
        let rows = batch.num_rows();
        let internal = |e: &dyn std::fmt::Display| Error::internal(e.to_string());
        let outer = || self.recipe.outer(&file.meta.location);
        let columns = self.projection.iter().zip(self.schema.fields()).map(|(at, field)| {
            if *at >= files {
                let value = file.values.get(*at - files);
                let value = value.ok_or_else(|| Error::internal("a partition has no value"))?;
                return value.to_array_of_size(rows).map_err(|e| internal(&e));
            }
            let Some(column) = batch.column_by_name(field.name()) else {
                return Ok(new_null_array(field.data_type(), rows));
            };
            if column.data_type() == field.data_type() {
                return Ok(Arc::clone(column));
            }
            let options = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, field.data_type(), &options)
                .map_err(|e| Error::corrupt(format!("{}: column {}: {e}", outer(), field.name())))
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|e| Error::corrupt(format!("{}: {e}", outer())))
    }
}
