//! The canonical text of values that the answers under `tests/slt` are compared in.
//!
//! `tests/slt/oracle/make.py` defines the same text for DuckDB's values; both are held to the
//! vectors of `tests/slt/oracle/canonical_vectors.txt`. It is made for comparing, so it hides how
//! Arrow holds a value (view or offset, dictionary or plain) and nothing else; what people read is
//! `render`'s business. Running the files is left to the runner.

use std::fmt::Write;

use arrow::array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type,
    Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType,
    IntervalMonthDayNanoType, IntervalYearMonthType, RunEndIndexType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::array::{Array, ArrayRef, AsArray, RunArray};
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use chrono::{DateTime, NaiveTime};

const NANOS: i128 = 1_000_000_000;

/// The canonical text of the value at `row`, which must lie within the array.
///
/// * `NULL`; `(empty)` for text and bytes without any; text that reads like one of the two gets a
///   backslash before it. In text: `\\`, `\n`, `\t`, `\r`, `\s` for a space at either end,
///   `\u{1}` for other control characters.
/// * Floating point: the shortest digits that read back as the same number, with a fraction or an
///   exponent, as Python's `repr` has them: `1.0`, `1e+16`, `-0.0`, `NaN`, `-inf`.
/// * Decimals with all digits of their scale. Bytes in hex.
/// * `2026-01-31`, `08:00:00.25`, `2026-01-31 08:00:00`, instants in UTC with `+00` behind.
/// * Intervals and durations: `14 months 3 days 4.5 seconds`; the three never mix, zeros are left
///   out, nothing at all is `0 seconds`.
/// * `[1, 2, NULL]`, `{a: 1, b: x}`, maps like structs; text inside has `,`, `:` and brackets
///   escaped.
pub(crate) fn canonical(array: &dyn Array, row: usize) -> String {
    value(array, row, false)
}

/// The letter of a column in the head of a record: `I` integers, `R` other numbers, `T` text, `B`
/// booleans, `D` dates, `P` timestamps, `?` everything else.
pub(crate) fn letter(kind: &DataType) -> char {
    match kind {
        kind if kind.is_integer() => 'I',
        kind if kind.is_numeric() => 'R',
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => 'T',
        DataType::Boolean => 'B',
        DataType::Date32 | DataType::Date64 => 'D',
        DataType::Timestamp(..) => 'P',
        DataType::Dictionary(_, values) => letter(values),
        DataType::RunEndEncoded(_, values) => letter(values.data_type()),
        _ => '?',
    }
}

