//! The bytes of a range of a file.
//!
//! The client crate goes on with another replica by itself. When none is left, where the blocks are
//! may have changed: the file is forgotten, so that whoever reads on opens it anew.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::Result;

use super::client::LazyClient;
use super::error::Failed;
use super::opened::{OpenFiles, Opened, of_hdfs};
use crate::spi::StoreCalls;

/// The bytes of `range`, which must lie within the file, counted as they come. Whether all came is
/// looked at by who reads them.
pub(super) fn read(
    client: Arc<LazyClient>,
    files: Arc<OpenFiles>,
    file: &Opened,
    range: Range<u64>,
    calls: Arc<StoreCalls>,
) -> BoxStream<'static, Result<Bytes>> {
    let location = file.meta.location.clone();
    let path = of_hdfs(&location);
    let wanted = range.end - range.start;
    match (usize::try_from(range.start), usize::try_from(wanted)) {
        (_, Ok(0)) => futures::stream::empty().boxed(),
        // The reader panics at what lies beyond its end.
        (Ok(start), Ok(length)) if range.end <= file.reader.file_length() as u64 => {
            let failed = move |e: hdfs_native::HdfsError| {
                files.forget(&location);
                client.failed(&path, e)
            };
            let parts = file.reader.read_range_stream(start, length).map_err(failed);
            parts.inspect_ok(move |bytes| calls.came(bytes.len() as u64)).boxed()
        }
        _ => {
            let error = client.failed(&path, Failed::Length { wanted, got: 0 });
            futures::stream::once(std::future::ready(Err(error))).boxed()
        }
    }
}
