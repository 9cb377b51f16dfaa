//! A range of offsets from its end backwards, in steps that grow: the last records of a log without
//! what is before them.

use std::ops::Range;
use std::sync::Arc;

use futures::TryStreamExt;

use super::source::{LogSource, ReadRequest, Records, TO_ITS_END};
use crate::error::Result;
use crate::spi::StatementContext;

/// How much longer each step is than the one before it.
const GROWTH: u64 = 4;

/// The longest step, in first steps: what one step reads is held in memory.
const LONGEST: u64 = 64;

/// Parts of a range, the last one first.
#[derive(Debug)]
pub(super) struct Backwards {
    left: Range<u64>,
    step: u64,
    longest: u64,
}

impl Backwards {
    /// The parts of `range`, of which the first has `step` offsets.
    pub(super) fn new(range: Range<u64>, step: u64) -> Self {
        let step = step.max(1);
        Self { left: range, step, longest: step.saturating_mul(LONGEST) }
    }

    /// What is left of the range.
    pub(super) fn left(&self) -> &Range<u64> {
        &self.left
    }
}

impl Iterator for Backwards {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        let Range { start, end } = self.left;
        if start >= end {
            return None;
        }
        // Where the end is not known, nothing can be counted from it.
        let from = if end == TO_ITS_END { start } else { end.saturating_sub(self.step).max(start) };
        self.left = start..from;
        self.step = self.step.saturating_mul(GROWTH).min(self.longest);
        Some(from..end)
    }
}

/// At least the last `most` records of a range, or all of them; of a partition without a known end,
/// the first ones.
pub(super) async fn last_records(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    request: ReadRequest,
    most: usize,
) -> Result<Vec<Records>> {
    let mut found = Vec::new();
    let mut count = 0;
    let has_end = request.range.end != TO_ITS_END;
    for range in Backwards::new(request.range.clone(), source.traits().tail) {
        let mut read = source.read(statement, ReadRequest { range, ..request.clone() });
        while let Some(records) = read.try_next().await? {
            count += records.records.len();
            found.push(records);
            if count >= most && !has_end {
                break;
            }
        }
        if count >= most {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_range_and_grow() {
        let parts: Vec<_> = Backwards::new(5..1000, 10).collect();
        assert_eq!(parts, [990..1000, 950..990, 790..950, 150..790, 5..150]);
        let longest = Backwards::new(0..100_000, 1).map(|part| part.end - part.start).max();
        assert_eq!(longest, Some(LONGEST));
        assert_eq!(Backwards::new(7..7, 10).next(), None);
        let mut whole = Backwards::new(3..TO_ITS_END, 10);
        assert_eq!((whole.next(), whole.next()), (Some(3..TO_ITS_END), None));
    }
}
