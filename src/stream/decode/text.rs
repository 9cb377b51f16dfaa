//! Records that are text and nothing else.

use std::ops::Range;

use super::filling::{Filling, Unfit};
use super::shape::Shape;
use super::values::Scalar;
use super::{Chunk, Decoded, Decoder};
use crate::error::Result;

/// Decodes records into the one column of a table.
#[derive(Debug)]
pub struct TextDecoder {
    filling: Filling,
}

impl TextDecoder {
    /// A decoder of the first column of a shape.
    ///
    /// # Errors
    /// `Unsupported` for a type that has no values.
    pub fn try_new(shape: Shape, projection: &[usize]) -> Result<Self> {
        Ok(Self { filling: Filling::try_new(shape, projection)? })
    }
}

impl Decoder for TextDecoder {
    /// Nothing says where records end: the chunk is one.
    fn decode(&mut self, chunk: Chunk<'_>, _: usize) -> Result<Decoded> {
        let whole = 0..chunk.bytes.len();
        self.decode_records(chunk, std::slice::from_ref(&whole))
    }

    fn decode_records(&mut self, chunk: Chunk<'_>, ranges: &[Range<usize>]) -> Result<Decoded> {
        self.filling.fill(chunk, ranges, |record, row| {
            row.fill(0, |values| {
                let pushed = values.push(Scalar::Bytes(record));
                pushed.map_err(|flaw| Unfit { flaw, shown: None })
            })?;
            Ok(0)
        })
    }
}
