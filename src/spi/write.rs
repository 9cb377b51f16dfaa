//! Writing: what the engine hands to a connector, batch by batch, and when it becomes visible.
//!
//! The engine runs the query; the connector owns files, names and formats. Nothing that a writer
//! has taken can be read before [`TableWriter::commit`], and nothing of it is left after an error
//! or a cancelled statement.

use std::fmt::Debug;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;

use crate::error::Result;

/// How a statement wants something new to be written, as text that only the connector can type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The format, if the statement names one.
    pub format: Option<String>,
    /// The columns that become folders, as they were typed.
    pub partitioned_by: Vec<String>,
    /// Everything else: keys in small letters, values as text.
    pub options: Vec<(String, String)>,
}

/// Takes the rows of one statement.
///
/// A writer that is dropped without a commit cleans up behind itself; [`abort`](Self::abort) does
/// the same and waits for it.
#[async_trait]
pub trait TableWriter: Debug + Send {
    /// The columns that every batch must have, in this order.
    fn schema(&self) -> &SchemaRef;

    /// The columns whose equal values must come one after another.
    fn clustered_by(&self) -> &[String];

    /// Takes a batch.
    async fn write(&mut self, batch: RecordBatch) -> Result<()>;

    /// Makes all of it visible.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// Takes all of it back.
    async fn abort(self: Box<Self>);
}
