//! What clients send: parameters, statements that are executed, rows of a table.

use std::panic::AssertUnwindSafe;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    Command, CommandStatementIngest, DoPutPreparedStatementResult, DoPutUpdateResult,
    TableExistsOption, TableNotExistOption,
};
use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;

use super::actions::refuse_transaction;
use super::caller::Caller;
use super::door::{Door, command};
use super::encode;
use super::sessions::InUse;
use super::status::{of_flight, plain, status};
use crate::engine::{IfExists, Ingest, LocalQuery, LocalSession, Outcome, Parameters, Query};
use crate::error::{Error, ErrorKind};

/// The bytes of parameters that one statement may bind.
const MOST_PARAMETERS: usize = 64 << 20;

/// Takes a stream; what is answered to it.
///
/// # Errors
/// Those of the statement; `INVALID_ARGUMENT` for a stream without a command.
pub(super) async fn put(
    door: &Door,
    caller: &Caller,
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> Result<Bytes, Status> {
    let mut messages = Box::pin(messages);
    let Some(first) = messages.next().await.transpose()? else {
        return Err(plain(&Error::sql("the stream has no command")));
    };
    let descriptor = first.flight_descriptor.clone();
    let descriptor =
        descriptor.ok_or_else(|| plain(&Error::sql("the stream does not begin with a command")))?;
    let has_rows = !first.data_header.is_empty();
    let all = futures::stream::once(async move { Ok(first) }).chain(messages);
    let all = all.map_err(|status| FlightError::Tonic(Box::new(status)));
    let rows = Rows(FlightRecordBatchStream::new_from_flight_data(all));
    match command(&descriptor.cmd)? {
        Command::CommandPreparedStatementQuery(query) => {
            let handle = query.prepared_statement_handle;
            let (_, prepared) = door.prepared(caller, &handle)?;
            if let Some(rows) = parameters(rows).await? {
                prepared.bind(rows).map_err(|e| status(&e, prepared.sql()))?;
            }
            let answer = DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) };
            Ok(answer.encode_to_vec().into())
        }
        Command::CommandPreparedStatementUpdate(update) => {
            let (session, prepared) = door.prepared(caller, &update.prepared_statement_handle)?;
            let _in_use = InUse::new(&session);
            let bound = if has_rows { parameters(rows).await? } else { None };
            if let Some(rows) = bound {
                prepared.bind(rows).map_err(|e| status(&e, prepared.sql()))?;
            }
            let mut record_count = 0;
            if let Some(rows) = prepared.rows_at_once() {
                let query = session.engine.insert_rows(&prepared.engine, &rows).await;
                record_count = ended(query, prepared.sql()).await?;
                return Ok(DoPutUpdateResult { record_count }.encode_to_vec().into());
            }
            for parameters in prepared.executions().map_err(|e| plain(&e))? {
                record_count += executed(&session.engine, prepared.sql(), &parameters).await?;
            }
            Ok(DoPutUpdateResult { record_count }.encode_to_vec().into())
        }
        Command::CommandStatementUpdate(update) => {
            refuse_transaction(update.transaction_id.as_ref())?;
            let session = door.sessions.of(caller).await.map_err(|e| plain(&e))?;
            let _in_use = InUse::new(&session);
            let none = Parameters::default();
            let record_count = executed(&session.engine, &update.query, &none).await?;
            Ok(DoPutUpdateResult { record_count }.encode_to_vec().into())
        }
        Command::CommandStatementIngest(ingest) => {
            refuse_transaction(ingest.transaction_id.as_ref())?;
            let session = door.sessions.of(caller).await.map_err(|e| plain(&e))?;
            let _in_use = InUse::new(&session);
            let record_count = ingested(&session.engine, ingest, rows).await?;
            Ok(DoPutUpdateResult { record_count }.encode_to_vec().into())
        }
        other => {
            let name = other.type_url().rsplit('.').next().unwrap_or_default().to_owned();
            Err(plain(&Error::unsupported(format!("{name} takes no rows"))))
        }
    }
}

