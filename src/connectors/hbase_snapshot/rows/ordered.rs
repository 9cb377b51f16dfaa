//! HBase's `OrderedBytes`
//! (<https://github.com/apache/hbase/blob/master/hbase-common/src/main/java/org/apache/hadoop/hbase/util/OrderedBytes.java>),
//! ascending or, with every byte inverted, descending.

use std::ops::RangeInclusive;

use crate::stream::decode::Flaw;

const NULL: u8 = 0x05;
pub(super) const INT8: u8 = 0x29;
pub(super) const INT16: u8 = 0x2a;
pub(super) const INT32: u8 = 0x2b;
pub(super) const INT64: u8 = 0x2c;
const FLOAT32: u8 = 0x30;
const FLOAT64: u8 = 0x31;
const TEXT: u8 = 0x34;
const BLOB: u8 = 0x38;

fn wrong(what: &str) -> Flaw {
    Flaw::mistyped(format!("not {what} of OrderedBytes"))
}

/// Whether the bytes stand for NULL.
pub(in super::super) fn is_null(bytes: &[u8]) -> bool {
    matches!(bytes, [tag] if *tag == NULL || *tag == !NULL)
}

/// The first and the last of the bytes that stand for whole numbers of a range: for each width
/// that has such numbers, ascending and descending.
pub(in super::super) fn integers(numbers: &RangeInclusive<i64>) -> Vec<[Vec<u8>; 2]> {
    let widths = [
        (INT8, 1, i64::from(i8::MIN), i64::from(i8::MAX)),
        (INT16, 2, i64::from(i16::MIN), i64::from(i16::MAX)),
        (INT32, 4, i64::from(i32::MIN), i64::from(i32::MAX)),
        (INT64, 8, i64::MIN, i64::MAX),
    ];
    let mut found = vec![];
    for (tag, width, least, most) in widths {
        let (first, last) = (*numbers.start().max(&least), *numbers.end().min(&most));
        if first > last {
            continue;
        }
        let ascending = |number: i64| {
            let bytes = number.wrapping_sub(least).to_be_bytes();
            let mut ascending = vec![tag];
            ascending.extend(bytes.iter().skip(bytes.len() - width));
            ascending
        };
        let inverted = |number| ascending(number).iter().map(|byte| !byte).collect();
        found.push([ascending(first), ascending(last)]);
        found.push([inverted(last), inverted(first)]);
    }
    found
}

/// The tag and what follows, ascending.
fn parts(bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
    let (tag, rest) = bytes.split_first()?;
    if *tag >= 0x80 {
        return Some((!tag, rest.iter().map(|byte| !byte).collect()));
    }
    Some((*tag, rest.to_vec()))
}

/// A whole number of any width.
pub(in super::super) fn integer(bytes: &[u8]) -> Result<i64, Flaw> {
    let found = parts(bytes).and_then(|(tag, rest)| {
        let rest = rest.as_slice();
        Some(match tag {
            INT8 => i64::from(i8::from_be_bytes(rest.try_into().ok()?) ^ i8::MIN),
            INT16 => i64::from(i16::from_be_bytes(rest.try_into().ok()?) ^ i16::MIN),
            INT32 => i64::from(i32::from_be_bytes(rest.try_into().ok()?) ^ i32::MIN),
            INT64 => i64::from_be_bytes(rest.try_into().ok()?) ^ i64::MIN,
            _ => return None,
        })
    });
    found.ok_or_else(|| wrong("a whole number"))
}

/// A FLOAT.
pub(in super::super) fn float32(bytes: &[u8]) -> Result<f32, Flaw> {
    let found = parts(bytes).filter(|(tag, _)| *tag == FLOAT32);
    let bits = found.and_then(|(_, rest)| Some(u32::from_be_bytes(rest.try_into().ok()?)));
    let bits = bits.ok_or_else(|| wrong("a FLOAT"))?;
    Ok(f32::from_bits(if bits >> 31 == 1 { bits ^ (1 << 31) } else { !bits }))
}

/// A DOUBLE.
pub(in super::super) fn float64(bytes: &[u8]) -> Result<f64, Flaw> {
    let found = parts(bytes).filter(|(tag, _)| *tag == FLOAT64);
    let bits = found.and_then(|(_, rest)| Some(u64::from_be_bytes(rest.try_into().ok()?)));
    let bits = bits.ok_or_else(|| wrong("a DOUBLE"))?;
    Ok(f64::from_bits(if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits }))
}

/// A VARCHAR, which a zero ends.
pub(in super::super) fn text(bytes: &[u8]) -> Result<String, Flaw> {
    let found = parts(bytes).filter(|(tag, _)| *tag == TEXT);
    let text = found.and_then(|(_, rest)| rest.strip_suffix(&[0]).map(<[u8]>::to_vec));
    let text = text.ok_or_else(|| wrong("a text"))?;
    String::from_utf8(text).map_err(|_| Flaw::encoding("UTF-8"))
}

/// A VARBINARY that is copied as it is. Where it descends, a zero ends it.
pub(in super::super) fn blob(bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
    let found = parts(bytes).filter(|(tag, _)| *tag == BLOB).map(|(_, rest)| rest);
    let found = match bytes.first() {
        Some(&BLOB) => found,
        _ => found.and_then(|rest| rest.strip_suffix(&[0]).map(<[u8]>::to_vec)),
    };
    found.ok_or_else(|| wrong("a copied blob"))
}
