//! One value of a binary format, before it is known which column takes it.

use std::fmt;

use arrow::datatypes::{IntervalMonthDayNano, TimeUnit, i256};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat};

/// A value that is neither NULL nor made of others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stream::decode) enum Scalar<'a> {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that has no sign.
    UInt(u64),
    /// A number of four bytes.
    Float(f32),
    /// A number of eight bytes.
    Double(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A number, and how many of its digits stand behind the point.
    Decimal(i256, i8),
    /// Days since 1970.
    Date(i32),
    /// Units since midnight.
    Time(i64, TimeUnit),
    /// Units since 1970 in UTC.
    Instant(i64, TimeUnit),
    /// Units since 1970 by the clock on a wall.
    WallClock(i64, TimeUnit),
    /// Months, days and a rest.
    Interval(IntervalMonthDayNano),
}

/// How many of a unit are a second.
pub(super) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl Scalar<'_> {
    /// What it is, for people.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Int(_) | Self::UInt(_) => "a whole number",
            Self::Float(_) | Self::Double(_) => "a floating point number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Decimal(..) => "a decimal",
            Self::Date(_) => "a date",
            Self::Time(..) => "a time",
            Self::Instant(..) | Self::WallClock(..) => "a timestamp",
            Self::Interval(_) => "an interval",
        }
    }

    /// The whole number that it is, or is stored as.
    pub(super) fn whole(self) -> Option<i128> {
        match self {
            Self::Int(number)
            | Self::Time(number, _)
            | Self::Instant(number, _)
            | Self::WallClock(number, _) => Some(number.into()),
            Self::UInt(number) => Some(number.into()),
            Self::Date(days) => Some(days.into()),
            Self::Decimal(number, 0) => number.to_i128(),
            _ => None,
        }
    }
}

/// As errors and texts show it: numbers with all digits, times as ISO 8601, bytes in hexadecimal.
impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Boolean(value) => value.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::UInt(number) => number.fmt(f),
            // With an exponent where that is shorter.
            Self::Float(number) => fmt::Debug::fmt(&number, f),
            Self::Double(number) => fmt::Debug::fmt(&number, f),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Decimal(number, scale) => decimal(number, scale, f),
            Self::Date(days) => match date(days) {
                Some(date) => date.fmt(f),
                None => write!(f, "{days} days since 1970"),
            },
            Self::Time(time, unit) => match of_day(time, unit) {
                Some(time) => time.fmt(f),
                None => write!(f, "{time} since midnight"),
            },
            Self::Instant(time, unit) => match moment(time, unit) {
                Some(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
                None => write!(f, "{time} since 1970"),
            },
            Self::WallClock(time, unit) => match moment(time, unit) {
                Some(moment) => write!(f, "{}", moment.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f")),
                None => write!(f, "{time} since 1970"),
            },
            Self::Interval(it) => {
                write!(f, "{} months {} days {} ns", it.months, it.days, it.nanoseconds)
            }
        }
    }
}

fn date(days: i32) -> Option<NaiveDate> {
    let many = Days::new(days.unsigned_abs().into());
    let epoch = NaiveDate::default();
    if days < 0 { epoch.checked_sub_days(many) } else { epoch.checked_add_days(many) }
}

fn parts(time: i64, unit: TimeUnit) -> (i64, u32) {
    let many = per_second(unit);
    let rest = time.rem_euclid(many).saturating_mul(1_000_000_000 / many);
    (time.div_euclid(many), u32::try_from(rest).unwrap_or_default())
}

fn of_day(time: i64, unit: TimeUnit) -> Option<NaiveTime> {
    let (seconds, nanos) = parts(time, unit);
    NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(seconds).ok()?, nanos)
}

fn moment(time: i64, unit: TimeUnit) -> Option<DateTime<chrono::Utc>> {
    let (seconds, nanos) = parts(time, unit);
    DateTime::from_timestamp(seconds, nanos)
}

fn decimal(number: i256, scale: i8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = number.to_string();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.as_str()),
    };
    let Some(behind) = usize::try_from(scale).ok().filter(|behind| *behind > 0) else {
        let zeros = usize::from(scale.unsigned_abs());
        return write!(f, "{sign}{digits}{}", "0".repeat(zeros));
    };
    let digits = format!("{digits:0>width$}", width = behind + 1);
    let (before, behind) = digits.split_at(digits.len() - behind);
    write!(f, "{sign}{before}.{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_all_that_they_have() {
        for (scalar, text) in [
            (Scalar::Decimal(i256::from_i128(-5), 3), "-0.005"),
            (Scalar::Decimal(i256::from_i128(1234), 2), "12.34"),
            (Scalar::Decimal(i256::from_i128(12), 0), "12"),
            (Scalar::Date(-1), "1969-12-31"),
            (Scalar::Time(1_500, TimeUnit::Millisecond), "00:00:01.500"),
            (Scalar::Instant(-1, TimeUnit::Microsecond), "1969-12-31T23:59:59.999999Z"),
            (Scalar::WallClock(0, TimeUnit::Millisecond), "1970-01-01T00:00:00"),
            (Scalar::Date(i32::MAX), "2147483647 days since 1970"),
            (Scalar::Bytes(&[0, 0xff]), "00ff"),
            (Scalar::Double(1e300), "1e300"),
        ] {
            assert_eq!(scalar.to_string(), text);
        }
    }
}
