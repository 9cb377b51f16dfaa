//! Avro containers: [`container`] finds their blocks, arrow-avro decodes them.

mod container;

use std::io::{BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use arrow_avro::reader::{Reader as Decoder, ReaderBuilder};
use datafusion::arrow::datatypes::SchemaRef;
use futures::StreamExt;

use super::batches::{Batches, Reader};
use super::scan::Split;
use super::schema;
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore};
use container::{Container, Head};

/// The columns of the files, by name.
pub(super) async fn infer(
    store: &OpenedStore,
    files: &[object_store::ObjectMeta],
) -> Result<SchemaRef> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let outer = store.outer(&file.location);
        let container = Container { store: store.store.as_ref(), file, outer: &outer };
        let head = container.head().await?;
        let columns = schema_of(&container, &head)?;
        all.push((outer, columns));
    }
    schema::merge(&all)
}

/// Every byte is read; how many records there are, only reading tells.
pub(super) fn estimate(splits: &[&Split]) -> Estimate {
    Estimate {
        bytes: Bounds { at_least: splits.iter().map(|split| split.bytes).sum(), at_most: None },
        records: Bounds::default(),
        first_batch: (0, 0),
    }
}

/// The batches of the blocks that begin in a split.
pub(super) async fn open(reader: &Arc<Reader>, split: &Split, outer: String) -> Result<Batches> {
    let file = &split.file.meta;
    let head = Container { store: reader.store.as_ref(), file, outer: &outer }.head().await?;
    let container = Container { store: reader.metered.as_ref(), file, outer: &outer };
    let columns = schema_of(&container, &head)?;
    schema::check(&outer, &columns, reader.recipe.file_schema())?;
    let (start, end) = split.range.unwrap_or((0, file.size));
    let blocks = container.blocks(&head, start..end).await?;
    if blocks.bytes.is_empty() {
        return Ok(futures::stream::empty().boxed());
    }
    let mut wanted = reader.wanted(&columns);
    if wanted.is_empty() && !columns.fields().is_empty() {
        // Rows are counted by a column.
        wanted.push(0);
    }
    let bytes = BufReader::new(Cursor::new(head.bytes.clone()).chain(Cursor::new(blocks.bytes)));
    let decoder = decoder(&container, bytes, Some((wanted, reader.batch_size)))?;
    let first = (decoder, blocks.records, outer);
    let batches = futures::stream::try_unfold(first, |(mut decoder, left, outer)| async move {
        let broken = |what: &str| Error::corrupt(format!("{outer} is broken: {what}"));
        let Some(batch) = decoder.next() else {
            return match left {
                0 => Ok(None),
                _ => Err(broken(&format!("{left} records are missing in its blocks"))),
            };
        };
        let batch = batch.map_err(|e| broken(&e.to_string()))?;
        let left = left.checked_sub(batch.num_rows() as u64);
        let left = left.ok_or_else(|| broken("its blocks have more records than they say"))?;
        Ok(Some((batch, (decoder, left, outer))))
    });
    Ok(batches.boxed())
}

fn decoder<R: BufRead>(
    container: &Container<'_>,
    bytes: R,
    wanted: Option<(Vec<usize>, usize)>,
) -> Result<Decoder<R>> {
    let mut builder = ReaderBuilder::new();
    if let Some((columns, batch_size)) = wanted {
        builder = builder.with_projection(columns).with_batch_size(batch_size);
    }
    builder.build(bytes).map_err(|e| container.corrupt(&format!("its schema: {e}")))
}

fn schema_of(container: &Container<'_>, head: &Head) -> Result<SchemaRef> {
    Ok(decoder(container, Cursor::new(head.bytes.clone()), None)?.schema())
}
