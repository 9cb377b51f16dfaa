//! The rows of a session's own table: in memory while they are few, else in Arrow files of the
//! spill folder, within its limit. The files go when the last one who reads them does.

mod codec;
mod scan;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
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
use crate::spi::unsigned_nans;

/// A table whose batches take less than this stays in memory.
const MEMORY_BYTES: usize = 1024 * 1024;

/// Rows up to which pieces in memory are put together.
const MERGED_ROWS: usize = 8192;

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
    /// A table without rows.
    pub(super) fn empty(schema: SchemaRef) -> Self {
        let nothing = Piece { rows: 0, held: Held::Memory(vec![]) };
        Self { schema, pieces: vec![Arc::new(nothing)] }
    }

    /// Runs a plan and keeps its rows as those of a table with `schema`, whose types it has.
    ///
    /// # Errors
    /// Those of the plan; `Sql` for a NULL where the table takes none; `Exhausted` when the spill
    /// folder is full.
    pub(super) async fn collect(
        schema: SchemaRef,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> Result<Self> {
        let streams = execute_stream_partitioned(plan, Arc::clone(&context)).translated()?;
        let budget = MEMORY_BYTES / streams.len().max(1);
        // Dropped, it ends its tasks.
        let mut tasks = JoinSet::new();
        for (at, stream) in streams.into_iter().enumerate() {
            let (context, schema) = (Arc::clone(&context), Arc::clone(&schema));
            tasks.spawn(async move { (at, keep(stream, schema, &context, budget).await) });
        }
        let mut pieces = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let (at, piece) = ended.map_err(|e| Error::internal(format!("a task ended: {e}")))?;
            pieces.push((at, Arc::new(piece.translated()?)));
        }
        pieces.sort_by_key(|(at, _)| *at);
        Ok(Self { schema, pieces: pieces.into_iter().map(|(_, piece)| piece).collect() })
    }

    /// This table with the rows of another one of the same schema behind its own.
    pub(super) fn with(&self, more: &Self) -> Result<Self> {
        let mut pieces = self.pieces.clone();
        for piece in more.pieces.iter().filter(|piece| piece.rows > 0) {
            let merged = match pieces.last() {
                Some(last) => last.merged(piece, &self.schema)?,
                None => None,
            };
            match merged {
                Some(merged) => {
                    pieces.pop();
                    pieces.push(Arc::new(merged));
                }
                None => pieces.push(Arc::clone(piece)),
            }
        }
        Ok(Self { schema: Arc::clone(&self.schema), pieces })
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows).sum()
    }
}

impl Piece {
    /// Two small pieces as one, so that a thousand small INSERTs do not make a thousand partitions.
    fn merged(&self, more: &Self, schema: &SchemaRef) -> Result<Option<Self>> {
        let (Held::Memory(own), Held::Memory(others)) = (&self.held, &more.held) else {
            return Ok(None);
        };
        let rows = self.rows + more.rows;
        if rows > MERGED_ROWS {
            return Ok(None);
        }
        let batch = concat_batches(schema, own.iter().chain(others))
            .map_err(|e| Error::internal(format!("batches of one table differ: {e}")))?;
        Ok(Some(Self { rows, held: Held::Memory(vec![batch]) }))
    }
}

/// Keeps the batches of one partition.
async fn keep(
    mut stream: SendableRecordBatchStream,
    schema: SchemaRef,
    context: &TaskContext,
    budget: usize,
) -> DfResult<Piece> {
    let (mut rows, mut bytes, mut few) = (0, 0, Vec::new());
    while bytes < budget {
        let Some(batch) = stream.next().await else {
            return Ok(Piece { rows, held: Held::Memory(few) });
        };
        let batch = compacted(batch?, &schema)?;
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
        let batch = compacted(batch?, &schema)?;
        rows += batch.num_rows();
        writer.write(&batch)?;
    }
    writer.into_inner()?.finish()?;
    Ok(Piece { rows, held: Held::File { path, _file: file } })
}

/// A batch of a table with `schema`, whose view columns hold only the bytes that their values name and
/// whose NaNs have no sign.
fn compacted(batch: RecordBatch, schema: &SchemaRef) -> DfResult<RecordBatch> {
    let batch = unsigned_nans(batch)?;
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if !field.is_nullable() && column.null_count() > 0 {
            return Err(Error::sql(format!("column {} cannot be NULL", field.name())).into());
        }
    }
    let columns = batch.columns().iter().map(|column| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
            _ => Arc::clone(column),
        }
    });
    let options =
        datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect(), &options)?)
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
