//! What a store says of a log file, in words about the file.

use crate::error::Error;

/// The error of reading or listing something at `outer`.
pub(super) fn store_error(outer: &str, error: object_store::Error) -> Error {
    let mut causes =
        std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        });
    if let Some(ours) = causes.find_map(|cause| cause.downcast_ref::<Error>()) {
        return ours.clone();
    }
    match &error {
        object_store::Error::NotFound { .. } => {
            Error::not_found(format!("{outer}: does not exist"))
        }
        object_store::Error::PermissionDenied { .. } => {
            Error::denied(format!("{outer}: permission denied"))
        }
        object_store::Error::Unauthenticated { .. } => {
            Error::unauthenticated(format!("{outer}: the store does not know who asks"))
        }
        _ => Error::unavailable(format!("{outer}: cannot be read")).with_source(error),
    }
}

/// The error of a file that is not the one that was pinned.
pub(super) fn gone(outer: &str, what: &str) -> Error {
    Error::gone(format!("{outer} {what} after the statement had fixed what it reads"))
        .with_hint("run the statement again; a log that is rotated is better moved than cut")
}
