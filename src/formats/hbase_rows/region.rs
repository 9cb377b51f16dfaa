//! The families of a region side by side: one row after another, and in a row the families by name.

use std::ops::Range;

use super::super::Broken;
use super::super::hfile::CellRef;
use super::family::{FamilyScan, Next};

/// What came of going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// There is a current cell in a family, by its number.
    Cell {
        /// The family.
        family: usize,
        /// Whether it is the first cell of its row.
        new_row: bool,
    },
    /// A file needs bytes first.
    Need {
        /// The family, by its number.
        family: usize,
        /// The file, by its number in the family.
        file: usize,
        /// Which bytes.
        range: Range<u64>,
    },
    /// There are no more rows.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    // Must be advanced before it has a cell.
    Behind,
    // Has a cell of the current row that was not given.
    InRow,
    // Has a cell of a later row.
    Later,
    Ended,
}

/// The scan of a region.
#[derive(Debug)]
pub(crate) struct RegionScan {
    families: Vec<FamilyScan>,
    states: Vec<State>,
    row: Vec<u8>,
    // The family that is being gone through, and whether its row is new.
    at: usize,
    new_row: bool,
}

impl RegionScan {
    /// A scan of some families, which stand in the order of their names.
    pub(crate) fn new(families: Vec<FamilyScan>) -> Self {
        let states = vec![State::Behind; families.len()];
        Self { families, states, row: vec![], at: 0, new_row: false }
    }

    /// The families, by their numbers.
    pub(crate) fn families_mut(&mut self) -> &mut [FamilyScan] {
        &mut self.families
    }

    /// The current cell, after [`Event::Cell`] of that family.
    #[inline]
    pub(crate) fn cell(&self, family: usize) -> Option<CellRef<'_>> {
        self.families.get(family).and_then(FamilyScan::cell)
    }

    /// Goes on.
    ///
    /// # Errors
    /// As [`FamilyScan::advance`].
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<Event, Broken> {
        loop {
            while let (Some(state), Some(family)) =
                (self.states.get_mut(self.at), self.families.get_mut(self.at))
            {
                if *state == State::Behind {
                    match family.advance()? {
                        // The first cell of all families decides what the first row is.
                        Next::Cell { new_row: true } => *state = State::Later,
                        Next::Cell { new_row: false } => *state = State::InRow,
                        Next::Need(file, range) => {
                            return Ok(Event::Need { family: self.at, file, range });
                        }
                        Next::End => *state = State::Ended,
                    }
                }
                if *state == State::InRow {
                    *state = State::Behind;
                    let new_row = std::mem::take(&mut self.new_row);
                    return Ok(Event::Cell { family: self.at, new_row });
                }
                self.at = self.at.wrapping_add(1);
            }
            if !self.next_row() {
                return Ok(Event::End);
            }
        }
    }

    /// Goes to the least row that a family has.
    fn next_row(&mut self) -> bool {
        // Most tables have one family, which has no other to wait for.
        if let [state] = self.states.as_mut_slice() {
            let goes_on = *state == State::Later;
            if goes_on {
                *state = State::InRow;
                (self.at, self.new_row) = (0, true);
            }
            return goes_on;
        }
        let later = |state: &State| *state == State::Later;
        let rows = self.families.iter().zip(&self.states);
        let rows = rows.filter(|(_, state)| later(state)).map(|(family, _)| family.row());
        let Some(least) = rows.min() else { return false };
        self.row.clear();
        self.row.extend_from_slice(least);
        for (family, state) in self.families.iter().zip(&mut self.states) {
            if *state == State::Later && family.row() == self.row {
                *state = State::InRow;
            }
        }
        (self.at, self.new_row) = (0, true);
        true
    }
}
