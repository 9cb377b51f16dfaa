//! Errors of bytes as ours, with the file that they are about.

use crate::error::Error;
use crate::formats::{Broken, BrokenKind};

/// Bytes of a file that cannot be read.
pub(super) fn broken(file: &str, broken: &Broken) -> Error {
    let text = format!("{file}: {broken}");
    match broken.kind {
        BrokenKind::Corrupt => Error::corrupt(text)
            .with_hint("compare the file with another copy, or take the snapshot again"),
        BrokenKind::Unsupported => Error::unsupported(text),
        BrokenKind::Denied => Error::denied(text).with_hint(
            "set `ignore_cell_security = true` under [options] of the table file to read them all",
        ),
    }
}
