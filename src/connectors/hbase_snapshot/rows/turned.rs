//! Values that are stored so that they sort, or read, the other way round.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;

use super::super::recipe::Encoding;
use super::decode::Values;
use crate::error::Result;
use crate::stream::decode::Flaw;

/// What is done to the bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Turn {
    /// Every byte is inverted: Phoenix's DESC, and `Long.MAX_VALUE - n`, which is the same for the
    /// numbers of Phoenix.
    Inverted,
    /// The characters are in the opposite order.
    Characters,
    /// The bytes are in the opposite order.
    Bytes,
    /// Digits of `Long.MAX_VALUE - n`.
    Digits,
}

impl Turn {
    /// How a type is turned, and in which encoding it is then; `None` where it is not.
    pub(in super::super) fn of(
        data_type: &DataType,
        encoding: Encoding,
    ) -> Option<(Self, Encoding)> {
        let is_instant = matches!(data_type, DataType::Timestamp(..) | DataType::Date32);
        Some(match (data_type, encoding) {
            (_, Encoding::Ordered | Encoding::Json | Encoding::Avro) => return None,
            (DataType::Utf8 | DataType::Utf8View, Encoding::String | Encoding::Binary) => {
                (Self::Characters, encoding)
            }
            (DataType::Binary | DataType::BinaryView, Encoding::String | Encoding::Binary) => {
                (Self::Bytes, encoding)
            }
            (DataType::Int64, Encoding::String) => (Self::Digits, Encoding::Binary),
            (_, Encoding::String) if is_instant => (Self::Digits, Encoding::Binary),
            // MAX - n is n with all bits but that of the sign inverted, and Phoenix inverts that.
            (_, Encoding::Binary) if is_instant || data_type.is_signed_integer() => {
                (Self::Inverted, Encoding::Phoenix)
            }
            (_, Encoding::Phoenix) => (Self::Inverted, Encoding::Phoenix),
            _ => return None,
        })
    }

    /// The bytes of the value; turning them again gives those that are stored, except of digits.
    pub(in super::super) fn turn(self, stored: &[u8], value: &mut Vec<u8>) -> Result<(), Flaw> {
        value.clear();
        match self {
            Self::Inverted => value.extend(stored.iter().map(|byte| !byte)),
            Self::Bytes => value.extend(stored.iter().rev()),
            Self::Characters => {
                let text = std::str::from_utf8(stored).map_err(|_| Flaw::encoding("UTF-8"))?;
                value.extend(text.chars().rev().collect::<String>().into_bytes());
            }
            Self::Digits => {
                let digits = std::str::from_utf8(stored).ok().filter(|text| {
                    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
                });
                let number = digits.and_then(|digits| digits.parse::<i64>().ok());
                let number = number.ok_or_else(|| Flaw::mistyped("not the digits of a BIGINT"))?;
                value.extend((i64::MAX - number).to_be_bytes());
            }
        }
        Ok(())
    }
}

/// Values whose bytes are turned before they are decoded.
#[derive(Debug)]
pub(super) struct Turned {
    turn: Turn,
    values: Box<dyn Values>,
    bytes: Vec<u8>,
}

impl Turned {
    pub(super) fn new(turn: Turn, values: Box<dyn Values>) -> Self {
        Self { turn, values, bytes: vec![] }
    }
}

impl Values for Turned {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        self.turn.turn(bytes, &mut self.bytes)?;
        self.values.push(&self.bytes)
    }

    fn push_null(&mut self) {
        self.values.push_null();
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.values.finish()
    }
}
