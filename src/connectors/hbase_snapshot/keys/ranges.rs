//! Ranges of row keys.

use crate::formats::hfile::RowRange;

/// About the bytes of a block as it lies in a file, compressed.
const BLOCK: u64 = 16 * 1024;

/// The first row behind all that begin with a prefix.
pub(super) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

/// Disjoint ranges of rows, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Ranges(pub(in super::super) Vec<RowRange>);

impl Ranges {
    /// Every row.
    pub(in super::super) fn all() -> Self {
        Self(vec![RowRange::default()])
    }

    pub(super) fn of(ranges: impl Iterator<Item = RowRange>) -> Self {
        let mut ranges: Vec<RowRange> = ranges
            .filter(|range| range.end.as_ref().is_none_or(|end| range.start < *end))
            .collect();
        ranges.sort();
        let mut merged: Vec<RowRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if last.end.as_ref().is_none_or(|end| range.start <= *end) => {
                    last.end = match (last.end.take(), range.end) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        _ => None,
                    };
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self::of(self.0.into_iter().chain(other.0))
    }

    /// What both have.
    pub(in super::super) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().filter_map(|b| a.and(b)));
        Self::of(pairs)
    }

    /// The parts inside one range of `bytes` bytes. Every part costs a block at least, so that many
    /// close together are read as one.
    pub(in super::super) fn worth_reading(&self, rows: &RowRange, bytes: u64) -> Vec<RowRange> {
        let parts = self.within(rows);
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return parts };
        if parts.len() > 1 && parts.len() as u64 * BLOCK > bytes {
            return vec![RowRange { start: first.start.clone(), end: last.end.clone() }];
        }
        parts
    }

    /// The parts inside one range.
    pub(in super::super) fn within(&self, rows: &RowRange) -> Vec<RowRange> {
        self.0.iter().filter_map(|range| range.and(rows)).collect()
    }

    /// Whether nothing is left out.
    pub(in super::super) fn is_all(&self) -> bool {
        self.0 == [RowRange::default()]
    }
}
