//! Deletions and versions of families with NEW_VERSION_BEHAVIOR: a deletion hides only what was
//! written before it, and versions are counted in the order of writing.
//!
//! Every deletion opens an epoch that holds for cells with a sequence id up to its own; a deletion
//! of one version splits the count of versions inside an epoch in the same way. Source:
//! `NewVersionBehaviorTracker`, whose rules, the odd ones too, are followed here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::Included;

use super::super::hfile::CellRef;
use super::super::hfile::key::kind;
use super::deletes::Hidden;

/// A deletion of a column or family, and what was seen that it does not hide.
#[derive(Clone, Debug)]
struct Epoch {
    timestamp: i64,
    // By timestamp: the sequence ids of deletions of that one version.
    versions: BTreeMap<i64, BTreeSet<i64>>,
    // By the sequence id of such a deletion: the values that are visible before it.
    counted: BTreeMap<i64, BTreeSet<i64>>,
}

impl Epoch {
    fn new(timestamp: i64) -> Self {
        let counted = BTreeMap::from([(i64::MAX, BTreeSet::new())]);
        Self { timestamp, versions: BTreeMap::new(), counted }
    }

    fn delete_version(&mut self, cell: &CellRef<'_>) {
        self.versions.entry(cell.timestamp()).or_default().insert(cell.sequence());
        // Values that were written before this deletion may be hidden by it, so they count anew.
        let next = self.counted.range(cell.sequence()..).next().map(|(_, values)| values.clone());
        let before = next.unwrap_or_default().range(..cell.sequence()).copied().collect();
        self.counted.insert(cell.sequence(), before);
    }
}

/// By the sequence id of the deletion.
type Epochs = BTreeMap<i64, Epoch>;

fn no_epochs() -> Epochs {
    BTreeMap::from([(i64::MAX, Epoch::new(i64::MIN))])
}

/// What is known of a row in one family.
#[derive(Debug)]
pub(super) struct NewVersionDeletes {
    kept_versions: usize,
    of_family: Epochs,
    of_column: Epochs,
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    qualifier: Vec<u8>,
    timestamp: i64,
    sequence: i64,
    kind: u8,
}

impl NewVersionDeletes {
    /// For a family that keeps so many versions.
    pub(super) fn new(kept_versions: u32) -> Self {
        Self {
            kept_versions: usize::try_from(kept_versions).unwrap_or(usize::MAX),
            of_family: no_epochs(),
            of_column: no_epochs(),
            last: None,
        }
    }

    /// Begins a row.
    pub(super) fn clear(&mut self) {
        *self = Self { kept_versions: self.kept_versions, ..Self::new(0) };
    }

    /// Whether the cell is in another column than the one before.
    fn changes_column(&self, cell: &CellRef<'_>) -> bool {
        match &self.last {
            Some(last) => last.qualifier != cell.qualifier(),
            None => !cell.qualifier().is_empty(),
        }
    }

    /// Takes note of a cell; gives the sequence id of the value before if this one repeats it.
    fn prepare(&mut self, cell: &CellRef<'_>) -> Option<i64> {
        let changed = self.changes_column(cell);
        if changed {
            self.of_column = self.of_family.clone();
        }
        if let Some(last) = &self.last
            && !changed
            && !kind::is_delete(last.kind)
            && last.kind == cell.kind()
            && last.timestamp == cell.timestamp()
        {
            return Some(last.sequence);
        }
        self.last = Some(Last {
            qualifier: cell.qualifier().to_vec(),
            timestamp: cell.timestamp(),
            sequence: cell.sequence(),
            kind: cell.kind(),
        });
        None
    }

    /// Takes down a deletion.
    pub(super) fn add(&mut self, cell: &CellRef<'_>) {
        self.prepare(cell);
        let epoch = |epochs: &mut Epochs| {
            if let Some((_, epoch)) = epochs.range_mut(cell.sequence()..).next() {
                epoch.delete_version(cell);
            }
        };
        match cell.kind() {
            kind::DELETE_FAMILY => {
                self.of_family.insert(cell.sequence(), Epoch::new(cell.timestamp()));
            }
            kind::DELETE_FAMILY_VERSION => epoch(&mut self.of_family),
            kind::DELETE_COLUMN => {
                self.of_column.insert(cell.sequence(), Epoch::new(cell.timestamp()));
            }
            _ => epoch(&mut self.of_column),
        }
    }

    /// Whether a value is hidden.
    pub(super) fn hides(&mut self, cell: &CellRef<'_>) -> Hidden {
        let repeated = self.prepare(cell);
        for (_, epoch) in self.of_column.range_mut(cell.sequence()..) {
            let deleted = epoch.versions.get(&cell.timestamp());
            let deleted = deleted.and_then(|ids| ids.range(cell.sequence()..).next().copied());
            let until = repeated.unwrap_or(i64::MAX).min(deleted.unwrap_or(i64::MAX));
            if cell.sequence() <= until {
                let counts = (Included(cell.sequence()), Included(until));
                for (_, values) in epoch.counted.range_mut(counts) {
                    if values.len() >= self.kept_versions {
                        return Hidden::Alone;
                    }
                    values.insert(cell.sequence());
                }
            }
            if deleted.is_some() || cell.timestamp() <= epoch.timestamp {
                return Hidden::Alone;
            }
        }
        if repeated.is_some() { Hidden::Alone } else { Hidden::No }
    }
}
