//! Dates, times and timestamps from text: ISO 8601 by hand, other formats through chrono.
//!
//! Digits that a type cannot keep are a flaw, and so is a zone in a column that has none; only
//! UTC, which changes nothing, is accepted there.

use arrow::datatypes::TimeUnit;
use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::decimal::{Digits, Misfit};
use super::number::{not_a, out_of_range};
use super::zone::Zone;
use super::{Cell, Kind};
use crate::error::{Error, Result};
use crate::stream::decode::bad::Flaw;

/// Reads the dates, times or timestamps of one column.
#[derive(Debug)]
pub(super) struct Clock {
    style: Style,
    /// The zone of text without one; `None` for columns without time zone.
    zone: Option<Zone>,
}

#[derive(Debug)]
enum Style {
    Iso,
    /// strftime, parsed.
    Format(Vec<Item<'static>>),
    /// Units since 1970; the exponent of ten that makes them nanoseconds.
    Unix(i8),
}

/// A point in time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stream::decode) struct Moment {
    /// Seconds since 1970 by the clock on the wall.
    seconds: i64,
    nanos: u32,
    /// Seconds east of Greenwich, if said.
    pub(in crate::stream::decode) offset: Option<i32>,
}

const DAY: i64 = 86_400;

impl Clock {
    /// `format` as in [`crate::stream::decode::Column::format`].
    ///
    /// # Errors
    /// `Config` for a format that is none or would lose what it reads, and for an unknown zone.
    pub(super) fn new(format: Option<&str>, zone: Option<&str>) -> Result<Self> {
        let style = match format {
            None => Style::Iso,
            Some("unix_s") => Style::Unix(9),
            Some("unix_ms") => Style::Unix(6),
            Some("unix_us") => Style::Unix(3),
            Some("unix_ns") => Style::Unix(0),
            Some(format) => Style::Format(strftime(format)?),
        };
        Ok(Self { style, zone: zone.map(Zone::parse).transpose()? })
    }

    /// Refuses formats that count units since 1970.
    pub(super) fn of_calendar(self) -> Result<Self> {
        match self.style {
            Style::Unix(_) => Err(Error::config("`unix_…` formats need a timestamp")),
            Style::Iso | Style::Format(_) => Ok(self),
        }
    }

    /// Days since 1970.
    pub(super) fn date(&self, cell: Cell<'_>) -> Result<i32, Flaw> {
        let days = match &self.style {
            Style::Format(items) => {
                parsed(cell, items).and_then(|parsed| parsed.to_naive_date().ok()).map(days_of)
            }
            Style::Iso | Style::Unix(_) => text_of(cell).and_then(iso_date),
        };
        days.ok_or_else(|| self.unlike("DATE", "2024-12-31"))
    }

    /// Units since midnight.
    pub(super) fn time(&self, cell: Cell<'_>, unit: TimeUnit) -> Result<i64, Flaw> {
        let time = match &self.style {
            Style::Format(items) => parsed(cell, items)
                .and_then(|parsed| parsed.to_naive_time().ok())
                .and_then(seconds_and_nanos),
            Style::Iso | Style::Unix(_) => text_of(cell).and_then(iso_time),
        };
        let (seconds, nanos) = time.ok_or_else(|| self.unlike("TIME", "23:59:59.5"))?;
        scaled(seconds, nanos, unit, "TIME")
    }

    /// Units since 1970, in UTC where the column has a time zone.
    pub(super) fn timestamp(&self, cell: Cell<'_>, unit: TimeUnit) -> Result<i64, Flaw> {
        let moment = match &self.style {
            Style::Iso => text_of(cell).and_then(iso_timestamp),
            Style::Format(items) => parsed(cell, items).and_then(moment_of),
            Style::Unix(exponent) => return unix(cell, *exponent, unit),
        };
        let moment = moment.ok_or_else(|| self.unlike("TIMESTAMP", "2024-12-31 23:59:59"))?;
        let seconds = match (&self.zone, moment.offset) {
            (_, Some(offset)) if self.zone.is_some() || offset == 0 => {
                moment.seconds - i64::from(offset)
            }
            (None, Some(_)) => {
                return Err(Flaw::mistyped(
                    "a time with an offset is not a TIMESTAMP; TIMESTAMP WITH TIME ZONE keeps it",
                ));
            }
            (Some(zone), _) => zone.utc(moment.seconds)?,
            (None, None) => moment.seconds,
        };
        scaled(seconds, moment.nanos, unit, "TIMESTAMP")
    }

