//! Rows on their way to a client: the schema, then messages of a size that every client takes.
//!
//! arrow-flight measures a slice by the buffers that it shares with others and splits it into
//! crumbs, so batches are cut here by what they hold. A reader that takes nothing for long is told
//! so and loses its statement, as its turn is wanted by others.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::FlightData;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio::task::AbortHandle;
use tonic::Status;

use super::status::{carried, of_flight, plain, status};
use super::wire::convert;
use crate::engine::protocol::Aside;
use crate::engine::{Delivered, LocalQuery, Observer, Query};
use crate::error::Error;
use crate::server::counters::Counters;

/// What clients get batches in.
pub(super) type FlightStream = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>>;

/// The bytes that one message should have.
const MESSAGE: usize = 2 << 20;

/// How often a client that asked for it is told how far its statement has come, while no rows come.
const TELLING: Duration = Duration::from_millis(250);

/// The bytes that one message may have: ADBC's driver takes no more.
const LARGEST_MESSAGE: usize = 16 << 20;

/// How results travel.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    /// The columns as they travel.
    pub(super) schema: SchemaRef,
    /// Whether bodies are compressed.
    pub(super) lz4: bool,
    /// Whether messages without rows tell how far the statement has come, and what it has to say.
    pub(super) asides: bool,
    /// How long a reader may take nothing.
    pub(super) patience: Duration,
    /// Where what is sent is counted.
    pub(super) counters: Arc<Counters>,
}

/// Rows that are there already.
pub(super) fn batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> FlightStream {
    let rows = futures::stream::iter(batches.into_iter().map(Ok));
    let encoder = FlightDataEncoderBuilder::new().with_schema(schema).build(rows);
    Box::pin(encoder.map(|message| message.map_err(of_flight)))
}

/// The rows of a statement. Dropping the stream ends it; `held` lives as long.
pub(super) fn rows(
    query: LocalQuery,
    sql: String,
    wire: Wire,
    stop: &Stop,
    held: impl Send + 'static,
) -> Result<FlightStream, Status> {
    let options = IpcWriteOptions::default()
        .try_with_compression(wire.lz4.then_some(CompressionType::LZ4_FRAME))
        .map_err(|e| Status::internal(e.to_string()))?;
    let (patience, asides, counters) = (wire.patience, wire.asides, Arc::clone(&wire.counters));
    let observer = query.observer();
    let query = Arc::new(AsyncMutex::new(query));
    let schema = Arc::clone(&wire.schema);
    let pieces = Pieces { query: Arc::clone(&query), sql, wire, cut: VecDeque::new() };
    let pieces = futures::stream::try_unfold(pieces, Pieces::next);
    let messages = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_options(options)
        .with_dictionary_handling(DictionaryHandling::Resend)
        // They are cut already.
        .with_max_flight_data_size(usize::MAX)
        .build(pieces)
        .map(|message| message.map_err(of_flight));
    let (sender, receiver) = mpsc::channel(1);
    let reading = stop.reading();
    let task = tokio::spawn(async move {
        let _held = held;
        // A stream that ends is dropped, and this task with it: a receipt must be written before.
        let _open = sender.clone();
        let all = async {
            let pump = Pump { sender, patience, observer, asides, counters };
            if pump.all(Box::pin(messages)).await && asides {
                let query = query.lock().await;
                pump.tell(&Aside::Progress(query.progress())).await;
                let notes = query.notes();
                if !notes.is_empty() {
                    pump.tell(&Aside::Notes(notes)).await;
                }
            }
        };
        tokio::select! {
            () = all => {}
            () = reading.stopped() => query.lock().await.stop().await,
        }
    });
    Ok(Box::pin(Reading { receiver, task: task.abort_handle() }))
}

/// What sends messages to a client, and looks after it.
struct Pump {
    sender: mpsc::Sender<Result<FlightData, Status>>,
    patience: Duration,
    observer: Observer,
    // Whether its progress is told.
    asides: bool,
    counters: Arc<Counters>,
}

