//! The calls of Flight, each taken apart and given to who answers it.
//!
//! Written by hand: `arrow-flight`'s own dispatch answers neither `GetSchema` nor session options,
//! and knows no mark for statements that are executed.

use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{Any, Command};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use super::encode::{self, FlightStream};
use super::sessions::{DoorSession, Sessions};
use super::statements::{Planned, Prepared, Source, flight, ticket};
use super::status::{plain, status};
use super::{ServerOptions, actions, caller, metadata, put};
use crate::engine::{Parameters, Session, protocol};
use crate::error::Error;
use crate::server::counters::Counters;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The door.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) sessions: Arc<Sessions>,
    pub(super) options: Arc<ServerOptions>,
    pub(super) counters: Arc<Counters>,
}

impl Door {
    /// Plans a statement, or runs it if it gives no rows, and makes its flight.
    async fn statement(
        &self,
        session: &Arc<DoorSession>,
        is_own: bool,
        source: Source,
        parameters: Parameters,
        descriptor: FlightDescriptor,
    ) -> Result<Response<FlightInfo>, Status> {
        let profile = session.wishes().profile;
        let planned = Planned::new(&session.engine, profile, source.clone(), parameters).await;
        let planned = planned.map_err(|e| status(&e, source.sql()))?;
        let id = planned.id().to_owned();
        // What was done is of no use to others, and some take metadata for rows.
        let done = planned.tag().filter(|_| is_own).map(|tag| Bytes::from(tag.to_owned()));
        let schema = Arc::clone(planned.schema());
        let ticket = ticket(&session.planned.add(planned).map_err(|e| plain(&e))?);
        let info = flight(&schema, ticket, descriptor, done.unwrap_or_default());
        let mut response = with_id(Response::new(info), &id);
        if is_own && let Ok(home) = serde_json::to_vec(&session.engine.home()) {
            let home = tonic::metadata::MetadataValue::from_bytes(&home);
            response.metadata_mut().insert_bin(protocol::HOME, home);
        }
        Ok(response)
    }

    async fn flight_of(
        &self,
        caller: &caller::Caller,
        descriptor: FlightDescriptor,
    ) -> Result<Response<FlightInfo>, Status> {
        let command = command(&descriptor.cmd)?;
        let session = self.sessions.of(caller).await.map_err(|e| plain(&e))?;
        let _in_use = super::sessions::InUse::new(&session);
        match command {
            Command::CommandStatementQuery(query) => {
                actions::refuse_transaction(query.transaction_id.as_ref())?;
                let parameters = Parameters::default();
                let source = Source::Text(query.query);
                self.statement(&session, caller.is_own, source, parameters, descriptor).await
            }
            Command::CommandPreparedStatementQuery(query) => {
                let (session, prepared) =
                    self.prepared(caller, &query.prepared_statement_handle)?;
                let parameters = one_execution(&prepared)?;
                let source = Source::Prepared(Arc::clone(&prepared.engine));
                self.statement(&session, caller.is_own, source, parameters, descriptor).await
            }
            command => match metadata::schema(&command) {
                Some(schema) => {
                    let ticket = descriptor.cmd.clone();
                    Ok(Response::new(flight(&schema, ticket, descriptor, Bytes::new())))
                }
                None => Err(unsupported(&command)),
            },
        }
    }

    pub(super) fn prepared(
        &self,
        caller: &caller::Caller,
        handle: &[u8],
    ) -> Result<(Arc<DoorSession>, Arc<Prepared>), Status> {
        let found = self.sessions.handled(caller, |session| session.prepared.get(handle));
        let found = found.map_err(|e| plain(&e))?;
        found.ok_or_else(|| {
            plain(
                &Error::not_found("this statement is not prepared any more")
                    .with_hint("prepare it again: it was closed, or was not used for long"),
            )
        })
    }

    async fn read(
        &self,
        caller: &caller::Caller,
        ticket: &Ticket,
    ) -> Result<Response<FlightStream>, Status> {
        match command(&ticket.ticket)? {
            Command::TicketStatementQuery(ticket) => {
                let handle = &ticket.statement_handle;
                let found = self.sessions.handled(caller, |session| session.planned.get(handle));
                let (session, planned) = found.map_err(|e| plain(&e))?.ok_or_else(|| {
                    plain(
                        &Error::not_found("there is nothing to be read for this ticket any more")
                            .with_hint("run the statement again"),
                    )
                })?;
                let rows = planned
                    .read(&session, caller.is_own, self.options.patience, &self.counters)
                    .await?;
                Ok(with_id(Response::new(rows), planned.id()))
            }
            // Some clients read a prepared statement without asking for its flight.
            Command::CommandPreparedStatementQuery(query) => {
                let (session, prepared) =
                    self.prepared(caller, &query.prepared_statement_handle)?;
                let parameters = one_execution(&prepared)?;
                let profile = session.wishes().profile;
                let source = Source::Prepared(Arc::clone(&prepared.engine));
                let planned = Planned::new(&session.engine, profile, source, parameters).await;
                let planned = planned.map_err(|e| status(&e, prepared.sql()))?;
                let rows = planned
                    .read(&session, caller.is_own, self.options.patience, &self.counters)
                    .await?;
                Ok(with_id(Response::new(rows), planned.id()))
            }
            command => {
                let Some(schema) = metadata::schema(&command) else {
                    return Err(unsupported(&command));
                };
                let session = self.sessions.of(caller).await.map_err(|e| plain(&e))?;
                let batch = metadata::answer(&session, command).await.map_err(|e| plain(&e))?;
                Ok(Response::new(encode::batches(schema, vec![batch])))
            }
        }
    }
}

