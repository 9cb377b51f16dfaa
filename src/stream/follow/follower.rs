//! Looks at the ends, reads up to them, looks again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::metrics::{BaselineMetrics, Count};
use futures::TryStreamExt;
use futures::stream::BoxStream;

use super::first;
use super::sieve::{OpenSieve, Sieve};
use crate::error::{Error, ErrorKind, Result};
use crate::spi::{PinnedStream, ScanUnit, StatementContext};
use crate::stream::pin::deleted;
use crate::stream::source::{
    LogSource, OffsetUnit, PartitionNow, ReadRequest, Records, TO_ITS_END,
};

/// The receipt's counter of times that a system did not answer; the front end tells them.
const OUTAGES: &str = "outages";

/// How long after a look the next one is, at least. One that took long is followed by a longer rest:
/// who follows must not be a load.
const REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(2);

/// How long after one that failed.
const REST_AFTER_OUTAGE: Duration = Duration::from_secs(1);

/// How long a system that has just been started may say that less is there than has been read.
const DOUBT: Duration = Duration::from_secs(15);

/// Up to where a partition has been read.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Where it began when following did.
    pub(super) start: u64,
    pub(super) position: u64,
    /// What told it from another one of its name when it was read last.
    pub(super) identity: Option<String>,
}

/// The partitions that are followed.
#[derive(Clone, Debug)]
pub(super) struct Places(pub(super) BTreeMap<String, Place>);

impl Places {
    /// The ends of what is pinned. Nothing comes to a compressed file.
    pub(super) fn at_the_ends_of(pinned: &PinnedStream) -> Self {
        let partitions = pinned.partitions.iter().filter(|(_, it)| it.end != TO_ITS_END);
        let place = |it: &crate::spi::PinnedPartition| Place {
            start: it.start,
            position: it.end,
            identity: it.identity.clone(),
        };
        Self(partitions.map(|(name, it)| (name.clone(), place(it))).collect())
    }
}

/// What is being read, or will be.
struct Reading {
    partition: String,
    end: u64,
    /// The identity at the last look.
    identity: Option<String>,
    stream: BoxStream<'static, Result<Records>>,
}

/// A part that is to be read up to `now.end`.
type Next = PartitionNow;

/// Follows one stream.
pub(super) struct Follower {
    source: Arc<dyn LogSource>,
    statement: Arc<StatementContext>,
    sieve: Sieve,
    open: OpenSieve,
    places: Places,
    /// The rows before those that come, until they were read.
    first: Option<usize>,
    todo: VecDeque<Next>,
    reading: Option<Reading>,
    rest: Duration,
    /// Since when the system does not answer, or says what cannot be.
    trouble: Option<Instant>,
    baseline: BaselineMetrics,
    bytes: Count,
}

impl Follower {
    /// One that begins with the last `last` rows before `places`.
    pub(super) fn new(
        source: Arc<dyn LogSource>,
        statement: Arc<StatementContext>,
        sieve: Sieve,
        places: Places,
        last: usize,
        metrics: (BaselineMetrics, Count),
    ) -> Result<Self> {
        let open = sieve.open(&source)?;
        let (baseline, bytes) = metrics;
        Ok(Self {
            source,
            statement,
            sieve,
            open,
            places,
            first: Some(last),
            todo: VecDeque::new(),
            reading: None,
            rest: Duration::ZERO,
            trouble: None,
            baseline,
            bytes,
        })
    }

