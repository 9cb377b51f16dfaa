//! Batches of DataFusion's readers, whose errors about broken bytes name no file: here they do.
//!
//! The readers trust numbers that stand in a file, so that broken ones can make them panic; that is
//! most likely the file's fault, and said as such.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::{FutureExt, Stream, StreamExt};
use parquet::errors::ParquetError;

use super::pinned::PinnedStore;
use crate::error::Error;
use crate::spi::Layer;

const OURS: &str = "if other programs read the file, this is a bug in Sluice";

type DfResult<T> = datafusion::common::Result<T>;

/// The same batches, with errors that say which file of `store` is broken.
pub(super) fn named(
    stream: SendableRecordBatchStream,
    store: Arc<Layer<PinnedStore>>,
) -> impl Stream<Item = DfResult<RecordBatch>> {
    futures::stream::unfold((stream, store, false), |(mut stream, store, ended)| async move {
        if ended {
            return None;
        }
        let next = AssertUnwindSafe(stream.next()).catch_unwind().await;
        let batch = match next {
            Ok(next) => next?.map_err(|e| in_file(e, &store)),
            Err(_) => Err(broken(&store, "its data cannot be decoded").with_hint(OURS).into()),
        };
        let ended = batch.is_err();
        Some((batch, (stream, store, ended)))
    })
}

fn in_file(error: DataFusionError, store: &PinnedStore) -> DataFusionError {
    match what_is_broken(&error) {
        Some(what) => broken(store, &what).into(),
        None => error,
    }
}

/// What a reader says of the bytes; `None` for all that is not about them, such as a filter's error.
fn what_is_broken(error: &DataFusionError) -> Option<String> {
    match error.find_root() {
        DataFusionError::ParquetError(error) => match error.as_ref() {
            ParquetError::External(_) => None,
            other => Some(other.to_string()),
        },
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::ParquetError(what) | ArrowError::IpcError(what) => Some(what.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn broken(store: &PinnedStore, what: &str) -> Error {
    let file = store.reading().unwrap_or_else(|| "a file".to_owned());
    Error::corrupt(format!("{file} is broken: {what}"))
}
