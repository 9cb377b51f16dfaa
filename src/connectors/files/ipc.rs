//! Arrow IPC tables: files, DataFusion's reader underneath. A stream is told from a file that is
//! broken, and refused.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::convert::fb_to_schema;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::common::Statistics;
use datafusion_datasource::file::FileSource;
use datafusion_datasource_arrow::source::ArrowSource;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::listing::store_error;
use super::scan::{Planned, Recipe, SelectedFile, Split};
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore};

/// What an Arrow *file* begins and ends with; a stream has neither.
/// <https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>
const MAGIC: &[u8] = b"ARROW1";

/// How many bytes are read to tell a stream.
const HEAD_BYTES: u64 = 1024 * 1024;

/// The columns of the files, which must be the same in all of them.
pub(super) async fn infer(store: &OpenedStore, files: &[ObjectMeta]) -> Result<SchemaRef> {
    let mut first: Option<(String, SchemaRef)> = None;
    for file in files {
        let outer = store.outer(&file.location);
        let schema = schema_of(store, file, &outer).await?;
        match &first {
            None => first = Some((outer, schema)),
            Some((known_file, known)) if known.fields() != schema.fields() => {
                return Err(Error::corrupt(format!("{outer} has other columns than {known_file}"))
                    .with_hint("Arrow files of one table must have the same columns"));
            }
            Some(_) => {}
        }
    }
    first.map(|(_, schema)| schema).ok_or_else(|| Error::not_found("no Arrow file"))
}

async fn schema_of(store: &OpenedStore, file: &ObjectMeta, outer: &str) -> Result<SchemaRef> {
    let corrupt = |e: String| Error::corrupt(format!("{outer} is not an Arrow file: {e}"));
    let get = async |start: u64, end: u64| -> Result<Bytes> {
        let bytes = store.store.get_range(&file.location, start..end).await;
        bytes.map_err(|e| store_error(outer, e))
    };
    let head = get(0, file.size.min(HEAD_BYTES)).await?;
    if !head.starts_with(MAGIC) {
        let reader = StreamReader::try_new(Cursor::new(head), None);
        reader.map_err(|e| corrupt(e.to_string()))?;
        return Err(Error::unsupported(format!("{outer} is an Arrow stream, not an Arrow file"))
            .with_hint("COPY (…) TO 'name.arrow' writes a file"));
    }
    // The last ten bytes: the footer's length (i32, little-endian) and the magic.
    let end = file.size.checked_sub(10).ok_or_else(|| corrupt("it ends early".to_owned()))?;
    let tail = get(end, file.size).await?;
    let length = tail
        .strip_suffix(MAGIC)
        .and_then(|length| <[u8; 4]>::try_from(length).ok())
        .and_then(|length| u64::try_from(i32::from_le_bytes(length)).ok())
        .ok_or_else(|| corrupt("its end is missing".to_owned()))?;
    let start =
        end.checked_sub(length).ok_or_else(|| corrupt(format!("a footer of {length} bytes")))?;
    let footer = get(start, end).await?;
    let footer = datafusion::arrow::ipc::root_as_footer(&footer)
        .map_err(|e| corrupt(format!("its footer: {e}")))?;
    let schema = footer.schema().ok_or_else(|| corrupt("its footer has no schema".to_owned()))?;
    Ok(Arc::new(fb_to_schema(schema)))
}

/// One split per file: the reader finds batches by the footer.
pub(super) fn plan(files: Vec<SelectedFile>, schema: &SchemaRef) -> Planned {
    let splits = files
        .into_iter()
        .map(|file| {
            let bytes = file.meta.size;
            Split { file: Arc::new(file), range: None, bytes, rows: None }
        })
        .collect();
    Planned { splits, statistics: Statistics::new_unknown(schema) }
}

/// Every file is asked for whole; how many records it has, only reading tells.
pub(super) fn estimate(splits: &[&Split]) -> Estimate {
    let sizes = splits.iter().map(|split| split.bytes);
    Estimate {
        bytes: Bounds::exactly(sizes.clone().sum()),
        records: Bounds::default(),
        first_batch: (sizes.min().unwrap_or_default(), 0),
    }
}

/// The reader of a scan.
pub(super) fn source(recipe: &Recipe) -> Arc<dyn FileSource> {
    Arc::new(ArrowSource::new_file_source(recipe.reader_schema()))
}
