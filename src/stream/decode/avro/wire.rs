//! The bytes of a record in Avro's binary encoding, read step by step or passed over.
//!
//! Nothing here trusts a length or a count: no room is made before the bytes are there.

use super::schema::{Kind, Schema, TypeId};
use crate::stream::decode::bad::Flaw;

/// How deep a value may be nested: types may contain themselves.
const DEEPEST: usize = 200;

/// Items without bytes (of an array of nulls) that a record may have beyond its bytes.
const EMPTY_ITEMS: usize = 1024;

/// A place in a record.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    // Items of arrays and maps that may still come.
    items: usize,
}

fn broken(reason: &'static str) -> Flaw {
    Flaw::malformed(reason)
}

impl<'a> Cursor<'a> {
    /// The start of a record.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, items: bytes.len().saturating_add(EMPTY_ITEMS) }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Flaw> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| broken("the record ends within a value"))?;
        self.at += length;
        Ok(taken)
    }

    /// So many bytes as an array.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| broken("the record ends within a value"))
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Flaw> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(broken("a boolean that is neither true nor false")),
        }
    }

    /// A number of variable length.
    pub(super) fn long(&mut self) -> Result<i64, Flaw> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array::<1>()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                // Signs stand in the lowest bit.
                return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        Err(broken("a number of more than 64 bits"))
    }

    pub(super) fn int(&mut self) -> Result<i32, Flaw> {
        i32::try_from(self.long()?).map_err(|_| broken("an int of more than 32 bits"))
    }

    /// Bytes after their length.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Flaw> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| broken("a length below zero"))?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Flaw> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Flaw::encoding("UTF-8"))
    }

    /// Which of so many branches or symbols.
    pub(super) fn choice(&mut self, of: usize, what: &'static str) -> Result<usize, Flaw> {
        let chosen = usize::try_from(self.long()?).ok().filter(|chosen| *chosen < of);
        chosen.ok_or_else(|| broken(what))
    }

    /// How many items the next block of an array or map has; none is the end.
    pub(super) fn block(&mut self) -> Result<usize, Flaw> {
        let mut count = self.long()?;
        if count < 0 {
            count = count.checked_neg().ok_or_else(|| broken("too many items"))?;
            // The size of the block, which need not be right: no decoder looks at it.
            self.long()?;
        }
        let count = usize::try_from(count).map_err(|_| broken("too many items"))?;
        self.items = self.items.checked_sub(count).ok_or_else(|| broken("too many items"))?;
        Ok(count)
    }

    /// Passes a value.
    pub(super) fn skip(&mut self, schema: &Schema, of: TypeId) -> Result<(), Flaw> {
        self.skip_at(schema, of, 0)
    }

    fn skip_at(&mut self, schema: &Schema, of: TypeId, depth: usize) -> Result<(), Flaw> {
        if depth > DEEPEST {
            return Err(broken("a value is nested deeper than 200 times"));
        }
        match &schema.of(of).kind {
            Kind::Null => {}
            Kind::Boolean => drop(self.boolean()?),
            Kind::Int => drop(self.int()?),
            Kind::Long => drop(self.long()?),
            Kind::Float => drop(self.take(4)?),
            Kind::Double => drop(self.take(8)?),
            Kind::Bytes | Kind::String => drop(self.bytes()?),
            Kind::Fixed(size) => drop(self.take(*size)?),
            Kind::Enum(symbols) => drop(self.choice(symbols.all.len(), NO_SYMBOL)?),
            Kind::Array(item) => loop {
                let count = self.block()?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    self.skip_at(schema, *item, depth + 1)?;
                }
            },
            Kind::Map(value) => loop {
                let count = self.block()?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    self.bytes()?;
                    self.skip_at(schema, *value, depth + 1)?;
                }
            },
            Kind::Union(branches) => {
                let chosen = self.choice(branches.len(), NO_BRANCH)?;
                let branch = branches.get(chosen).copied().unwrap_or_default();
                self.skip_at(schema, branch, depth + 1)?;
            }
            Kind::Record(fields) => {
                for field in fields {
                    self.skip_at(schema, field.of, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

/// What a wrong [`Cursor::choice`] of a union is.
pub(super) const NO_BRANCH: &str = "a branch that the union does not have";

/// What a wrong [`Cursor::choice`] of an enum is.
pub(super) const NO_SYMBOL: &str = "a symbol that the enum does not have";
