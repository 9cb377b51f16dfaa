//! Errors as statuses: a code by kind, and the same text as at the prompt.

use arrow_flight::error::FlightError;
use tonic::metadata::{AsciiMetadataValue, MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::engine::protocol;
use crate::engine::statement::caret;
use crate::error::{Error, ErrorKind, ErrorParts};

/// The longest text of a status: it travels in a header, and clients limit those.
const LONGEST: usize = 4096;

/// How wide the quoted line of a statement may be.
const WIDTH: usize = 100;

/// The header with the five letters of SQLSTATE.
pub(super) const SQLSTATE: &str = "x-sluice-sqlstate";

/// The code of a kind.
fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Sql => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Corrupt => Code::DataLoss,
        ErrorKind::Unsupported => Code::Unimplemented,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Exhausted => Code::ResourceExhausted,
        ErrorKind::TimedOut => Code::DeadlineExceeded,
        ErrorKind::Config | ErrorKind::Gone => Code::FailedPrecondition,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Internal => Code::Internal,
    }
}

/// The SQLSTATE of a kind: PostgreSQL's, where it has one.
fn sqlstate(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Sql => "42000",
        ErrorKind::NotFound => "42P01",
        ErrorKind::Denied => "42501",
        ErrorKind::Unauthenticated => "28000",
        ErrorKind::Corrupt => "XX001",
        ErrorKind::Unsupported => "0A000",
        ErrorKind::Unavailable => "58000",
        ErrorKind::Exhausted => "53000",
        ErrorKind::TimedOut => "57014",
        ErrorKind::Config => "F0000",
        ErrorKind::Gone => "55000",
        ErrorKind::Cancelled => "57014",
        ErrorKind::Internal => "XX000",
    }
}

/// The status of an error in a statement; `sql` is empty where there is none.
pub(super) fn status(error: &Error, sql: &str) -> Status {
    let mut text = match error.position() {
        Some(at) => caret::render(error.message(), sql, at, WIDTH),
        None => error.message().to_owned(),
    };
    if let Some(hint) = error.hint() {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    let mut metadata = MetadataMap::new();
    metadata.insert(SQLSTATE, AsciiMetadataValue::from_static(sqlstate(error.kind())));
    if let Ok(json) = serde_json::to_vec(&ErrorParts::from(error))
        && json.len() <= LONGEST
    {
        metadata.insert_bin(protocol::ERROR, MetadataValue::from_bytes(&json));
    }
    Status::with_metadata(code(error.kind()), shortened(text), metadata)
}

/// The status of an error outside any statement.
pub(super) fn plain(error: &Error) -> Status {
    status(error, "")
}

/// A status on its way through an encoder.
pub(super) fn carried(status: Status) -> FlightError {
    FlightError::Tonic(Box::new(status))
}

/// The status that an encoder or decoder gives.
pub(super) fn of_flight(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        FlightError::Arrow(e) => Status::invalid_argument(shortened(e.to_string())),
        // Of what a client has sent.
        FlightError::DecodeError(text) | FlightError::ProtocolError(text) => {
            Status::invalid_argument(shortened(text))
        }
        other => Status::internal(shortened(other.to_string())),
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Position;

    #[test]
    fn a_status_says_what_the_prompt_says() {
        let error = Error::sql("column nmae does not exist")
            .at(Position { line: 1, column: 8 })
            .with_hint("did you mean name?");
        let status = status(&error, "SELECT nmae FROM users");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "column nmae does not exist\nLINE 1: SELECT nmae FROM users\n               ^\n\
             hint: did you mean name?"
        );
        assert_eq!(status.metadata().get(SQLSTATE).unwrap(), "42000");
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let status = plain(&Error::internal("ü".repeat(LONGEST)));
        assert!(status.message().len() <= LONGEST + '…'.len_utf8());
        assert!(status.message().ends_with("ü…"));
    }
}
