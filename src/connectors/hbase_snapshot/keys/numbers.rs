//! Whole numbers and times in row keys: which bytes stand for those that a comparison leaves.

use std::ops::RangeInclusive;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;

use super::super::recipe::Encoding;
use super::super::rows::encode::{MILLIS_OF_DAY, integer};
use super::super::rows::ordered;
use super::ranges::after_prefix;
use crate::formats::hfile::RowRange;

/// The type whose bytes a column's are: times are milliseconds, as a BIGINT.
fn stored(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        whole if whole.is_signed_integer() => whole.clone(),
        DataType::Timestamp(..) | DataType::Date32 => DataType::Int64,
        _ => return None,
    })
}

/// The first and the last number that a value may be stored as; `None` where it is none.
fn number(value: &ScalarValue) -> Option<[i64; 2]> {
    let millis = |count: i64, unit: i64| {
        let first = count.checked_mul(unit)?;
        Some([first, first.checked_add(unit - 1)?])
    };
    match value {
        ScalarValue::TimestampSecond(Some(seconds), _) => millis(*seconds, 1000),
        ScalarValue::TimestampMillisecond(Some(it), _) => Some([*it; 2]),
        ScalarValue::TimestampMicrosecond(Some(micros), _) => Some([micros.div_euclid(1000); 2]),
        ScalarValue::TimestampNanosecond(Some(it), _) => Some([it.div_euclid(1_000_000); 2]),
        ScalarValue::Date32(Some(days)) => millis(i64::from(*days), MILLIS_OF_DAY),
        whole if whole.data_type().is_integer() => match whole.cast_to(&DataType::Int64).ok()? {
            ScalarValue::Int64(number) => number.map(|number| [number; 2]),
            _ => None,
        },
        _ => None,
    }
}

/// The numbers that a comparison with a value leaves; `None` where it leaves all.
fn left(operator: Operator, value: &ScalarValue) -> Option<RangeInclusive<i64>> {
    let [first, last] = number(value)?;
    // Two times may be stored as one number, of which one is before the other.
    let exact = value.data_type().is_integer();
    Some(match operator {
        Operator::Eq => first..=last,
        Operator::Gt if exact => last.checked_add(1)?..=i64::MAX,
        Operator::Gt | Operator::GtEq => first..=i64::MAX,
        Operator::Lt if exact => i64::MIN..=first.checked_sub(1)?,
        Operator::Lt | Operator::LtEq => i64::MIN..=last,
        _ => return None,
    })
}

/// The first and the last bytes of numbers, for each row of them whose bytes sort as they do.
fn bytes(
    numbers: &RangeInclusive<i64>,
    data_type: &DataType,
    encoding: Encoding,
) -> Option<Vec<[Vec<u8>; 2]>> {
    let (least, most) = match data_type {
        DataType::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DataType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::Int32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let within = |least: i64, most: i64| {
        let (first, last) = (*numbers.start().max(&least), *numbers.end().min(&most));
        let of = |number| integer(number, data_type, encoding);
        (first <= last).then(|| Some([of(first)?, of(last)?]))
    };
    let runs = match encoding {
        Encoding::Ordered => return Some(ordered::integers(numbers)),
        Encoding::Phoenix => vec![within(least, most)],
        // The bytes of negative numbers are behind those of the others.
        Encoding::Binary => vec![within(0, most), within(least, -1)],
        // Digits may have zeros before them, and do not sort.
        Encoding::String | Encoding::Json | Encoding::Avro => return None,
    };
    runs.into_iter().flatten().collect()
}

/// The values, as they are stored, that a comparison leaves; `None` where that cannot be said.
pub(super) fn compared(
    operator: Operator,
    value: &ScalarValue,
    data_type: &DataType,
    encoding: Encoding,
    inverted: bool,
) -> Option<Vec<RowRange>> {
    let runs = bytes(&left(operator, value)?, &stored(data_type)?, encoding)?;
    let is_time = !data_type.is_signed_integer();
    let range = |[first, last]: [Vec<u8>; 2]| {
        let invert = |bytes: &[u8]| bytes.iter().map(|byte| !byte).collect::<Vec<u8>>();
        let (start, mut last) =
            if inverted { (invert(&last), invert(&first)) } else { (first, last) };
        let end = if is_time {
            // A TIMESTAMP of Phoenix has nanoseconds behind its milliseconds.
            after_prefix(&last)
        } else {
            last.push(0);
            Some(last)
        };
        RowRange { start, end }
    };
    Some(runs.into_iter().map(range).collect())
}