/// `canonical`, where `nested` says that the value stands inside another one.
fn value(array: &dyn Array, row: usize, nested: bool) -> String {
    if array.is_null(row) {
        return "NULL".to_owned();
    }
    match array.data_type() {
        DataType::Null => "NULL".to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => primitive::<Int8Type>(array, row).to_string(),
        DataType::Int16 => primitive::<Int16Type>(array, row).to_string(),
        DataType::Int32 => primitive::<Int32Type>(array, row).to_string(),
        DataType::Int64 => primitive::<Int64Type>(array, row).to_string(),
        DataType::UInt8 => primitive::<UInt8Type>(array, row).to_string(),
        DataType::UInt16 => primitive::<UInt16Type>(array, row).to_string(),
        DataType::UInt32 => primitive::<UInt32Type>(array, row).to_string(),
        DataType::UInt64 => primitive::<UInt64Type>(array, row).to_string(),
        DataType::Float16 => {
            let single = primitive::<Float16Type>(array, row).to_f32();
            float(&format!("{single:e}"))
        }
        DataType::Float32 => float(&format!("{:e}", primitive::<Float32Type>(array, row))),
        DataType::Float64 => float(&format!("{:e}", primitive::<Float64Type>(array, row))),
        DataType::Decimal32(..) => decimal::<Decimal32Type>(array, row),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(array, row),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array, row),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array, row),
        DataType::Date32 => date(i128::from(primitive::<Date32Type>(array, row)) * 86_400 * NANOS),
        DataType::Date64 => date(i128::from(primitive::<Date64Type>(array, row)) * 1_000_000),
        DataType::Time32(_) | DataType::Time64(_) => time(nanoseconds(array, row)),
        DataType::Timestamp(_, zone) => {
            let at = nanoseconds(array, row);
            let zone = if zone.is_some() { "+00" } else { "" };
            format!("{} {}{zone}", date(at), time(at.rem_euclid(86_400 * NANOS)))
        }
        DataType::Duration(_) => interval(0, 0, nanoseconds(array, row)),
        DataType::Interval(IntervalUnit::YearMonth) => {
            interval(primitive::<IntervalYearMonthType>(array, row), 0, 0)
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let it = primitive::<IntervalDayTimeType>(array, row);
            interval(0, it.days, i128::from(it.milliseconds) * 1_000_000)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let it = primitive::<IntervalMonthDayNanoType>(array, row);
            interval(it.months, it.days, i128::from(it.nanoseconds))
        }
        DataType::Utf8 => text(array.as_string::<i32>().value(row), nested),
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(row), nested),
        DataType::Utf8View => text(array.as_string_view().value(row), nested),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(row)),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let pairs = fields
                .iter()
                .zip(columns)
                .map(|(field, column)| format!("{}: {}", field.name(), value(column, row, true)));
            braced(pairs)
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let pairs = (0..entries.len())
                .map(|at| format!("{}: {}", value(keys, at, true), value(values, at, true)));
            braced(pairs)
        }
        DataType::Union(..) => {
            let union = array.as_union();
            value(union.child(union.type_id(row)), union.value_offset(row), nested)
        }
        DataType::Dictionary(key, _) => match key.as_ref() {
            DataType::Int8 => dictionary::<Int8Type>(array, row, nested),
            DataType::Int16 => dictionary::<Int16Type>(array, row, nested),
            DataType::Int32 => dictionary::<Int32Type>(array, row, nested),
            DataType::Int64 => dictionary::<Int64Type>(array, row, nested),
            DataType::UInt8 => dictionary::<UInt8Type>(array, row, nested),
            DataType::UInt16 => dictionary::<UInt16Type>(array, row, nested),
            DataType::UInt32 => dictionary::<UInt32Type>(array, row, nested),
            _ => dictionary::<UInt64Type>(array, row, nested),
        },
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => run::<Int16Type>(array, row, nested),
            DataType::Int32 => run::<Int32Type>(array, row, nested),
            _ => run::<Int64Type>(array, row, nested),
        },
    }
}

fn primitive<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn decimal<T: DecimalType + ArrowPrimitiveType>(array: &dyn Array, row: usize) -> String {
    array.as_primitive::<T>().value_as_string(row)
}

fn dictionary<K: ArrowDictionaryKeyType>(array: &dyn Array, row: usize, nested: bool) -> String {
    let array = array.as_dictionary::<K>();
    array.key(row).map_or_else(|| "NULL".to_owned(), |key| value(array.values(), key, nested))
}

fn run<R: RunEndIndexType>(array: &dyn Array, row: usize, nested: bool) -> String {
    let array = array.as_any().downcast_ref::<RunArray<R>>().expect("the type says so");
    value(array.values(), array.get_physical_index(row), nested)
}

fn list(items: &ArrayRef) -> String {
    let items: Vec<_> = (0..items.len()).map(|at| value(items, at, true)).collect();
    format!("[{}]", items.join(", "))
}

fn braced(pairs: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// Rewrites the shortest scientific form, `1.5e-7`, as Python's `repr` would show the number.
fn float(scientific: &str) -> String {
    // Infinities and NaN have no exponent.
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific.to_owned();
    };
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    if !(-4..16).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{direction}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    match usize::try_from(exponent) {
        Ok(exponent) => {
            let (whole, fraction) = digits.split_at(digits.len().min(exponent + 1));
            let fraction = if fraction.is_empty() { "0" } else { fraction };
            format!("{sign}{whole:0<width$}.{fraction}", width = exponent + 1)
        }
        Err(_) => {
            let zeros = exponent.unsigned_abs() as usize - 1;
            format!("{sign}0.{:0<zeros$}{digits}", "")
        }
    }
}

