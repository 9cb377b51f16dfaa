//! ORC files, by orc-rust: a split takes the stripes that begin in it, without those of which their
//! statistics say that no row passes the filters.

mod bytes;
mod skip;
mod statistics;
mod tail;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::physical_expr::PhysicalExpr;
use futures::{FutureExt, StreamExt};
use object_store::{ObjectMeta, ObjectStore};
use orc_rust::array_decoder::NaiveStripeDecoder;
use orc_rust::projection::ProjectionMask;
use orc_rust::schema::RootDataType;
use orc_rust::stripe::{Stripe, StripeMetadata};
use orc_rust::{ArrowReaderBuilder, TimestampPrecision};

use super::batches::{Batches, Reader};
use super::scan::{Recipe, Split};
use super::schema;
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore, is_dynamic};
use bytes::FileBytes;
use skip::Skip;
use tail::Tail;

/// The columns of files that Hive has written before it gave names: `_col0`, `_col1`, ….
const NAMELESS: &str = "_col";

/// The columns of the files of a transactional table of Hive.
const TRANSACTIONAL: [&str; 6] =
    ["operation", "originalTransaction", "bucket", "rowId", "currentTransaction", "row"];

type Builder = ArrowReaderBuilder<FileBytes>;

/// A file whose end has been read.
struct Opened {
    builder: Builder,
    bytes: FileBytes,
    tail: Tail,
}

/// Reads the end of a file.
///
/// # Errors
/// `Corrupt` for what is no ORC file, `Unsupported` for one of a transactional table.
async fn opened(store: &Arc<dyn ObjectStore>, file: &ObjectMeta, outer: &str) -> Result<Opened> {
    let mut bytes = FileBytes::new(store, file, outer);
    let tail = tail::read(&mut bytes).await?;
    // The library trusts the numbers at the end of a file.
    let builder = AssertUnwindSafe(Builder::try_new_async(bytes.clone())).catch_unwind().await;
    let builder = match builder {
        Ok(builder) => builder.map_err(|e| bytes.error(&e.to_string()))?,
        Err(_) => return Err(bytes.error("its end cannot be decoded")),
    };
    let builder = builder.with_timestamp_precision(TimestampPrecision::Microsecond);
    let columns = builder.schema();
    if columns.fields().iter().map(|field| field.name().as_str()).eq(TRANSACTIONAL) {
        return Err(Error::unsupported(format!(
            "{outer} is a file of a transactional table of Hive, in which rows may be deleted by others"
        ))
        .with_hint("let Hive write the table into one that is not transactional: CREATE TABLE … AS SELECT"));
    }
    Ok(Opened { builder, bytes, tail })
}

/// The columns of the files, by name.
pub(super) async fn infer(store: &OpenedStore, files: &[ObjectMeta]) -> Result<SchemaRef> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let outer = store.outer(&file.location);
        let columns = opened(&store.store, file, &outer).await?.builder.schema();
        all.push((outer, columns));
    }
    schema::merge(&all)
}

/// The share of single columns in a stripe is not known before it is opened. Stripes are skipped by
/// the very code that skips them when the scan runs; those that a filter skips which changes on the
/// way make *at least* smaller.
pub(super) async fn estimate(
    store: &Arc<dyn ObjectStore>,
    recipe: &Arc<Recipe>,
    splits: &[&Split],
    wanted: &Schema,
    filter: Option<&Arc<dyn PhysicalExpr>>,
) -> Result<Estimate> {
    let (mut bytes, mut rows) = (0, 0);
    for split in splits {
        let file = &split.file.meta;
        let mut opened = opened(store, file, &recipe.outer(&file.location)).await?;
        let names = names(&opened.builder.schema(), recipe.file_schema());
        let all = names.fields().iter().all(|it| wanted.index_of(it.name()).is_ok());
        let skip = match filter {
            Some(filter) => Skip::read(&mut opened, &names, recipe, &split.file, filter).await?,
            None => None,
        };
        for (number, stripe) in stripes_of(&opened.builder, split) {
            if skip.as_ref().is_none_or(|skip| !skip.skips(number, stripe.number_of_rows())) {
                bytes += if all { stripe.data_length() } else { 0 };
                rows += stripe.number_of_rows();
            }
        }
    }
    let sure = !filter.is_some_and(is_dynamic);
    Ok(Estimate {
        bytes: Bounds { at_least: if sure { bytes } else { 0 }, at_most: None },
        records: Bounds { at_least: if sure { rows } else { 0 }, at_most: Some(rows) },
        first_batch: (0, 0),
    })
}

