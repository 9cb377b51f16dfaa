//! Values of SQL as bytes of HBase: for keys in filters, and for `hbase_encode`.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::super::recipe::Encoding;

/// Milliseconds of a day.
pub(super) const MILLIS_OF_DAY: i64 = 86_400_000;

/// The bytes of a value of a type; `None` where the encoding has none, or several.
pub(in super::super) fn scalar(
    value: &ScalarValue,
    data_type: &DataType,
    encoding: Encoding,
) -> Option<Vec<u8>> {
    let bytes = match value {
        ScalarValue::Binary(Some(bytes))
        | ScalarValue::BinaryView(Some(bytes))
        | ScalarValue::LargeBinary(Some(bytes))
        | ScalarValue::FixedSizeBinary(_, Some(bytes)) => Some(bytes.clone()),
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Some(text.clone().into_bytes()),
        _ => None,
    };
    let is_text = matches!(
        data_type,
        DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView
    );
    if is_text {
        return bytes.filter(|_| encoding != Encoding::Ordered);
    }
    let number = value.cast_to(&DataType::Int64).ok()?;
    let ScalarValue::Int64(Some(number)) = number else { return None };
    integer(number, data_type, encoding)
}

/// The bytes of a whole number.
pub(in super::super) fn integer(
    number: i64,
    data_type: &DataType,
    encoding: Encoding,
) -> Option<Vec<u8>> {
    macro_rules! of {
        ($type:ty, $tag:expr) => {{
            let number = <$type>::try_from(number).ok()?;
            match encoding {
                Encoding::String => number.to_string().into_bytes(),
                Encoding::Binary => number.to_be_bytes().to_vec(),
                Encoding::Phoenix => (number ^ <$type>::MIN).to_be_bytes().to_vec(),
                Encoding::Ordered => {
                    let mut bytes = vec![$tag];
                    bytes.extend((number ^ <$type>::MIN).to_be_bytes());
                    bytes
                }
            }
        }};
    }
    Some(match data_type {
        DataType::Int8 => of!(i8, ordered::INT8),
        DataType::Int16 => of!(i16, ordered::INT16),
        DataType::Int32 => of!(i32, ordered::INT32),
        DataType::Int64 => of!(i64, ordered::INT64),
        _ => return None,
    })
}

/// HBase's `OrderedBytes`
/// (<https://github.com/apache/hbase/blob/master/hbase-common/src/main/java/org/apache/hadoop/hbase/util/OrderedBytes.java>),
/// ascending or, with every byte inverted, descending.
pub(super) mod ordered {
    use crate::stream::decode::Flaw;

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

    /// A VARBINARY that is copied as it is.
    pub(in super::super) fn blob(bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
        parts(bytes)
            .filter(|(tag, _)| *tag == BLOB)
            .map(|(_, rest)| rest)
            .ok_or_else(|| wrong("a copied blob"))
    }
}