/// A time of day, a timestamp or a duration in nanoseconds.
fn nanoseconds(array: &dyn Array, row: usize) -> i128 {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let (count, unit) = match array.data_type() {
        DataType::Time32(Second) => (primitive::<Time32SecondType>(array, row).into(), Second),
        DataType::Time32(unit) => (primitive::<Time32MillisecondType>(array, row).into(), *unit),
        DataType::Time64(Microsecond) => {
            (primitive::<Time64MicrosecondType>(array, row), Microsecond)
        }
        DataType::Time64(unit) => (primitive::<Time64NanosecondType>(array, row), *unit),
        DataType::Timestamp(unit, _) => {
            let count = match unit {
                Second => primitive::<TimestampSecondType>(array, row),
                Millisecond => primitive::<TimestampMillisecondType>(array, row),
                Microsecond => primitive::<TimestampMicrosecondType>(array, row),
                Nanosecond => primitive::<TimestampNanosecondType>(array, row),
            };
            (count, *unit)
        }
        DataType::Duration(unit) => {
            let count = match unit {
                Second => primitive::<DurationSecondType>(array, row),
                Millisecond => primitive::<DurationMillisecondType>(array, row),
                Microsecond => primitive::<DurationMicrosecondType>(array, row),
                Nanosecond => primitive::<DurationNanosecondType>(array, row),
            };
            (count, *unit)
        }
        other => panic!("{other} does not count a unit of time"),
    };
    let each = match unit {
        Second => NANOS,
        Millisecond => 1_000_000,
        Microsecond => 1_000,
        Nanosecond => 1,
    };
    i128::from(count) * each
}

/// The day of an instant given in nanoseconds since 1970.
fn date(nanoseconds: i128) -> String {
    let seconds = i64::try_from(nanoseconds.div_euclid(NANOS)).expect("an i64 of seconds");
    let at = DateTime::from_timestamp(seconds, 0).expect("a year the calendar has");
    at.date_naive().to_string()
}

/// A time of day given in nanoseconds since midnight.
fn time(nanoseconds: i128) -> String {
    let seconds = u32::try_from(nanoseconds / NANOS).expect("within a day");
    let clock = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).expect("within a day");
    format!("{}{}", clock.format("%H:%M:%S"), fraction(nanoseconds % NANOS))
}

fn interval(months: i32, days: i32, nanoseconds: i128) -> String {
    let mut parts = Vec::new();
    if months != 0 {
        parts.push(format!("{months} months"));
    }
    if days != 0 {
        parts.push(format!("{days} days"));
    }
    if nanoseconds != 0 || parts.is_empty() {
        let sign = if nanoseconds < 0 { "-" } else { "" };
        let size = nanoseconds.abs();
        parts.push(format!("{sign}{}{} seconds", size / NANOS, fraction(size % NANOS)));
    }
    parts.join(" ")
}

/// `.25` for 250,000,000 nanoseconds, nothing for none.
fn fraction(nanoseconds: i128) -> String {
    if nanoseconds == 0 {
        return String::new();
    }
    format!(".{nanoseconds:09}").trim_end_matches('0').to_owned()
}

