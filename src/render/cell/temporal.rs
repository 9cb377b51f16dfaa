//! Dates, times, instants, intervals and durations as text.
//!
//! The calendar is the proleptic Gregorian one over the whole range of Arrow's integers; nothing
//! overflows and nothing is rounded. Fractions have as many digits as they need and no more.

use arrow::array::timezone::Tz;
use chrono::{DateTime, Offset, TimeZone};

use super::number::{PAIRS, write_signed, write_unsigned};
use crate::error::{Error, Result};

const DAY: i64 = 86_400;
const NANOS: u64 = 1_000_000_000;

/// How instants of a column are shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    /// Seconds east of Greenwich.
    Fixed(i64),
    /// An offset that depends on the instant.
    Named(Tz),
}

impl Zone {
    /// Reads the zone of an Arrow type: a name or an offset.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the name is not in the time zone database.
    pub(super) fn parse(name: &str) -> Result<Self> {
        if name == "UTC" || name == "Z" {
            return Ok(Self::Fixed(0));
        }
        let zone: Tz = name.parse().map_err(|cause: arrow::error::ArrowError| {
            Error::unsupported(format!("unknown time zone '{name}'")).with_source(cause)
        })?;
        let named = Self::Named(zone);
        Ok(if name.starts_with(['+', '-']) { Self::Fixed(named.offset(0)) } else { named })
    }

    /// Seconds east of Greenwich at an instant, in whole minutes.
    ///
    /// Local mean times of the 19th century have seconds that ISO 8601 offsets cannot say; the
    /// offset is then the minute below and the wall clock follows it, so the instant stays exact.
    /// So it does beyond chrono's years, where the offset is zero.
    fn offset(self, seconds: i64) -> i64 {
        match self {
            Self::Fixed(offset) => offset,
            Self::Named(zone) => DateTime::from_timestamp(seconds, 0).map_or(0, |instant| {
                let offset = zone.offset_from_utc_datetime(&instant.naive_utc());
                i64::from(offset.fix().local_minus_utc()).div_euclid(60) * 60
            }),
        }
    }
}

/// Adds `2026-09-01`, for days since 1970.
#[inline]
pub(super) fn write_date(days: i64, out: &mut Vec<u8>) {
    // Years start in March here, so that the leap day is their last; an era is 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);

    if (0..10_000).contains(&year) {
        let [y1, y2] = pair(year / 100);
        let [y3, y4] = pair(year % 100);
        let [m1, m2] = pair(month);
        let [d1, d2] = pair(day);
        out.extend_from_slice(&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]);
    } else {
        // ISO 8601 wants a sign in front of years that have not four digits.
        out.push(if year < 0 { b'-' } else { b'+' });
        let digits = year.unsigned_abs();
        let missing = [1000, 100, 10].iter().filter(|bound| digits < **bound).count();
        out.resize(out.len() + missing, b'0');
        write_unsigned(digits, out);
        let [m1, m2] = pair(month);
        let [d1, d2] = pair(day);
        out.extend_from_slice(&[b'-', m1, m2, b'-', d1, d2]);
    }
}

/// Adds `2026-09-01 08:00:00.5`, with the offset behind it if there is a zone.
///
/// `per_second` is how many of the value's units are a second; `between` stands between date and
/// time of a timestamp without a zone, instants always have ISO 8601's `T`.
#[inline]
pub(super) fn write_timestamp(
    value: i64,
    per_second: i64,
    zone: Option<Zone>,
    between: u8,
    out: &mut Vec<u8>,
) {
    let (seconds, nanos) = split(value, per_second);
    let offset = zone.map(|zone| zone.offset(seconds));
    // Days and seconds are shifted apart: the sum could overflow.
    let shifted = seconds.rem_euclid(DAY) + offset.unwrap_or(0);
    write_date(seconds.div_euclid(DAY) + shifted.div_euclid(DAY), out);
    out.push(if offset.is_some() { b'T' } else { between });
    write_clock(shifted.rem_euclid(DAY).unsigned_abs(), nanos, out);
    if let Some(offset) = offset {
        let minutes = offset.abs() / 60;
        let [h1, h2] = pair(minutes / 60);
        let [m1, m2] = pair(minutes % 60);
        out.extend_from_slice(&[if offset < 0 { b'-' } else { b'+' }, h1, h2, b':', m1, m2]);
    }
}

/// The whole seconds at or before `value`, and the nanoseconds since.
#[inline]
fn split(value: i64, per_second: i64) -> (i64, u64) {
    // Known divisors become multiplications; a division is most of what a timestamp costs.
    let (seconds, rest) = match per_second {
        1_000 => (value.div_euclid(1_000), value.rem_euclid(1_000)),
        1_000_000 => (value.div_euclid(1_000_000), value.rem_euclid(1_000_000)),
        1_000_000_000 => (value.div_euclid(1_000_000_000), value.rem_euclid(1_000_000_000)),
        other => (value.div_euclid(other), value.rem_euclid(other)),
    };
    (seconds, rest.unsigned_abs() * (NANOS / per_second.unsigned_abs()))
}

