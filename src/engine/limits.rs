//! How far the statements of a user, of a role, or of a server go.

use serde::{Deserialize, Serialize};

use super::settings;
use crate::error::Result;
use crate::spi::RowShare;

/// Limits of one statement, each by the name of its setting. What is not said is left to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest time, such as `10min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// The most bytes that are scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_scan_bytes: Option<u64>,
    /// The most records that are scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_scan_records: Option<u64>,
    /// The most bad records of a table: a count, or a share such as `5%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bad_records: Option<String>,
    /// The most memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_memory_bytes: Option<u64>,
    /// The most bytes of the answer, as they are in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_result_bytes: Option<u64>,
    /// The most rows of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_result_rows: Option<u64>,
}

impl Limits {
    /// None at all.
    pub const NONE: Self = Self {
        timeout: None,
        max_scan_bytes: None,
        max_scan_records: None,
        max_bad_records: None,
        max_memory_bytes: None,
        max_result_bytes: None,
        max_result_rows: None,
    };

    /// Whether nothing is said.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The settings that say them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let all = [
            ("timeout", self.timeout.clone()),
            ("max_scan_bytes", number(self.max_scan_bytes)),
            ("max_scan_records", number(self.max_scan_records)),
            ("max_bad_records", self.max_bad_records.clone()),
            ("max_memory_bytes", number(self.max_memory_bytes)),
            ("max_result_bytes", number(self.max_result_bytes)),
            ("max_result_rows", number(self.max_result_rows)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Refuses values that settings cannot have.
    ///
    /// # Errors
    /// `Sql`, naming the setting.
    pub fn check(&self) -> Result<()> {
        self.settings().iter().try_for_each(|(name, value)| settings::check(name, value))
    }

    /// Of each limit the wider one; what only one says holds.
    pub(super) fn widen(&mut self, other: &Self) {
        let numbers = [
            (&mut self.max_scan_bytes, other.max_scan_bytes),
            (&mut self.max_scan_records, other.max_scan_records),
            (&mut self.max_memory_bytes, other.max_memory_bytes),
            (&mut self.max_result_bytes, other.max_result_bytes),
            (&mut self.max_result_rows, other.max_result_rows),
        ];
        for (own, other) in numbers {
            *own = wider(*own, other);
        }
        let span = |text: &Option<String>| humantime::parse_duration(text.as_deref()?).ok();
        if span(&other.timeout) > span(&self.timeout) {
            self.timeout.clone_from(&other.timeout);
        }
        // A share counts as wider than a count: of large tables it is.
        let share = |text: &Option<String>| match text.as_deref()?.parse().ok()? {
            RowShare::Count(count) => Some((0, count as f64)),
            RowShare::Share(share) => Some((1, share)),
        };
        if share(&other.max_bad_records) > share(&self.max_bad_records) {
            self.max_bad_records.clone_from(&other.max_bad_records);
        }
    }

    /// What another one says in the place of what this one does.
    pub fn replace(&mut self, other: &Self) {
        fn take<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
            if other.is_some() {
                own.clone_from(other);
            }
        }
        take(&mut self.timeout, &other.timeout);
        take(&mut self.max_scan_bytes, &other.max_scan_bytes);
        take(&mut self.max_scan_records, &other.max_scan_records);
        take(&mut self.max_bad_records, &other.max_bad_records);
        take(&mut self.max_memory_bytes, &other.max_memory_bytes);
        take(&mut self.max_result_bytes, &other.max_result_bytes);
        take(&mut self.max_result_rows, &other.max_result_rows);
    }
}

/// The wider one of two limits, of which 0 is none at all; what only one says holds.
pub(super) fn wider<N: Ord + From<u8>>(one: Option<N>, other: Option<N>) -> Option<N> {
    let zero = || Some(N::from(0));
    if one == zero() || other == zero() { zero() } else { one.max(other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_roles_the_wider_limit_holds() {
        let text = |text: &str| Some(text.to_owned());
        let mut limits = Limits { timeout: text("90s"), ..Limits::NONE };
        let other = Limits {
            timeout: text("1min"),
            max_scan_bytes: Some(5),
            max_bad_records: text("5%"),
            ..Limits::NONE
        };
        limits.widen(&other);
        assert_eq!(limits.timeout, text("90s"));
        assert_eq!(limits.max_scan_bytes, Some(5));
        limits.widen(&Limits { max_scan_bytes: Some(0), timeout: text("2h"), ..Limits::NONE });
        assert_eq!((limits.max_scan_bytes, limits.timeout), (Some(0), text("2h")));
        assert_eq!(limits.max_bad_records, text("5%"));
    }

    #[test]
    fn a_value_that_is_none_is_refused() {
        let wrong = Limits { timeout: Some("soon".to_owned()), ..Limits::NONE };
        assert!(wrong.check().unwrap_err().message().contains("timeout"));
        assert!(Limits::NONE.check().is_ok() && Limits::NONE.is_none());
    }
}
