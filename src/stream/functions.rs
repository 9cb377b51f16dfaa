//! Functions of a stream that stand where a table stands: its status, a part of it, what comes.

use crate::error::{Error, Result};
use crate::spi::{FunctionArguments, TableFunction};

/// What is there of each partition.
pub(super) const STATUS: TableFunction = TableFunction {
    name: "stream_status",
    usage: "stream_status('catalog.default.stream')",
    description: "the partitions of a stream: offsets, records, what waits, first and last time",
    arguments: &[],
};

/// A part of a stream.
pub(super) const SCAN: TableFunction = TableFunction {
    name: "stream_scan",
    usage: "stream_scan('catalog.default.stream', start => '10 minutes ago', stop => 'latest')",
    description: "a stream between two offsets or times of every partition",
    arguments: &["start", "stop"],
};

/// A stream without an end.
pub(super) const FOLLOW: TableFunction = TableFunction {
    name: "stream_follow",
    usage: "stream_follow('catalog.default.stream', last => 10)",
    description: "the last rows of a stream, then all that come: it does not end",
    arguments: &["last"],
};

/// The functions that every system of streams has.
pub static FUNCTIONS: [TableFunction; 3] = [STATUS, SCAN, FOLLOW];

/// How many rows are shown before those that come.
pub(super) fn last(arguments: &FunctionArguments) -> Result<usize> {
    let Some(text) = arguments.get("last") else { return Ok(0) };
    text.parse().map_err(|_| {
        Error::sql(format!("{}(): last is a number of rows, not '{text}'", FOLLOW.name))
    })
}
