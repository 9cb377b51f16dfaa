//! A session on a server, over Flight SQL: what `sluice --connect` works with.
//!
//! There is no protocol of its own: commands are statements, and a few headers carry what a prompt
//! shows beside rows. The connection lives on a thread of its own, so that it answers the server
//! while a person thinks.

mod query;
mod status;
mod target;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, Any, CommandPreparedStatementQuery, CommandStatementQuery,
    ProstMessageExt,
};
use arrow_flight::{Action, FlightDescriptor, FlightInfo, HandshakeRequest};
use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::Channel;
use tonic::{Request, Response};

pub use target::{Login, Target};

use crate::engine::{Parameters, Query, Session, protocol};
use crate::error::{Error, Result};
use status::{error, garbled};

/// The most bytes of a message that is read: the server cuts its own far below.
const LARGEST_MESSAGE: usize = 256 << 20;

/// How long the server may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(10);

/// A session on a server.
#[derive(Debug)]
pub struct RemoteSession {
    // Taken out to be shut down without waiting.
    runtime: Option<Runtime>,
    connection: Connection,
}

/// What the calls of a session need.
#[derive(Clone, Debug)]
struct Connection {
    client: FlightServiceClient<Channel>,
    token: AsciiMetadataValue,
    home: Arc<Mutex<[String; 2]>>,
}

impl Drop for RemoteSession {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A task that ends when nobody waits for it any more.
struct Ends(AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl RemoteSession {
    /// Connects and says who it is. `options` are session options: `catalog`, `schema`, settings.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer, `Unauthenticated` when it does not let in.
    pub fn connect(target: &Target, login: &Login, options: &[(String, String)]) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sluice-connection")
            .enable_all()
            .build()
            .map_err(|e| Error::unavailable(format!("threads cannot be started: {e}")))?;
        let connection = runtime.block_on(Connection::open(target, login, options))?;
        Ok(Self { runtime: Some(runtime), connection })
    }

    /// Works on the connection's thread, as long as somebody waits for it.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Some(runtime) = &self.runtime else {
            return Err(Error::internal("the connection is shut down"));
        };
        let task = runtime.spawn(work);
        let _ends = Ends(task.abort_handle());
        task.await.map_err(|e| Error::internal(format!("the connection's task: {e}")))?
    }
}

fn header(value: &str) -> Result<AsciiMetadataValue> {
    value.parse().map_err(|_| Error::config("a header takes letters of ASCII only"))
}

