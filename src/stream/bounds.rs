//! Where a scan of a part of a stream begins and ends: offsets or times, the same for all partitions.
//!
//! Bounds are laid within what the statement has pinned, so that parts of one stream and the stream
//! itself are of one moment. What is asked for and is not there any more, or not yet, is an error
//! that says what is there: an answer never is silently shorter than what was asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;

use super::functions::SCAN;
use super::pin::StreamName;
use super::source::{LogSource, TO_ITS_END, TimeEdge};
use super::table::Left;
use crate::error::{Error, Result};
use crate::spi::{FunctionArguments, PinnedPartition, PinnedStream, StatementContext};

/// Partitions that an error names.
const NAMED: usize = 8;

/// One end of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Earliest,
    Latest,
    Offset(u64),
    Time(DateTime<Utc>),
}

/// What the arguments of `stream_scan` leave of a stream.
pub(super) async fn of(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
    pinned: &PinnedStream,
    arguments: &FunctionArguments,
) -> Result<Left> {
    let bound = |argument: &str, default| match arguments.get(argument) {
        Some(text) => Bound::parse(argument, text, statement),
        None => Ok(default),
    };
    let start = bound("start", Bound::Earliest)?;
    let stop = bound("stop", Bound::Latest)?;
    let reversed = match (start, stop) {
        (Bound::Offset(start), Bound::Offset(stop)) => start > stop,
        (Bound::Time(start), Bound::Time(stop)) => start > stop,
        _ => false,
    };
    if reversed {
        return Err(Error::sql(format!("{}(): start is behind stop", SCAN.name)));
    }
    for (argument, bound) in [("start", start), ("stop", stop)] {
        if let Bound::Offset(offset) = bound {
            hold(name, pinned, argument, offset)?;
        }
    }
    let starts = start.times(source, name, pinned).await?;
    let stops = stop.times(source, name, pinned).await?;
    let within = |(partition, it): (&String, &PinnedPartition)| {
        let from = start.within(it, starts.get(partition)).max(it.start);
        let to = stop.within(it, stops.get(partition)).min(it.end);
        (partition.clone(), Range { start: from, end: to.max(from) })
    };
    Ok(pinned.partitions.iter().map(within).collect())
}

impl Bound {
    fn parse(argument: &str, text: &str, statement: &StatementContext) -> Result<Self> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "earliest" => return Ok(Self::Earliest),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        if let Ok(offset) = text.parse() {
            return Ok(Self::Offset(offset));
        }
        let ago = text.strip_suffix("ago").map(|span| humantime::parse_duration(span.trim()));
        if let Some(Ok(span)) = ago {
            let time = chrono::TimeDelta::from_std(span).ok();
            let time = time.and_then(|span| statement.now().checked_sub_signed(span));
            return time.map(Self::Time).ok_or_else(|| wrong(argument, text));
        }
        let zone: Tz = statement.timezone().parse().map_err(|_| wrong(argument, text))?;
        let time = string_to_datetime(&zone, text);
        // The minute is often enough.
        let time = time.or_else(|_| string_to_datetime(&zone, &format!("{text}:00")));
        let time = time.map_err(|_| wrong(argument, text))?;
        Ok(Self::Time(time.to_utc()))
    }

    /// For a time the first offset that is not older, of each partition that has one.
    async fn times(
        self,
        source: &Arc<dyn LogSource>,
        name: &StreamName,
        pinned: &PinnedStream,
    ) -> Result<BTreeMap<String, u64>> {
        let Self::Time(time) = self else { return Ok(BTreeMap::new()) };
        let partitions: Vec<String> = pinned.partitions.keys().cloned().collect();
        let found = match source.traits().exact_times {
            // Without a filter behind it, what is found is the answer.
            true => source.offsets_at(&name.stream, &partitions, time, TimeEdge::Since).await?,
            false => None,
        };
        found.ok_or_else(|| {
            let noun = source.traits().noun;
            Error::unsupported(format!(
                "{}: a {noun} has no index of times that finds the very first offset",
                name.label
            ))
            .with_hint("give offsets, or filter the table: WHERE _timestamp >= …")
        })
    }

    /// The bound in a partition, where a time has been looked up; not clamped yet.
    fn within(self, partition: &PinnedPartition, of_time: Option<&u64>) -> u64 {
        match self {
            Self::Earliest => partition.start,
            Self::Latest => partition.end,
            Self::Offset(offset) => offset,
            // Every record is older.
            Self::Time(_) => of_time.copied().unwrap_or(partition.end).min(partition.end),
        }
    }
}

fn wrong(argument: &str, text: &str) -> Error {
    let message = format!("{}(): {argument} => '{text}' is no offset and no time", SCAN.name);
    Error::sql(message)
        .with_hint("an offset, 'earliest', 'latest', '2026-11-30T08:00:00Z', '10 minutes ago'")
}

/// Whether an offset lies in what is there: not before what was deleted, not behind every end.
fn hold(name: &StreamName, pinned: &PinnedStream, argument: &str, offset: u64) -> Result<()> {
    let function = SCAN.name;
    let partitions = || pinned.partitions.values();
    let told = || there(pinned);
    if argument == "start" && partitions().any(|it| offset < it.start) {
        let message =
            format!("{function}(): {} has no offset {offset} any more: {}", name.label, told());
        return Err(Error::gone(message).with_hint("start => 'earliest' begins with what is there"));
    }
    if partitions().all(|it| offset > it.end) {
        let message = format!(
            "{function}(): {argument} => {offset} is behind the end of {}: {}",
            name.label,
            told()
        );
        return Err(Error::sql(message).with_hint("'latest' is the end of what is there now"));
    }
    if argument == "stop" && partitions().all(|it| offset < it.start) {
        let message = format!(
            "{function}(): stop => {offset} is before the begin of {}: {}",
            name.label,
            told()
        );
        return Err(Error::gone(message));
    }
    Ok(())
}

/// What each partition has.
fn there(pinned: &PinnedStream) -> String {
    let part = |(name, it): (&String, &PinnedPartition)| match it.end {
        TO_ITS_END => format!("{name} has [{}, …)", it.start),
        end => format!("{name} has [{}, {end})", it.start),
    };
    let mut parts: Vec<String> = pinned.partitions.iter().take(NAMED).map(part).collect();
    let others = pinned.partitions.len().saturating_sub(NAMED);
    if others > 0 {
        parts.push(format!("{others} others"));
    }
    format!("partition {}", parts.join(", "))
}
