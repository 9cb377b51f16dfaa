//! ORC files, by orc-rust: a split takes the stripes that begin in it.

mod bytes;
mod types;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use futures::{FutureExt, StreamExt};
use object_store::{ObjectMeta, ObjectStore};
use orc_rust::projection::ProjectionMask;
use orc_rust::{ArrowReaderBuilder, TimestampPrecision};

use super::batches::{Batches, Reader};
use super::scan::{Recipe, Split};
use super::schema;
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore};
use bytes::FileBytes;

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
}

/// Reads the end of a file.
///
/// # Errors
/// `Corrupt` for what is no ORC file, `Unsupported` for one of a transactional table.
async fn opened(store: &Arc<dyn ObjectStore>, file: &ObjectMeta, outer: &str) -> Result<Opened> {
    let mut bytes = FileBytes::new(store, file, outer);
    types::check(&mut bytes).await?;
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
    Ok(Opened { builder, bytes })
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

/// The share of single columns in a stripe is not known before it is opened.
pub(super) async fn estimate(
    store: &Arc<dyn ObjectStore>,
    recipe: &Recipe,
    splits: &[&Split],
    wanted: &Schema,
) -> Result<Estimate> {
    let (mut bytes, mut rows) = (0, 0);
    for split in splits {
        let file = &split.file.meta;
        let opened = opened(store, file, &recipe.outer(&file.location)).await?;
        let (start, end) = split.range.unwrap_or((0, file.size));
        let names = names(&opened.builder.schema(), recipe.file_schema());
        let all = names.fields().iter().all(|it| wanted.index_of(it.name()).is_ok());
        let stripes = opened.builder.file_metadata().stripe_metadatas().iter();
        for stripe in stripes.filter(|stripe| (start..end).contains(&stripe.offset())) {
            bytes += if all { stripe.data_length() } else { 0 };
            rows += stripe.number_of_rows();
        }
    }
    Ok(Estimate {
        bytes: Bounds { at_least: bytes, at_most: None },
        records: Bounds::exactly(rows),
        first_batch: (0, 0),
    })
}

/// The batches of the stripes that begin in a split.
pub(super) async fn open(reader: &Arc<Reader>, split: &Split, outer: String) -> Result<Batches> {
    let file = &split.file.meta;
    let end = opened(&reader.store, file, &outer).await?;
    let names = names(&end.builder.schema(), reader.recipe.file_schema());
    schema::check(&outer, &names, reader.recipe.file_schema())?;
    let root = end.builder.file_metadata().root_data_type().clone();
    let mut wanted = reader.wanted_or_first(&names);
    wanted.sort_unstable();
    let columns = wanted.iter().filter_map(|at| root.children().get(*at));
    let columns = ProjectionMask::roots(&root, columns.map(|it| it.data_type().column_index()));
    let names = names.project(&wanted).map_err(|e| Error::internal(e.to_string()))?;
    let (start, stop) = split.range.unwrap_or((0, file.size));
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    // What is read from now on counts.
    end.bytes.read_from(&reader.metered);
    let batches = end
        .builder
        .with_projection(columns)
        .with_batch_size(reader.batch_size)
        .with_file_byte_range(place(start)..place(stop))
        .build_async();
    let names: SchemaRef = Arc::new(names);
    let batches = batches.map(move |batch| {
        let batch = batch.map_err(|e| end.bytes.error(&e.to_string()))?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let (schema, columns) = (named(&batch, &names), batch.columns().to_vec());
        RecordBatch::try_new_with_options(schema, columns, &rows)
            .map_err(|e| Error::internal(e.to_string()))
    });
    Ok(batches.boxed())
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