impl Connection {
    async fn open(target: &Target, login: &Login, options: &[(String, String)]) -> Result<Self> {
        let endpoint = target.endpoint()?.connect_timeout(CONNECTING);
        let channel = endpoint.connect().await.map_err(|e| target.unreachable(&e))?;
        let mut client =
            FlightServiceClient::new(channel).max_decoding_message_size(LARGEST_MESSAGE);
        let hello = HandshakeRequest::default();
        let mut request = Request::new(futures::stream::iter([hello]));
        let metadata = request.metadata_mut();
        match login {
            Login::Nobody => {}
            Login::Token(token) => {
                metadata.insert("authorization", header(&format!("Bearer {token}"))?);
            }
            Login::Password { user, password } => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
                metadata.insert("authorization", header(&format!("Basic {pair}"))?);
            }
        }
        // Types as the engine has them: this client reads all.
        set_option(metadata, "profile", "native")?;
        for (name, value) in options {
            set_option(metadata, name, value)?;
        }
        let response = client.handshake(request).await.map_err(|e| error(&e))?;
        let answer = response.into_inner().message().await.map_err(|e| error(&e))?;
        let payload = answer.ok_or_else(|| garbled("its handshake is empty"))?.payload;
        let token = String::from_utf8(payload.to_vec()).map_err(|_| garbled("its handshake"))?;
        let token = header(&format!("Bearer {token}"))?;
        let home = Arc::new(Mutex::new(["session".to_owned(), "default".to_owned()]));
        let connection = Self { client, token, home };
        // Where it stands comes with every statement.
        let flight = connection.statement("SHOW timezone").await?;
        let mut query = query::open(&connection, flight).await?;
        while let Some(batch) = query.next().await {
            batch?;
        }
        Ok(connection)
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.token.clone());
        metadata.insert(protocol::CLIENT, AsciiMetadataValue::from_static("prompt"));
        request
    }

    /// The flight of a command.
    async fn flight(&self, command: &impl ProstMessageExt) -> Result<Response<FlightInfo>> {
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let request = self.request(descriptor);
        let response = self.client.clone().get_flight_info(request).await;
        let response = response.map_err(|e| error(&e))?;
        let home = response.metadata().get_bin(protocol::HOME);
        let home = home.and_then(|home| home.to_bytes().ok());
        if let Some(home) = home.and_then(|home| serde_json::from_slice(&home).ok()) {
            *self.home.lock().unwrap_or_else(PoisonError::into_inner) = home;
        }
        Ok(response)
    }

    async fn statement(&self, sql: &str) -> Result<Response<FlightInfo>> {
        self.flight(&CommandStatementQuery { query: sql.to_owned(), transaction_id: None }).await
    }

    async fn action(&self, name: &str, body: Bytes) -> Result<Option<Bytes>> {
        let request = self.request(Action { r#type: name.to_owned(), body });
        let response = self.client.clone().do_action(request).await.map_err(|e| error(&e))?;
        let answer = response.into_inner().message().await.map_err(|e| error(&e))?;
        Ok(answer.map(|answer| answer.body))
    }

    /// What the server says of a statement before it runs.
    async fn prepare(&self, sql: &str) -> Result<ActionCreatePreparedStatementResult> {
        let request =
            ActionCreatePreparedStatementRequest { query: sql.to_owned(), transaction_id: None };
        let body = request.as_any().encode_to_vec().into();
        let answer = self.action("CreatePreparedStatement", body).await?;
        let answer = answer.and_then(|body| Any::decode(body).ok());
        let answer = answer.and_then(|any| any.unpack().ok().flatten());
        answer.ok_or_else(|| garbled("its answer to a statement"))
    }

    /// Forgets it. A server that does not hear of it forgets it with the session.
    async fn forget(&self, handle: Bytes) {
        let close = ActionClosePreparedStatementRequest { prepared_statement_handle: handle };
        let closed = close.as_any().encode_to_vec().into();
        let _ = self.action("ClosePreparedStatement", closed).await;
    }

    /// The columns of a statement's rows; `None` without rows.
    async fn columns(&self, sql: &str) -> Result<Option<SchemaRef>> {
        let prepared = self.prepare(sql).await?;
        self.forget(prepared.prepared_statement_handle).await;
        if prepared.dataset_schema.is_empty() {
            return Ok(None);
        }
        let schema = Schema::try_from(arrow_flight::IpcMessage(prepared.dataset_schema));
        let schema = schema.map_err(|_| garbled("the columns of a statement"))?;
        Ok(Some(Arc::new(schema)))
    }

    /// The flight of a statement with the parameters that it takes.
    async fn with_parameters(
        &self,
        sql: &str,
        parameters: &Parameters,
    ) -> Result<Response<FlightInfo>> {
        let prepared = self.prepare(sql).await?;
        let handle = prepared.prepared_statement_handle;
        let asked = Schema::try_from(arrow_flight::IpcMessage(prepared.parameter_schema));
        let asked = asked.map_err(|_| garbled("the parameters of a statement"))?;
        let flight = if asked.fields().is_empty() {
            self.statement(sql).await
        } else {
            match bound(&asked, parameters) {
                Ok(rows) => {
                    self.bind(&handle, rows).await?;
                    self.flight(&CommandPreparedStatementQuery {
                        prepared_statement_handle: handle.clone(),
                    })
                    .await
                }
                Err(e) => Err(e),
            }
        };
        self.forget(handle).await;
        flight
    }

    async fn bind(&self, handle: &Bytes, rows: RecordBatch) -> Result<()> {
        let command = CommandPreparedStatementQuery { prepared_statement_handle: handle.clone() };
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let messages = FlightDataEncoderBuilder::new()
            .with_flight_descriptor(Some(descriptor))
            .build(futures::stream::iter([Ok(rows)]));
        let messages: Vec<_> = messages
            .try_collect()
            .await
            .map_err(|e| Error::internal(format!("parameters cannot be sent: {e}")))?;
        let request = self.request(futures::stream::iter(messages));
        let response = self.client.clone().do_put(request).await.map_err(|e| error(&e))?;
        let mut answers = response.into_inner();
        while let Some(answer) = answers.next().await {
            answer.map_err(|e| error(&e))?;
        }
        Ok(())
    }
}

fn set_option(metadata: &mut MetadataMap, name: &str, value: &str) -> Result<()> {
    let key = match name {
        "catalog" | "schema" => name.to_owned(),
        name => format!("{}{}", protocol::SETTINGS, name.replace('_', "-")),
    };
    let key = tonic::metadata::AsciiMetadataKey::from_bytes(key.as_bytes())
        .map_err(|_| Error::config(format!("`{name}` is no setting")))?;
    metadata.insert(key, header(value)?);
    Ok(())
}

/// The values of the parameters that a statement asks for.
fn bound(asked: &Schema, parameters: &Parameters) -> Result<RecordBatch> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for field in asked.fields() {
        let column = parameters.column(field.name())?;
        let column = column.ok_or_else(|| Parameters::missing(field.name()))?;
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    let rows = RecordBatchOptions::new().with_row_count(Some(1));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows)
        .map_err(|e| Error::internal(format!("parameters: {e}")))
}

#[async_trait]
impl Session for RemoteSession {
    async fn run(&self, sql: &str, parameters: &Parameters) -> Result<Box<dyn Query>> {
        let connection = self.connection.clone();
        let (text, values) = (sql.to_owned(), parameters.clone());
        let query = self.apart(async move {
            let flight = if text.contains(['$', '?']) {
                connection.with_parameters(&text, &values).await?
            } else {
                connection.statement(&text).await?
            };
            query::open(&connection, flight).await
        });
        Ok(Box::new(query.await?))
    }

    async fn columns(&self, sql: &str) -> Result<Option<SchemaRef>> {
        let connection = self.connection.clone();
        let text = sql.to_owned();
        self.apart(async move { connection.columns(&text).await }).await
    }

    fn home(&self) -> [String; 2] {
        self.connection.home.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