/// Rows of a client.
struct Rows(FlightRecordBatchStream);

impl Rows {
    async fn next(&mut self) -> Option<Result<RecordBatch, Status>> {
        // Bytes that are not what they say can make a decoder panic, which would end the connection.
        match AssertUnwindSafe(self.0.next()).catch_unwind().await {
            Ok(batch) => batch.map(|batch| batch.map_err(of_flight)),
            Err(_) => Some(Err(plain(&Error::sql("the rows that were sent cannot be read")))),
        }
    }
}

/// All rows of parameters as one batch; `None` without any.
async fn parameters(mut rows: Rows) -> Result<Option<RecordBatch>, Status> {
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut bytes = 0;
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        bytes += encode::bytes(&batch);
        if bytes > MOST_PARAMETERS {
            let error =
                Error::exhausted(format!("parameters take more than {MOST_PARAMETERS} bytes"))
                    .with_hint("send rows by ingesting them into a table");
            return Err(plain(&error));
        }
        batches.push(batch);
    }
    let Some(first) = batches.first() else { return Ok(None) };
    let all = concat_batches(&first.schema(), &batches);
    all.map(Some).map_err(|e| plain(&Error::sql(format!("parameters: {e}"))))
}

/// Runs a statement to its end; how many rows it wrote.
async fn executed(
    session: &LocalSession,
    sql: &str,
    parameters: &Parameters,
) -> Result<i64, Status> {
    ended(session.plan(sql, parameters).await, sql).await
}

/// Reads a statement to its end; how many rows it wrote.
async fn ended(query: Result<LocalQuery, Error>, sql: &str) -> Result<i64, Status> {
    let mut query = query.map_err(|e| status(&e, sql))?;
    let tag = match query.outcome() {
        Outcome::Done(tag) => Some(tag.clone()),
        Outcome::Rows(_) => None,
    };
    // A query that was sent as an update: run, as that was asked for, and its rows not sent.
    while let Some(batch) = query.next().await {
        batch.map_err(|e| status(&e, sql))?;
    }
    let count = tag.as_deref().and_then(|tag| tag.rsplit(' ').next()?.parse().ok());
    Ok(count.unwrap_or(0))
}

async fn ingested(
    session: &LocalSession,
    ingest: CommandStatementIngest,
    mut rows: Rows,
) -> Result<i64, Status> {
    let options = ingest.table_definition_options.unwrap_or_default();
    let target = Ingest {
        catalog: ingest.catalog.filter(|name| !name.is_empty()),
        schema: ingest.schema.filter(|name| !name.is_empty()),
        table: ingest.table,
        temporary: ingest.temporary,
        create: options.if_not_exist() == TableNotExistOption::Create,
        if_exists: match options.if_exists() {
            TableExistsOption::Append => IfExists::Append,
            TableExistsOption::Replace => IfExists::Replace,
            TableExistsOption::Fail | TableExistsOption::Unspecified => IfExists::Fail,
        },
    };
    // The schema comes with the first batch, or before it.
    let first = rows.next().await.transpose()?;
    let schema = match (&first, rows.0.schema()) {
        (Some(batch), _) => batch.schema(),
        (None, Some(schema)) => schema.clone(),
        (None, None) => return Err(plain(&Error::sql("the rows come without a schema"))),
    };
    let (sender, receiver) = mpsc::channel(2);
    let feed = async move {
        let mut next = first.map(Ok);
        while let Some(batch) = next {
            let batch = batch.map_err(|status: Status| {
                Error::new(
                    ErrorKind::Cancelled,
                    format!("the rows broke off: {}", status.message()),
                )
            });
            if sender.send(batch).await.is_err() {
                return;
            }
            next = rows.next().await;
        }
    };
    let (written, ()) = tokio::join!(session.ingest(target, schema, receiver), feed);
    let rows = written.map_err(|e| plain(&e))?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}
