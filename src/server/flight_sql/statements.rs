//! Statements of clients: prepared, planned once per execution, read as often as a ticket is shown.
//!
//! A query is planned when its flight is asked for: then its read point is fixed, and the ticket
//! reads exactly this. Nothing of it runs before. A statement that changes something runs then, and
//! never again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, SchemaAsIpc, Ticket};
use bytes::Bytes;
use prost::Message;
use tonic::Status;

use super::encode::{self, FlightStream, Stop, Wire};
use super::sessions::{DoorSession, InUse};
use super::status::{plain, status};
use super::wire::Profile;
use crate::engine::{
    Description, LocalQuery, LocalSession, Outcome, Parameters, Pinned, PreparedStatement, Query,
    StatementKind,
};
use crate::error::{Error, Result};
use crate::server::counters::Counters;

/// A prepared statement.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What the engine has of it.
    pub(super) engine: Arc<PreparedStatement>,
    /// The rows of parameters that were last bound.
    bound: Mutex<Option<RecordBatch>>,
}

/// What a client asks to be run.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The text of a statement.
    Text(String),
    /// One that it has prepared.
    Prepared(Arc<PreparedStatement>),
}

impl Source {
    /// Its text.
    pub(super) fn sql(&self) -> &str {
        match self {
            Self::Text(sql) => sql,
            Self::Prepared(prepared) => prepared.sql(),
        }
    }
}

/// A statement that is ready to be read.
pub(super) struct Planned {
    engine: LocalSession,
    profile: Profile,
    id: String,
    source: Source,
    parameters: Parameters,
    schema: SchemaRef,
    // What was done, of a statement without rows.
    tag: Option<String>,
    pinned: Pinned,
    // The first reader takes it; later ones read the same read point again.
    query: Mutex<Option<LocalQuery>>,
    stop: Stop,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planned").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Prepares a statement.
    ///
    /// # Errors
    /// The statement's own.
    pub(super) async fn new(engine: &LocalSession, sql: String) -> Result<Self> {
        let engine = Arc::new(engine.prepare(&sql).await?);
        Ok(Self { engine, bound: Mutex::default() })
    }

    /// Its text.
    pub(super) fn sql(&self) -> &str {
        self.engine.sql()
    }

    fn description(&self) -> &Description {
        self.engine.description()
    }

    /// The columns that it gives, as they travel; empty without rows, by which JDBC's driver knows
    /// a statement that is executed.
    pub(super) fn dataset_schema(&self, profile: Profile) -> Bytes {
        match &self.description().schema {
            None => Bytes::new(),
            Some(schema) => encoded(&profile.schema(schema)),
        }
    }

