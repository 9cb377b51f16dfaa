//! Statuses of the server as the errors that they were.

use tonic::{Code, Status};

use crate::engine::protocol;
use crate::error::{Error, ErrorKind, ErrorParts};

/// The error of a status: in parts if the server sent them, else by its code.
pub(super) fn error(status: &Status) -> Error {
    let parts = status.metadata().get_bin(protocol::ERROR);
    let parts = parts.and_then(|parts| parts.to_bytes().ok());
    if let Some(parts) = parts.and_then(|json| serde_json::from_slice::<ErrorParts>(&json).ok()) {
        return parts.into();
    }
    // What has a cause here was no answer of the server.
    let broken = std::error::Error::source(status).is_some();
    let kind = match status.code() {
        _ if broken => ErrorKind::Unavailable,
        Code::InvalidArgument | Code::OutOfRange | Code::AlreadyExists => ErrorKind::Sql,
        Code::NotFound => ErrorKind::NotFound,
        Code::PermissionDenied => ErrorKind::Denied,
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::DataLoss => ErrorKind::Corrupt,
        Code::Unimplemented => ErrorKind::Unsupported,
        Code::ResourceExhausted => ErrorKind::Exhausted,
        Code::DeadlineExceeded => ErrorKind::TimedOut,
        Code::FailedPrecondition => ErrorKind::Gone,
        Code::Cancelled => ErrorKind::Cancelled,
        Code::Internal => ErrorKind::Internal,
        Code::Ok | Code::Unknown | Code::Unavailable | Code::Aborted => ErrorKind::Unavailable,
    };
    let text = status.message();
    let text = if text.is_empty() { "the server has ended the call" } else { text };
    if kind == ErrorKind::Unavailable {
        return Error::new(kind, format!("the server does not answer: {text}")).retry_later();
    }
    Error::new(kind, text)
}

/// The error of an answer that no server of ours gives.
pub(super) fn garbled(what: &str) -> Error {
    Error::unavailable(format!("the server speaks otherwise: {what} cannot be read"))
        .with_hint("is it a server of Sluice, and of this version?")
}
