//! What a session's user may do: which catalogs are open, what goes beyond them, how far statements go.

use super::limits::{Limits, wider};
use crate::catalog::Grants;
use crate::error::{Error, Result};
use crate::spi::RowShare;

/// The rights of a session. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The catalogs and schemas that exist for the user.
    pub grants: Grants,
    /// Paths in statements: `FROM 'path'`, `COPY … TO 'path'`, `CREATE EXTERNAL TABLE`, read points in
    /// files. They lead wherever the process itself may read and write.
    pub files: bool,
    /// Statements of others may be ended.
    pub kill: bool,
    /// Statements of others are listed.
    pub see_queries: bool,
    /// Settings that belong to who runs the engine, limits that may be raised, and the statements of
    /// others.
    pub admin: bool,
    /// How many statements of the user run at once, 0 for any number; the engine's limit if it is not
    /// said here.
    pub statements: Option<usize>,
    /// How far the statements of the user go; what is not said here is the engine's.
    pub limits: Limits,
}

/// Settings that a session without the right may only make smaller, in numbers.
const LIMITED: [&str; 5] = [
    "max_scan_bytes",
    "max_scan_records",
    "max_memory_bytes",
    "max_result_bytes",
    "max_result_rows",
];

impl Rights {
    /// Those of who runs the engine.
    pub const ALL: Self = Self {
        grants: Grants::ALL,
        files: true,
        kill: true,
        see_queries: true,
        admin: true,
        statements: None,
        limits: Limits::NONE,
    };

    /// Those of whoever is not asked: all catalogs, and nothing beyond them.
    pub const ANYBODYS: Self = Self {
        grants: Grants::ALL,
        files: false,
        kill: false,
        see_queries: false,
        admin: false,
        statements: None,
        limits: Limits::NONE,
    };

    /// Adds the rights of another one; of two limits the wider one holds.
    pub fn extend(&mut self, other: &Self) {
        self.grants.extend(&other.grants);
        self.files |= other.files;
        self.kill |= other.kill;
        self.see_queries |= other.see_queries;
        self.admin |= other.admin;
        self.statements = wider(self.statements, other.statements);
        self.limits.widen(&other.limits);
    }

    /// Whether the statements of others are listed.
    pub(super) fn sees_queries(&self) -> bool {
        self.see_queries || self.admin
    }

    /// Whether the statements of others may be ended.
    pub(super) fn kills(&self) -> bool {
        self.kill || self.admin
    }

    /// Refuses a path.
    ///
    /// # Errors
    /// `Denied` without the right.
    pub(super) fn allow_path(&self, path: &str) -> Result<()> {
        if self.files {
            return Ok(());
        }
        Err(Error::denied(format!("path '{path}': paths are not open to this user"))
            .with_hint("name a table of a catalog; the right `files` opens paths"))
    }

    /// Refuses a value of a setting; `now` is the one that it has, `first` the one that the user's
    /// sessions begin with.
    ///
    /// # Errors
    /// `Denied` without the right.
    pub(super) fn allow_setting(
        &self,
        name: &str,
        value: &str,
        now: Option<&str>,
        first: Option<&str>,
    ) -> Result<()> {
        if self.admin {
            return Ok(());
        }
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("sluice.").unwrap_or(&name);
        if name.starts_with("datafusion.") && name != "datafusion.execution.time_zone" {
            return Err(Error::denied(format!("setting {name} is the operator's")));
        }
        if !within(name, value, first) {
            let first = first.unwrap_or_default();
            return Err(Error::denied(format!("setting {name} is at most {first} here")));
        }
        if name == "read_only" && now == Some("true") && value != "true" {
            return Err(Error::denied("this session is read-only, and stays so"));
        }
        Ok(())
    }
}

/// Whether a value of a limit is within another one; values that are none are left to who reads them.
fn within(name: &str, value: &str, most: Option<&str>) -> bool {
    let Some(most) = most else { return true };
    match name {
        "timeout" => match (humantime::parse_duration(value), humantime::parse_duration(most)) {
            (Ok(value), Ok(most)) => value <= most,
            _ => true,
        },
        "max_bad_records" => match (value.parse(), most.parse()) {
            (Ok(RowShare::Count(value)), Ok(RowShare::Count(most))) => value <= most,
            (Ok(RowShare::Share(value)), Ok(RowShare::Share(most))) => value <= most,
            // Neither is below the other for certain, but that none are bad is below all.
            (Ok(RowShare::Count(0)), Ok(_)) => true,
            (Ok(_), Ok(_)) => false,
            _ => true,
        },
        name if LIMITED.contains(&name) => match (value.parse::<u64>(), most.parse::<u64>()) {
            (Ok(value), Ok(most)) if most > 0 => value > 0 && value <= most,
            (Err(_), Ok(most)) => most == 0,
            _ => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_only_be_lowered_and_raised_again_to_what_they_were() {
        let nobody = Rights::default();
        let allow = |name: &str, value: &str, first: &str| {
            nobody.allow_setting(name, value, Some("1"), Some(first)).is_ok()
        };
        assert!(allow("max_scan_bytes", "5", "10") && allow("max_scan_bytes", "10", "10"));
        assert!(nobody.allow_setting("max_scan_bytes", "10", None, None).is_ok());
        for value in ["11", "0", " 5", "many"] {
            assert!(!allow("MAX_SCAN_BYTES", value, "10"), "{value}");
            let admin = Rights::ALL.allow_setting("max_scan_bytes", value, None, Some("10"));
            assert!(admin.is_ok(), "{value}");
        }
        assert!(!allow("timeout", "2min", "60s") && allow("timeout", "30s", "1min"));
        assert!(!allow("max_bad_records", "6%", "5%") && allow("max_bad_records", "4%", "5%"));
        assert!(!allow("max_bad_records", "100%", "7") && allow("max_bad_records", "0", "5%"));
        assert!(nobody.allow_setting("read_only", "false", Some("true"), None).is_err());
    }

    #[test]
    fn what_changes_the_engine_is_the_operators() {
        let nobody = Rights::default();
        assert!(nobody.allow_setting("datafusion.execution.batch_size", "1", None, None).is_err());
        assert!(nobody.allow_setting("timezone", "UTC", Some("UTC"), Some("UTC")).is_ok());
    }

    #[test]
    fn rights_add_up() {
        let mut rights = Rights { kill: true, ..Rights::default() };
        rights.extend(&Rights { files: true, grants: Grants::READ_ALL, ..Rights::default() });
        rights.extend(&Rights { statements: Some(2), ..Rights::default() });
        rights.extend(&Rights { statements: Some(1), ..Rights::default() });
        assert_eq!(rights.statements, Some(2));
        assert!(rights.kills() && rights.files && !rights.admin && !rights.sees_queries());
        assert!(rights.grants.sees("any"));
    }
}