/// Adds `08:00:00.5`, for a time of day or the clock part of an interval; hours may exceed 24.
#[inline]
pub(super) fn write_time(value: i64, per_second: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let per_second = per_second.unsigned_abs();
    let (seconds, rest) = (value.unsigned_abs() / per_second, value.unsigned_abs() % per_second);
    write_clock(seconds, rest * (NANOS / per_second), out);
}

fn write_clock(seconds: u64, nanos: u64, out: &mut Vec<u8>) {
    let hours = seconds / 3600;
    let [m1, m2] = PAIRS[(seconds / 60 % 60) as usize];
    let [s1, s2] = PAIRS[(seconds % 60) as usize];
    if hours < 100 {
        let [h1, h2] = PAIRS[hours as usize];
        out.extend_from_slice(&[h1, h2, b':', m1, m2, b':', s1, s2]);
    } else {
        write_unsigned(hours, out);
        out.extend_from_slice(&[b':', m1, m2, b':', s1, s2]);
    }
    write_fraction(nanos, out);
}

/// Adds `.5` for 500,000,000 and nothing for 0.
#[inline]
fn write_fraction(nanos: u64, out: &mut Vec<u8>) {
    if nanos == 0 {
        return;
    }
    let mut text = [b'.', 0, 0, 0, 0, 0, 0, 0, 0, b'0' + (nanos % 10) as u8];
    let mut rest = nanos / 10;
    for at in [7, 5, 3, 1] {
        text[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    let used = text.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    out.extend_from_slice(&text[..used]);
}

/// A calendar interval: months and days have no fixed length, so they are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) nanos: i128,
}

impl Interval {
    /// An exact length of time: its days are 24 hours.
    pub(super) fn from_duration(value: i64, per_second: i64) -> Self {
        let day = DAY.saturating_mul(per_second);
        let unit = i128::from(NANOS) / i128::from(per_second);
        Self { months: 0, days: value / day, nanos: i128::from(value % day) * unit }
    }

    /// Adds `1 year 2 months 3 days 04:05:06.5`; every part has its own sign.
    pub(super) fn write_text(self, out: &mut Vec<u8>) {
        let start = out.len();
        let parts =
            [(self.months / 12, " year"), (self.months % 12, " month"), (self.days, " day")];
        for (count, name) in parts.into_iter().filter(|(count, _)| *count != 0) {
            if out.len() > start {
                out.push(b' ');
            }
            write_signed(count, out);
            out.extend_from_slice(name.as_bytes());
            if count.abs() != 1 {
                out.push(b's');
            }
        }
        if self.nanos != 0 || out.len() == start {
            if out.len() > start {
                out.push(b' ');
            }
            let (seconds, nanos) = self.clock();
            if self.nanos < 0 {
                out.push(b'-');
            }
            write_clock(seconds, nanos, out);
        }
    }

    /// Adds the ISO 8601 duration, `P1Y2M3DT4H5M6.5S`; signs stand at the parts, as PostgreSQL's.
    pub(super) fn write_iso(self, out: &mut Vec<u8>) {
        out.push(b'P');
        let start = out.len();
        let parts = [(self.months / 12, b'Y'), (self.months % 12, b'M'), (self.days, b'D')];
        for (count, letter) in parts.into_iter().filter(|(count, _)| *count != 0) {
            write_signed(count, out);
            out.push(letter);
        }
        let empty = out.len() == start;
        if self.nanos == 0 && !empty {
            return;
        }
        out.push(b'T');
        let (seconds, nanos) = self.clock();
        for (count, letter) in [(seconds / 3600, b'H'), (seconds / 60 % 60, b'M')] {
            if count != 0 {
                self.write_sign(out);
                write_unsigned(count, out);
                out.push(letter);
            }
        }
        if seconds % 60 != 0 || nanos != 0 || (empty && self.nanos == 0) {
            self.write_sign(out);
            write_unsigned(seconds % 60, out);
            write_fraction(nanos, out);
            out.push(b'S');
        }
    }

    fn write_sign(self, out: &mut Vec<u8>) {
        if self.nanos < 0 {
            out.push(b'-');
        }
    }

    /// Whole seconds and the nanoseconds beyond them, without the sign.
    fn clock(self) -> (u64, u64) {
        let nanos = self.nanos.unsigned_abs();
        // Less than 2^63 nanoseconds, or less than a day of any unit: both fit.
        ((nanos / u128::from(NANOS)) as u64, (nanos % u128::from(NANOS)) as u64)
    }
}

/// The two digits of a number below 100.
fn pair(value: i64) -> [u8; 2] {
    PAIRS[value.unsigned_abs() as usize]
}
