//! The rows of a session's own table: in memory while they are few, else in Arrow files of the
//! spill folder, within its limit. The files go when the last one who reads them does.

mod codec;
mod scan;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::ipc::CompressionType;
use datafusion::arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::{ExecutionPlan, execute_stream_partitioned};
use futures::StreamExt;
use tokio::task::JoinSet;

pub(super) use self::codec::SessionScanCodec;
use self::scan::SessionScan;
use super::state::Translated;
use crate::error::{Error, Result};

/// A table whose batches take less than this stays in memory.
const MEMORY_BYTES: usize = 1024 * 1024;

type DfResult<T> = datafusion::common::Result<T>;

/// A table of a session.
#[derive(Debug)]
pub(super) struct SessionTable {
    schema: SchemaRef,
    pieces: Vec<Arc<Piece>>,
}

/// What one partition of the query gave.
struct Piece {
    rows: usize,
    held: Held,
}

enum Held {
    Memory(Vec<RecordBatch>),
    // The file is deleted when it is dropped.
    File { path: PathBuf, _file: Arc<dyn SpillFile> },
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl SessionTable {
    /// Runs a plan and keeps its rows.
    ///
    /// # Errors
    /// Those of the plan; `Exhausted` when the spill folder is full.
    pub(super) async fn collect(
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> Result<Self> {
        let schema = plan.schema();
        let streams = execute_stream_partitioned(plan, Arc::clone(&context)).translated()?;
        let budget = MEMORY_BYTES / streams.len().max(1);
        // Dropped, it ends its tasks.
        let mut tasks = JoinSet::new();
        for (at, stream) in streams.into_iter().enumerate() {
            let context = Arc::clone(&context);
            tasks.spawn(async move { (at, keep(stream, &context, budget).await) });
        }
        let mut pieces = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let (at, piece) = ended.map_err(|e| Error::internal(format!("a task ended: {e}")))?;
            pieces.push((at, Arc::new(piece.translated()?)));
        }
        pieces.sort_by_key(|(at, _)| *at);
        Ok(Self { schema, pieces: pieces.into_iter().map(|(_, piece)| piece).collect() })
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows).sum()
    }
}

/// Keeps the batches of one partition.
async fn keep(
    mut stream: SendableRecordBatchStream,
    context: &TaskContext,
    budget: usize,
) -> DfResult<Piece> {
    let schema = stream.schema();
    let (mut rows, mut bytes, mut few) = (0, 0, Vec::new());
    while bytes < budget {
        let Some(batch) = stream.next().await else {
            return Ok(Piece { rows, held: Held::Memory(few) });
        };
        let batch = compacted(&batch?)?;
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        few.push(batch);
    }
    let file = context.runtime_env().disk_manager.create_tmp_file("CREATE TABLE")?;
    let path = file.path().map(ToOwned::to_owned).ok_or_else(|| {
        DataFusionError::from(Error::unsupported("the spill folder has no files"))
    })?;
    let options =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(file.open_writer()?, &schema, options)?;
    for batch in few {
        writer.write(&batch)?;
    }
    while let Some(batch) = stream.next().await {
        let batch = compacted(&batch?)?;
        rows += batch.num_rows();
        writer.write(&batch)?;
    }
    writer.into_inner()?.finish()?;
    Ok(Piece { rows, held: Held::File { path, _file: file } })
}

/// A batch whose view columns hold only the bytes that their values name.
fn compacted(batch: &RecordBatch) -> DfResult<RecordBatch> {
    let columns = batch.columns().iter().map(|column| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
            _ => Arc::clone(column),
        }
    });
    let options =
        datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns.collect(), &options)?)
}

#[async_trait]
impl TableProvider for SessionTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let scan = SessionScan::try_new(&self.schema, self.pieces.clone(), projection.cloned())?;
        Ok(Arc::new(scan))
    }
}