    fn unlike(&self, name: &str, example: &str) -> Flaw {
        match self.style {
            Style::Iso => Flaw::mistyped(format!("not a {name} like {example}")),
            Style::Format(_) | Style::Unix(_) => {
                Flaw::mistyped(format!("not a {name} in the column's format"))
            }
        }
    }
}

/// strftime with its traps removed: chrono reads a bare `%f` as a count of nanoseconds, so that
/// `.5` would be 5 ns, and skips whatever stands at `%Z`.
fn strftime(format: &str) -> Result<Vec<Item<'static>>> {
    let wrong = |why: &str| Error::config(format!("format `{format}`: {why}"));
    if !format.contains('%') {
        return Err(wrong("takes strftime, like `%d.%m.%Y %H:%M:%S`, or `unix_ms`"));
    }
    let mut safe = String::with_capacity(format.len() + 1);
    let mut chars = format.chars();
    while let Some(next) = chars.next() {
        if next != '%' {
            safe.push(next);
            continue;
        }
        match chars.next() {
            Some('f') if safe.ends_with('.') => {
                safe.pop();
                safe.push_str("%.f");
            }
            Some('f') => return Err(wrong("a fraction of a second is `.%f`")),
            Some('Z') => return Err(wrong("names of zones are not read; an offset is `%z`")),
            Some(other) => {
                safe.push('%');
                safe.push(other);
            }
            None => return Err(wrong("ends in `%`")),
        }
    }
    StrftimeItems::new(&safe)
        .parse_to_owned()
        .map_err(|error| wrong("is not strftime").with_source(error))
}

fn text_of(cell: Cell<'_>) -> Option<&[u8]> {
    (cell.kind == Kind::Text).then_some(cell.text)
}

fn parsed(cell: Cell<'_>, items: &[Item<'static>]) -> Option<Parsed> {
    // A format such as `%Y%m%d` may stand for a JSON number.
    if !matches!(cell.kind, Kind::Text | Kind::Number) {
        return None;
    }
    let text = std::str::from_utf8(cell.text).ok()?;
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    Some(parsed)
}

fn moment_of(mut parsed: Parsed) -> Option<Moment> {
    let offset = parsed.offset();
    let has_time = parsed.hour_mod_12().is_some() || parsed.timestamp().is_some();
    let local: NaiveDateTime = if has_time {
        if parsed.minute().is_none() && parsed.timestamp().is_none() {
            parsed.set_minute(0).ok()?;
        }
        parsed.to_naive_datetime_with_offset(offset.unwrap_or(0)).ok()?
    } else {
        parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN)
    };
    let (seconds, nanos) = seconds_and_nanos(local.time())?;
    Some(Moment { seconds: i64::from(days_of(local.date())) * DAY + seconds, nanos, offset })
}

/// `None` for a leap second, which no type here can hold.
fn seconds_and_nanos(time: NaiveTime) -> Option<(i64, u32)> {
    let nanos = time.nanosecond();
    (nanos < 1_000_000_000).then(|| (i64::from(time.num_seconds_from_midnight()), nanos))
}

fn days_of(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

fn unix(cell: Cell<'_>, exponent: i8, unit: TimeUnit) -> Result<i64, Flaw> {
    let digits = Digits::of(cell, false).ok_or_else(|| not_a("number of units since 1970"))?;
    let nanos =
        digits.unscaled(exponent, 30, 0_i128, |value, digit| value * 10 + i128::from(digit));
    let nanos = nanos.map_err(|misfit| match misfit {
        Misfit::Fraction => Flaw::mistyped("more fractional digits than nanoseconds"),
        Misfit::Range => out_of_range("TIMESTAMP"),
    })?;
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000));
    let seconds = seconds.map_err(|_| out_of_range("TIMESTAMP"))?;
    let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
    scaled(seconds, nanos, unit, "TIMESTAMP")
}

