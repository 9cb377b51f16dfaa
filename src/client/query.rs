//! A statement that runs on a server.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{CancelFlightInfoRequest, FlightData, FlightInfo, IpcMessage};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use prost::Message;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tonic::Response;

use super::status::{error, garbled};
use super::{Connection, Ends};
use crate::engine::protocol::{self, Aside};
use crate::engine::{Delivered, Outcome, Progress, Query};
use crate::error::{Error, Result};

/// How many batches may be ahead of their reader.
const BATCHES_AHEAD: usize = 2;

/// How long a server may take to end a statement of which no more rows are wanted.
const STOPPING: Duration = Duration::from_secs(4);

/// A statement on a server; dropped, it is cancelled there.
pub(super) struct RemoteQuery {
    id: String,
    outcome: Outcome,
    batches: mpsc::Receiver<Result<RecordBatch>>,
    task: Option<Ends>,
    told: Arc<Mutex<Told>>,
    delivered: Delivered,
    // `None` for a statement without rows.
    stop: Option<Stop>,
}

/// What the server said beside the rows.
#[derive(Debug, Default)]
struct Told {
    progress: Progress,
    notes: Vec<String>,
}

/// What it takes to tell the server that no more rows are wanted.
struct Stop {
    connection: Connection,
    threads: Handle,
    flight: FlightInfo,
}

/// Reads a flight. Called on the connection's threads.
pub(super) async fn open(
    connection: &Connection,
    flight: Response<FlightInfo>,
) -> Result<RemoteQuery> {
    let started = Instant::now();
    let id = flight.metadata().get(protocol::QUERY_ID);
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let info = flight.into_inner();
    let told = Arc::new(Mutex::new(Told::default()));
    let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
    let query = |outcome, task, stop| RemoteQuery {
        id,
        outcome,
        batches,
        task,
        told: Arc::clone(&told),
        delivered: Delivered::since(started),
        stop,
    };
    if !info.app_metadata.is_empty() {
        let tag = String::from_utf8_lossy(&info.app_metadata).into_owned();
        return Ok(query(Outcome::Done(tag), None, None));
    }
    let schema = Schema::try_from(IpcMessage(info.schema.clone()));
    let schema = Arc::new(schema.map_err(|_| garbled("the columns of an answer"))?);
    let ticket = info.endpoint.first().and_then(|endpoint| endpoint.ticket.clone());
    let ticket = ticket.ok_or_else(|| garbled("a flight without a ticket"))?;
    let request = connection.request(ticket);
    let response = connection.client.clone().do_get(request).await.map_err(|e| error(&e))?;
    let heard = Arc::clone(&told);
    let messages = response.into_inner().filter_map(move |message| {
        let message = match message {
            Ok(message) if message.data_header.is_empty() => {
                hear(&heard, &message);
                None
            }
            Ok(message) => Some(Ok(message)),
            Err(status) => Some(Err(FlightError::Tonic(Box::new(status)))),
        };
        async move { message }
    });
    let mut rows = FlightRecordBatchStream::new_from_flight_data(messages);
    let task = tokio::spawn(async move {
        loop {
            // Bytes that are not what they say can make a decoder panic.
            let batch = AssertUnwindSafe(rows.next()).catch_unwind().await;
            let batch = match batch {
                Ok(None) => return,
                Ok(Some(batch)) => batch.map_err(of_flight),
                Err(_) => Err(garbled("the rows of an answer")),
            };
            let failed = batch.is_err();
            if sender.send(batch).await.is_err() || failed {
                return;
            }
        }
    });
    let stop = Stop { connection: connection.clone(), threads: Handle::current(), flight: info };
    Ok(query(Outcome::Rows(schema), Some(Ends(task.abort_handle())), Some(stop)))
}

/// Takes a message beside the rows. One that is not understood is a newer server's.
fn hear(told: &Mutex<Told>, message: &FlightData) {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    match serde_json::from_slice(&message.app_metadata) {
        Ok(Aside::Progress(progress)) => told.progress = progress,
        Ok(Aside::Notes(notes)) => told.notes = notes,
        Err(_) => {}
    }
}

impl RemoteQuery {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_flight(flight: FlightError) -> Error {
    match flight {
        FlightError::Tonic(status) => error(&status),
        other => garbled(&other.to_string()),
    }
}

#[async_trait]
impl Query for RemoteQuery {
    fn id(&self) -> &str {
        &self.id
    }

    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        let batch = self.batches.recv().await;
        if let Some(Ok(batch)) = &batch {
            self.delivered.count(batch);
        }
        batch
    }

    fn progress(&self) -> Progress {
        let Progress { rows, elapsed, first_row, .. } = self.delivered.progress();
        // What scans have read is known at the server alone.
        Progress { rows, elapsed, first_row, ..self.told().progress }
    }

    async fn stop(&mut self) {
        // A stream that breaks off has no receipt: the server is told first, and rows are taken on
        // until it has answered.
        if let Some(Stop { connection, threads, flight }) = self.stop.take() {
            let request = CancelFlightInfoRequest { info: Some(flight) };
            let body = request.encode_to_vec().into();
            let told =
                threads.spawn(async move { connection.action("CancelFlightInfo", body).await });
            let _ends = Ends(told.abort_handle());
            // Who does not answer is left like one that was never told.
            let _ = tokio::time::timeout(STOPPING, told).await;
        }
        self.batches.close();
        self.task = None;
    }

    fn notes(&self) -> Vec<String> {
        self.told().notes.clone()
    }
}
