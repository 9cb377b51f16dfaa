//! What a system with logs of records can do, as the tables over it need it.
//!
//! Offsets are the system's own and only compared: some are never records (markers of transactions,
//! what compaction removed), so a read ends when its *position* has reached the end it was given,
//! never when a certain record came.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use super::schemas::SchemaRegistry;
use crate::error::Result;
use crate::spi::{Finding, StatementContext};

/// The end of a partition that is read whole and whose last offset only reading tells: a compressed
/// file.
pub const TO_ITS_END: u64 = i64::MAX as u64;

/// How the partitions of a system are called in the column `_partition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// By number: the column is an INT.
    Number,
    /// By name: the column is a VARCHAR.
    Name,
}

/// What an offset counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetUnit {
    /// Bytes before the record.
    Bytes,
    /// Records before it, and what is none but has an offset all the same.
    Records,
}

/// What is the same for all streams of a system.
#[derive(Clone, Copy, Debug)]
pub struct SourceTraits {
    /// The connector's name.
    pub system: &'static str,
    /// What people call a stream of it: a topic, a log.
    pub noun: &'static str,
    /// How partitions are called.
    pub partitions: PartitionKind,
    /// What offsets count.
    pub offsets: OffsetUnit,
    /// Whether records come with a time; otherwise one of their columns may be declared as it.
    pub has_time: bool,
    /// Whether records have a key and headers beside their value.
    pub has_keys: bool,
    /// Whether records have [`MessageParts`] beside their value.
    pub has_properties: bool,
    /// Whether [`offsets_at`](LogSource::offsets_at) finds the very first offset of a time, not one nearby.
    pub exact_times: bool,
    /// Whether reading can pass what was deleted.
    pub skips_lost: bool,
    /// How many offsets are worth a split of their own; `None` is the setting `split_bytes`.
    pub split: Option<u64>,
    /// How many offsets of a tail are read first; each further step is four times the one before.
    pub tail: u64,
}

/// Whether the times of a stream's records rise with their offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOrder {
    /// The system gives the time when it takes a record.
    Rising,
    /// Whoever wrote the record gave it any time.
    Any,
}

/// Which side of a time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeEdge {
    /// The offset from which on nothing is missed that is not older.
    Since,
    /// The offset before which nothing is missed that is older. Only asked for where times rise.
    Before,
}

/// A partition as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionNow {
    /// Its name; a number as text where partitions have numbers.
    pub partition: String,
    /// The first offset that is there.
    pub start: u64,
    /// The offset behind the last one that may be read: that of the last committed record.
    pub end: u64,
    /// Offsets from `end` on that open transactions hold back.
    pub held_back: u64,
    /// See [`PinnedPartition::identity`](crate::spi::PinnedPartition::identity).
    pub identity: Option<String>,
}

/// A part of a partition to be read.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The stream.
    pub stream: String,
    /// The partition.
    pub partition: String,
    /// The records whose offsets are in it.
    pub range: Range<u64>,
    /// The pinned end of the partition: nothing from there on may be looked at.
    pub pinned_end: u64,
    /// What the partition was when it was pinned.
    pub identity: Option<String>,
    /// Whether what stands beside values is wanted: keys and headers, parts of messages.
    pub wants_keys: bool,
    /// Whether records that were deleted before they were read are passed, and told.
    pub skips_lost: bool,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Its offset.
    pub offset: u64,
    /// Milliseconds since 1970, where the system knows a time.
    pub timestamp: Option<i64>,
    /// Of [`Records::values`]; `None` is a record without a value, a tombstone.
    pub value: Option<Range<usize>>,
    /// Its key, where keys are wanted.
    pub key: Option<Vec<u8>>,
    /// Its headers in their order, where keys are wanted.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// What else it has, in systems whose records are messages, where that is wanted.
    pub message: Option<Box<MessageParts>>,
}

/// What a message has beside its value, its place and its time.
#[derive(Clone, Debug, Default)]
pub struct MessageParts {
    /// What it is about, for those who take only some.
    pub tags: Option<String>,
    /// What it can be found by.
    pub keys: Option<String>,
    /// Its id.
    pub id: String,
    /// Milliseconds since 1970: when it was made by who sent it.
    pub born: i64,
    /// Everything that was said of it, by name; no name is there twice.
    pub properties: Vec<(String, String)>,
}

/// Records that came together.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// All values, one after another.
    pub values: Vec<u8>,
    /// In the order of their offsets; may be none where offsets were no records.
    pub records: Vec<Record>,
    /// The position that reading has come to: every record before it was handed over.
    pub position: u64,
    /// Bytes that were read for it.
    pub bytes: u64,
    /// Offsets that were asked for and deleted before they were read.
    pub lost: Option<Range<u64>>,
}

/// A system with logs.
#[async_trait]
pub trait LogSource: Debug + Send + Sync {
    /// What is the same for all of its streams.
    fn traits(&self) -> SourceTraits;

    /// One line for people: where the streams are.
    fn location(&self) -> String;

    /// The streams to show, by name.
    async fn streams(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>>;

    /// The partitions of a stream as they are now; `None` when there is no such stream.
    async fn partitions(
        &self,
        statement: &Arc<StatementContext>,
        stream: &str,
    ) -> Result<Option<Vec<PartitionNow>>>;

    /// Whether times rise with offsets.
    async fn time_order(&self, _stream: &str) -> Result<TimeOrder> {
        Ok(TimeOrder::Any)
    }

    /// For each partition the first offset whose record is not older than `time`, or one nearby on the
    /// safe side of that `edge`. A partition without such a record is left out. `None` when the system
    /// has no index of times.
    async fn offsets_at(
        &self,
        _stream: &str,
        _partitions: &[String],
        _time: DateTime<Utc>,
        _edge: TimeEdge,
    ) -> Result<Option<BTreeMap<String, u64>>> {
        Ok(None)
    }

    /// Who keeps the schemas that records name, where the catalog says so.
    fn registry(&self) -> Option<Arc<dyn SchemaRegistry>> {
        None
    }

    /// The records of a range, until the position has reached its end. Dropping the stream ends the
    /// reading.
    ///
    /// # Errors
    /// `Gone` when the partition is no longer what was pinned, or part of the range was deleted.
    fn read(
        &self,
        statement: &Arc<StatementContext>,
        request: ReadRequest,
    ) -> BoxStream<'static, Result<Records>>;

    /// Whether the system can be reached, as whom, and what is wrong.
    async fn check(&self, statement: &Arc<StatementContext>) -> Result<Vec<Finding>>;
}

/// How many batches of records a read may be ahead of who takes them.
const AHEAD: usize = 2;

/// What a task sends, for sources that read in one of their own. `begin` starts it, when the first
/// records are asked for; it should end when nobody takes what it sends.
pub fn sent(
    begin: impl FnOnce(mpsc::Sender<Result<Records>>) + Send + 'static,
) -> BoxStream<'static, Result<Records>> {
    let opened = async move {
        let (wanted, came) = mpsc::channel(AHEAD);
        begin(wanted);
        came
    };
    let next = async |mut came: mpsc::Receiver<Result<Records>>| {
        let records = came.recv().await?;
        Some((records, came))
    };
    futures::stream::once(opened)
        .flat_map(move |came| futures::stream::unfold(came, next).boxed())
        .boxed()
}

/// What a catalog of streams hands to its plan nodes.
#[derive(Debug)]
pub(super) struct StreamService {
    /// The system.
    pub(super) source: Arc<dyn LogSource>,
}
