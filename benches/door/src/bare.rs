//! The bare server: rows that are there, encoded and sent, and nothing else.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use futures::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// The rows of a batch: as many as DataFusion gives.
const BATCH: usize = 8192;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

struct Bare {
    numbers: Vec<RecordBatch>,
    texts: Vec<RecordBatch>,
}

/// Serves until it is killed; the first line on standard output is its URI.
pub async fn serve(rows: usize) -> crate::Result<()> {
    let batches = rows.div_ceil(BATCH);
    let numbers = (0..batches).map(|batch| {
        let start = (batch * BATCH) as i64;
        let column = |c: i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((start..start + BATCH as i64).map(|n| n * 8 + c)))
        };
        RecordBatch::try_from_iter((0..8).map(|c| (format!("c{c}"), column(c))))
    });
    // As `benches/door.py` makes them in SQL.
    let texts = (0..batches).map(|batch| {
        let start = batch * BATCH;
        let column = |c: usize| -> ArrayRef {
            let texts = (start..start + BATCH).map(|n| format!("a text of some length {c} {n:08}"));
            Arc::new(StringArray::from_iter_values(texts))
        };
        RecordBatch::try_from_iter((0..4).map(|c| (format!("c{c}"), column(c))))
    });
    let bare = Bare {
        numbers: numbers.collect::<Result<_, _>>()?,
        texts: texts.collect::<Result<_, _>>()?,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("grpc://{}", listener.local_addr()?);
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    Server::builder()
        .add_service(FlightServiceServer::new(bare))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

fn unsupported<T>() -> Result<T, Status> {
    Err(Status::unimplemented("the bare server answers DoGet"))
}

#[tonic::async_trait]
impl FlightService for Bare {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;
    type DoExchangeStream = Answers<FlightData>;

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let batches = match &request.get_ref().ticket[..] {
            b"int" => self.numbers.clone(),
            _ => self.texts.clone(),
        };
        let encoder = FlightDataEncoderBuilder::new()
            .build(futures::stream::iter(batches.into_iter().map(Ok)));
        Ok(Response::new(encoder.map(|message| message.map_err(Status::from)).boxed()))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        unsupported()
    }

    async fn list_flights(
        &self,
        _: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        unsupported()
    }

    async fn get_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        unsupported()
    }

    async fn poll_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        unsupported()
    }

    async fn get_schema(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        unsupported()
    }

    async fn do_put(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        unsupported()
    }

    async fn do_action(
        &self,
        _: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        unsupported()
    }

    async fn list_actions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        unsupported()
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        unsupported()
    }
}
