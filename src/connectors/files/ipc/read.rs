//! Batches of Arrow files and streams.
//!
//! Own, as DataFusion's source reads columns by their place in the first file and a stream only
//! where it was told so before.

use std::sync::Arc;

use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::Block;
use datafusion::arrow::ipc::reader::{FileDecoder, StreamDecoder};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;

use super::super::batches::{Batches, Reader};
use super::super::scan::Split;
use super::super::schema;
use super::layout::{Layout, range_of};
use crate::error::{Error, Result};
use crate::spi::store_error;

/// The batches of a file.
pub(in super::super) async fn open(
    reader: &Arc<Reader>,
    split: &Split,
    outer: String,
) -> Result<Batches> {
    let layout = Layout::of(reader.store.as_ref(), &split.file.meta, &outer).await?;
    schema::check(&outer, layout.schema().as_ref(), reader.recipe.file_schema())?;
    let Layout::File { schema, version, dictionaries, batches } = layout else {
        return of_stream(reader, split, outer).await;
    };
    let wanted = reader.wanted(&schema);
    let mut decoder = FileDecoder::new(schema, version).with_projection(wanted);
    for dictionary in &dictionaries {
        let bytes = block(reader, split, dictionary, &outer).await?;
        decoder
            .read_dictionary(dictionary, &bytes)
            .map_err(|e| broken(&outer, "a dictionary", &e))?;
    }
    Ok(of_blocks(reader, split, decoder, batches, outer))
}

async fn block(reader: &Reader, split: &Split, block: &Block, outer: &str) -> Result<Buffer> {
    let range = range_of(block).ok_or_else(|| Error::internal("a block was not checked"))?;
    let bytes = reader.metered.get_range(&split.file.meta.location, range).await;
    Ok(Buffer::from(bytes.map_err(|e| store_error(outer, e))?))
}

fn of_blocks(
    reader: &Arc<Reader>,
    split: &Split,
    decoder: FileDecoder,
    blocks: Vec<Block>,
    outer: String,
) -> Batches {
    let first = (Arc::clone(reader), split.clone(), decoder, blocks.into_iter(), outer);
    futures::stream::try_unfold(first, |(reader, split, decoder, mut blocks, outer)| async {
        for next in blocks.by_ref() {
            let bytes = block(&reader, &split, &next, &outer).await?;
            let batch = decoder.read_record_batch(&next, &bytes);
            let batch = batch
                .map_err(|e| broken(&outer, &format!("the batch at byte {}", next.offset()), &e))?;
            if let Some(batch) = batch {
                return Ok(Some((batch, (reader, split, decoder, blocks, outer))));
            }
        }
        Ok(None)
    })
    .boxed()
}

async fn of_stream(reader: &Reader, split: &Split, outer: String) -> Result<Batches> {
    let got = reader.metered.get(&split.file.meta.location).await;
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

fn broken(outer: &str, what: &str, error: &ArrowError) -> Error {
    Error::corrupt(format!("{outer}: {what} is broken: {error}"))
}
