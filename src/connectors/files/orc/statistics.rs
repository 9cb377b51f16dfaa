//! What a file says of the values in its stripes, as far as it can be believed.
//!
//! A bound that lies loses rows, so each is taken only from writers whose bounds are known to hold:
//! those of Java before HIVE-8732 wrote wrong ones, their timestamps before ORC-135 have no zone, their
//! decimals before ORC-517 are wrong. What other writers mean by a timestamp, a decimal or the blanks of
//! a CHAR is not written down anywhere.

use datafusion::common::ScalarValue;
use orc_rust::schema::DataType as OrcType;
use prost::Message;

use super::tail::Writer;

/// HIVE-8732: bounds hold, and those of text are in the order of UTF-8.
const BOUNDS_HOLD: u32 = 1;

/// ORC-135: bounds of timestamps have a zone.
const TIMES_HOLD: u32 = 6;

/// ORC-517: bounds of short decimals hold.
const DECIMALS_HOLD: u32 = 7;

/// Clocks of two ideas of a zone, at any time in history, are not further apart: microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, repeated, tag = "1")]
    stripes: Vec<Stripe>,
}

#[derive(Clone, PartialEq, Message)]
struct Stripe {
    #[prost(message, repeated, tag = "1")]
    columns: Vec<Column>,
}

#[derive(Clone, PartialEq, Message)]
struct Column {
    #[prost(uint64, optional, tag = "1")]
    values: Option<u64>,
    #[prost(message, optional, tag = "2")]
    integer: Option<Integers>,
    #[prost(message, optional, tag = "3")]
    double: Option<Doubles>,
    #[prost(message, optional, tag = "4")]
    text: Option<Texts>,
    #[prost(message, optional, tag = "5")]
    bucket: Option<Bucket>,
    #[prost(message, optional, tag = "6")]
    decimal: Option<Decimals>,
    #[prost(message, optional, tag = "7")]
    date: Option<Dates>,
    #[prost(message, optional, tag = "9")]
    timestamp: Option<Timestamps>,
}