impl Pump {
    /// Sends all rows; false when there were not all.
    async fn all(&self, mut messages: FlightStream) -> bool {
        let mut quiet = tokio::time::interval(TELLING);
        quiet.tick().await;
        loop {
            let message = tokio::select! {
                biased;
                () = self.sender.closed() => return false,
                message = AssertUnwindSafe(messages.next()).catch_unwind() => message,
                _ = quiet.tick(), if self.asides => {
                    self.tell_progress();
                    continue;
                }
            };
            let message = match message {
                Ok(None) => return true,
                Ok(Some(message)) => message,
                // A stream that just ends would be an answer without its last rows.
                Err(_) => Err(plain(&Error::internal("the rows cannot be sent: a bug in Sluice"))),
            };
            let failed = message.is_err();
            let sent = tokio::time::timeout(self.patience, self.sender.reserve()).await;
            match sent {
                Ok(Ok(place)) => {
                    if let Ok(message) = &message {
                        let bytes = message.data_header.len() + message.data_body.len();
                        self.counters.sent.add(bytes as u64);
                    }
                    place.send(message);
                }
                Ok(Err(_)) => return false,
                Err(_) => {
                    let patience = humantime::format_duration(self.patience);
                    let error = Error::timed_out(format!("the client took no rows for {patience}"))
                        .with_hint("read results to their end, or close them");
                    self.observer.fail(&error);
                    drop(messages);
                    let _ = self.sender.send(Err(plain(&error))).await;
                    return false;
                }
            }
            if failed {
                return false;
            }
        }
    }

    /// Tells how far the statement has come, if the client takes it at once.
    fn tell_progress(&self) {
        let progress = self.observer.progress(&Delivered::since(Instant::now()));
        if let (Ok(place), Some(message)) =
            (self.sender.try_reserve(), aside(&Aside::Progress(progress)))
        {
            place.send(Ok(message));
        }
    }

    /// Sends a message beside the rows; who is gone needs none.
    async fn tell(&self, told: &Aside) {
        if let Some(message) = aside(told) {
            let _ = tokio::time::timeout(self.patience, self.sender.send(Ok(message))).await;
        }
    }
}

/// A message without rows.
fn aside(told: &Aside) -> Option<FlightData> {
    let json = serde_json::to_vec(told).ok()?;
    Some(FlightData { app_metadata: json.into(), ..FlightData::default() })
}

/// Ends a statement that is being read before its last row, so that it leaves a receipt.
#[derive(Debug)]
pub(super) struct Stop(Arc<watch::Sender<Stage>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unread,
    Read,
    Stopping,
    Ended,
}

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Unread)))
    }
}

impl Stop {
    fn reading(&self) -> Stoppable {
        self.0.send_replace(Stage::Read);
        Stoppable(Arc::clone(&self.0))
    }

    /// Ends it, and waits until its receipt is written; false when nobody reads it.
    pub(super) async fn stop(&self) -> bool {
        let reads = |stage: &mut Stage| {
            let reads = *stage == Stage::Read;
            if reads {
                *stage = Stage::Stopping;
            }
            reads
        };
        if !self.0.send_if_modified(reads) {
            return false;
        }
        let mut stage = self.0.subscribe();
        stage.wait_for(|stage| *stage == Stage::Ended).await.is_ok()
    }
}

/// The reader's end of a [`Stop`]; dropped, it has ended.
struct Stoppable(Arc<watch::Sender<Stage>>);

impl Stoppable {
    async fn stopped(&self) {
        let mut stage = self.0.subscribe();
        // The sender lives as long as this.
        let _ = stage.wait_for(|stage| *stage == Stage::Stopping).await;
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        self.0.send_replace(Stage::Ended);
    }
}

/// The client's end; dropped, what feeds it ends.
struct Reading {
    receiver: mpsc::Receiver<Result<FlightData, Status>>,
    task: AbortHandle,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stream for Reading {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context)
    }
}

/// The batches of a statement, cast and cut.
struct Pieces {
    query: Arc<AsyncMutex<LocalQuery>>,
    sql: String,
    wire: Wire,
    cut: VecDeque<RecordBatch>,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(RecordBatch, Self)>, FlightError> {
        loop {
            if let Some(piece) = self.cut.pop_front() {
                return Ok(Some((piece, self)));
            }
            let batch = self.query.lock().await.next().await;
            match batch {
                None => return Ok(None),
                Some(Err(e)) => return Err(carried(status(&e, &self.sql))),
                // Batches without rows end the result for some drivers.
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    let converted = convert(&batch, &self.wire.schema);
                    let pieces = converted.map_err(|e| does_not_fit(&e)).and_then(cut);
                    self.cut = match pieces {
                        Ok(pieces) => pieces,
                        Err(e) => {
                            self.query.lock().await.observer().fail(&e);
                            return Err(carried(plain(&e)));
                        }
                    };
                }
            }
        }
    }
}

