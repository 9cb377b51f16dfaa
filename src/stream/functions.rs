//! Functions of a stream that stand where a table stands: its status.

use crate::spi::TableFunction;

/// What is there of each partition.
pub(super) const STATUS: TableFunction = TableFunction {
    name: "stream_status",
    usage: "stream_status('catalog.default.stream')",
    description: "the partitions of a stream: offsets, records, what waits, first and last time",
    arguments: &[],
};

/// The functions that every system of streams has.
pub static FUNCTIONS: [TableFunction; 1] = [STATUS];
