//! A door without a network, for bytes that no driver would send: tickets, descriptors, actions and
//! streams of rows. Whatever they are, the answer is an error and no panic.
//!
//! `fuzz/fuzz_targets/ticket.rs` feeds it; a short run with a fixed seed is a test below.

use std::sync::Arc;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{Action, FlightData, FlightDescriptor, Ticket};
use bytes::Bytes;
use futures::StreamExt;
use tonic::codegen::http::HeaderMap;
use tonic::{Code, Request, Status};

use super::auth::Auth;
use super::caller::{Caller, caller};
use super::door::Door;
use super::sessions::Sessions;
use super::{ServerOptions, SessionLimits, actions, put};
use crate::engine::{Engine, EngineOptions, Rights};
use crate::error::Result;

/// How many messages of rows are read of an answer.
const MESSAGES_READ: usize = 8;

/// A door and somebody who stands before it.
#[derive(Debug)]
pub struct Untrusted {
    door: Door,
    caller: Caller,
}

impl Untrusted {
    /// A door to an engine that knows sessions only.
    ///
    /// # Errors
    /// Those of starting an engine.
    pub async fn new() -> Result<Self> {
        let engine = Engine::start(EngineOptions::default())?;
        let sessions = Sessions::new(engine, SessionLimits::default());
        let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let options = Arc::new(ServerOptions::at(anywhere));
        let auth = Auth::Open(Arc::new(Rights::default()));
        let caller = caller(&auth, &sessions, &HeaderMap::new(), None).await?;
        Ok(Self { door: Door { sessions, options, counters: Arc::default() }, caller })
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(self.caller.clone());
        request
    }