fn scaled(seconds: i64, nanos: u32, unit: TimeUnit, name: &str) -> Result<i64, Flaw> {
    let (per_second, nanos_each) = match unit {
        TimeUnit::Second => (1, 1_000_000_000),
        TimeUnit::Millisecond => (1_000, 1_000_000),
        TimeUnit::Microsecond => (1_000_000, 1_000),
        TimeUnit::Nanosecond => (1_000_000_000, 1),
    };
    if !nanos.is_multiple_of(nanos_each) {
        return Err(Flaw::mistyped(format!("more fractional digits than the {name} keeps")));
    }
    seconds
        .checked_mul(per_second)
        .and_then(|value| value.checked_add(i64::from(nanos / nanos_each)))
        .ok_or_else(|| out_of_range(name))
}

/// `YYYY-MM-DD` as days since 1970.
pub(in crate::stream::decode) fn iso_date(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    days(year, two(m1, m2)?, two(d1, d2)?)
}

/// `HH:MM[:SS[.fraction]]` as seconds since midnight and nanoseconds.
pub(in crate::stream::decode) fn iso_time(text: &[u8]) -> Option<(i64, u32)> {
    let (seconds, nanos, rest) = clock_time(text)?;
    rest.is_empty().then_some((seconds, nanos))
}

/// A date, or date and time with `T` or a blank between them, with or without an offset.
pub(in crate::stream::decode) fn iso_timestamp(text: &[u8]) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let midnight = i64::from(iso_date(date)?) * DAY;
    let [separator, time @ ..] = rest else {
        return Some(Moment { seconds: midnight, nanos: 0, offset: None });
    };
    if !matches!(separator, b'T' | b' ' | b't') {
        return None;
    }
    let (seconds, nanos, rest) = clock_time(time)?;
    let offset = match rest {
        [] => None,
        rest => Some(offset(rest.strip_prefix(b" ").unwrap_or(rest))?),
    };
    Some(Moment { seconds: midnight + seconds, nanos, offset })
}

fn clock_time(text: &[u8]) -> Option<(i64, u32, &[u8])> {
    let &[h1, h2, b':', m1, m2, ref rest @ ..] = text else {
        return None;
    };
    let (hour, minute) = (two(h1, h2)?, two(m1, m2)?);
    let (second, nanos, rest) = match rest {
        &[b':', s1, s2, b'.', ref rest @ ..] => {
            let (nanos, rest) = fraction(rest)?;
            (two(s1, s2)?, nanos, rest)
        }
        &[b':', s1, s2, ref rest @ ..] => (two(s1, s2)?, 0, rest),
        [b':', ..] => return None,
        rest => (0, 0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((i64::from(hour * 3600 + minute * 60 + second), nanos, rest))
}

/// Digits after the point as nanoseconds; zeros after the ninth are nothing.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.iter().skip(9).any(|&digit| digit != b'0') {
        return None;
    }
    let mut nanos = 0_u32;
    for place in 0..9 {
        let digit = digits.get(place).map_or(0, |digit| digit.wrapping_sub(b'0'));
        nanos = nanos * 10 + u32::from(digit);
    }
    Some((nanos, rest))
}

