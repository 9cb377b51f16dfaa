//! DIFF and FAST_DIFF: a key is told by what it has in common with the key before it, up to the
//! timestamp; timestamp, type and value by flags.
//!
//! Both store the family once in a block. The key buffer holds
//! `row length | row | family length | family | qualifier`, as `common` counts bytes of that.

use super::super::super::input::Input;
use super::super::key::TIMESTAMP_AND_TYPE;
use super::{BlockCells, Span};

impl BlockCells {
    /// The family that stands before the cells of a DIFF block.
    pub(super) fn start_diff(&mut self) -> Option<()> {
        let mut input = Self::input(&self.payload, self.at, self.end)?;
        let length = input.u8()?;
        let family = input.take(usize::from(length))?;
        self.prefixed_family.clear();
        self.prefixed_family.push(length);
        self.prefixed_family.extend_from_slice(family);
        self.key.clear();
        let left = input.len();
        self.read_until(left);
        Some(())
    }

    #[inline]
    pub(super) fn diff(&mut self) -> Option<()> {
        let mut input = Self::input(&self.payload, self.at, self.end)?;
        let flag = input.u8()?;
        if !self.begun && flag & 0b111 != 0 {
            return None;
        }
        if flag & 1 == 0 {
            self.key_length = input.compact()?;
        }
        let value_length = if flag & 2 == 0 { input.compact()? } else { self.value.length };
        let common = input.compact()?;
        let key = Delta {
            key: &mut self.key,
            family: &self.prefixed_family,
            length: self.key_length,
            row: self.row.length,
        };
        (self.row.length, self.same_row, self.same_column) =
            key.apply(&mut input, common, !self.begun)?;
        let count = usize::from((flag >> 4) & 7).wrapping_add(1);
        let bytes = input.take(count)?;
        let number = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let number = number.cast_signed();
        let number = if flag & 0x80 == 0 { number } else { number.wrapping_neg() };
        self.timestamp = if flag & 8 == 0 { number } else { self.timestamp.wrapping_sub(number) };
        if flag & 4 == 0 {
            self.kind = input.u8()?;
        }
        let value = self.end.wrapping_sub(input.len());
        input.take(value_length)?;
        self.value = Span { start: value, length: value_length };
        let left = input.len();
        self.spans();
        self.after_value(left)
    }

    #[inline]
    pub(super) fn fast_diff(&mut self) -> Option<()> {
        let mut input = Self::input(&self.payload, self.at, self.end)?;
        let flag = input.u8()?;
        if flag & 8 == 0 {
            self.key_length = input.compact()?;
        }
        let value_length = if flag & 16 == 0 { input.compact()? } else { self.value.length };
        let common = input.compact()?;
        if self.begun {
            let key = Delta {
                key: &mut self.key,
                family: &self.prefixed_family,
                length: self.key_length,
                row: self.row.length,
            };
            (self.row.length, self.same_row, self.same_column) =
                key.apply(&mut input, common, false)?;
        } else {
            // The first key is whole, and the only place where the family stands.
            if flag != 0 || common != 0 {
                return None;
            }
            self.key.clear();
            let length = self.key_length.checked_sub(TIMESTAMP_AND_TYPE)?;
            self.key.extend_from_slice(input.take(length)?);
            let mut key = Input::new(&self.key);
            let row_length = usize::from(key.u16()?);
            key.take(row_length)?;
            let family = key.rest().get(..usize::from(*key.rest().first()?).wrapping_add(1))?;
            self.prefixed_family.clear();
            self.prefixed_family.extend_from_slice(family);
            self.row.length = row_length;
            (self.same_row, self.same_column) = (false, false);
        }
        self.timestamp = {
            let kept = u32::from(flag & 7).wrapping_mul(8);
            let count = 8_usize.wrapping_sub(usize::from(flag & 7));
            let bytes = input.take(count)?;
            let low = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            // As many leading bytes as the flag says are those of the cell before.
            let mask = u64::MAX.checked_shr(kept).unwrap_or(0);
            ((self.timestamp.cast_unsigned() & !mask) | (low & mask)).cast_signed()
        };
        if flag & 32 == 0 {
            self.kind = input.u8()?;
        }
        if flag & 64 == 0 {
            let value = self.end.wrapping_sub(input.len());
            input.take(value_length)?;
            self.value = Span { start: value, length: value_length };
        } else {
            self.value.length = value_length;
        }
        let left = input.len();
        self.spans();
        self.after_value(left)
    }

    /// The parts of the key in the buffer, whose row length is known.
    #[inline]
    fn spans(&mut self) {
        let family_end = self.row.length.wrapping_add(2).wrapping_add(self.prefixed_family.len());
        self.row.start = 2;
        self.family = Span {
            start: self.row.length.wrapping_add(3),
            length: self.prefixed_family.len().saturating_sub(1),
        };
        self.qualifier =
            Span { start: family_end, length: self.key.len().saturating_sub(family_end) };
    }

    /// Reads what follows the value of an encoded cell: tags and sequence id. `left` bytes are
    /// still to be read.
    #[inline]
    pub(super) fn after_value(&mut self, left: usize) -> Option<()> {
        if !self.tagged && !self.sequence_ids {
            self.read_until(left);
            return Some(());
        }
        let mut input = Self::input(&self.payload, self.end.checked_sub(left)?, self.end)?;
        if self.tagged {
            let length = input.compact()?;
            match &mut self.dictionary {
                Some(dictionary) => dictionary.expand(&mut input, length)?,
                None => {
                    let at = self.end.wrapping_sub(input.len());
                    input.take(length)?;
                    self.tags = Span { start: at, length };
                }
            }
        }
        if self.sequence_ids {
            self.sequence = input.vlong()?;
        }
        let left = input.len();
        self.read_until(left);
        Some(())
    }
}

/// A key that is told by the one before it.
struct Delta<'a> {
    key: &'a mut Vec<u8>,
    family: &'a [u8],
    // Of the whole key that is to be made.
    length: usize,
    // The length of the row before.
    row: usize,
}

impl Delta<'_> {
    /// Makes the key; gives the length of its row, and whether row and column are those of the key
    /// before. The writer has found all that is common, so a column that is the same is common whole.
    #[inline]
    fn apply(
        self,
        input: &mut Input<'_>,
        common: usize,
        first: bool,
    ) -> Option<(usize, bool, bool)> {
        let length = self.length.checked_sub(TIMESTAMP_AND_TYPE)?;
        if common > self.key.len() {
            return None;
        }
        let before = self.key.len();
        self.key.truncate(common);
        let same_row = !first && common >= self.row.wrapping_add(2);
        let same_column = same_row && common == before && length == before;
        let mut row = self.row;
        if !same_row {
            if let Some(missing) = 2_usize.checked_sub(common).filter(|missing| *missing > 0) {
                self.key.extend_from_slice(input.take(missing)?);
            }
            row = usize::from(u16::from_be_bytes(*self.key.first_chunk::<2>()?));
            let missing = row.wrapping_add(2).checked_sub(self.key.len())?;
            self.key.extend_from_slice(input.take(missing)?);
            self.key.extend_from_slice(self.family);
        }
        let missing = length.checked_sub(self.key.len())?;
        self.key.extend_from_slice(input.take(missing)?);
        Some((row, same_row, same_column))
    }
}
