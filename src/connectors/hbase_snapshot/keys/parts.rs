//! Conditions on parts of a row key: from the first part on, as long as each has few values.

use std::sync::Arc;

use datafusion::physical_expr::PhysicalExpr;

use super::super::key_layout::{Extent, KeyLayout, KeyPart, Known, find};
use super::super::recipe::{Mapped, Source};
use super::column::KeyColumn;
use super::ranges::{Ranges, after_prefix};
use crate::formats::hfile::RowRange;

/// So many beginnings of keys are looked up at most.
const MOST: usize = 4096;

/// The parts of a key, and the columns that they are.
#[derive(Debug)]
pub(super) struct KeyParts<'a> {
    layout: &'a KeyLayout,
    // By the number of the part.
    columns: Vec<Option<KeyColumn>>,
}

/// The beginning of keys, and the parts in it, or to come, that are decided.
#[derive(Clone, Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    decided: Vec<(usize, Vec<u8>)>,
}

/// What filters leave of a part.
#[derive(Debug)]
struct Asked {
    ranges: Ranges,
    filters: Vec<usize>,
}

impl Asked {
    /// The values, where they are few.
    fn values(&self) -> Option<Vec<Vec<u8>>> {
        let one = |range: &RowRange| range.is_one_row().then(|| range.start.clone());
        self.ranges.0.iter().map(one).collect()
    }
}

impl<'a> KeyParts<'a> {
    /// The parts of a key; `None` where it has none that are columns.
    pub(super) fn of(layout: &'a KeyLayout, columns: &[Mapped]) -> Option<Self> {
        let column = |(at, part): (usize, &KeyPart)| {
            let own = columns.iter().find(|column| column.source == Source::KeyPart(at))?;
            KeyColumn::of(own, part.reversed)
        };
        let columns: Vec<_> = layout.parts.iter().enumerate().map(column).collect();
        columns.iter().any(Option::is_some).then_some(Self { layout, columns })
    }

    /// The rows that all of some filters leave. Those that say so are marked in `used`.
    ///
    /// What is known of a part leaves out no row by itself: one with another salt is there, and its
    /// columns are NULL. A filter that has a range lets no NULL through.
    pub(super) fn ranges(&self, filters: &[Arc<dyn PhysicalExpr>], used: &mut [bool]) -> Ranges {
        let before = used.to_vec();
        let ranges = self.ranges_of_parts(filters, used);
        if used == before { Ranges::all() } else { ranges }
    }

    fn ranges_of_parts(&self, filters: &[Arc<dyn PhysicalExpr>], used: &mut [bool]) -> Ranges {
        let asked: Vec<_> = self.columns.iter().map(|it| asked(it.as_ref(), filters)).collect();
        let mut mark = |asked: &Option<Asked>| {
            for filter in asked.iter().flat_map(|asked| &asked.filters) {
                if let Some(used) = used.get_mut(*filter) {
                    *used = true;
                }
            }
        };
        let mut beginnings = vec![Beginning::default()];
        for (at, (part, of_part)) in self.layout.parts.iter().zip(&asked).enumerate() {
            let next: Option<Vec<_>> = beginnings
                .iter()
                .map(|beginning| beginning.with(at, part, &asked))
                .collect::<Option<Vec<_>>>()
                .map(|next| next.into_iter().flatten().collect());
            match next {
                Some(next) if next.len() <= MOST => {
                    mark(of_part);
                    if let Known::Hash { of, .. } = part.known {
                        asked.get(of).map(&mut mark);
                    }
                    beginnings = next;
                }
                _ => {
                    let ranges = of_part.as_ref().map(|asked| &asked.ranges);
                    let ranges = ranges.filter(|it| it.0.len() * beginnings.len() <= MOST);
                    if ranges.is_some() {
                        mark(of_part);
                    }
                    let all = beginnings.iter().flat_map(|it| it.ranges(&part.extent, ranges));
                    return Ranges::of(all.collect::<Vec<_>>().into_iter());
                }
            }
        }
        Ranges::of(beginnings.iter().map(|beginning| RowRange::of_row(&beginning.bytes)))
    }
}

