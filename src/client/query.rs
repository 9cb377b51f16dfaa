//! A statement that runs on a server.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, FlightInfo, IpcMessage};
use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tonic::Response;

use super::status::{error, garbled};
use super::{Connection, Ends};
use crate::engine::{Delivered, Outcome, Progress, Query, protocol};
use crate::error::{Error, Result};

/// How many batches may be ahead of their reader.
const BATCHES_AHEAD: usize = 2;

/// A statement on a server; dropped, it is cancelled there.
pub(super) struct RemoteQuery {
    id: String,
    outcome: Outcome,
    batches: mpsc::Receiver<Result<RecordBatch>>,
    task: Option<Ends>,
    notes: Arc<Mutex<Vec<String>>>,
    delivered: Delivered,
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
    let notes = Arc::new(Mutex::new(vec![]));
    let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
    let query = |outcome, task| RemoteQuery {
        id,
        outcome,
        batches,
        task,
        notes: Arc::clone(&notes),
        delivered: Delivered::since(started),
    };
    if !info.app_metadata.is_empty() {
        let tag = String::from_utf8_lossy(&info.app_metadata).into_owned();
        return Ok(query(Outcome::Done(tag), None));
    }
    let schema = Schema::try_from(IpcMessage(info.schema));
    let schema = Arc::new(schema.map_err(|_| garbled("the columns of an answer"))?);
    let ticket = info.endpoint.into_iter().next().and_then(|endpoint| endpoint.ticket);
    let ticket = ticket.ok_or_else(|| garbled("a flight without a ticket"))?;
    let request = connection.request(ticket);
    let response = connection.client.clone().do_get(request).await.map_err(|e| error(&e))?;
    let told = Arc::clone(&notes);
    let messages = response.into_inner().filter_map(move |message| {
        let message = match message {
            Ok(message) if message.data_header.is_empty() => {
                take_notes(&told, &message);
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
    Ok(query(Outcome::Rows(schema), Some(Ends(task.abort_handle()))))
}

fn take_notes(notes: &Mutex<Vec<String>>, message: &FlightData) {
    if let Ok(told) = serde_json::from_slice(&message.app_metadata) {
        *notes.lock().unwrap_or_else(PoisonError::into_inner) = told;
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
        // What scans have read is known at the server alone.
        self.delivered.progress()
    }

    async fn stop(&mut self) {
        // The server ends what nobody reads.
        self.batches.close();
        self.task = None;
    }

    fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
