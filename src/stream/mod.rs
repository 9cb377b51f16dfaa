//! Live sources as tables: a log of records that has a begin, an end that moves, and offsets between.
//!
//! A system is a [`LogSource`]: which streams there are, where their partitions begin and end now,
//! and the records between two offsets. Everything else is the same for all of them and stands
//! here: [`catalog`] finds tables, [`describe`] what their records are (by a sample, or
//! [`by_schema`]), [`pin`] fixes once per
//! statement what is read, [`table`] decides what filters and limits leave of it, [`scan`] is the
//! plan node, [`reader`] makes batches, [`decode`] rows of bytes (also those of text files).
//! Positions, decoding and scan know nothing of each other's insides: [`follow`], which has no end,
//! is made of the same parts. [`functions`] names what can be asked of a stream beside its rows.

mod bounds;
mod by_schema;
pub mod catalog;
mod codec;
pub mod decode;
mod describe;
mod errors;
mod follow;
mod functions;
mod meta;
mod options;
mod pin;
mod pushdown;
mod reader;
mod recipe;
mod rows;
mod scan;
mod schema_files;
pub mod schemas;
mod skip;
mod source;
mod status;
mod table;
mod tail;
mod tally;
pub mod wire;

pub use codec::StreamScanCodec;
pub use functions::FUNCTIONS;
pub use options::StreamOptions;
pub use scan::{StreamScan, leaf};
pub use schema_files::schemas_of;
pub use source::{
    LogSource, MessageParts, OffsetUnit, PartitionKind, PartitionNow, ReadRequest, Record, Records,
    SourceTraits, TO_ITS_END, TimeEdge, TimeOrder, sent,
};
pub use tally::Tally;
