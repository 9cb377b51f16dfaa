//! What a session's user may do beyond reading the catalogs.

use crate::error::{Error, Result};

/// The rights of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Paths in statements: `FROM 'path'`, `COPY … TO 'path'`, `CREATE EXTERNAL TABLE`, read points in
    /// files.
    pub files: bool,
    /// Settings that belong to who runs the engine, limits that may be raised, and the statements of
    /// all users: to be listed and ended.
    pub operator: bool,
}

/// Settings that a session without the right may only make smaller, in numbers.
const LIMITED: [&str; 2] = ["max_scan_bytes", "max_scan_records"];

impl Rights {
    /// Those of who runs the engine.
    pub const ALL: Self = Self { files: true, operator: true };

    /// Refuses a path.
    ///
    /// # Errors
    /// `Denied` without the right.
    pub(super) fn allow_path(self, path: &str) -> Result<()> {
        if self.files {
            return Ok(());
        }
        Err(Error::denied(format!("path '{path}': paths are not open to this user"))
            .with_hint("name a table of a catalog; the right `files` opens paths"))
    }

    /// Refuses a value of a setting; `now` is the one that it has.
    ///
    /// # Errors
    /// `Denied` without the right.
    pub(super) fn allow_setting(self, name: &str, value: &str, now: Option<&str>) -> Result<()> {
        if self.operator {
            return Ok(());
        }
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("sluice.").unwrap_or(&name);
        if name.starts_with("datafusion.") && name != "datafusion.execution.time_zone" {
            return Err(Error::denied(format!("setting {name} is the operator's")));
        }
        let lower = || match (value.parse::<u64>(), now.map(str::parse::<u64>)) {
            (Ok(value), Some(Ok(now))) if now > 0 => value > 0 && value <= now,
            _ => true,
        };
        if LIMITED.contains(&name) && !lower() {
            let now = now.unwrap_or_default();
            return Err(Error::denied(format!("setting {name} is at most {now} here")));
        }
        if name == "timeout" && !shorter(value, now) {
            let now = now.unwrap_or_default();
            return Err(Error::denied(format!("setting timeout is at most {now} here")));
        }
        if name == "read_only" && now == Some("true") && value != "true" {
            return Err(Error::denied("this session is read-only, and stays so"));
        }
        Ok(())
    }
}

/// Whether a duration is not above another; one that is none is left to who reads it.
fn shorter(value: &str, now: Option<&str>) -> bool {
    match (humantime::parse_duration(value), now.map(humantime::parse_duration)) {
        (Ok(value), Some(Ok(now))) => value <= now,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_only_be_lowered() {
        let nobody = Rights::default();
        assert!(nobody.allow_setting("max_scan_bytes", "5", Some("10")).is_ok());
        assert!(nobody.allow_setting("max_scan_bytes", "10", None).is_ok());
        for value in ["11", "0"] {
            assert!(nobody.allow_setting("MAX_SCAN_BYTES", value, Some("10")).is_err(), "{value}");
            assert!(Rights::ALL.allow_setting("max_scan_bytes", value, Some("10")).is_ok());
        }
        assert!(nobody.allow_setting("timeout", "2min", Some("60s")).is_err());
        assert!(nobody.allow_setting("timeout", "30s", Some("1min")).is_ok());
        assert!(nobody.allow_setting("read_only", "false", Some("true")).is_err());
    }

    #[test]
    fn what_changes_the_engine_is_the_operators() {
        let nobody = Rights::default();
        assert!(nobody.allow_setting("datafusion.execution.batch_size", "1", None).is_err());
        assert!(nobody.allow_setting("timezone", "UTC", Some("UTC")).is_ok());
    }
}