    /// The parameters that it takes.
    pub(super) fn parameter_schema(&self) -> Bytes {
        let parameters = self.description().parameters.iter();
        let fields = parameters.map(|parameter| {
            Field::new(&parameter.name, Profile::Compat.data_type(&parameter.data_type), true)
        });
        encoded(&Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Whether it changes something in the place of giving rows.
    pub(super) fn is_update(&self) -> bool {
        self.description().kind == StatementKind::Update
    }

    /// Takes rows of parameters.
    ///
    /// # Errors
    /// `Sql` when there are more or fewer columns than parameters.
    pub(super) fn bind(&self, rows: RecordBatch) -> Result<()> {
        let (asked, given) = (self.description().parameters.len(), rows.num_columns());
        if asked != given {
            return Err(Error::sql(format!(
                "the statement takes {asked} parameters, and {given} are given"
            )));
        }
        *self.bound.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
        Ok(())
    }

    /// The rows of parameters, if they are many and all of them can be written by one execution.
    pub(super) fn rows_at_once(&self) -> Option<RecordBatch> {
        let bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone();
        bound.filter(|rows| rows.num_rows() > 1 && self.engine.takes_rows())
    }

    /// The parameters of each execution: one without any, if none were bound.
    ///
    /// # Errors
    /// `Unsupported` for a value that no parameter can have.
    pub(super) fn executions(&self) -> Result<Vec<Parameters>> {
        let bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Some drivers bind a batch without columns and rows to a statement that takes none.
        let Some(rows) = bound.filter(|_| !self.description().parameters.is_empty()) else {
            return Ok(vec![Parameters::default()]);
        };
        (0..rows.num_rows())
            .map(|row| {
                let mut parameters = Parameters::default();
                for (parameter, column) in self.description().parameters.iter().zip(rows.columns())
                {
                    parameters.set_value(parameter.name.as_str(), column.as_ref(), row)?;
                }
                Ok(parameters)
            })
            .collect()
    }
}

impl Planned {
    /// Plans a query, or runs a statement that gives no rows.
    ///
    /// # Errors
    /// The statement's own.
    pub(super) async fn new(
        engine: &LocalSession,
        profile: Profile,
        source: Source,
        parameters: Parameters,
    ) -> Result<Self> {
        let query = match &source {
            Source::Text(sql) => engine.plan(sql, &parameters).await?,
            Source::Prepared(prepared) => engine.plan_prepared(prepared, &parameters, None).await?,
        };
        let (schema, tag) = match query.outcome() {
            Outcome::Rows(schema) => (profile.schema(schema), None),
            Outcome::Done(tag) => (Arc::new(Schema::empty()), Some(tag.clone())),
        };
        Ok(Self {
            engine: engine.clone(),
            profile,
            id: query.id().to_owned(),
            source,
            parameters,
            schema,
            pinned: query.pinned(),
            // One without rows has ended.
            query: Mutex::new(tag.is_none().then_some(query)),
            tag,
            stop: Stop::default(),
        })
    }

    /// The query id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The columns as they travel.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What was done, of a statement without rows.
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Ends it, whoever reads it.
    ///
    /// # Errors
    /// `NotFound` when it has ended.
    pub(super) fn kill(&self) -> Result<()> {
        let unread = self.query.lock().unwrap_or_else(PoisonError::into_inner).take();
        let killed = self.engine.kill(&self.id);
        drop(unread);
        killed
    }

    /// Ends it before its last row, so that it leaves a receipt; false when nobody reads it.
    pub(super) async fn stop(&self) -> bool {
        self.stop.stop().await
    }

    /// Its rows, over what was fixed when it was planned; `session` is in use until they are read.
    ///
    /// # Errors
    /// The statement's own; `Gone` when a second reader finds other data.
    pub(super) async fn read(
        &self,
        session: &Arc<DoorSession>,
        asides: bool,
        patience: Duration,
        counters: &Arc<Counters>,
    ) -> Result<FlightStream, Status> {
        if self.tag.is_some() {
            return Ok(encode::batches(Arc::clone(&self.schema), vec![]));
        }
        let first = self.query.lock().unwrap_or_else(PoisonError::into_inner).take();
        let query = match first {
            Some(query) => query,
            None => self.again().await.map_err(|e| status(&e, self.source.sql()))?,
        };
        let lz4 = session.wishes().lz4;
        let (schema, counters) = (Arc::clone(&self.schema), Arc::clone(counters));
        let wire = Wire { schema, lz4, asides, patience, counters };
        let sql = self.source.sql().to_owned();
        encode::rows(query, sql, wire, &self.stop, InUse::new(session))
    }

    async fn again(&self) -> Result<LocalQuery> {
        let (engine, pinned) = (&self.engine, &self.pinned);
        let query = match &self.source {
            Source::Text(sql) => engine.plan_again(sql, &self.parameters, pinned).await?,
            Source::Prepared(prepared) => {
                engine.plan_prepared(prepared, &self.parameters, Some(pinned)).await?
            }
        };
        let schema = match query.outcome() {
            Outcome::Rows(schema) => self.profile.schema(schema),
            Outcome::Done(_) => Arc::new(Schema::empty()),
        };
        if schema.fields() != self.schema.fields() {
            return Err(Error::gone("the columns of the answer have changed since it was planned")
                .with_hint("run the statement again"));
        }
        Ok(query)
    }
}

/// A schema as FlightInfo and the answers of prepare have it.
pub(super) fn encoded(schema: &Schema) -> Bytes {
    let options = IpcWriteOptions::default();
    let message = arrow_flight::IpcMessage::try_from(SchemaAsIpc::new(schema, &options));
    message.map(|message| message.0).unwrap_or_default()
}

/// A flight of one endpoint, here, whose ticket is `ticket`: drivers mix up the rows of several.
pub(super) fn flight(
    schema: &Schema,
    ticket: Bytes,
    descriptor: FlightDescriptor,
    app_metadata: Bytes,
) -> FlightInfo {
    FlightInfo {
        schema: encoded(schema),
        flight_descriptor: Some(descriptor),
        endpoint: vec![FlightEndpoint {
            ticket: Some(Ticket { ticket }),
            ..FlightEndpoint::default()
        }],
        total_records: -1,
        total_bytes: -1,
        ordered: true,
        app_metadata,
    }
}

/// The ticket of a planned statement.
pub(super) fn ticket(handle: &str) -> Bytes {
    let ticket = TicketStatementQuery { statement_handle: handle.to_owned().into() };
    ticket.as_any().encode_to_vec().into()
}

/// The handle in the ticket of a flight.
///
/// # Errors
/// `INVALID_ARGUMENT` for bytes that are no ticket of a statement.
pub(super) fn handle_of(info: &FlightInfo) -> Result<Bytes, Status> {
    let ticket = info.endpoint.first().and_then(|endpoint| endpoint.ticket.as_ref());
    let handle = ticket.and_then(|ticket| {
        let any = Any::decode(&*ticket.ticket).ok()?;
        Some(any.unpack::<TicketStatementQuery>().ok()??.statement_handle)
    });
    handle.ok_or_else(|| plain(&Error::sql("this flight is not a statement's")))
}