/// The command in a descriptor or a ticket.
///
/// # Errors
/// `INVALID_ARGUMENT` for bytes that are none.
pub(super) fn command(bytes: &[u8]) -> Result<Command, Status> {
    let any = Any::decode(bytes).map_err(|_| not_a_command())?;
    if any.type_url.is_empty() {
        return Err(not_a_command());
    }
    Command::try_from(any).map_err(|_| not_a_command())
}

fn not_a_command() -> Status {
    plain(
        &Error::sql("the call has no Flight SQL command in it")
            .with_hint("connect with a Flight SQL driver"),
    )
}

fn unsupported(command: &Command) -> Status {
    let name = command.type_url().rsplit('.').next().unwrap_or_default().to_owned();
    let hint = if matches!(command, Command::CommandStatementSubstraitPlan(_)) {
        "send the statement as SQL"
    } else {
        "the call is not one that this server knows"
    };
    plain(&Error::unsupported(format!("{name} is not supported")).with_hint(hint))
}

/// The parameters of a query, which runs once.
fn one_execution(prepared: &Prepared) -> Result<Parameters, Status> {
    let executions = prepared.executions().map_err(|e| plain(&e))?;
    match <[Parameters; 1]>::try_from(executions) {
        Ok([one]) => Ok(one),
        Err(several) => {
            let error = Error::unsupported(format!(
                "a query takes one row of parameters, and {} are bound",
                several.len()
            ));
            Err(status(&error.with_hint("run it once for each"), prepared.sql()))
        }
    }
}

/// An answer with the query id.
pub(super) fn with_id<T>(mut response: Response<T>, id: &str) -> Response<T> {
    if let Ok(id) = id.parse() {
        response.metadata_mut().insert(protocol::QUERY_ID, id);
    }
    response
}

fn one<T: Send + 'static>(item: T) -> Answers<T> {
    futures::stream::once(async move { Ok(item) }).boxed()
}

#[tonic::async_trait]
impl FlightService for Door {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = FlightStream;
    type DoPutStream = Answers<PutResult>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;
    type DoExchangeStream = Answers<FlightData>;

    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        let caller = caller::of(&request)?;
        let session = match self.sessions.find(&caller).map_err(|e| plain(&e))? {
            Some(found) if caller.session.is_some() => found,
            _ => self.sessions.start(&caller, true).await.map_err(|e| plain(&e))?,
        };
        caller.tell(session.token());
        let payload = Bytes::from(session.token().to_owned());
        Ok(Response::new(one(HandshakeResponse { protocol_version: 0, payload })))
    }

    async fn list_flights(
        &self,
        _: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        // Flights are made by statements; there are none that wait for a reader.
        Ok(Response::new(futures::stream::empty().boxed()))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let caller = caller::of(&request)?;
        self.flight_of(&caller, request.into_inner()).await
    }

    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        let caller = caller::of(&request)?;
        let (metadata, info, extensions) =
            self.flight_of(&caller, request.into_inner()).await?.into_parts();
        // Planned at once: there is nothing left to poll for.
        let poll = PollInfo { info: Some(info), progress: Some(1.0), ..PollInfo::default() };
        Ok(Response::from_parts(metadata, poll, extensions))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let caller = caller::of(&request)?;
        let command = command(&request.get_ref().cmd)?;
        let session = self.sessions.of(&caller).await.map_err(|e| plain(&e))?;
        let profile = session.wishes().profile;
        let schema = match &command {
            Command::CommandStatementQuery(query) => {
                let prepared = Prepared::new(&session.engine, query.query.clone()).await;
                prepared.map_err(|e| status(&e, &query.query))?.dataset_schema(profile)
            }
            Command::CommandPreparedStatementQuery(query) => {
                let (_, prepared) = self.prepared(&caller, &query.prepared_statement_handle)?;
                prepared.dataset_schema(profile)
            }
            other => match metadata::schema(other) {
                Some(schema) => super::statements::encoded(&schema),
                None => return Err(unsupported(other)),
            },
        };
        Ok(Response::new(SchemaResult { schema }))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<FlightStream>, Status> {
        let caller = caller::of(&request)?;
        self.read(&caller, request.get_ref()).await
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let caller = caller::of(&request)?;
        let result = put::put(self, &caller, request.into_inner()).await?;
        Ok(Response::new(one(PutResult { app_metadata: result })))
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let caller = caller::of(&request)?;
        let Action { r#type, body } = request.into_inner();
        let answer = actions::run(self, &caller, &r#type, body).await?;
        let answers = answer.into_iter().map(|body| Ok(arrow_flight::Result { body }));
        let answers = answers.collect::<Vec<_>>();
        Ok(Response::new(futures::stream::iter(answers).boxed()))
    }

    async fn list_actions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        let all = actions::ACTIONS.iter().map(|(name, about)| {
            Ok(ActionType { r#type: (*name).to_owned(), description: (*about).to_owned() })
        });
        Ok(Response::new(futures::stream::iter(all).boxed()))
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        let error = Error::unsupported("DoExchange is not supported")
            .with_hint("ask for rows with a statement, send rows with DoPut");
        Err(plain(&error))
    }
}