    /// The next rows; waits for them.
    pub(super) async fn next(&mut self) -> Result<RecordBatch> {
        if let Some(last) = self.first.take() {
            let (source, statement) = (&self.source, &self.statement);
            let rows = first::rows(source, statement, &self.sieve, &self.places, last).await?;
            if let Some(rows) = rows {
                return self.give(&rows);
            }
        }
        let mut missed = 0;
        loop {
            let step = self.step().await;
            match step {
                Ok(Some(rows)) if rows.num_rows() > 0 => return self.give(&rows),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Unavailable => self.outage(&e),
                // Renamed or removed while it was looked at: the next look says what is there.
                Err(e) if e.kind() == ErrorKind::NotFound && missed < 3 => {
                    missed += 1;
                    self.look_again();
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn give(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let shown = self.sieve.show(rows)?;
        self.baseline.record_output(shown.num_rows());
        Ok(shown)
    }

    /// Reads a little, or looks.
    async fn step(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(reading) = &mut self.reading {
            if let Some(came) = reading.stream.try_next().await? {
                return self.take(&came).await.map(Some);
            }
            return self.end_reading().map(|()| None);
        }
        match self.todo.pop_front() {
            Some(next) => self.begin(next),
            None => self.look().await?,
        }
        Ok(None)
    }

    fn begin(&mut self, next: Next) {
        let Some(place) = self.places.0.get(&next.partition) else { return };
        let request = ReadRequest {
            stream: self.sieve.recipe.stream.clone(),
            partition: next.partition.clone(),
            range: place.position..next.end,
            pinned_end: next.end,
            // It must still be what was read before.
            identity: place.identity.clone().or_else(|| next.identity.clone()),
            wants_keys: self.open.wants_keys(),
            skips_lost: false,
        };
        let PartitionNow { partition, end, identity, .. } = next;
        let stream = self.source.read(&self.statement, request);
        self.reading = Some(Reading { partition, end, identity, stream });
    }

    /// Rows of records that have come, which count as read with that.
    async fn take(&mut self, came: &Records) -> Result<RecordBatch> {
        let internal = || Error::internal("what is read has no place");
        let reading = self.reading.as_ref().ok_or_else(internal)?;
        let (partition, end) = (reading.partition.clone(), reading.end);
        let place = self.places.0.get(&partition).ok_or_else(internal)?;
        let recipe = &self.sieve.recipe;
        let records = match recipe.unit {
            OffsetUnit::Bytes => came.records.len() as u64,
            OffsetUnit::Records => came.position.saturating_sub(place.position),
        };
        self.bytes.add(usize::try_from(came.bytes).unwrap_or(usize::MAX));
        recipe.meter(&self.statement, ScanUnit::Bytes, came.bytes)?;
        recipe.meter(&self.statement, ScanUnit::Records, records)?;
        let rows = self.open.pass(&self.statement, &partition, came).await?;
        let place = self.places.0.get_mut(&partition).ok_or_else(internal)?;
        place.position = came.position.min(end);
        self.trouble = None;
        Ok(rows)
    }

    fn end_reading(&mut self) -> Result<()> {
        let Some(reading) = self.reading.take() else { return Ok(()) };
        let Some(place) = self.places.0.get_mut(&reading.partition) else { return Ok(()) };
        if place.position < reading.end {
            return Err(Error::internal(format!(
                "{} partition {}: reading ended at offset {} instead of {}",
                self.sieve.recipe.label, reading.partition, place.position, reading.end
            )));
        }
        place.identity = reading.identity.or(place.identity.take());
        Ok(())
    }

    /// Rests, then looks at the ends.
    async fn look(&mut self) -> Result<()> {
        tokio::time::sleep(self.rest).await;
        let began = Instant::now();
        let again = self.statement.asking_again();
        let now = self.source.partitions(&again, &self.sieve.recipe.stream).await?;
        self.rest = (began.elapsed() * 4).clamp(REST, LONGEST_REST);
        if let Err(e) = self.hold(now.as_deref()) {
            return self.doubted(e);
        }
        self.trouble = None;
        let plain = now.into_iter().flatten().filter(|now| now.end != TO_ITS_END);
        // A new file may be a known one under another name: that the known ones are still what they
        // were is found first.
        let (known, fresh): (Vec<_>, Vec<_>) =
            plain.partition(|now| self.places.0.contains_key(&now.partition));
        for now in known.into_iter().chain(fresh) {
            let begin = || Place { start: now.start, position: now.start, identity: None };
            let place = self.places.0.entry(now.partition.clone()).or_insert_with(begin);
            if place.position < now.end {
                self.todo.push_back(now);
            }
        }
        Ok(())
    }

    /// Whether all that was read is part of what is there.
    fn hold(&self, now: Option<&[PartitionNow]>) -> Result<()> {
        let label = &self.sieve.recipe.label;
        let again = "begin again: rows from there on are what is there now";
        let now = now.ok_or_else(|| Error::gone(format!("{label} is gone")))?;
        for (partition, place) in &self.places.0 {
            let Some(now) = now.iter().find(|now| now.partition == *partition) else {
                let text = format!("partition {partition} of {label} is gone: removed, or renamed");
                return Err(Error::gone(text).with_hint(again));
            };
            if now.start > place.position {
                return Err(deleted(label, partition, place.position, now.start));
            }
            if now.end < place.position {
                let (end, position) = (now.end, place.position);
                let text = format!(
                    "partition {partition} of {label} ends at {end} and was read up to {position}: it was \
                     cut or made anew"
                );
                return Err(Error::gone(text).with_hint(again));
            }
        }
        Ok(())
    }

    /// What cannot be is said by brokers that were just started; files are what they are.
    fn doubted(&mut self, error: Error) -> Result<()> {
        let is_sure = self.sieve.recipe.unit == OffsetUnit::Bytes;
        let since = *self.trouble.get_or_insert_with(Instant::now);
        if is_sure || since.elapsed() > DOUBT {
            return Err(error);
        }
        self.rest = REST_AFTER_OUTAGE;
        Ok(())
    }

    /// What was not read yet is asked for again.
    fn look_again(&mut self) {
        self.reading = None;
        self.todo.clear();
    }

    /// The system does not answer.
    fn outage(&mut self, error: &Error) {
        self.look_again();
        self.rest = REST_AFTER_OUTAGE;
        if self.trouble.is_none() {
            let (label, receipt) = (&self.sieve.recipe.label, self.statement.receipt());
            receipt.add_with(label, OUTAGES, error.message(), 1);
        }
        self.trouble.get_or_insert_with(Instant::now);
    }
}