/// What filters leave of a column; `None` where that is all.
fn asked(column: Option<&KeyColumn>, filters: &[Arc<dyn PhysicalExpr>]) -> Option<Asked> {
    let column = column?;
    let mut asked = Asked { ranges: Ranges::all(), filters: vec![] };
    for (at, filter) in filters.iter().enumerate() {
        if let Some(found) = column.ranges(filter).filter(|found| !found.is_all()) {
            asked.ranges = asked.ranges.and(&found);
            asked.filters.push(at);
        }
    }
    (!asked.ranges.is_all()).then_some(asked)
}

impl Beginning {
    /// The beginnings with a part behind this one; `None` where it may be anything.
    fn with(&self, at: usize, part: &KeyPart, asked: &[Option<Asked>]) -> Option<Vec<Self>> {
        let decided = |at: usize| self.decided.iter().find(|(known, _)| *known == at);
        let of = |at: usize| asked.get(at).and_then(Option::as_ref).and_then(Asked::values);
        if let Some((_, value)) = decided(at) {
            return Some(self.and(at, part, value.clone()).into_iter().collect());
        }
        if let Some(values) = of(at) {
            return Some(values.into_iter().filter_map(|it| self.and(at, part, it)).collect());
        }
        if asked.get(at).is_some_and(Option::is_some) {
            return None;
        }
        match &part.known {
            Known::Nothing => None,
            Known::OneOf(values) => {
                let values = values.iter().cloned();
                Some(values.filter_map(|value| self.and(at, part, value)).collect())
            }
            Known::Hash { hash, of: other } => {
                let Extent::Bytes(width) = part.extent else { return None };
                let values = match decided(*other) {
                    Some((_, value)) => vec![value.clone()],
                    None => of(*other)?,
                };
                let hashed = values.into_iter().filter_map(|value| {
                    let mut next = self.and(at, part, hash.prefix(&value, width))?;
                    if decided(*other).is_none() {
                        next.decided.push((*other, value));
                    }
                    Some(next)
                });
                Some(hashed.collect())
            }
        }
    }

    /// This beginning and a value of a part; `None` where the part cannot have it.
    fn and(&self, at: usize, part: &KeyPart, value: Vec<u8>) -> Option<Self> {
        let mut own = value.clone();
        match &part.extent {
            Extent::Bytes(width) if *width != value.len() => return None,
            Extent::Until(delimiter) => {
                own.extend(delimiter);
                if find(&own, delimiter) != Some(value.len()) {
                    return None;
                }
            }
            Extent::Bytes(_) | Extent::Rest => {}
        }
        let mut next = self.clone();
        next.bytes.extend(own);
        next.decided.push((at, value));
        Some(next)
    }

    /// The keys that begin so, with a part behind it in one of some ranges, or any.
    fn ranges(&self, extent: &Extent, ranges: Option<&Ranges>) -> Vec<RowRange> {
        let all = RowRange { start: self.bytes.clone(), end: after_prefix(&self.bytes) };
        let Some(ranges) = ranges else { return vec![all] };
        let behind = |bytes: &[u8]| [self.bytes.as_slice(), bytes].concat();
        let part = |range: &RowRange| {
            // A part that is not before `start` is not before it with more bytes behind it either.
            let start = behind(&range.start);
            let end = match &range.end {
                None => Some(None),
                Some(end) => bound(extent, end).map(|end| Some(behind(&end))),
            };
            RowRange { start, end: end.flatten().or_else(|| all.end.clone()) }
        };
        ranges.0.iter().map(part).collect()
    }
}

/// Bytes that no key reaches whose part is before `end`; `None` where there are none. A part of
/// which `end` is a continuation goes on with what is behind it in the key.
fn bound(extent: &Extent, end: &[u8]) -> Option<Vec<u8>> {
    match extent {
        Extent::Rest => Some(end.to_vec()),
        Extent::Bytes(width) => match end.get(..*width) {
            Some(beginning) if end.len() > *width => after_prefix(beginning),
            _ => Some(end.to_vec()),
        },
        Extent::Until(delimiter) => {
            let mut most = end.to_vec();
            for length in 0..end.len() {
                let beginning = end.get(..length).unwrap_or_default();
                most = most.max(after_prefix(&[beginning, delimiter].concat())?);
            }
            Some(most)
        }
    }
}