/// `Z`, `UTC`, `±HH`, `±HHMM`, `±HH:MM` as seconds east.
fn offset(text: &[u8]) -> Option<i32> {
    let (sign, rest) = match text {
        b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hour, minute) = match *rest {
        [h1, h2] => (two(h1, h2)?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (two(h1, h2)?, two(m1, m2)?),
        _ => return None,
    };
    (hour <= 18 && minute <= 59)
        .then(|| sign * i32::try_from(hour * 3600 + minute * 60).unwrap_or(0))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Days since 1970 of a date of the Gregorian calendar, for years from 0 to 9999.
fn days(year: u32, month: u32, day: u32) -> Option<i32> {
    /// Days of a year before each month, and of the whole year; leap days apart.
    const BEFORE: [u32; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    /// Days from the first day of the year -399 to 1970.
    const TO_1970: i64 = 865_259;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let index = usize::try_from(month.checked_sub(1)?).ok()?;
    let (before, after) = (*BEFORE.get(index)?, *BEFORE.get(index + 1)?);
    let last = after - before + u32::from(is_leap && month == 2);
    if day == 0 || day > last {
        return None;
    }
    // The calendar repeats after 400 years; the shift keeps everything positive.
    let years = year + 399;
    let leap_days = years / 4 - years / 100 + years / 400 + u32::from(is_leap && month > 2);
    i32::try_from(i64::from(years * 365 + leap_days + before + day - 1) - TO_1970).ok()
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell { text: text.as_bytes(), kind: Kind::Text }
    }

    #[test]
    fn every_day_of_the_calendar_is_what_chrono_says() {
        let mut date = NaiveDate::from_ymd_opt(0, 1, 1).unwrap();
        while date < NaiveDate::from_ymd_opt(9999, 12, 31).unwrap() {
            let written = date.format("%Y-%m-%d").to_string();
            assert_eq!(iso_date(written.as_bytes()), Some(days_of(date)), "{written}");
            // Every day of a cycle of 400 years, then one in 400 of the others.
            let step = if date.year() < 400 { 1 } else { 397 };
            date += chrono::Duration::days(step);
        }
        for wrong in
            ["2023-02-29", "2023-13-01", "2023-00-01", "2023-01-00", "23-01-01", "2023-1-1"]
        {
            assert_eq!(iso_date(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn offsets_and_zones_lead_to_the_same_instant() {
        let plain = Clock::new(None, None).unwrap();
        let zoned = Clock::new(None, Some("Asia/Shanghai")).unwrap();
        let read = |clock: &Clock, value| {
            clock.timestamp(text(value), TimeUnit::Second).map_err(|flaw| flaw.reason.into_owned())
        };
        assert_eq!(read(&plain, "1970-01-02"), Ok(86_400));
        assert_eq!(read(&plain, "1970-01-01T00:01Z"), Ok(60));
        assert!(read(&plain, "1970-01-01T08:00:00+08:00").unwrap_err().contains("offset"));
        assert_eq!(read(&zoned, "1970-01-01 08:00:00"), Ok(0));
        assert_eq!(read(&zoned, "1970-01-01 08:00:00.000+08"), Ok(0));
        assert_eq!(read(&zoned, "1969-12-31T19:00:00 -0500"), Ok(0));
        assert!(read(&plain, "1970-01-01T00:00:00.5").unwrap_err().contains("fractional"));
        for wrong in ["1970-01-01T", "1970-01-01T24:00", "1970-01-01T00:00:60", "1970-01-01x00:00"]
        {
            assert!(read(&plain, wrong).is_err(), "{wrong}");
        }
        let nanos = plain.timestamp(text("2300-01-01"), TimeUnit::Nanosecond);
        assert_eq!(nanos, Err(out_of_range("TIMESTAMP")));
        let nanos = plain.timestamp(text("1969-12-31T23:59:59.999999999"), TimeUnit::Nanosecond);
        assert_eq!(nanos, Ok(-1));
    }

    #[test]
    fn formats_read_fractions_as_fractions() {
        let read = |format, value| {
            let clock = Clock::new(Some(format), None).unwrap();
            clock.timestamp(text(value), TimeUnit::Millisecond).ok()
        };
        assert_eq!(read("%d.%m.%Y %H:%M:%S.%f", "02.01.1970 00:00:00.5"), Some(86_400_500));
        assert_eq!(read("%d/%m/%Y", "02/01/1970"), Some(86_400_000));
        assert_eq!(read("%Y%m%d %H", "19700101 01"), Some(3_600_000));
        assert_eq!(read("%Y-%m-%d %H:%M:%S", "1970-01-01 23:59:60"), None);
        assert_eq!(read("unix_s", "1.5"), Some(1_500));
        assert_eq!(read("unix_ms", "-1"), Some(-1));
        assert_eq!(read("unix_us", "1"), None);
        for wrong in ["yyyy-MM-dd", "%H:%M:%S,%f", "%H %Z", "%Q", "100%"] {
            assert!(Clock::new(Some(wrong), None).is_err(), "{wrong}");
        }
    }
}