    /// Gives bytes to the call that their first byte chooses.
    ///
    /// # Errors
    /// What the call answers.
    pub async fn give(&self, bytes: &[u8]) -> Result<(), Status> {
        let Some((call, rest)) = bytes.split_first() else { return Ok(()) };
        let rest = Bytes::copy_from_slice(rest);
        match call % 5 {
            0 => {
                let descriptor = FlightDescriptor::new_cmd(rest);
                self.door.get_flight_info(self.request(descriptor)).await.map(drop)
            }
            1 => {
                let descriptor = FlightDescriptor::new_cmd(rest);
                self.door.get_schema(self.request(descriptor)).await.map(drop)
            }
            2 => self.read(rest).await,
            3 => {
                let named = actions::ACTIONS.get(usize::from(*call) / 5 % actions::ACTIONS.len());
                let r#type = named.map(|(name, _)| (*name).to_owned()).unwrap_or_default();
                let action = Action { r#type, body: rest };
                self.door.do_action(self.request(action)).await.map(drop)
            }
            _ => self.put(&rest).await,
        }
    }

    async fn read(&self, ticket: Bytes) -> Result<(), Status> {
        let answer = self.door.do_get(self.request(Ticket { ticket })).await?;
        let mut messages = answer.into_inner().take(MESSAGES_READ);
        while let Some(message) = messages.next().await {
            message?;
        }
        Ok(())
    }

    /// A stream of two messages: a length before each part of them.
    async fn put(&self, bytes: &Bytes) -> Result<(), Status> {
        let mut rest = bytes.clone();
        let mut part = || {
            let length = rest.first().map_or(0, |length| usize::from(*length));
            let mut part = rest.split_to(rest.len().min(length + 1));
            part.split_off(part.len().min(1))
        };
        let descriptor = Some(FlightDescriptor::new_cmd(part()));
        let messages = [(descriptor, part(), part()), (None, part(), part())];
        let messages = messages.map(|(flight_descriptor, data_header, data_body)| {
            let app_metadata = Bytes::new();
            Ok(FlightData { flight_descriptor, data_header, app_metadata, data_body })
        });
        put::put(&self.door, &self.caller, futures::stream::iter(messages)).await.map(drop)
    }
}

/// Whether an answer says that something in here went wrong, and not in what was sent.
pub fn is_a_bug(answer: &Result<(), Status>) -> bool {
    answer.as_ref().is_err_and(|status| matches!(status.code(), Code::Internal | Code::Unknown))
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use arrow_flight::encode::FlightDataEncoderBuilder;
    use arrow_flight::sql::{
        ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
        CommandGetCatalogs, CommandGetTables, CommandPreparedStatementQuery,
        CommandPreparedStatementUpdate, CommandStatementIngest, CommandStatementQuery,
        CommandStatementUpdate, ProstMessageExt,
    };
    use futures::TryStreamExt;
    use prost::Message;

    use super::*;
    use crate::server::flight_sql::statements::{Prepared, ticket};

    /// Numbers that are the same in every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % most.max(1) as u64).unwrap()
        }
    }

    fn packed(call: u8, command: &impl ProstMessageExt) -> Vec<u8> {
        let mut bytes = vec![call];
        bytes.extend(command.as_any().encode_to_vec());
        bytes
    }

    fn put_of(command: &impl ProstMessageExt, rows: &[FlightData]) -> Vec<u8> {
        let mut bytes = vec![4];
        let command = command.as_any().encode_to_vec();
        let mut parts = vec![command.as_slice()];
        parts.extend(rows.iter().flat_map(|row| [&row.data_header[..], &row.data_body[..]]));
        for part in parts {
            bytes.push(u8::try_from(part.len()).unwrap());
            bytes.extend(part);
        }
        bytes
    }

    /// Calls as drivers make them.
    async fn good(door: &Untrusted) -> Vec<Vec<u8>> {
        let session = door.door.sessions.of(&door.caller).await.unwrap();
        let prepared = Prepared::new(&session.engine, "SELECT ? + 1 AS n".to_owned()).await;
        let handle: Bytes = session.prepared.add(prepared.unwrap()).unwrap().into();
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let rows = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let rows = FlightDataEncoderBuilder::new().build(futures::stream::iter([Ok(rows)]));
        let rows: Vec<FlightData> = rows.try_collect().await.unwrap();
        let query = "SELECT 1 AS n".to_owned();
        let statement = CommandStatementQuery { query: query.clone(), transaction_id: None };
        let bound = CommandPreparedStatementQuery { prepared_statement_handle: handle.clone() };
        let update = CommandPreparedStatementUpdate { prepared_statement_handle: handle.clone() };
        let ingest = CommandStatementIngest {
            table: "t".to_owned(),
            temporary: true,
            ..CommandStatementIngest::default()
        };
        let prepare =
            ActionCreatePreparedStatementRequest { query: query.clone(), transaction_id: None };
        let close = ActionClosePreparedStatementRequest { prepared_statement_handle: handle };
        let mut calls = vec![
            put_of(&bound, &rows),
            put_of(&update, &rows),
            put_of(&ingest, &rows),
            put_of(&CommandStatementUpdate { query, transaction_id: None }, &[]),
            packed(0, &statement),
            packed(0, &bound),
            packed(1, &statement),
            packed(2, &bound),
            packed(2, &CommandGetCatalogs {}),
            packed(2, &CommandGetTables::default()),
            packed(3, &prepare),
        ];
        let mut read = vec![2];
        read.extend(ticket("00000000000000000000000000000000"));
        calls.push(read);
        // The second action closes; the third cancels a flight.
        calls.push(packed(8, &close));
        calls
    }

    #[tokio::test]
    async fn bytes_that_are_nearly_right_are_answered_with_an_error() {
        let door = Untrusted::new().await.unwrap();
        let mut numbers = Numbers(0x5eed);
        let good = good(&door).await;
        let mut answered = 0;
        for round in 0..3000 {
            let mut bytes = good[round % good.len()].clone();
            for _ in 0..numbers.below(4) {
                let at = numbers.below(bytes.len());
                match numbers.below(4) {
                    0 => bytes[at] ^= 1 << numbers.below(8),
                    1 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
                    2 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, u8::try_from(numbers.below(256)).unwrap()),
                }
            }
            let answer = door.give(&bytes).await;
            assert!(!is_a_bug(&answer), "{answer:?} to {bytes:?}");
            answered += usize::from(answer.is_ok());
        }
        assert!(answered > 300, "most calls are garbage from the beginning: {answered}");
    }

    #[tokio::test]
    async fn calls_of_drivers_are_answered() {
        let door = Untrusted::new().await.unwrap();
        let mut refused = vec![];
        for call in good(&door).await {
            if let Err(status) = door.give(&call).await {
                refused.push(status.code());
            }
        }
        // The one ticket that was never given out.
        assert_eq!(refused, [Code::NotFound]);
    }
}
