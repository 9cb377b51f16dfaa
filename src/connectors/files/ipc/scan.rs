//! Batches of Arrow files and streams, their columns by name.
//!
//! Own, as DataFusion's source reads columns by their place in the first file and a stream only
//! where it was told so before.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::{FileDecoder, StreamDecoder};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use super::super::scan::{Recipe, SelectedFile, Split};
use super::super::schema;
use super::layout::{Layout, range_of};
use crate::error::{Error, Result};
use crate::spi::store_error;

/// What one partition of a scan is made of.
#[derive(Debug)]
pub(in super::super) struct Partition {
    /// Its number.
    pub(in super::super) number: usize,
    /// Its splits.
    pub(in super::super) splits: Vec<Split>,
    /// Indices into the table's columns, files' first.
    pub(in super::super) projection: Vec<usize>,
    /// The projected schema.
    pub(in super::super) schema: SchemaRef,
    /// The most rows that are wanted.
    pub(in super::super) fetch: Option<usize>,
}

/// The batches of a partition. Footers are read from `store`, batches from `metered`.
pub(in super::super) fn scan(
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    recipe: &Arc<Recipe>,
    partition: Partition,
    metrics: &ExecutionPlanMetricsSet,
) -> SendableRecordBatchStream {
    let schema = Arc::clone(&partition.schema);
    let baseline = BaselineMetrics::new(metrics, partition.number);
    let fetch = partition.fetch.unwrap_or(usize::MAX);
    let reader = Arc::new(Reader {
        store,
        metered,
        recipe: Arc::clone(recipe),
        projection: partition.projection,
        schema: partition.schema,
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

struct Reader {
    store: Arc<dyn ObjectStore>,
    metered: Arc<dyn ObjectStore>,
    recipe: Arc<Recipe>,
    // All wanted columns.
    projection: Vec<usize>,
    schema: SchemaRef,
}

impl Reader {
    /// The table's batches of one file.
    async fn open(
        self: Arc<Self>,
        split: Split,
    ) -> Result<BoxStream<'static, datafusion::common::Result<RecordBatch>>> {
        let outer = self.recipe.outer(&split.file.meta.location);
        let layout = Layout::of(self.store.as_ref(), &split.file.meta, &outer).await?;
        schema::check(&outer, layout.schema().as_ref(), self.recipe.file_schema())?;
        let batches = match layout {
            Layout::Stream { .. } => self.of_stream(&split, outer).await?,
            Layout::File { schema, version, dictionaries, batches } => {
                let wanted = self.wanted(&schema);
                let mut decoder = FileDecoder::new(schema, version).with_projection(wanted);
                for block in &dictionaries {
                    let bytes = self.block(&split, block, &outer).await?;
                    decoder
                        .read_dictionary(block, &bytes)
                        .map_err(|e| broken(&outer, "a dictionary", &e))?;
                }
                self.of_blocks(&split, decoder, batches, outer)
            }
        };
        let file = Arc::clone(&split.file);
        Ok(batches.map(move |batch| Ok(self.of_table(&batch?, &file)?)).boxed())
    }

    /// The places of the wanted columns in a file.
    fn wanted(&self, file: &SchemaRef) -> Vec<usize> {
        let columns = self.recipe.file_schema().fields();
        let names = self.projection.iter().filter_map(|at| columns.get(*at));
        names.filter_map(|field| file.index_of(field.name()).ok()).collect()
    }

    async fn block(
        &self,
        split: &Split,
        block: &datafusion::arrow::ipc::Block,
        outer: &str,
    ) -> Result<Buffer> {
        let range = range_of(block).ok_or_else(|| Error::internal("a block was not checked"))?;
        let bytes = self.metered.get_range(&split.file.meta.location, range).await;
        Ok(Buffer::from(bytes.map_err(|e| store_error(outer, e))?))
    }

    fn of_blocks(
        self: &Arc<Self>,
        split: &Split,
        decoder: FileDecoder,
        blocks: Vec<datafusion::arrow::ipc::Block>,
        outer: String,
    ) -> BoxStream<'static, Result<RecordBatch>> {
        let first = (Arc::clone(self), split.clone(), decoder, blocks.into_iter(), outer);
        futures::stream::try_unfold(first, |(reader, split, decoder, mut blocks, outer)| async {
            for block in blocks.by_ref() {
                let bytes = reader.block(&split, &block, &outer).await?;
                let batch = decoder.read_record_batch(&block, &bytes).map_err(|e| {
                    broken(&outer, &format!("the batch at byte {}", block.offset()), &e)
                })?;
                if let Some(batch) = batch {
                    return Ok(Some((batch, (reader, split, decoder, blocks, outer))));
                }
            }
            Ok(None)
        })
        .boxed()
    }

    async fn of_stream(
        &self,
        split: &Split,
        outer: String,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let got = self.metered.get(&split.file.meta.location).await;
        let bytes = got.map_err(|e| store_error(&outer, e))?.into_stream();
        let first = (bytes, StreamDecoder::new(), Buffer::default(), 0_usize, outer);
        let batches = futures::stream::try_unfold(
            first,
            |(mut bytes, mut decoder, mut buffer, mut number, outer)| async move {
                loop {
                    let what = |number: usize| format!("batch {number} of the stream");
                    let batch = decoder.decode(&mut buffer);
                    let batch = batch.map_err(|e| broken(&outer, &what(number), &e))?;
                    if let Some(batch) = batch {
                        number += 1;
                        return Ok(Some((batch, (bytes, decoder, buffer, number, outer))));
                    }
                    match bytes.try_next().await.map_err(|e| store_error(&outer, e))? {
                        Some(more) => buffer = Buffer::from(more),
                        None => {
                            decoder.finish().map_err(|e| broken(&outer, &what(number), &e))?;
                            return Ok(None);
                        }
                    }
                }
            },
        );
        Ok(batches.boxed())
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

fn broken(outer: &str, what: &str, error: &ArrowError) -> Error {
    Error::corrupt(format!("{outer}: {what} is broken: {error}"))
}