#[derive(Clone, PartialEq, Message)]
struct Integers {
    #[prost(sint64, optional, tag = "1")]
    least: Option<i64>,
    #[prost(sint64, optional, tag = "2")]
    most: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Doubles {
    #[prost(double, optional, tag = "1")]
    least: Option<f64>,
    #[prost(double, optional, tag = "2")]
    most: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Texts {
    #[prost(bytes = "vec", optional, tag = "1")]
    least: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    most: Option<Vec<u8>>,
    // Of values that are longer than what is kept of them.
    #[prost(bytes = "vec", optional, tag = "4")]
    below: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    above: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    // How many are true.
    #[prost(uint64, repeated, tag = "1")]
    count: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Decimals {
    #[prost(string, optional, tag = "1")]
    least: Option<String>,
    #[prost(string, optional, tag = "2")]
    most: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Dates {
    #[prost(sint32, optional, tag = "1")]
    least: Option<i32>,
    #[prost(sint32, optional, tag = "2")]
    most: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Timestamps {
    // Milliseconds; 1 and 2, which older writers have, are in no known zone.
    #[prost(sint64, optional, tag = "3")]
    least: Option<i64>,
    #[prost(sint64, optional, tag = "4")]
    most: Option<i64>,
}

/// What is known of the values of a column in a stripe.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Known {
    /// How many are not NULL.
    pub(super) values: Option<u64>,
    /// No value but NaN is less, and none is more; in the type that the library reads.
    pub(super) bounds: Option<(ScalarValue, ScalarValue)>,
}

/// The statistics of a file.
#[derive(Debug)]
pub(super) struct Statistics {
    writer: Writer,
    stripes: Vec<Stripe>,
}

impl Statistics {
    /// Those of a file with so many stripes; `None` for bytes that are none of it.
    pub(super) fn decode(bytes: &[u8], writer: Writer, stripes: usize) -> Option<Self> {
        let found = Metadata::decode(bytes).ok()?;
        let believed = writer.version >= BOUNDS_HOLD && found.stripes.len() == stripes;
        believed.then_some(Self { writer, stripes: found.stripes })
    }

    /// What is known of a column of a stripe.
    pub(super) fn of(&self, stripe: usize, column: &OrcType) -> Known {
        let columns = self.stripes.get(stripe).map(|stripe| &stripe.columns);
        let Some(said) = columns.and_then(|columns| columns.get(column.column_index())) else {
            return Known::default();
        };
        let bounds = self.bounds(said, column);
        Known { values: said.values, bounds: bounds.filter(|(least, most)| least <= most) }
    }

    fn bounds(&self, said: &Column, column: &OrcType) -> Option<(ScalarValue, ScalarValue)> {
        match column {
            OrcType::Boolean { .. } => {
                let (trues, values) = (*said.bucket.as_ref()?.count.first()?, said.values?);
                let bound = |value| ScalarValue::Boolean(Some(value));
                (trues <= values).then(|| (bound(trues == values && values > 0), bound(trues > 0)))
            }
            OrcType::Byte { .. } => integers(said, |it| Some(ScalarValue::Int8(Some(narrow(it)?)))),
            OrcType::Short { .. } => {
                integers(said, |it| Some(ScalarValue::Int16(Some(narrow(it)?))))
            }
            OrcType::Int { .. } => integers(said, |it| Some(ScalarValue::Int32(Some(narrow(it)?)))),
            OrcType::Long { .. } => integers(said, |it| Some(ScalarValue::Int64(Some(it)))),
            OrcType::Float { .. } => doubles(said, |it| {
                let single = it as f32;
                (f64::from(single) == it).then_some(ScalarValue::Float32(Some(single)))
            }),
            OrcType::Double { .. } => doubles(said, |it| Some(ScalarValue::Float64(Some(it)))),
            OrcType::String { .. } | OrcType::Varchar { .. } => texts(said),
            OrcType::Char { .. } if self.believes(TIMES_HOLD) => texts(said),
            OrcType::Decimal { precision, scale, .. } if self.believes(DECIMALS_HOLD) => {
                let bounds = said.decimal.as_ref()?;
                let bound = |text: &Option<String>| decimal(text.as_ref()?, *precision, *scale);
                Some((bound(&bounds.least)?, bound(&bounds.most)?))
            }
            OrcType::Date { .. } => {
                let bounds = said.date.as_ref()?;
                let bound = |days: Option<i32>| Some(ScalarValue::Date32(Some(days?)));
                Some((bound(bounds.least)?, bound(bounds.most)?))
            }
            OrcType::Timestamp { .. } if self.believes(TIMES_HOLD) => {
                let (least, most) = micros(said)?;
                let (least, most) = (least.checked_sub(DAY)?, most.checked_add(DAY)?);
                let bound = |micros| ScalarValue::TimestampMicrosecond(Some(micros), None);
                Some((bound(least), bound(most)))
            }
            OrcType::TimestampWithLocalTimezone { .. } if self.believes(TIMES_HOLD) => {
                let bound =
                    |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
                micros(said).map(|(least, most)| (bound(least), bound(most)))
            }
            _ => None,
        }
    }

    fn believes(&self, version: u32) -> bool {
        self.writer.is_java && self.writer.version >= version
    }
}

fn narrow<T: TryFrom<i64>>(value: i64) -> Option<T> {
    T::try_from(value).ok()
}

fn integers(
    said: &Column,
    bound: impl Fn(i64) -> Option<ScalarValue>,
) -> Option<(ScalarValue, ScalarValue)> {
    let bounds = said.integer.as_ref()?;
    Some((bound(bounds.least?)?, bound(bounds.most?)?))
}

/// A writer that met NaN first has it as both bounds. Zeros of both signs are the same to a writer.
fn doubles(
    said: &Column,
    bound: impl Fn(f64) -> Option<ScalarValue>,
) -> Option<(ScalarValue, ScalarValue)> {
    let bounds = said.double.as_ref()?;
    let (least, most) = (bounds.least?, bounds.most?);
    if least.is_nan() || most.is_nan() {
        return None;
    }
    let least = if least == 0.0 { -0.0 } else { least };
    let most = if most == 0.0 { 0.0 } else { most };
    Some((bound(least)?, bound(most)?))
}

fn texts(said: &Column) -> Option<(ScalarValue, ScalarValue)> {
    let bounds = said.text.as_ref()?;
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
    let least = bounds.least.as_ref().or(bounds.below.as_ref()).and_then(text)?;
    // A bound is the start of a value, its last character the next one; where there is no next one, a
    // writer of Java puts a question mark.
    let above = || bounds.above.as_ref().and_then(text).filter(|above| !above.ends_with('?'));
    let most = match &bounds.most {
        Some(most) => text(most)?,
        None => above()?,
    };
    Some((ScalarValue::Utf8(Some(least)), ScalarValue::Utf8(Some(most))))
}

/// Milliseconds are cut off, not rounded.
fn micros(said: &Column) -> Option<(i64, i64)> {
    let bounds = said.timestamp.as_ref()?;
    let least = bounds.least?.checked_mul(1000)?;
    let most = bounds.most?.checked_mul(1000)?.checked_add(999)?;
    Some((least, most))
}

/// A number as Hive writes it, without zeros at its end; only if the scale holds all of it.
fn decimal(text: &str, precision: u32, scale: u32) -> Option<ScalarValue> {
    let (digits, negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let places = usize::try_from(scale).ok()?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || part.len() > places || !is_number(whole) || !is_number(part) {
        return None;
    }
    let value: i128 = format!("{whole}{part:0<places$}").parse().ok()?;
    let value = if negative { -value } else { value };
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    Some(ScalarValue::Decimal128(Some(value), precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JAVA: Writer = Writer { is_java: true, version: 9 };

    fn known(writer: Writer, column: Column, orc: &OrcType) -> Known {
        // The root comes first.
        let stripe = Stripe { columns: vec![Column::default(), column] };
        let bytes = Metadata { stripes: vec![stripe] }.encode_to_vec();
        let found = Statistics::decode(&bytes, writer, 1);
        found.map(|statistics| statistics.of(0, orc)).unwrap_or_default()
    }

    fn times(least: i64, most: i64) -> Column {
        let timestamp = Some(Timestamps { least: Some(least), most: Some(most) });
        Column { values: Some(3), timestamp, ..Column::default() }
    }

    #[test]
    fn bounds_of_writers_that_wrote_wrong_ones_are_not_taken() {
        let instant = OrcType::TimestampWithLocalTimezone { column_index: 1 };
        for (is_java, version, taken) in
            [(true, 9, true), (true, 6, true), (true, 5, false), (false, 6, false)]
        {
            let writer = Writer { is_java, version };
            assert_eq!(known(writer, times(5, 7), &instant).bounds.is_some(), taken, "{writer:?}");
        }
        let long = OrcType::Long { column_index: 1 };
        let integer = Some(Integers { least: Some(-3), most: Some(4) });
        let column = Column { values: Some(3), integer, ..Column::default() };
        let unsaid = Writer { is_java: true, version: 0 };
        assert_eq!(known(unsaid, column.clone(), &long), Known::default());
        let bounds = known(JAVA, column, &long).bounds;
        assert_eq!(bounds, Some((ScalarValue::Int64(Some(-3)), ScalarValue::Int64(Some(4)))));
        // Numbers that a column of its type cannot hold, and one bound alone, say nothing.
        let byte = OrcType::Byte { column_index: 1 };
        for (least, most) in [(Some(-3), Some(128)), (None, Some(4)), (Some(5), Some(4))] {
            let integer = Some(Integers { least, most });
            let column = Column { values: Some(3), integer, ..Column::default() };
            assert_eq!(known(JAVA, column, &byte).bounds, None, "{least:?}, {most:?}");
        }
    }

    #[test]
    fn bounds_of_reals_hold_both_zeros_and_nothing_when_nan_came_first() {
        let real = |least, most| {
            let double = Some(Doubles { least: Some(least), most: Some(most) });
            let column = Column { values: Some(3), double, ..Column::default() };
            known(JAVA, column, &OrcType::Double { column_index: 1 }).bounds
        };
        let bound = |value| ScalarValue::Float64(Some(value));
        assert_eq!(real(f64::NAN, f64::NAN), None);
        assert_eq!(real(0.0, -0.0), Some((bound(-0.0), bound(0.0))));
        assert_eq!(real(-1.5, f64::INFINITY), Some((bound(-1.5), bound(f64::INFINITY))));
    }

    #[test]
    fn texts_that_were_cut_off_have_wider_bounds_or_none() {
        let text = |above: &str| {
            let bytes = |text: &str| Some(text.as_bytes().to_vec());
            let text = Texts { below: bytes("aa"), above: bytes(above), ..Texts::default() };
            let column = Column { values: Some(3), text: Some(text), ..Column::default() };
            known(JAVA, column, &OrcType::String { column_index: 1 }).bounds
        };
        let bound = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
        assert_eq!(text("ac"), Some((bound("aa"), bound("ac"))));
        assert_eq!(text("b?"), None);
    }

    #[test]
    fn decimals_are_taken_whole_or_not() {
        let number = |text| decimal(text, 10, 2);
        let value = |value| Some(ScalarValue::Decimal128(Some(value), 10, 2));
        assert_eq!(number("-12.5"), value(-1250));
        assert_eq!(number("0.07"), value(7));
        assert_eq!(number("3"), value(300));
        for text in ["", "-", "1.234", "1e3", "+1", "1.2.3", "--1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
