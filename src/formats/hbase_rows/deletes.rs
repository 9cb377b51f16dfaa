//! The deletions seen so far in a row, and what they hide: by timestamp, not by order of writing.
//!
//! Source: `ScanDeleteTracker`.

use super::super::hfile::CellRef;
use super::super::hfile::key::kind;

/// What a deletion does to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// Nothing.
    No,
    /// It is hidden, and so is all that is older in its column.
    WithOlder,
    /// It alone is hidden.
    Alone,
}

/// The deletions of a row in one family.
#[derive(Debug, Default)]
pub(super) struct Deletes {
    any: bool,
    family: Option<i64>,
    family_versions: Vec<i64>,
    column: Option<ColumnDelete>,
    // Kept for its memory.
    qualifier: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct ColumnDelete {
    kind: u8,
    timestamp: i64,
}

impl Deletes {
    /// Begins a row.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.any {
            self.any = false;
            self.family = None;
            self.family_versions.clear();
            self.column = None;
        }
    }

    /// Takes down a deletion.
    pub(super) fn add(&mut self, cell: &CellRef<'_>) {
        if self.family.is_some_and(|family| cell.timestamp() <= family) {
            return;
        }
        self.any = true;
        match cell.kind() {
            kind::DELETE_FAMILY => self.family = Some(cell.timestamp()),
            kind::DELETE_FAMILY_VERSION => self.family_versions.push(cell.timestamp()),
            _ => {
                let narrower = self.column.is_some_and(|known| cell.kind() < known.kind);
                if narrower && self.qualifier == cell.qualifier() {
                    return;
                }
                self.qualifier.clear();
                self.qualifier.extend_from_slice(cell.qualifier());
                self.column = Some(ColumnDelete { kind: cell.kind(), timestamp: cell.timestamp() });
            }
        }
    }

    /// Whether a value is hidden.
    #[inline]
    pub(super) fn hides(&mut self, cell: &CellRef<'_>) -> Hidden {
        if !self.any {
            return Hidden::No;
        }
        if self.family.is_some_and(|family| cell.timestamp() <= family) {
            return Hidden::WithOlder;
        }
        if self.family_versions.contains(&cell.timestamp()) {
            return Hidden::Alone;
        }
        if let Some(column) = self.column {
            if self.qualifier == cell.qualifier() {
                if column.kind == kind::DELETE_COLUMN {
                    return Hidden::WithOlder;
                }
                if column.timestamp == cell.timestamp() {
                    return Hidden::Alone;
                }
            }
            // The cell is older, or of a later column.
            self.column = None;
        }
        Hidden::No
    }
}
