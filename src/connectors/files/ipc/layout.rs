//! What an Arrow file is and where its batches are: a *file* has a footer that says so, a *stream*
//! is read from its start to its end.
//!
//! <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::convert::fb_to_schema;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::{Block, MetadataVersion, root_as_footer};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::error::{Error, Result};
use crate::spi::store_error;

/// What a file begins and ends with; a stream has neither.
const MAGIC: &[u8] = b"ARROW1";

/// What messages begin with, since format version 0.15.
const CONTINUATION: &[u8] = &[0xff; 4];

/// What a stream ends with: a message of no length.
const END: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// How many bytes are read to find a stream's schema.
const HEAD_BYTES: u64 = 1024 * 1024;

/// One or the other.
#[derive(Debug)]
pub(super) enum Layout {
    /// With a footer.
    File {
        schema: SchemaRef,
        version: MetadataVersion,
        dictionaries: Vec<Block>,
        batches: Vec<Block>,
    },
    /// Of so many bytes.
    Stream { schema: SchemaRef, size: u64 },
}

impl Layout {
    /// Finds out by the first and the last bytes.
    ///
    /// # Errors
    /// `Corrupt` for what is neither, and for a stream without its end.
    pub(super) async fn of(
        store: &dyn ObjectStore,
        file: &ObjectMeta,
        outer: &str,
    ) -> Result<Self> {
        let get = async |range: Range<u64>| -> Result<Bytes> {
            let bytes = store.get_range(&file.location, range).await;
            bytes.map_err(|e| store_error(outer, e))
        };
        if file.size == 0 {
            return Err(corrupt(outer, "it is empty"));
        }
        let magic = get(0..file.size.min(MAGIC.len() as u64)).await?;
        if magic != MAGIC {
            let head = get(0..file.size.min(HEAD_BYTES)).await?;
            let tail = get(file.size.saturating_sub(END.len() as u64)..file.size).await?;
            return stream(&head, &tail, file.size, outer);
        }
        // The last ten bytes: the footer's length (i32, little-endian) and the magic.
        let end = file.size.checked_sub(10).ok_or_else(|| corrupt(outer, "it ends early"))?;
        let tail = get(end..file.size).await?;
        let length = tail
            .strip_suffix(MAGIC)
            .and_then(|length| <[u8; 4]>::try_from(length).ok())
            .and_then(|length| u64::try_from(i32::from_le_bytes(length)).ok())
            .ok_or_else(|| corrupt(outer, "its end is missing"))?;
        let start = end
            .checked_sub(length)
            .ok_or_else(|| corrupt(outer, &format!("a footer of {length} bytes")))?;
        with_footer(&get(start..end).await?, file.size, outer)
    }

    /// The columns.
    pub(super) fn schema(&self) -> SchemaRef {
        match self {
            Self::File { schema, .. } | Self::Stream { schema, .. } => Arc::clone(schema),
        }
    }

    /// How many bytes a scan asks for.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::File { dictionaries, batches, .. } => dictionaries
                .iter()
                .chain(batches)
                .map(|block| range_of(block).map_or(0, |range| range.end - range.start))
                .sum(),
            Self::Stream { size, .. } => *size,
        }
    }
}

/// Where a block is; `None` for impossible numbers.
pub(super) fn range_of(block: &Block) -> Option<Range<u64>> {
    let start = u64::try_from(block.offset()).ok()?;
    let head = u64::try_from(block.metaDataLength()).ok()?;
    let body = u64::try_from(block.bodyLength()).ok()?;
    Some(start..start.checked_add(head)?.checked_add(body)?)
}

fn stream(head: &[u8], tail: &[u8], size: u64, outer: &str) -> Result<Layout> {
    let reader = StreamReader::try_new(Cursor::new(head), None);
    let schema = reader.map_err(|e| corrupt(outer, &e.to_string()))?.schema();
    // Old streams have no continuation marks.
    let end = if head.starts_with(CONTINUATION) { END } else { &END[4..] };
    if !tail.ends_with(end) {
        return Err(Error::corrupt(format!(
            "{outer} is an Arrow stream without its end: it was cut off, or is still being written"
        )));
    }
    Ok(Layout::Stream { schema, size })
}

fn with_footer(footer: &[u8], size: u64, outer: &str) -> Result<Layout> {
    let footer = root_as_footer(footer).map_err(|e| corrupt(outer, &format!("its footer: {e}")))?;
    let schema = footer.schema().ok_or_else(|| corrupt(outer, "its footer has no schema"))?;
    let dictionaries: Vec<Block> = footer.dictionaries().iter().flatten().copied().collect();
    let batches: Vec<Block> = footer.recordBatches().iter().flatten().copied().collect();
    let within = |block: &Block| range_of(block).is_some_and(|range| range.end <= size);
    if !dictionaries.iter().chain(&batches).all(within) {
        return Err(corrupt(outer, "its footer names batches outside of it"));
    }
    let schema = Arc::new(fb_to_schema(schema));
    Ok(Layout::File { schema, version: footer.version(), dictionaries, batches })
}

fn corrupt(outer: &str, what: &str) -> Error {
    Error::corrupt(format!("{outer} is neither an Arrow file nor an Arrow stream: {what}"))
}