fn bytes(value: &[u8]) -> String {
    if value.is_empty() {
        return "(empty)".to_owned();
    }
    value.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Escapes what would break a line, read as something else, or, inside a nested value, end it.
fn text(value: &str, nested: bool) -> String {
    match value {
        "" => return "(empty)".to_owned(),
        "NULL" | "(empty)" => return format!("\\{value}"),
        _ => {}
    }
    let mut out = String::with_capacity(value.len());
    for (at, char) in value.char_indices() {
        match char {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            ' ' if at == 0 || at + 1 == value.len() => out.push_str("\\s"),
            '\\' => out.push_str("\\\\"),
            ',' | ':' | '[' | ']' | '{' | '}' if nested => {
                out.push('\\');
                out.push(char);
            }
            char if char.is_control() => {
                write!(out, "\\u{{{:x}}}", u32::from(char)).expect("a String takes all");
            }
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::types::{IntervalDayTime, IntervalMonthDayNano};
    use arrow::array::{
        BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array, Decimal128Array,
        Decimal256Array, DictionaryArray, DurationMillisecondArray, FixedSizeListArray,
        Float32Array, Float64Array, Int32Array, Int64Array, Int64Builder, IntervalDayTimeArray,
        IntervalMonthDayNanoArray, IntervalYearMonthArray, LargeStringArray, ListArray, MapArray,
        MapBuilder, NullArray, StringArray, StringBuilder, StringViewArray, StructArray,
        Time32SecondArray, Time64MicrosecondArray, Time64NanosecondArray,
        TimestampMicrosecondArray, TimestampNanosecondArray, TimestampSecondArray,
    };
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Fields, i256};
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../slt/oracle/canonical_vectors.txt");

    /// An array of one value, from a type and a JSON value as the file of vectors has them.
    fn one(kind: &str, given: &Value) -> ArrayRef {
        let number = |at: usize| given[at].as_i64().unwrap();
        match kind {
            _ if given.is_null() => Arc::new(NullArray::new(1)),
            "bool" => Arc::new(BooleanArray::from(vec![given.as_bool().unwrap()])),
            "int" => Arc::new(Int64Array::from(vec![given.as_i64()])),
            "float32" => {
                let bits = u32::from_str_radix(given.as_str().unwrap(), 16).unwrap();
                Arc::new(Float32Array::from(vec![f32::from_bits(bits)]))
            }
            "float64" => {
                let bits = u64::from_str_radix(given.as_str().unwrap(), 16).unwrap();
                Arc::new(Float64Array::from(vec![f64::from_bits(bits)]))
            }
            "decimal" => {
                let unscaled: i128 = given[0].as_str().unwrap().parse().unwrap();
                let scale = i8::try_from(number(1)).unwrap();
                let array = Decimal128Array::from(vec![unscaled]);
                Arc::new(array.with_precision_and_scale(38, scale).unwrap())
            }
            "date" => {
                let days = i32::try_from(given.as_i64().unwrap()).unwrap();
                Arc::new(Date32Array::from(vec![days]))
            }
            "time" => Arc::new(Time64MicrosecondArray::from(vec![given.as_i64()])),
            "timestamp" => Arc::new(TimestampMicrosecondArray::from(vec![given.as_i64()])),
            "timestamptz" => Arc::new(
                TimestampMicrosecondArray::from(vec![given.as_i64()]).with_timezone("+08:00"),
            ),
            "interval" => {
                let (months, days) = (number(0).try_into().unwrap(), number(1).try_into().unwrap());
                let interval = IntervalMonthDayNano::new(months, days, number(2) * 1000);
                Arc::new(IntervalMonthDayNanoArray::from(vec![interval]))
            }
            "text" => Arc::new(StringArray::from(vec![given.as_str()])),
            "binary" => {
                let hex = given.as_str().unwrap();
                let bytes: Vec<u8> = (0..hex.len() / 2)
                    .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                    .collect();
                Arc::new(BinaryArray::from(vec![bytes.as_slice()]))
            }
            "list<int>" => {
                let items = given.as_array().unwrap().iter().map(Value::as_i64).collect::<Vec<_>>();
                listed(Arc::new(Int64Array::from(items)))
            }
            "list<text>" => {
                let items = given.as_array().unwrap().iter().map(Value::as_str).collect::<Vec<_>>();
                listed(Arc::new(StringArray::from(items)))
            }
            "struct" => {
                let fields = Fields::from(vec![
                    Field::new("a", DataType::Int64, true),
                    Field::new("b", DataType::Utf8, true),
                ]);
                let a: ArrayRef = Arc::new(Int64Array::from(vec![given["a"].as_i64()]));
                let b: ArrayRef = Arc::new(StringArray::from(vec![given["b"].as_str()]));
                Arc::new(StructArray::new(fields, vec![a, b], None))
            }
            "map" => Arc::new(mapped(given)),
            other => panic!("no type {other} in the vectors"),
        }
    }

    fn listed(items: ArrayRef) -> ArrayRef {
        let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([items.len()]);
        Arc::new(ListArray::new(field, offsets, items, None))
    }

    fn mapped(given: &Value) -> MapArray {
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        for (key, value) in given.as_object().unwrap() {
            map.keys().append_value(key);
            map.values().append_option(value.as_i64());
        }
        map.append(true).unwrap();
        map.finish()
    }

    #[test]
    fn every_vector_reads_as_the_file_says() {
        let lines = VECTORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            let [kind, given, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three fields in {line}")
            };
            let array = one(kind, &serde_json::from_str(given).unwrap());
            assert_eq!(canonical(&array, 0), expected, "{kind} {given}");
            count += 1;
        }
        assert!(count > 90, "only {count} vectors");
    }

    #[test]
    fn how_arrow_holds_a_value_does_not_show() {
        let plain = StringArray::from(vec![Some("a b"), None, Some("")]);
        let shown = |array: &dyn Array| [0, 1, 2].map(|row| canonical(array, row));
        let expected = ["a b", "NULL", "(empty)"].map(str::to_owned);
        let large = LargeStringArray::from(vec![Some("a b"), None, Some("")]);
        let view = StringViewArray::from(vec![Some("a b"), None, Some("")]);
        let coded: DictionaryArray<Int32Type> = plain.iter().collect();
        let ends = Int32Array::from(vec![1, 2, 3]);
        let runs = RunArray::<Int32Type>::try_new(&ends, &plain).unwrap();
        let arrays: [&dyn Array; 5] = [&plain, &large, &view, &coded, &runs];
        for array in arrays {
            assert_eq!(shown(array), expected, "{}", array.data_type());
            assert_eq!(letter(array.data_type()), 'T', "{}", array.data_type());
        }
    }

    #[test]
    fn a_null_among_the_values_of_a_dictionary_is_null() {
        let values = StringArray::from(vec![None, Some("x")]);
        let array =
            DictionaryArray::<Int32Type>::new(Int32Array::from(vec![0, 1]), Arc::new(values));
        assert_eq!(canonical(&array, 0), "NULL");
        assert_eq!(canonical(&array, 1), "x");
    }

    #[test]
    fn the_unit_of_a_time_does_not_show() {
        assert_eq!(canonical(&Time32SecondArray::from(vec![28_800]), 0), "08:00:00");
        assert_eq!(canonical(&Time64NanosecondArray::from(vec![1]), 0), "00:00:00.000000001");
        assert_eq!(canonical(&Date64Array::from(vec![-1]), 0), "1969-12-31");
        assert_eq!(canonical(&TimestampSecondArray::from(vec![-1]), 0), "1969-12-31 23:59:59");
        let instant = TimestampNanosecondArray::from(vec![-1]).with_timezone("Asia/Shanghai");
        assert_eq!(canonical(&instant, 0), "1969-12-31 23:59:59.999999999+00");
    }

    #[test]
    fn all_intervals_and_durations_read_alike() {
        assert_eq!(canonical(&DurationMillisecondArray::from(vec![-1500]), 0), "-1.5 seconds");
        assert_eq!(canonical(&IntervalYearMonthArray::from(vec![14]), 0), "14 months");
        let days = IntervalDayTimeArray::from(vec![IntervalDayTime::new(-1, 250)]);
        assert_eq!(canonical(&days, 0), "-1 days 0.25 seconds");
    }

    #[test]
    fn wide_decimals_views_of_bytes_and_fixed_lists_have_their_text() {
        let wide = Decimal256Array::from(vec![i256::from_i128(-5)]);
        let wide = wide.with_precision_and_scale(76, 3).unwrap();
        assert_eq!(canonical(&wide, 0), "-0.005");
        assert_eq!(canonical(&BinaryViewArray::from(vec![&b"\x00\xff"[..]]), 0), "00ff");
        let items = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
        let field = Arc::new(Field::new_list_field(DataType::Float64, true));
        let fixed = FixedSizeListArray::new(field, 2, items, None);
        assert_eq!(canonical(&fixed, 0), "[1.0, NaN]");
    }

    #[test]
    fn letters_tell_kinds_of_columns_apart() {
        let zoned = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        let kinds = [
            (DataType::UInt8, 'I'),
            (DataType::Decimal128(10, 2), 'R'),
            (DataType::Float16, 'R'),
            (DataType::Boolean, 'B'),
            (DataType::Date32, 'D'),
            (zoned, 'P'),
            (DataType::Null, '?'),
            (DataType::Binary, '?'),
        ];
        for (kind, expected) in kinds {
            assert_eq!(letter(&kind), expected, "{kind}");
        }
    }
}
