//! Time zones of text without an offset.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, Offset, TimeZone};

use crate::error::{Error, Result};
use crate::stream::decode::bad::Flaw;

/// A zone by name or offset.
#[derive(Debug)]
pub(super) enum Zone {
    Utc,
    Other(Tz),
}

impl Zone {
    /// `UTC`, `Asia/Shanghai`, `+08:00`.
    pub(super) fn parse(name: &str) -> Result<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::Utc);
        }
        name.parse().map(Self::Other).map_err(|error: arrow::error::ArrowError| {
            Error::config(format!(
                "timezone `{name}` is not known; takes a name like Asia/Shanghai or +08:00"
            ))
            .with_source(error)
        })
    }

    /// Seconds since 1970 of a clock on the wall here. An hour that occurs twice, when clocks are
    /// set back, is taken for its first occurrence; one that is left out is a flaw.
    pub(super) fn utc(&self, local: i64) -> Result<i64, Flaw> {
        let Self::Other(zone) = self else {
            return Ok(local);
        };
        let wall = DateTime::from_timestamp(local, 0).map(|wall| wall.naive_utc());
        let wall = wall.ok_or_else(|| super::number::out_of_range("TIMESTAMP"))?;
        let east = match zone.offset_from_local_datetime(&wall) {
            LocalResult::Single(offset) => offset.fix().local_minus_utc(),
            LocalResult::Ambiguous(one, other) => {
                one.fix().local_minus_utc().max(other.fix().local_minus_utc())
            }
            LocalResult::None => {
                return Err(Flaw::mistyped(
                    "a time that clocks in the column's time zone left out",
                ));
            }
        };
        Ok(local - i64::from(east))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_the_clock_are_first_occurrence_or_flaw() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let at = |text| super::super::temporal::iso_date(text).map(|days| i64::from(days) * 86_400);
        let autumn = at(b"2024-10-27").unwrap() + 2 * 3600 + 1800;
        assert_eq!(zone.utc(autumn), Ok(autumn - 2 * 3600));
        let spring = at(b"2024-03-31").unwrap() + 2 * 3600 + 1800;
        assert!(zone.utc(spring).is_err());
        assert!(Zone::parse("Mars/Base").is_err());
    }
}
