//! Values of SQL as bytes of HBase: for keys in filters, and for `hbase_encode`.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::super::recipe::Encoding;
use super::ordered;

/// Milliseconds of a day.
pub(in super::super) const MILLIS_OF_DAY: i64 = 86_400_000;

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
        return bytes.filter(|_| encoding != Encoding::Ordered && encoding.is_of_keys());
    }
    integer(whole(value)?, data_type, encoding)
}

/// The number that a value is; `None` of NULL and of what is none.
pub(in super::super) fn whole(value: &ScalarValue) -> Option<i64> {
    match value.cast_to(&DataType::Int64).ok()? {
        ScalarValue::Int64(number) => number,
        _ => None,
    }
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
                Encoding::Json | Encoding::Avro => return None,
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
