//! Values as the systems themselves write them: the bytes are what `OrderedBytes` and `Bytes` of
//! HBase 2.6 and the types of Phoenix 5.2 gave for them.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::common::ScalarValue;

use super::super::key_layout::{Extent, KeyLayout, KeyPart, Known};
use super::super::recipe::{Encoding, Mapped, Source};
use super::decode::Values;
use super::{decoder, encode, values_of};
use crate::stream::decode::avro::avro_type;
use crate::stream::schemas::SchemaText;

const BYTES: DataType = DataType::Binary;
const SECONDS: DataType = DataType::Timestamp(TimeUnit::Second, None);
const MILLIS: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);
const MICROS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
const NANOS: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

fn unhexed(hex: &str) -> Vec<u8> {
    let digits = |at| hex.get(at..at + 2).expect("pairs of digits");
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(digits(at), 16));
    bytes.collect::<Result<_, _>>().expect("hexadecimal digits")
}

/// What bytes decode to; `None` where they do not.
fn decoded(hex: &str, data_type: &DataType, encoding: Encoding) -> Option<ScalarValue> {
    first(decoder("v", data_type, encoding, None, None).expect("a decoder"), hex)
}

/// What bytes of a reversed part of a key decode to.
fn reversed(hex: &str, data_type: &DataType, encoding: Encoding) -> Option<ScalarValue> {
    let name = "k".to_owned();
    let part =
        KeyPart { name: name.clone(), extent: Extent::Rest, reversed: true, known: Known::Nothing };
    let (data_type, source) = (data_type.clone(), Source::KeyPart(0));
    let (format, timezone, schemas) = (None, None, vec![]);
    let column = Mapped { name, data_type, source, encoding, format, timezone, schemas };
    let key = KeyLayout { parts: vec![part] };
    first(values_of(&column, &key).expect("a decoder"), hex)
}

fn first(mut values: Box<dyn Values>, hex: &str) -> Option<ScalarValue> {
    values.push(&unhexed(hex)).ok()?;
    assert_eq!(values.len(), 1);
    Some(ScalarValue::try_from_array(&values.finish().expect("an array"), 0).expect("a value"))
}

fn text(value: &str) -> ScalarValue {
    ScalarValue::Utf8(Some(value.to_owned()))
}

fn bytes(value: &[u8]) -> ScalarValue {
    ScalarValue::Binary(Some(value.to_vec()))
}

#[test]
fn ordered_bytes_are_read_ascending_and_descending() {
    let cases = [
        (ScalarValue::from(-128_i8), "2900", "d6ff"),
        (ScalarValue::from(-1_i8), "297f", "d680"),
        (ScalarValue::from(127_i8), "29ff", "d600"),
        (ScalarValue::from(i16::MIN), "2a0000", "d5ffff"),
        (ScalarValue::from(300_i16), "2a812c", "d57ed3"),
        (ScalarValue::from(i32::MIN), "2b00000000", "d4ffffffff"),
        (ScalarValue::from(70_000_i32), "2b80011170", "d47ffeee8f"),
        (ScalarValue::from(i64::MIN), "2c0000000000000000", "d3ffffffffffffffff"),
        (ScalarValue::from(1_795_143_600_000_i64), "2c800001a1f6e58780", "d37ffffe5e091a787f"),
        (ScalarValue::from(-2.5_f32), "303fdfffff", "cfc0200000"),
        (ScalarValue::from(0_f32), "3080000000", "cf7fffffff"),
        (ScalarValue::from(f32::INFINITY), "30ff800000", "cf007fffff"),
        (ScalarValue::from(-2.5_f64), "313ffbffffffffffff", "cec004000000000000"),
        (ScalarValue::from(1.5_f64), "31bff8000000000000", "ce4007ffffffffffff"),
        (text(""), "3400", "cbff"),
        (text("ü€"), "34c3bce282ac00", "cb3c431d7d53ff"),
        (bytes(&[]), "38", "c7ff"),
        (bytes(&[1, 2, 255]), "380102ff", "c7fefd00ff"),
    ];
    for (value, ascending, descending) in cases {
        let data_type = value.data_type();
        for hex in [ascending, descending] {
            assert_eq!(decoded(hex, &data_type, Encoding::Ordered), Some(value.clone()), "{hex}");
        }
        // What is written ascends; texts and bytes are not written.
        if let Some(bytes) = encode::scalar(&value, &data_type, Encoding::Ordered) {
            assert_eq!(bytes, unhexed(ascending), "{value}");
        }
        for null in ["05", "fa"] {
            let value = decoded(null, &data_type, Encoding::Ordered).expect("NULL decodes");
            assert!(value.is_null(), "{value}");
        }
    }
    // A number is read whatever its width, and refused where the type has no room for it.
    assert_eq!(
        decoded("297f", &DataType::Int64, Encoding::Ordered),
        Some(ScalarValue::from(-1_i64))
    );
    assert_eq!(decoded("2b80011170", &DataType::Int16, Encoding::Ordered), None);
    // The other encoding of bytes, and the one of any number, are refused rather than misread.
    assert_eq!(decoded("3780c0df70", &BYTES, Encoding::Ordered), None);
    assert_eq!(decoded("1b032f5b86", &DataType::Int64, Encoding::Ordered), None);
    let instant = ScalarValue::TimestampMillisecond(Some(1_795_143_600_000), None);
    assert_eq!(decoded("2c800001a1f6e58780", &MILLIS, Encoding::Ordered), Some(instant));
}

