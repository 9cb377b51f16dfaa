//! Avro containers: [`container`] finds their blocks, arrow-avro decodes them.

mod container;
mod unions;

use std::io::{BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use arrow_avro::reader::{Reader as Decoder, ReaderBuilder};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use futures::StreamExt;

use super::batches::{Batches, Reader};
use super::scan::Split;
use super::schema;
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore};
use container::{Block, Container, Head};

/// The most records of a batch; blocks have fewer.
const MOST: usize = 1 << 20;

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
    // The header counts as well: all bytes of the file are read.
    let container = Container { store: reader.metered.as_ref(), file, outer: &outer };
    let head = container.head().await?;
    let columns = schema_of(&container, &head)?;
    schema::check(&outer, &columns, reader.recipe.file_schema())?;
    let (start, end) = split.range.unwrap_or((0, file.size));
    let blocks = container.blocks(&head, start..end).await?;
    let wanted = reader.wanted_or_first(&columns);
    let batches = blocks.into_iter().flat_map(move |block| {
        let found = decoded(&head.bytes, &block, wanted.clone());
        let broken = |what| {
            Error::corrupt(format!("{outer} is broken: the block at byte {}: {what}", block.place))
        };
        let (batches, wrong) = found;
        let batches = batches.into_iter().map(Ok).chain(wrong.map(|what| Err(broken(what))));
        batches.collect::<Vec<Result<RecordBatch>>>()
    });
    Ok(futures::stream::iter(batches).boxed())
}

/// The rows of a block, and what is wrong with it.
///
/// A decoder for each, which ends with a batch of all its records: one that goes on would read a block
/// for ever that has more than it says.
fn decoded(head: &Bytes, block: &Block, wanted: Vec<usize>) -> (Vec<RecordBatch>, Option<String>) {
    let bytes = Cursor::new(head.clone()).chain(Cursor::new(block.bytes.clone()));
    let (mut batches, mut left) = (vec![], block.records);
    let rows = usize::try_from(left).unwrap_or(MOST).clamp(1, MOST);
    let mut decoder = match decoder(BufReader::new(bytes), Some((wanted, rows))) {
        Ok(decoder) => decoder,
        Err(e) => return (batches, Some(e.to_string())),
    };
    while left > 0 {
        match decoder.next() {
            Some(Ok(batch)) if batch.num_rows() as u64 <= left => {
                left -= batch.num_rows() as u64;
                match unions::plain_batch(&batch) {
                    Ok(batch) => batches.push(batch),
                    Err(e) => return (batches, Some(e.to_string())),
                }
            }
            Some(Err(e)) => return (batches, Some(e.to_string())),
            Some(Ok(_)) | None => return (batches, Some(format!("{left} records are missing"))),
        }
    }
    (batches, None)
}

fn decoder<R: BufRead>(
    bytes: R,
    wanted: Option<(Vec<usize>, usize)>,
) -> Result<Decoder<R>, ArrowError> {
    let mut builder = ReaderBuilder::new();
    if let Some((columns, batch_size)) = wanted {
        builder = builder.with_projection(columns).with_batch_size(batch_size);
    }
    builder.build(bytes)
}

fn schema_of(container: &Container<'_>, head: &Head) -> Result<SchemaRef> {
    let decoder = decoder(Cursor::new(head.bytes.clone()), None);
    let decoder = decoder.map_err(|e| container.corrupt(&format!("its schema: {e}")))?;
    Ok(Arc::new(unions::plain_schema(&decoder.schema())))
}
