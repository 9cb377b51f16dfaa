//! The encoder of an ORC file. That of orc-rust stays on the thread that made it, so it has one.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use orc_rust::ArrowWriterBuilder;
use orc_rust::compression::CompressionType;
use orc_rust::error::OrcError;

use crate::error::{Error, Result};

type Outcome = Result<(), OrcError>;

/// An encoder; each call waits for its thread, which ends with it.
pub(super) struct OrcEncoder {
    batches: SyncSender<Option<RecordBatch>>,
    outcomes: Receiver<Outcome>,
}

impl OrcEncoder {
    /// An encoder of batches with these columns.
    ///
    /// # Errors
    /// The system's, when there is no thread to be had.
    pub(super) fn new(
        out: impl Write + Send + 'static,
        schema: SchemaRef,
        compression: Option<CompressionType>,
    ) -> Result<Self> {
        let (batches, asked) = sync_channel(0);
        let (outcome, outcomes) = sync_channel(1);
        let work = move || {
            let builder = ArrowWriterBuilder::new(out, schema);
            let built = match compression {
                Some(compression) => builder.with_compression(compression).try_build(),
                None => builder.try_build(),
            };
            let mut writer = match built {
                Ok(writer) => writer,
                Err(e) => return drop(outcome.send(Err(e))),
            };
            // Without an end, the file was given up.
            while let Ok(asked) = asked.recv() {
                let Some(batch) = asked else { return drop(outcome.send(writer.close())) };
                let _ = outcome.send(writer.write(&batch));
            }
        };
        let spawned = std::thread::Builder::new().name("orc".to_owned()).spawn(work);
        spawned.map_err(|e| Error::exhausted(format!("no thread to write ORC in: {e}")))?;
        Ok(Self { batches, outcomes })
    }

    /// Encodes a batch.
    pub(super) fn write(&mut self, batch: RecordBatch) -> Result<()> {
        self.ask(Some(batch))
    }

    /// Ends the file.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.ask(None)
    }

    fn ask(&mut self, batch: Option<RecordBatch>) -> Result<()> {
        // A thread that has ended says why, or has panicked.
        let _ = self.batches.send(batch);
        let outcome = self.outcomes.recv();
        let outcome = outcome.map_err(|_| Error::internal("the encoder of ORC has panicked"))?;
        outcome.map_err(|e| {
            Error::unsupported(format!("the rows cannot be written as orc: {e}")).with_source(e)
        })
    }
}
