//! Sinks of variable width: VARCHAR, and VARBINARY written in hexadecimal.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, NullBufferBuilder, StringArray, StringViewArray,
};
use arrow::buffer::{Buffer, OffsetBuffer};

use super::{Cell, Kind, Sink};
use crate::error::{Error, Result};
use crate::stream::decode::bad::Flaw;

/// Text or bytes, one after another.
pub struct Bytes {
    values: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    hex: bool,
    view: bool,
}

impl Bytes {
    /// Takes every cell as the text it is: numbers with all their digits, nested values as JSON.
    pub fn text(view: bool) -> Self {
        Self::new(false, view)
    }

    /// Takes text of two hexadecimal digits per byte, with or without `0x` or `\x` before them.
    pub(super) fn hex(view: bool) -> Self {
        Self::new(true, view)
    }

    fn new(hex: bool, view: bool) -> Self {
        let nulls = NullBufferBuilder::new(0);
        Self { values: Vec::new(), offsets: vec![0], nulls, hex, view }
    }

    fn append_hex(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        let start = self.values.len();
        let text = cell.text;
        let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"\\x")).unwrap_or(text);
        let (pairs, odd) = digits.as_chunks::<2>();
        let mut good = cell.kind == Kind::Text && odd.is_empty();
        for &[high, low] in pairs {
            match (char::from(high).to_digit(16), char::from(low).to_digit(16)) {
                // Two digits of base 16 are a byte.
                (Some(high), Some(low)) => self.values.push((high * 16 + low) as u8),
                _ => good = false,
            }
        }
        if good {
            return Ok(());
        }
        self.values.truncate(start);
        Err(Flaw::mistyped("not a VARBINARY, which is two hexadecimal digits per byte"))
    }

    fn close(&mut self) {
        // Chunks are shorter than 2 GiB, and no value is longer than its text.
        self.offsets.push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bytes").field("hex", &self.hex).finish_non_exhaustive()
    }
}

impl Sink for Bytes {
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        if self.hex {
            self.append_hex(cell)?;
        } else {
            self.values.extend_from_slice(cell.text);
        }
        self.close();
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.close();
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        if self.hex {
            let start = self.values.len();
            self.append_hex(cell)?;
            self.values.truncate(start);
        }
        Ok(())
    }

    fn takes_anything(&self) -> bool {
        !self.hex
    }

    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn truncate(&mut self, len: usize) {
        self.offsets.truncate(len + 1);
        let end = self.offsets.last().map_or(0, |&end| usize::try_from(end).unwrap_or(0));
        self.values.truncate(end);
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.offsets.reserve(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let fresh = Vec::with_capacity(self.values.len());
        let values = Buffer::from_vec(std::mem::replace(&mut self.values, fresh));
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(offsets.into());
        let nulls = self.nulls.finish();
        let broken = |error| Error::internal("an array has broken text").with_source(error);
        if self.hex {
            let array = BinaryArray::try_new(offsets, values, nulls).map_err(broken)?;
            return Ok(if self.view {
                Arc::new(BinaryViewArray::from(&array))
            } else {
                Arc::new(array)
            });
        }
        let array = StringArray::try_new(offsets, values, nulls).map_err(broken)?;
        Ok(if self.view { Arc::new(StringViewArray::from(&array)) } else { Arc::new(array) })
    }
}