fn does_not_fit(error: &ArrowError) -> Error {
    Error::sql(format!("a value does not fit the type that it is sent as: {error}"))
}

/// Pieces of about [`MESSAGE`] bytes.
fn cut(batch: RecordBatch) -> Result<VecDeque<RecordBatch>, Error> {
    let bytes = bytes(&batch);
    if bytes <= MESSAGE {
        return Ok(VecDeque::from([batch]));
    }
    if batch.num_rows() == 1 {
        if bytes > LARGEST_MESSAGE {
            return Err(Error::exhausted(format!(
                "a row of the answer has {bytes} bytes, and clients take {LARGEST_MESSAGE}"
            ))
            .with_hint("select fewer columns, or a part of a long one: substr(column, 1, 1000)"));
        }
        return Ok(VecDeque::from([batch]));
    }
    // Rows differ in length: a half is cut again where it needs to be.
    let half = (batch.num_rows() * MESSAGE / bytes).clamp(1, batch.num_rows() / 2);
    let mut pieces = VecDeque::new();
    let mut at = 0;
    while at < batch.num_rows() {
        let length = half.min(batch.num_rows() - at);
        pieces.extend(cut(batch.slice(at, length))?);
        at += length;
    }
    Ok(pieces)
}

/// The bytes that the rows of a batch take, without what their buffers share with others.
pub(super) fn bytes(batch: &RecordBatch) -> usize {
    let of = |column: &Arc<dyn Array>| {
        let whole = column.get_array_memory_size();
        column.to_data().get_slice_memory_size().unwrap_or(whole)
    };
    batch.columns().iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;
    use crate::engine::{Engine, EngineOptions, Parameters};

    fn text(rows: usize, length: usize) -> RecordBatch {
        let column = StringArray::from_iter_values((0..rows).map(|_| "x".repeat(length)));
        RecordBatch::try_from_iter([("t", Arc::new(column) as ArrayRef)]).unwrap()
    }

    #[tokio::test]
    async fn rows_that_cannot_be_sent_are_an_error_and_no_end() {
        let panics = futures::stream::poll_fn(|_| -> Poll<Option<Result<FlightData, Status>>> {
            panic!("an encoder's bug")
        });
        let (sender, mut receiver) = mpsc::channel(1);
        let session = Engine::start(EngineOptions::default()).unwrap().session();
        let query = session.plan("SELECT 1", &Parameters::default()).await.unwrap();
        let pump = Pump {
            sender,
            patience: Duration::from_secs(10),
            observer: query.observer(),
            asides: false,
            counters: Arc::default(),
        };
        assert!(!pump.all(Box::pin(panics)).await);
        drop(pump);
        assert_eq!(receiver.recv().await.unwrap().unwrap_err().code(), tonic::Code::Internal);
        assert!(receiver.recv().await.is_none());
    }

    #[test]
    fn a_slice_counts_by_its_own_rows() {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1_000_000));
        let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let pieces = cut(batch.slice(0, 8192)).unwrap();
        assert_eq!(pieces.len(), 1);
    }

    #[test]
    fn every_row_of_a_large_batch_is_in_one_of_its_pieces() {
        let pieces = cut(text(300, 100_000)).unwrap();
        assert!(pieces.len() > 10);
        assert_eq!(pieces.iter().map(RecordBatch::num_rows).sum::<usize>(), 300);
        assert!(pieces.iter().all(|piece| bytes(piece) <= 2 * MESSAGE));
    }

    #[test]
    fn a_row_that_no_client_takes_is_an_error_that_says_so() {
        assert!(cut(text(1, LARGEST_MESSAGE + 1)).unwrap_err().message().contains("16777216"));
        assert_eq!(cut(text(2, LARGEST_MESSAGE / 2)).unwrap().len(), 2);
    }
}
