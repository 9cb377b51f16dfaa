//! The bytes of a message, cut into fields.
//! <https://protobuf.dev/programming-guides/encoding/>

use crate::stream::decode::bad::Flaw;

/// How deep groups and messages may be nested.
pub(super) const DEEPEST: usize = 100;

/// A field as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    /// A group, which is passed over.
    Group,
}

/// The fields of a message, one after another.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

fn cut() -> Flaw {
    Flaw::malformed("the record ends within a field")
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The next field and its number; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Stored<'a>)>, Flaw> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let (number, kind) = self.key()?;
        Ok(Some((number, self.stored(number, kind, DEEPEST)?)))
    }

    fn key(&mut self) -> Result<(u32, u8), Flaw> {
        let key = u32::try_from(self.varint()?);
        let key = key.map_err(|_| Flaw::malformed("a field number of more than 29 bits"))?;
        match key >> 3 {
            0 => Err(Flaw::malformed("a field number of zero")),
            // Three bits are left.
            number => Ok((number, (key & 7) as u8)),
        }
    }

    fn stored(&mut self, number: u32, kind: u8, depth: usize) -> Result<Stored<'a>, Flaw> {
        Ok(match kind {
            0 => Stored::Varint(self.varint()?),
            1 => Stored::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| cut())?;
                Stored::Bytes(self.take(length)?)
            }
            3 => {
                self.group(number, depth)?;
                Stored::Group
            }
            5 => Stored::Fixed32(u32::from_le_bytes(self.array()?)),
            4 => return Err(Flaw::malformed("a group ends that did not begin")),
            other => return Err(Flaw::malformed(format!("a field of the unknown kind {other}"))),
        })
    }

    fn group(&mut self, number: u32, depth: usize) -> Result<(), Flaw> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        loop {
            let (inner, kind) = self.key()?;
            if kind == 4 {
                return match inner == number {
                    true => Ok(()),
                    false => Err(Flaw::malformed("a group ends that did not begin")),
                };
            }
            self.stored(inner, kind, depth)?;
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Flaw> {
        let (taken, left) = self.left.split_at_checked(length).ok_or_else(cut)?;
        self.left = left;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (taken, left) = self.left.split_first_chunk::<N>().ok_or_else(cut)?;
        self.left = left;
        Ok(*taken)
    }

    /// A number of variable length.
    pub(super) fn varint(&mut self) -> Result<u64, Flaw> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array::<1>()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Flaw::malformed("a number of more than 64 bits"))
    }
}

pub(super) fn too_deep() -> Flaw {
    Flaw::malformed("a record nested deeper than 100 times")
}

/// A number whose sign stands in the lowest bit.
pub(super) fn signed(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// The indexes that stand between the id of a schema and the message, and the message.
pub(super) fn indexes(body: &[u8]) -> Result<(Vec<usize>, &[u8]), Flaw> {
    let mut fields = Fields::new(body);
    let mut next = || {
        let number = signed(fields.varint()?);
        let number = usize::try_from(number).ok().filter(|number| *number < 1 << 16);
        number.ok_or_else(|| Flaw::malformed("no index of a message"))
    };
    let count = next()?;
    // The first message is written in short.
    let path = match count {
        0 => vec![0],
        count => (0..count).map(|_| next()).collect::<Result<_, _>>()?,
    };
    Ok((path, fields.rest()))
}
