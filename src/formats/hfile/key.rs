//! The key of a cell as it is serialized:
//! `row length (2) | row | family length (1) | family | qualifier | timestamp (8) | type (1)`.

use std::cmp::Ordering;

use super::super::input::Input;

/// Bytes of a key beside row, family and qualifier.
pub(crate) const FIXED: usize = 12;

/// Timestamp and type, with which a key ends.
pub(crate) const TIMESTAMP_AND_TYPE: usize = 9;

/// The types of cells that occur in files, and the bound that no cell has.
pub(crate) mod kind {
    /// A value.
    pub(crate) const PUT: u8 = 4;
    /// Hides one version of a column.
    pub(crate) const DELETE: u8 = 8;
    /// Hides the versions with one timestamp in all columns of the family.
    pub(crate) const DELETE_FAMILY_VERSION: u8 = 10;
    /// Hides a column up to a timestamp.
    pub(crate) const DELETE_COLUMN: u8 = 12;
    /// Hides all columns of the family up to a timestamp.
    pub(crate) const DELETE_FAMILY: u8 = 14;
    /// Sorts before every cell of its column and timestamp; only in index keys.
    pub(crate) const MAXIMUM: u8 = 255;

    /// Whether a cell hides others.
    pub(crate) fn is_delete(kind: u8) -> bool {
        (DELETE..=DELETE_FAMILY).contains(&kind)
    }
}

/// A key in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// The row.
    pub(crate) row: &'a [u8],
    /// The family.
    pub(crate) family: &'a [u8],
    /// The qualifier.
    pub(crate) qualifier: &'a [u8],
    /// Milliseconds since 1970 by convention.
    pub(crate) timestamp: i64,
    /// See [`kind`].
    pub(crate) kind: u8,
}

impl<'a> Key<'a> {
    /// The parts of a serialized key; `None` when its lengths do not fit.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let row = input.u16()?;
        let row = input.take(usize::from(row))?;
        let family = input.u8()?;
        let family = input.take(usize::from(family))?;
        let qualifier = input.take(input.len().checked_sub(TIMESTAMP_AND_TYPE)?)?;
        Some(Self { row, family, qualifier, timestamp: input.i64()?, kind: input.u8()? })
    }

    /// Whether the key is the bound before every cell of its row.
    fn is_first_of_row(&self) -> bool {
        self.family.is_empty()
            && self.qualifier.is_empty()
            && self.timestamp == i64::MAX
            && self.kind == kind::MAXIMUM
    }

    /// Whether a cell of `row` can stand before this key. A key with the row and a column part says
    /// that the row began earlier.
    pub(crate) fn is_after_start_of(&self, row: &[u8]) -> bool {
        match self.row.cmp(row) {
            Ordering::Less => false,
            Ordering::Equal => !self.is_first_of_row(),
            Ordering::Greater => true,
        }
    }
}
