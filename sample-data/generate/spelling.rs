//! How numbers, days and moments are spelled in the text files.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::Result;

/// Halves as text: 345 is `172.5`.
pub(crate) fn half(halves: i64) -> String {
    format!("{}.{}", halves / 2, if halves % 2 == 0 { 0 } else { 5 })
}

/// `2026-08-01`, from days since 1970.
pub(crate) fn date(days: i32) -> Result<String> {
    let date = NaiveDate::from_epoch_days(days).ok_or("no such day")?;
    Ok(date.format("%Y-%m-%d").to_string())
}

/// A moment of a zone this many hours ahead of UTC, from seconds since 1970.
pub(crate) fn moment(seconds: i64, utc_hours: i32) -> Result<DateTime<FixedOffset>> {
    let zone = FixedOffset::east_opt(utc_hours * 3_600).ok_or("no such offset")?;
    Ok(DateTime::from_timestamp(seconds, 0).ok_or("no such moment")?.with_timezone(&zone))
}
