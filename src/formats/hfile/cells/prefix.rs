//! PREFIX: a key is the beginning of the key before it and the rest, timestamp and type included:
//! `7-bit (rest of key) | 7-bit (value) | 7-bit (common) | rest of key | value`.

use super::super::key::TIMESTAMP_AND_TYPE;
use super::{BlockCells, Span};

impl BlockCells {
    #[inline]
    pub(super) fn prefix(&mut self) -> Option<()> {
        let mut input = Self::input(&self.payload, self.at, self.end)?;
        let rest = input.compact()?;
        let value_length = input.compact()?;
        let common = input.compact()?;
        if common > self.key.len() || (!self.begun && common > 0) {
            return None;
        }
        let row_end = self.row.length.wrapping_add(2);
        self.same_row = self.begun && common >= row_end;
        let before = self.key.len();
        self.key.truncate(common);
        self.key.extend_from_slice(input.take(rest)?);
        // The writer has found all that is common, so a column that is the same is common whole.
        self.same_column = self.same_row
            && self.key.len() == before
            && common.wrapping_add(TIMESTAMP_AND_TYPE) >= before;
        let value = self.end.wrapping_sub(input.len());
        input.take(value_length)?;
        self.value = Span { start: value, length: value_length };
        let left = input.len();
        self.key_parts()?;
        self.after_value(left)
    }

    /// Finds the parts of a key that stands whole in the buffer.
    fn key_parts(&mut self) -> Option<()> {
        let row_length = usize::from(u16::from_be_bytes(*self.key.first_chunk::<2>()?));
        let family_at = row_length.wrapping_add(2);
        let family_length = usize::from(*self.key.get(family_at)?);
        let qualifier_at = family_at.wrapping_add(1).wrapping_add(family_length);
        let timestamp_at = self.key.len().checked_sub(TIMESTAMP_AND_TYPE)?;
        let qualifier_length = timestamp_at.checked_sub(qualifier_at)?;
        let (timestamp, kind) = self.key.get(timestamp_at..)?.split_first_chunk::<8>()?;
        self.timestamp = i64::from_be_bytes(*timestamp);
        self.kind = *kind.first()?;
        self.row = Span { start: 2, length: row_length };
        self.family = Span { start: family_at.wrapping_add(1), length: family_length };
        self.qualifier = Span { start: qualifier_at, length: qualifier_length };
        Some(())
    }
}
