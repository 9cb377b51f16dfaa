//! Actions: preparing and closing statements, session options, cancelling.

use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, Any, ProstMessageExt,
};
use arrow_flight::{CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo};
use bytes::Bytes;
use prost::Message;
use tonic::Status;

use super::caller::Caller;
use super::door::Door;
use super::messages::{
    CloseSessionResult, CloseStatus, GetSessionOptionsResult, OptionValue, PreparedStatementResult,
    SessionOptionValue, SetOptionError, SetOptionProblem, SetSessionOptionsRequest,
    SetSessionOptionsResult,
};
use super::statements::{Prepared, handle_of};
use super::status::{plain, status};
use crate::error::{Error, ErrorKind};

/// The actions that are answered, and what they do.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("CreatePreparedStatement", "prepare a statement"),
    ("ClosePreparedStatement", "forget a prepared statement"),
    ("CancelFlightInfo", "end the statement of a flight"),
    ("CancelQuery", "end the statement of a flight; CancelFlightInfo is the newer name"),
    (
        "SetSessionOptions",
        "set catalog, schema, profile, compression or a setting of SHOW SETTINGS",
    ),
    ("GetSessionOptions", "what the session options are"),
    ("CloseSession", "end the session and what it owns"),
];

/// Runs an action; what it answers.
///
/// # Errors
/// The action's own; `UNIMPLEMENTED` for one that is not in [`ACTIONS`].
pub(super) async fn run(
    door: &Door,
    caller: &Caller,
    name: &str,
    body: Bytes,
) -> Result<Vec<Bytes>, Status> {
    match name {
        "CreatePreparedStatement" => prepare(door, caller, &body).await.map(|answer| vec![answer]),
        "ClosePreparedStatement" => close(door, caller, &body).map(|()| vec![]),
        "CancelFlightInfo" => {
            let request = CancelFlightInfoRequest::decode(body).map_err(|_| garbled(name))?;
            let info = request.info.ok_or_else(|| garbled(name))?;
            let status = cancel(door, caller, &info).await? as i32;
            Ok(vec![CancelFlightInfoResult { status }.encode_to_vec().into()])
        }
        "CancelQuery" => {
            let request: ActionCancelQueryRequest = unpacked(name, &body)?;
            let info = FlightInfo::decode(request.info).map_err(|_| garbled(name))?;
            let result = cancel(door, caller, &info).await? as i32;
            let answer = arrow_flight::sql::ActionCancelQueryResult { result };
            Ok(vec![answer.as_any().encode_to_vec().into()])
        }
        "SetSessionOptions" => set(door, caller, body).await.map(|answer| vec![answer]),
        "GetSessionOptions" => get(door, caller).map(|answer| vec![answer]),
        "CloseSession" => {
            if let Some(session) = door.sessions.find(caller).map_err(|e| plain(&e))? {
                door.sessions.close(&session);
            }
            let status = CloseStatus::Closed as i32;
            Ok(vec![CloseSessionResult { status }.encode_to_vec().into()])
        }
        "BeginTransaction" | "EndTransaction" | "BeginSavepoint" | "EndSavepoint" => {
            Err(no_transactions())
        }
        other => {
            let known: Vec<&str> = ACTIONS.iter().map(|(name, _)| *name).collect();
            let error = Error::unsupported(format!("action {other} is not supported"));
            Err(plain(&error.with_hint(format!("there are {}", known.join(", ")))))
        }
    }
}

fn no_transactions() -> Status {
    plain(&Error::unsupported("there are no transactions: every statement stands alone"))
}

/// Refuses a statement that wants to be part of a transaction.
pub(super) fn refuse_transaction(id: Option<&Bytes>) -> Result<(), Status> {
    match id {
        Some(id) if !id.is_empty() => Err(no_transactions()),
        _ => Ok(()),
    }
}

fn garbled(action: &str) -> Status {
    plain(&Error::sql(format!("the request of {action} cannot be read")))
}

fn unpacked<M: ProstMessageExt>(action: &str, body: &[u8]) -> Result<M, Status> {
    let any = Any::decode(body).map_err(|_| garbled(action))?;
    any.unpack().ok().flatten().ok_or_else(|| garbled(action))
}