/// The stripes that begin in a split, by their places in the file.
fn stripes_of(builder: &Builder, split: &Split) -> Vec<(usize, StripeMetadata)> {
    let (start, end) = split.range.unwrap_or((0, split.file.meta.size));
    let stripes = builder.file_metadata().stripe_metadatas().iter().enumerate();
    let within = stripes.filter(|(_, stripe)| (start..end).contains(&stripe.offset()));
    within.map(|(number, stripe)| (number, stripe.clone())).collect()
}

/// The batches of the stripes that begin in a split.
pub(super) async fn open(reader: &Arc<Reader>, split: &Split, outer: String) -> Result<Batches> {
    let mut end = opened(&reader.store, &split.file.meta, &outer).await?;
    let recipe = &reader.recipe;
    let names = names(&end.builder.schema(), recipe.file_schema());
    schema::check(&outer, &names, recipe.file_schema())?;
    let skip = match &reader.filter {
        Some(filter) => Skip::read(&mut end, &names, recipe, &split.file, filter).await?,
        None => None,
    };
    let root = end.builder.file_metadata().root_data_type().clone();
    let mut wanted = reader.wanted_or_first(&names);
    wanted.sort_unstable();
    let columns = wanted.iter().filter_map(|at| root.children().get(*at));
    let columns = ProjectionMask::roots(&root, columns.map(|it| it.data_type().column_index()));
    let names = names.project(&wanted).map_err(|e| Error::internal(e.to_string()))?;
    // What is read from now on counts.
    end.bytes.read_from(&reader.metered);
    let stripes = stripes_of(&end.builder, split).into_iter();
    let stripes = Stripes {
        reader: Arc::clone(reader),
        columns: root.project(&columns),
        builder: end.builder.with_projection(columns),
        bytes: end.bytes,
        names: Arc::new(names),
        stripes,
        skip,
        open: None,
    };
    let batches = futures::stream::try_unfold(stripes, |mut stripes| async move {
        Ok(stripes.next().await?.map(|batch| (batch, stripes)))
    });
    Ok(batches.boxed())
}

/// Stripes of a file, one after the other.
struct Stripes {
    reader: Arc<Reader>,
    builder: Builder,
    bytes: FileBytes,
    // What is read of a row.
    columns: RootDataType,
    names: SchemaRef,
    stripes: std::vec::IntoIter<(usize, StripeMetadata)>,
    skip: Option<Skip>,
    open: Option<NaiveStripeDecoder>,
}

impl Stripes {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next) {
                let batch = batch.map_err(|e| self.bytes.error(&e.to_string()))?;
                let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                let (schema, columns) = (named(&batch, &self.names), batch.columns().to_vec());
                let batch = RecordBatch::try_new_with_options(schema, columns, &rows);
                return batch.map(Some).map_err(|e| Error::internal(e.to_string()));
            }
            self.open = None;
            let Some((number, stripe)) = self.stripes.next() else { return Ok(None) };
            let rows = stripe.number_of_rows();
            if self.skip.as_ref().is_some_and(|skip| skip.skips(number, rows)) {
                self.reader.skipped.add_pruned(1);
                continue;
            }
            self.reader.skipped.add_matched(1);
            self.open = Some(self.decoder(&stripe).await?);
        }
    }

    async fn decoder(&mut self, stripe: &StripeMetadata) -> Result<NaiveStripeDecoder> {
        let end = stripe.footer_offset().saturating_add(stripe.footer_length());
        self.bytes.read_until(end);
        let (file, columns) = (self.builder.file_metadata(), &self.columns);
        let read = Stripe::new_async(&mut self.bytes, file, columns, stripe).await;
        let (schema, rows) = (self.builder.schema(), self.reader.batch_size);
        read.and_then(|stripe| NaiveStripeDecoder::new(stripe, schema, rows))
            .map_err(|e| self.bytes.error(&e.to_string()))
    }
}

/// The columns of a file by their names in the table: by their place, where the file has none.
fn names(file: &Schema, table: &Schema) -> Schema {
    let nameless = |(at, field): (usize, &Arc<Field>)| *field.name() == format!("{NAMELESS}{at}");
    if !file.fields().iter().enumerate().all(nameless) || table.index_of("_col0").is_ok() {
        return file.clone();
    }
    let columns = file.fields().iter().enumerate().map(|(at, field)| {
        let name = table.fields().get(at).map_or(field.name(), |named| named.name());
        field.as_ref().clone().with_name(name)
    });
    Schema::new(columns.collect::<Vec<_>>())
}

fn named(batch: &RecordBatch, names: &Schema) -> SchemaRef {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(names.fields());
    let columns = columns.map(|(field, named)| field.as_ref().clone().with_name(named.name()));
    Arc::new(Schema::new(columns.collect::<Vec<_>>()))
}
