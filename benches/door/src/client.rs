//! A client on one connection, with no more than the calls that are measured.

use arrow::array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Any,
    CommandPreparedStatementQuery, CommandStatementQuery, ProstMessageExt,
};
use arrow_flight::{Action, FlightDescriptor, HandshakeRequest, Ticket};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};

use crate::Result;

pub struct Client {
    inner: FlightServiceClient<Channel>,
    authorization: Option<AsciiMetadataValue>,
}

impl Client {
    pub async fn connect(uri: &str) -> Result<Self> {
        let endpoint = Endpoint::from_shared(uri.replace("grpc://", "http://"))?
            .tcp_nodelay(true)
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(16 << 20);
        let inner = FlightServiceClient::new(endpoint.connect().await?)
            .max_decoding_message_size(usize::MAX);
        Ok(Self { inner, authorization: None })
    }

    /// Sends user and password with every call.
    pub fn basic(&mut self, user: &str, password: &str) -> Result<()> {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.authorization = Some(format!("Basic {pair}").parse()?);
        Ok(())
    }

    /// Sends them once, and the session's token with every call from then on.
    pub async fn bearer(&mut self, user: &str, password: &str) -> Result<()> {
        self.basic(user, password)?;
        let request = self.request(futures::stream::iter([HandshakeRequest::default()]));
        let response = self.inner.handshake(request).await?;
        let token = response.metadata().get("authorization").cloned().ok_or("no token")?;
        self.authorization = Some(token);
        Ok(())
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }

    async fn ticket(&mut self, command: &impl ProstMessageExt) -> Result<Ticket> {
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let info = self.inner.get_flight_info(self.request(descriptor)).await?.into_inner();
        let endpoint = info.endpoint.into_iter().next().ok_or("a flight without an endpoint")?;
        endpoint.ticket.ok_or_else(|| "an endpoint without a ticket".into())
    }

    pub async fn read(&mut self, ticket: Ticket) -> Result<FlightRecordBatchStream> {
        let messages = self.inner.do_get(self.request(ticket)).await?.into_inner();
        let messages = messages.map_err(|status| FlightError::Tonic(Box::new(status)));
        Ok(FlightRecordBatchStream::new_from_flight_data(messages))
    }

    pub async fn start(&mut self, sql: &str) -> Result<FlightRecordBatchStream> {
        let command = CommandStatementQuery { query: sql.to_owned(), transaction_id: None };
        let ticket = self.ticket(&command).await?;
        self.read(ticket).await
    }

    /// Rows and bytes of a statement.
    pub async fn run(&mut self, sql: &str) -> Result<Read> {
        Read::all(self.start(sql).await?).await
    }

    pub async fn prepare(&mut self, sql: &str) -> Result<Bytes> {
        let request =
            ActionCreatePreparedStatementRequest { query: sql.to_owned(), transaction_id: None };
        let body = request.as_any().encode_to_vec().into();
        let action = Action { r#type: "CreatePreparedStatement".to_owned(), body };
        let mut answers = self.inner.do_action(self.request(action)).await?.into_inner();
        let answer = answers.message().await?.ok_or("no answer to a statement")?;
        while answers.message().await?.is_some() {}
        let answer: Option<ActionCreatePreparedStatementResult> =
            Any::decode(answer.body)?.unpack()?;
        Ok(answer.ok_or("another answer to a statement")?.prepared_statement_handle)
    }

    pub async fn execute(&mut self, handle: &Bytes) -> Result<Read> {
        let command = CommandPreparedStatementQuery { prepared_statement_handle: handle.clone() };
        let ticket = self.ticket(&command).await?;
        Read::all(self.read(ticket).await?).await
    }
}

/// What was read.
#[derive(Clone, Copy, Default)]
pub struct Read {
    pub rows: usize,
    pub bytes: usize,
}

impl Read {
    pub async fn all(mut batches: FlightRecordBatchStream) -> Result<Self> {
        let mut read = Self::default();
        while let Some(batch) = batches.next().await {
            let batch: RecordBatch = batch?;
            read.rows += batch.num_rows();
            let bytes = batch
                .columns()
                .iter()
                .map(|column| column.to_data().get_slice_memory_size().unwrap_or_default());
            read.bytes += bytes.sum::<usize>();
        }
        Ok(read)
    }
}