async fn prepare(door: &Door, caller: &Caller, body: &[u8]) -> Result<Bytes, Status> {
    let request: ActionCreatePreparedStatementRequest = unpacked("CreatePreparedStatement", body)?;
    refuse_transaction(request.transaction_id.as_ref())?;
    let session = door.sessions.of(caller).await.map_err(|e| plain(&e))?;
    let prepared = Prepared::new(&session.engine, request.query.clone()).await;
    let prepared = prepared.map_err(|e| status(&e, &request.query))?;
    let (dataset_schema, parameter_schema, is_update) = (
        prepared.dataset_schema(session.wishes().profile),
        prepared.parameter_schema(),
        prepared.is_update(),
    );
    let handle = session.prepared.add(prepared).map_err(|e| plain(&e))?;
    let answer = PreparedStatementResult {
        dataset_schema,
        parameter_schema,
        is_update: Some(is_update),
        prepared_statement_handle: handle.into(),
    };
    let any = Any {
        type_url: arrow_flight::sql::ActionCreatePreparedStatementResult::type_url().to_owned(),
        value: answer.encode_to_vec().into(),
    };
    Ok(any.encode_to_vec().into())
}

fn close(door: &Door, caller: &Caller, body: &[u8]) -> Result<(), Status> {
    let request: ActionClosePreparedStatementRequest = unpacked("ClosePreparedStatement", body)?;
    let handle = &request.prepared_statement_handle;
    let closed = door.sessions.handled(caller, |session| session.prepared.remove(handle));
    // Closing what is closed is no mistake.
    closed.map(drop).map_err(|e| plain(&e))
}

async fn cancel(door: &Door, caller: &Caller, info: &FlightInfo) -> Result<CancelStatus, Status> {
    let handle = handle_of(info)?;
    let found = door.sessions.handled(caller, |session| session.planned.get(&handle));
    let (_, planned) = found
        .map_err(|e| plain(&e))?
        .ok_or_else(|| plain(&Error::not_found("the statement of this flight is not known")))?;
    // Our client has seen enough; others want it to fail.
    if caller.is_own && planned.stop().await {
        return Ok(CancelStatus::Cancelled);
    }
    match planned.kill() {
        Ok(()) => Ok(CancelStatus::Cancelled),
        // It has ended by itself.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(CancelStatus::NotCancellable),
        Err(e) => Err(plain(&e)),
    }
}

async fn set(door: &Door, caller: &Caller, body: Bytes) -> Result<Bytes, Status> {
    let request =
        SetSessionOptionsRequest::decode(body).map_err(|_| garbled("SetSessionOptions"))?;
    let session = door.sessions.of(caller).await.map_err(|e| plain(&e))?;
    let mut options: Vec<_> = request.session_options.into_iter().collect();
    // A schema is one of the catalog; the rest in an order that does not change.
    options.sort_by(|(a, _), (b, _)| (a != "catalog", a).cmp(&(b != "catalog", b)));
    let mut answer = SetSessionOptionsResult::default();
    for (name, value) in options {
        let set = match value.option_value.as_ref().map(OptionValue::text) {
            Some(Some(text)) => session.set(&name, &text).await,
            Some(None) => Err(Error::sql(format!("option {name} is no list"))),
            None => session.reset(&name).await,
        };
        if let Err(e) = set {
            let known = session.options().iter().any(|(known, _)| *known == name)
                || session.engine.setting(&name).is_ok();
            let problem = match e.kind() {
                ErrorKind::Sql if !known => SetOptionProblem::InvalidName,
                ErrorKind::Sql | ErrorKind::NotFound => SetOptionProblem::InvalidValue,
                _ => SetOptionProblem::Error,
            };
            answer.errors.insert(name, SetOptionError { value: problem as i32 });
        }
    }
    Ok(answer.encode_to_vec().into())
}

/// Options of a session that is there: asking makes none.
fn get(door: &Door, caller: &Caller) -> Result<Bytes, Status> {
    let found = door.sessions.find(caller).map_err(|e| plain(&e))?;
    let options = match found {
        Some(session) => session.options(),
        None => door.sessions.first_options(caller),
    };
    let options = options.into_iter().map(|(name, value)| {
        let value = SessionOptionValue { option_value: Some(OptionValue::String(value)) };
        (name.to_owned(), value)
    });
    Ok(GetSessionOptionsResult { session_options: options.collect() }.encode_to_vec().into())
}
