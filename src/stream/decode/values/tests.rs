//! Values of one kind in columns of another, and values taken back.

use arrow::datatypes::i256;
use arrow::util::display::array_value_to_string;

use super::*;
use crate::stream::decode::map_of;

fn shown(data_type: DataType, scalar: Scalar<'_>) -> Result<String, String> {
    let mut values = Values::new(&Column::new("c", data_type)).unwrap();
    let pushed = values.push(scalar);
    let array = values.finish().unwrap();
    pushed.map_err(|flaw| flaw.reason.into_owned())?;
    assert_eq!(array.len(), 1);
    Ok(array_value_to_string(&array, 0).unwrap())
}

#[test]
fn values_go_where_nothing_is_lost() {
    let utc = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let plain = DataType::Timestamp(TimeUnit::Microsecond, None);
    let cents = DataType::Decimal128(5, 2);
    for (data_type, scalar, expected) in [
        (DataType::Int64, Scalar::Int(i64::MIN), Ok("-9223372036854775808")),
        (DataType::UInt64, Scalar::UInt(u64::MAX), Ok("18446744073709551615")),
        (DataType::Int8, Scalar::Int(128), Err("out of the range of TINYINT")),
        (DataType::Int32, Scalar::Text("7"), Ok("7")),
        (DataType::Int32, Scalar::Text("x"), Err("not an INT")),
        (DataType::Int32, Scalar::Boolean(true), Err("a boolean is no INT")),
        (DataType::Int64, Scalar::Instant(5, TimeUnit::Millisecond), Ok("5")),
        (DataType::Float32, Scalar::Double(1e300), Err("out of the range of FLOAT")),
        (DataType::Float64, Scalar::Float(0.5), Ok("0.5")),
        (DataType::Utf8View, Scalar::Int(12), Ok("12")),
        (DataType::Utf8, Scalar::Bytes(b"\xff"), Err("not valid UTF-8")),
        (DataType::Binary, Scalar::Text("a"), Ok("61")),
        (DataType::Binary, Scalar::Int(1), Err("a whole number is no VARBINARY")),
        (cents.clone(), Scalar::Decimal(i256::from_i128(12345), 2), Ok("123.45")),
        (
            cents.clone(),
            Scalar::Decimal(i256::from_i128(100_000), 2),
            Err("out of the range of DECIMAL(5,2)"),
        ),
        (cents.clone(), Scalar::Decimal(i256::from_i128(15), 1), Ok("1.50")),
        (cents.clone(), Scalar::Int(7), Ok("7.00")),
        (cents, Scalar::Double(0.25), Ok("0.25")),
        (
            utc(),
            Scalar::Instant(1_500, TimeUnit::Microsecond),
            Err("more digits of a second than TIMESTAMP(3) WITH TIME ZONE keeps"),
        ),
        (utc(), Scalar::Instant(1, TimeUnit::Millisecond), Ok("1970-01-01T00:00:00.001Z")),
        (utc(), Scalar::WallClock(1, TimeUnit::Millisecond), Ok("1970-01-01T00:00:00.001Z")),
        (plain.clone(), Scalar::Instant(1, TimeUnit::Millisecond), Ok("1970-01-01T00:00:00.001")),
        (
            plain.clone(),
            Scalar::Instant(i64::MAX, TimeUnit::Millisecond),
            Err("out of the range of TIMESTAMP(6)"),
        ),
        (plain, Scalar::Text("2024-01-31 10:00"), Ok("2024-01-31T10:00:00")),
        (DataType::Date32, Scalar::Int(3), Err("a whole number is no DATE")),
        (DataType::Boolean, Scalar::Text("true"), Ok("true")),
        (
            DataType::new_list(DataType::Int32, true),
            Scalar::Int(3),
            Err("a whole number is no LIST"),
        ),
    ] {
        let context = format!("{scalar:?} as {data_type}");
        let found = shown(data_type, scalar);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{context}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{context}: {found}"),
            (found, expected) => panic!("{context}: {found:?} is not {expected:?}"),
        }
    }
}

#[test]
fn formats_and_zones_say_how_numbers_and_texts_are_times() {
    let instants = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut column = Column::new("c", instants);
    column.format = Some("unix_ms".to_owned());
    let mut values = Values::new(&column).unwrap();
    values.push(Scalar::Int(1_000)).unwrap();
    column.format = None;
    column.timezone = Some("Asia/Shanghai".to_owned());
    let array = values.finish().unwrap();
    assert_eq!(array_value_to_string(&array, 0).unwrap(), "1970-01-01T00:00:01Z");
    let mut values = Values::new(&column).unwrap();
    values.push(Scalar::Text("1970-01-01 08:00:02")).unwrap();
    values.push(Scalar::WallClock(28_803_000, TimeUnit::Millisecond)).unwrap();
    let array = values.finish().unwrap();
    assert_eq!(array_value_to_string(&array, 0).unwrap(), "1970-01-01T00:00:02Z");
    assert_eq!(array_value_to_string(&array, 1).unwrap(), "1970-01-01T00:00:03Z");
    column.format = Some("no format".to_owned());
    assert!(Values::new(&column).is_err());
}

#[test]
fn parts_of_values_are_taken_back() {
    let fields = vec![
        arrow::datatypes::Field::new("n", DataType::Int32, true),
        arrow::datatypes::Field::new("l", DataType::new_list(DataType::Utf8, true), true),
        arrow::datatypes::Field::new("m", map_of(&DataType::Boolean), true),
    ];
    let mut values = Values::new(&Column::new("c", DataType::Struct(fields.into()))).unwrap();
    for round in 0..3 {
        let [n, l, m] = values.members().unwrap() else { panic!() };
        n.push(Scalar::Int(round)).unwrap();
        l.items().unwrap().push(Scalar::Text("a")).unwrap();
        l.close();
        let (key, value) = m.entries().unwrap();
        key.push(Scalar::Text("k")).unwrap();
        if round == 1 {
            // The map is never closed.
            values.truncate(1);
            continue;
        }
        value.push(Scalar::Boolean(true)).unwrap();
        m.close();
        values.close();
    }
    values.push_null();
    let array = values.finish().unwrap();
    let rows: Vec<_> = (0..3).map(|row| array_value_to_string(&array, row).unwrap()).collect();
    assert_eq!(rows, ["{n: 0, l: [a], m: {k: true}}", "{n: 2, l: [a], m: {k: true}}", ""]);
    assert_eq!(values.finish().unwrap().len(), 0);
}
