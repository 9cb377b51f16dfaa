//! One range of a partition, read on a thread that may wait.
//!
//! The range has been read when a record from its end on has come, or the partition ends and the
//! client's position is at the range's end: markers of transactions, records of aborted ones and
//! holes that compaction has left are never seen, only passed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::client::{Client, Lent, Polled};
use super::error::Trouble;
use crate::error::{Error, Result};
use crate::stream::{ReadRequest, Records};

/// Records that are handed over together, at most, and their bytes.
const RECORDS: usize = 8192;
const BYTES: usize = 4 * 1024 * 1024;

/// How long a look for the next record takes before anything else is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long nothing may come: a broker that is gone is missed by the others after nine seconds, and
/// its partitions then have other leaders.
const STALLED: Duration = Duration::from_secs(60);

/// Reads until the range's end, an error, or nobody wants more.
pub(super) fn read(
    client: &Arc<Client>,
    request: &ReadRequest,
    wanted: &mpsc::Sender<Result<Records>>,
) {
    if let Err(e) = Reading::begin(client, request).and_then(|reading| reading.run(wanted)) {
        // Who is gone needs no error.
        let _ = wanted.blocking_send(Err(e));
    }
}

struct Reading<'r> {
    client: &'r Arc<Client>,
    lent: Lent,
    request: &'r ReadRequest,
    partition: i32,
    end: i64,
    came: Records,
    moved: Instant,
    // Whether the client was told to ask which partitions there are.
    learned: bool,
    // What the client last said of brokers.
    said: Option<(Trouble, String)>,
}

impl<'r> Reading<'r> {
    fn begin(client: &'r Arc<Client>, request: &'r ReadRequest) -> Result<Self> {
        let partition = number(&request.partition)?;
        let start = offset(request.range.start)?;
        let lent = client.lend()?;
        lent.assign(&request.stream, partition, start)?;
        Ok(Self {
            client,
            lent,
            request,
            partition,
            end: offset(request.range.end)?,
            came: Records { position: request.range.start, ..Records::default() },
            moved: Instant::now(),
            learned: false,
            said: None,
        })
    }

    fn run(mut self, wanted: &mpsc::Sender<Result<Records>>) -> Result<()> {
        loop {
            let place = (self.request.stream.as_str(), self.partition);
            let wants_keys = self.request.wants_keys;
            match self.lent.poll(LOOK, place, self.end, wants_keys, &mut self.came)? {
                Polled::Record => {
                    let full =
                        self.came.records.len() >= RECORDS || self.came.values.len() >= BYTES;
                    if self.came.position >= self.request.range.end {
                        return self.last(wanted);
                    }
                    if full && !self.hand_over(wanted) {
                        return Ok(());
                    }
                    // All that follows is for when no record comes.
                    continue;
                }
                Polled::Beyond => return self.last(wanted),
                Polled::Nothing | Polled::End => {
                    let position = self.lent.position(&self.request.stream, self.partition)?;
                    if position.is_some_and(|position| position >= self.end) {
                        return self.last(wanted);
                    }
                    if let Some(position) = position.and_then(|it| u64::try_from(it).ok())
                        && position > self.came.position
                    {
                        self.came.position = position;
                        self.moved = Instant::now();
                    }
                    if !self.came.records.is_empty() && !self.hand_over(wanted) {
                        return Ok(());
                    }
                }
                Polled::Other | Polled::Trouble(Trouble::Nothing, _) => {}
                Polled::Trouble(Trouble::Passing, said) => {
                    self.said = Some((Trouble::Passing, said))
                }
                // Added since this client last asked; who pinned it knows that it is there.
                Polled::Trouble(Trouble::UnknownTopic, _) if !self.learned => {
                    self.learned = true;
                    self.lent.learn(&self.request.stream)?;
                    let position = offset(self.came.position)?;
                    self.lent.assign(&self.request.stream, self.partition, position)?;
                }
                Polled::Trouble(Trouble::OutOfRange, said) => {
                    if self.lost(&said)? {
                        return self.last(wanted);
                    }
                    if !self.hand_over(wanted) {
                        return Ok(());
                    }
                }
                Polled::Trouble(trouble, said) => return Err(trouble.error(&self.place(), &said)),
            }
            if wanted.is_closed() {
                return Ok(());
            }
            if self.moved.elapsed() > STALLED {
                return Err(self.stalled());
            }
        }
    }

    /// Passes what was deleted before it was read, if that is wanted; true when nothing is left.
    fn lost(&mut self, said: &str) -> Result<bool> {
        let ReadRequest { stream, partition, range, skips_lost, .. } = self.request;
        let ends = self.client.ends(stream, &[self.partition])?;
        let first = ends.first().and_then(|(_, [first, ..])| u64::try_from(*first).ok());
        let from = self.came.position;
        let Some(first) = first.filter(|first| *first > from) else {
            return Err(Trouble::OutOfRange.error(&self.place(), said));
        };
        let to = first.min(range.end);
        if !skips_lost {
            return Err(Error::gone(format!(
                "topic {stream} partition {partition}: offsets {from} to {to} were deleted before they \
                 were read"
            ))
            .with_hint(
                "run the statement again: it begins with what is there now; on_data_loss = \"warn\" in \
                 the table file goes on behind them",
            ));
        }
        self.came.lost = Some(from..to);
        self.came.position = to;
        self.moved = Instant::now();
        if to >= range.end {
            return Ok(true);
        }
        self.lent.assign(stream, self.partition, offset(to)?)?;
        Ok(false)
    }

    /// Hands over what has come; false when nobody wants it.
    fn hand_over(&mut self, wanted: &mpsc::Sender<Result<Records>>) -> bool {
        // What comes next is about as much.
        let next = Records {
            values: Vec::with_capacity(self.came.values.len()),
            records: Vec::with_capacity(self.came.records.len()),
            position: self.came.position,
            ..Records::default()
        };
        let came = std::mem::replace(&mut self.came, next);
        let is_wanted = wanted.blocking_send(Ok(came)).is_ok();
        // To wait for who reads is not to wait for a broker.
        self.moved = Instant::now();
        is_wanted
    }

    /// Hands over the last records: the position is at the end.
    fn last(mut self, wanted: &mpsc::Sender<Result<Records>>) -> Result<()> {
        self.came.position = self.came.position.max(self.request.range.end);
        self.hand_over(wanted);
        Ok(())
    }

    fn place(&self) -> String {
        let ReadRequest { stream, partition, range, .. } = self.request;
        let position = self.came.position;
        format!(
            "topic {stream} partition {partition} offset {position} of [{}, {})",
            range.start, range.end
        )
    }

    fn stalled(&self) -> Error {
        let seconds = STALLED.as_secs();
        match &self.said {
            Some((trouble, said)) => trouble.error(&self.place(), said),
            None => Error::unavailable(format!("{}: nothing came for {seconds} s", self.place())),
        }
    }
}

/// A partition's number.
pub(super) fn number(partition: &str) -> Result<i32> {
    let wrong = |e| Error::corrupt(format!("partition `{partition}` has no number: {e}"));
    partition.parse().map_err(wrong)
}

/// An offset as brokers count.
fn offset(offset: u64) -> Result<i64> {
    i64::try_from(offset).map_err(|_| Error::corrupt(format!("{offset} is no offset")))
}
