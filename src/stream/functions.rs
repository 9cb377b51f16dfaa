//! Functions of a stream that stand where a table stands: its status, a part of it.

use crate::spi::TableFunction;

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

/// The functions that every system of streams has.
pub static FUNCTIONS: [TableFunction; 2] = [STATUS, SCAN];
