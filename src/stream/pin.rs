//! What a statement reads of a stream, fixed once: a begin and an end of every partition.
//!
//! The first who asks fixes it for all references of the statement. A replay reads what the read
//! point says, or fails when that is not there any more.

use std::sync::Arc;

use super::source::{LogSource, OffsetUnit, PartitionNow, TO_ITS_END};
use crate::error::{Error, Result, nearest};
use crate::spi::{PinnedPartition, PinnedStream, StatementContext};

/// Partitions whose offsets the receipt names one by one.
const NAMED: usize = 32;

/// A stream by its catalog, as read points and errors name it.
#[derive(Clone, Debug)]
pub(super) struct StreamName {
    pub(super) catalog: String,
    pub(super) stream: String,
    /// The table that asks, as people call it.
    pub(super) label: String,
}

impl StreamName {
    fn key(&self) -> String {
        format!("{}:{}", self.catalog, self.stream)
    }
}

/// The pinned stream; `None` when there is none of this name.
pub(super) async fn pinned(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
) -> Result<Option<Arc<PinnedStream>>> {
    let key = name.key();
    let pinned = statement.once(format!("stream {key}"), async {
        let now = source.partitions(statement, &name.stream).await?;
        let replayed = statement.read_point().stream(&key, &name.label);
        let pinned = match (now, replayed) {
            (None, Ok(None) | Err(_)) => return Ok(None),
            (_, Err(e)) => return Err(e),
            (None, Ok(Some(_))) => {
                return Err(Error::gone(format!("{} of the read point is gone", name.label)));
            }
            (Some(now), Ok(Some(pinned))) => {
                hold(&name.label, pinned, &now)?;
                pinned.clone()
            }
            (Some(now), Ok(None)) => {
                tell_held_back(statement, &name.label, &now);
                let partition = |now: PartitionNow| {
                    let PartitionNow { partition, start, end, held_back, identity } = now;
                    (partition, PinnedPartition { start, end, identity, held_back })
                };
                let partitions = now.into_iter().map(partition).collect();
                PinnedStream { as_of: chrono::Utc::now(), partitions }
            }
        };
        tell(statement, &name.label, source.traits().offsets, &pinned);
        statement.read_point().pin_stream(&key, pinned.clone());
        Ok(Some(Arc::new(pinned)))
    });
    Ok(pinned.await?.as_ref().clone())
}

/// Whether all that was pinned is still there.
fn hold(label: &str, pinned: &PinnedStream, now: &[PartitionNow]) -> Result<()> {
    for (partition, PinnedPartition { start, end, .. }) in &pinned.partitions {
        if start == end {
            continue;
        }
        let now = now.iter().find(|now| now.partition == *partition).ok_or_else(|| {
            Error::gone(format!("partition {partition} of {label} is gone, the read point has it"))
        })?;
        if now.start > *start {
            return Err(deleted(label, partition, *start, now.start.min(*end)));
        }
        if now.end < *end {
            return Err(Error::gone(format!(
                "partition {partition} of {label} ends at {}, and in the read point at {end}: it was \
                 cut or made anew",
                now.end
            )));
        }
    }
    Ok(())
}

/// The error of offsets that are there no more.
pub(super) fn deleted(label: &str, partition: &str, from: u64, to: u64) -> Error {
    Error::gone(format!(
        "partition {partition} of {label}: offsets {from} to {to} were deleted before they were read"
    ))
    .with_hint("run the statement again: it begins with what is there now")
}

fn tell(statement: &StatementContext, label: &str, unit: OffsetUnit, pinned: &PinnedStream) {
    let receipt = statement.receipt();
    receipt.add(label, "partitions", pinned.partitions.len() as u64);
    let as_of = pinned.as_of.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    receipt.add_with(label, "as_of", &as_of, 1);
    let counter = match unit {
        OffsetUnit::Bytes => "pinned_bytes",
        OffsetUnit::Records => "pinned_offsets",
    };
    let (mut others, mut rest) = (0_usize, 0);
    for (at, (name, partition)) in pinned.partitions.iter().enumerate() {
        let PinnedPartition { start, end, .. } = partition;
        if *end == TO_ITS_END {
            receipt.add_with(label, counter, &format!("{name}: whole"), 0);
        } else if at < NAMED {
            receipt.add_with(label, counter, &format!("{name}: [{start}, {end})"), end - start);
        } else {
            others += 1;
            rest += end - start;
        }
    }
    if others > 0 {
        receipt.add_with(label, counter, &format!("{others} other partitions"), rest);
    }
}

fn tell_held_back(statement: &StatementContext, label: &str, now: &[PartitionNow]) {
    for partition in now.iter().filter(|partition| partition.held_back > 0) {
        let detail = format!("{}: behind an open transaction", partition.partition);
        statement.receipt().add_with(label, "offsets_held_back", &detail, partition.held_back);
    }
}

/// The error of a stream that is not there.
pub(super) async fn unknown(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
) -> Error {
    let noun = source.traits().noun;
    let error =
        Error::not_found(format!("there is no {noun} {} at {}", name.stream, source.location()));
    let known = source.streams(statement).await.unwrap_or_default();
    match nearest(&name.stream, known.iter().map(String::as_str)) {
        Some(near) => error.with_hint(format!("did you mean {near}?")),
        None => error.with_hint("set `stream` under [options] of the table file"),
    }
}