#[test]
fn values_of_phoenix_are_read() {
    let instant = 1_795_143_600_123_456_789;
    let cases = [
        (ScalarValue::from(-2_i8), "7e"),
        (ScalarValue::from(-2_i16), "7ffe"),
        (ScalarValue::from(70_000_i32), "80011170"),
        (ScalarValue::from(-2_i64), "7ffffffffffffffe"),
        (ScalarValue::from(-2.5_f32), "3fe00000"),
        (ScalarValue::from(0_f32), "80000001"),
        (ScalarValue::from(1.5_f32), "bfc00001"),
        (ScalarValue::from(-2.5_f64), "3ffc000000000000"),
        (ScalarValue::from(1.5_f64), "bff8000000000001"),
        (ScalarValue::from(true), "01"),
        (ScalarValue::from(false), "00"),
        (text("ü"), "c3bc"),
        (ScalarValue::Date32(Some(20_777)), "800001a1f6e58780"),
        (ScalarValue::Date32(Some(-1)), "7fffffffffffffff"),
        (ScalarValue::TimestampMillisecond(Some(-1), None), "7fffffffffffffff"),
        (ScalarValue::TimestampNanosecond(Some(instant), None), "800001a1f6e587fb0006f855"),
        (ScalarValue::TimestampMicrosecond(Some(instant / 1000), None), "800001a1f6e587fb0006f855"),
        (ScalarValue::TimestampSecond(Some(1_795_143_600), None), "800001a1f6e587fb0006f855"),
    ];
    for (value, hex) in cases {
        let data_type = value.data_type();
        assert_eq!(decoded(hex, &data_type, Encoding::Phoenix), Some(value.clone()), "{hex}");
        if data_type.is_signed_integer() {
            let bytes = encode::scalar(&value, &data_type, Encoding::Phoenix);
            assert_eq!(bytes, Some(unhexed(hex)), "{value}");
        }
    }
    for data_type in [&SECONDS, &MILLIS, &MICROS, &NANOS] {
        let too_many = decoded("800001a1f6e587fb000f4240", data_type, Encoding::Phoenix);
        assert_eq!(too_many, None, "a million nanoseconds");
    }
}

#[test]
fn values_of_bytes_are_read() {
    let cases = [
        (ScalarValue::from(-2.5_f32), "c0200000"),
        (ScalarValue::from(-2.5_f64), "c004000000000000"),
        (ScalarValue::from(true), "ff"),
        (ScalarValue::from(70_000_i32), "00011170"),
        (ScalarValue::Decimal128(Some(-12_345), 10, 3), "00000003cfc7"),
        (ScalarValue::Decimal128(Some(-123_450), 10, 4), "00000003cfc7"),
        (bytes(&[1, 2, 255]), "0102ff"),
    ];
    for (value, hex) in cases {
        let data_type = value.data_type();
        assert_eq!(decoded(hex, &data_type, Encoding::Binary), Some(value.clone()), "{hex}");
    }
    let hundredths = DataType::Decimal128(10, 2);
    assert_eq!(decoded("00000003cfc7", &hundredths, Encoding::Binary), None, "it would be rounded");
    assert_eq!(decoded("011170", &DataType::Int32, Encoding::Binary), None, "three bytes");
}

