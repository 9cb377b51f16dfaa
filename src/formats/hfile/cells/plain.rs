//! Cells without encoding, as in blocks of NONE and of ROW_INDEX_V1:
//! `key length (4) | value length (4) | key | value | [tags length (2) | tags] | [sequence id]`.

use super::super::key::FIXED;
use super::{BlockCells, Span, equal};

impl BlockCells {
    #[inline]
    pub(super) fn plain(&mut self) -> Option<()> {
        let start = self.at;
        let mut input = Self::input(&self.payload, start, self.end)?;
        let key_length = input.length()?;
        let value_length = input.length()?;
        let key = input.take(key_length)?;
        input.take(value_length)?;
        let row_length = usize::from(u16::from_be_bytes(*key.first_chunk::<2>()?));
        let row = key.get(2..row_length.wrapping_add(2))?;
        let family_length = usize::from(*key.get(row_length.wrapping_add(2))?);
        let named = row_length.wrapping_add(family_length).wrapping_add(FIXED);
        let qualifier_length = key_length.checked_sub(named)?;
        let tail = key.last_chunk::<9>()?;
        let (timestamp, kind) = tail.split_last_chunk::<1>()?;
        self.timestamp = i64::from_be_bytes(*timestamp.first_chunk()?);
        [self.kind] = *kind;
        // Offsets in the block do not overflow: the parts were taken from it just now.
        let key_start = start.wrapping_add(8);
        let row_start = key_start.wrapping_add(2);
        let family_start = row_start.wrapping_add(row_length).wrapping_add(1);
        let qualifier =
            Span { start: family_start.wrapping_add(family_length), length: qualifier_length };
        let payload: &[u8] = &self.payload;
        self.same_row = self.begun && equal(row, self.row.of(payload));
        self.same_column =
            self.same_row && equal(qualifier.of(payload), self.qualifier.of(payload));
        self.row = Span { start: row_start, length: row_length };
        self.family = Span { start: family_start, length: family_length };
        self.qualifier = qualifier;
        self.value = Span { start: key_start.wrapping_add(key_length), length: value_length };
        if self.tagged {
            let length = usize::from(input.u16()?);
            let at = self.end.wrapping_sub(input.len());
            input.take(length)?;
            self.tags = Span { start: at, length };
        }
        if self.sequence_ids {
            self.sequence = input.vlong()?;
        }
        let left = input.len();
        self.read_until(left);
        Some(())
    }
}
