//! An error in parts, for the way to another process.

use serde::{Deserialize, Serialize};

use super::{Error, ErrorKind, Position, Retry};

/// What of an error travels: all but its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorParts {
    kind: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<[u64; 2]>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retry: bool,
}

impl From<&Error> for ErrorParts {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            position: error.position().map(|Position { line, column }| [line, column]),
            retry: error.retry() == Retry::Later,
        }
    }
}

impl From<ErrorParts> for Error {
    fn from(parts: ErrorParts) -> Self {
        // A kind of a newer version is none that this one can do anything about.
        let kind = ErrorKind::ALL.into_iter().find(|kind| kind.as_str() == parts.kind);
        let mut error = Error::new(kind.unwrap_or(ErrorKind::Internal), parts.message);
        if let Some(hint) = parts.hint {
            error = error.with_hint(hint);
        }
        if parts.retry {
            error = error.retry_later();
        }
        match parts.position {
            Some([line, column]) => error.at(Position { line, column }),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_arrives_as_it_left() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "no column nmae")
                .with_hint("did you mean name?")
                .at(Position { line: 2, column: 7 });
            let error = if kind == ErrorKind::Exhausted { error.retry_later() } else { error };
            let json = serde_json::to_string(&ErrorParts::from(&error)).unwrap();
            let arrived = Error::from(serde_json::from_str::<ErrorParts>(&json).unwrap());
            assert_eq!(arrived.kind(), kind);
            assert_eq!(arrived.retry(), error.retry());
            assert_eq!(ErrorParts::from(&arrived), ErrorParts::from(&error));
        }
    }
}