#[test]
fn reversed_values_are_read() {
    let instant = 1_785_751_200_123;
    let phoenix = [
        (ScalarValue::from(0_i64), "7fffffffffffffff"),
        (ScalarValue::from(-1_i64), "8000000000000000"),
        (ScalarValue::from(i64::MIN), "ffffffffffffffff"),
        (ScalarValue::from(-7_i32), "80000006"),
        (ScalarValue::from(-1.5_f64), "bff7ffffffffffff"),
        (ScalarValue::from(2.25_f64), "3ffdfffffffffffe"),
        (text("abc"), "9e9d9c"),
        (text("ünï"), "3c43913c50"),
        (ScalarValue::TimestampMillisecond(Some(instant), None), "7ffffe6038ef1e84"),
        (
            ScalarValue::TimestampNanosecond(Some(instant * 1_000_000 + 456_789), None),
            "7ffffe6038ef1e84fff907aa",
        ),
    ];
    // `Bytes.toBytes(Long.MAX_VALUE - n)`.
    let binary = [
        (ScalarValue::from(instant), "7ffffe6038ef1e84"),
        (ScalarValue::from(-5_i64), "8000000000000004"),
        (ScalarValue::from(42_i32), "7fffffd5"),
        (ScalarValue::TimestampMillisecond(Some(instant), None), "7ffffe6038ef1e84"),
        (bytes(&[1, 2, 255]), "ff0201"),
    ];
    let string = [
        (text("abc"), "636261"),
        (text("ünï"), "c3af6ec3bc"),
        (ScalarValue::from(instant), "39323233333730323531313033353735363834"),
        (
            ScalarValue::TimestampMillisecond(Some(instant), None),
            "39323233333730323531313033353735363834",
        ),
    ];
    for (encoding, cases) in [
        (Encoding::Phoenix, &phoenix[..]),
        (Encoding::Binary, &binary[..]),
        (Encoding::String, &string[..]),
    ] {
        for (value, hex) in cases {
            assert_eq!(reversed(hex, &value.data_type(), encoding), Some(value.clone()), "{hex}");
        }
    }
    assert_eq!(reversed("2d31", &DataType::Int64, Encoding::String), None, "-1 has no digits");
}

/// The decoder of a column that is written by schemas.
fn by_schema(data_type: DataType, schemas: &[&str]) -> Box<dyn Values> {
    let schemas = schemas.iter().map(|text| SchemaText::alone("AVRO", *text)).collect();
    let (name, source) = ("v".to_owned(), Source::Key);
    let (encoding, format, timezone) = (Encoding::Avro, None, None);
    let column = Mapped { name, data_type, source, encoding, format, timezone, schemas };
    values_of(&column, &KeyLayout::default()).expect("a decoder")
}

#[test]
fn avro_is_read_value_by_value_and_a_broken_one_leaves_nothing() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"string"},{"name":"b","type":["null","long"]}]}"#;
    let mut whole =
        by_schema(avro_type(&SchemaText::alone("AVRO", schema)).expect("a type"), &[schema]);
    // "ü", then 300 or NULL; cut off, with a byte too many, with a branch that there is not.
    for good in ["04c3bc02d804", "04c3bc00"] {
        whole.push(&unhexed(good)).expect("a value");
    }
    for bad in ["04c3bc02", "04c3bc0000", "04c3bc04", "04ffff00", ""] {
        assert!(whole.push(&unhexed(bad)).is_err(), "{bad}");
        assert_eq!(whole.len(), 2);
    }
    whole.push_null();
    let rows = whole.finish().expect("an array");
    let rows = rows.as_struct();
    assert_eq!(rows.column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["ü", "ü"]);
    let numbers: Vec<_> = rows.column(1).as_primitive::<Int64Type>().iter().collect();
    assert_eq!(numbers, [Some(300), None, None]);
    assert!(rows.is_null(2) && rows.is_valid(1));
    // A value that is no record, into a type that it fits.
    let mut number = by_schema(DataType::Int64, &["\"int\""]);
    number.push(&unhexed("0f")).expect("a number");
    assert_eq!(
        ScalarValue::try_from_array(&number.finish().expect("an array"), 0).ok(),
        Some(ScalarValue::from(-8_i64))
    );
}

#[test]
fn json_is_one_value_and_null_is_null() {
    let list = DataType::new_list(DataType::Int32, true);
    let mut lists = decoder("v", &list, Encoding::Json, None, None).expect("a decoder");
    for good in ["[1, 2]", " [] ", "null", "[3,null]"] {
        lists.push(good.as_bytes()).expect(good);
    }
    for bad in ["", "[1", "[1] 2", "[1.5]", "{}", "[1e99]", "\u{feff}[1]", "x"] {
        assert!(lists.push(bad.as_bytes()).is_err(), "{bad}");
        assert_eq!(lists.len(), 4);
    }
    assert!(lists.push(b"[\xff]").is_err());
    let lists = lists.finish().expect("an array");
    assert_eq!(lists.as_list::<i32>().values().len(), 4);
    assert!(lists.is_null(2));
    let broken = decoded("22615c7530306663227d", &DataType::Utf8, Encoding::Json);
    assert_eq!(broken, None, "a brace behind the text");
    assert_eq!(decoded("22615c753030666322", &DataType::Utf8, Encoding::Json), Some(text("aü")));
}
