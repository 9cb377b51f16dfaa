//! Settings by name: what they are, where each value came from, who may set it.
//!
//! Sluice's own have one name in SQL, TOML, flags and environment (`max_scan_bytes`); DataFusion's
//! keep their full names. `datafusion.runtime.*` would replace the pool that all queries share, so
//! those are settings of the engine's start alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::config::{ConfigExtension, ConfigField, ConfigOptions};
use datafusion::prelude::SessionConfig;

use super::error::from_datafusion;
use crate::error::{Error, Result, nearest};
use crate::spi::{RowShare, SluiceSettings};

/// Where a setting's value came from, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// `sluice.toml`.
    File,
    /// `SLUICE_…`.
    Environment,
    /// The limits of the user's roles.
    Role,
    /// SET, or a session option.
    Session,
    /// A flag of the command line.
    Flag,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Role => "role",
            Self::Session => "session",
            Self::Flag => "flag",
        }
    }
}

/// A setting as somebody gave it.
#[derive(Clone, Debug)]
pub struct SettingValue {
    /// Its name in SQL.
    pub name: String,
    /// Its value as text.
    pub value: String,
    /// Who said so.
    pub origin: Origin,
}

/// The setting that stands for DataFusion's `datafusion.execution.time_zone`.
const TIMEZONE: &str = "timezone";

/// The setting that names what is read in the place of what is there now.
pub(super) const READ_POINT: &str = "read_point";

const TIMEZONE_KEY: &str = "datafusion.execution.time_zone";

/// The settings of an engine or a session.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    config: SessionConfig,
    origins: BTreeMap<String, Origin>,
    changes: u64,
}

/// A setting in a listing.
struct Listed {
    name: String,
    value: Option<String>,
    description: &'static str,
}

impl Settings {
    /// The settings of `base` with `values` on top, in order.
    pub(super) fn new(base: &SessionConfig, values: &[SettingValue]) -> Result<Self> {
        let mut settings = Self { config: base.clone(), origins: BTreeMap::new(), changes: 0 };
        for setting in values {
            settings.set(&setting.name, &setting.value, setting.origin)?;
        }
        Ok(settings)
    }

    /// The DataFusion configuration that holds them.
    pub(super) fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// How often one was set: plans that are kept are those of one such number.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Sluice's own.
    pub(super) fn own(&self) -> SluiceSettings {
        self.config.options().extensions.get::<SluiceSettings>().cloned().unwrap_or_default()
    }

    /// The time zone for casts and display.
    pub(super) fn timezone(&self) -> String {
        self.config.options().execution.time_zone.clone().unwrap_or_else(|| "UTC".to_owned())
    }

    /// Sets one by its name.
    ///
    /// # Errors
    /// `Sql` for an unknown name (with the nearest) or a value that does not fit, `Denied` for one
    /// that belongs to the engine's start.
    pub(super) fn set(&mut self, name: &str, value: &str, origin: Origin) -> Result<()> {
        let name = self.known(name)?;
        check(&name, value)?;
        self.changes += 1;
        let key = key_of(&name);
        self.config.options_mut().set(&key, value).map_err(|e| {
            let reason = from_datafusion(e);
            Error::sql(format!("setting {name} cannot be `{value}`: {}", reason.message()))
        })?;
        self.origins.insert(name, origin);
        Ok(())
    }

    /// Takes the value that the engine was started with.
    pub(super) fn reset(&mut self, name: &str, engine: &Settings) -> Result<()> {
        self.changes += 1;
        if name.eq_ignore_ascii_case("all") {
            *self = Self { changes: self.changes, ..engine.clone() };
            return Ok(());
        }
        let name = self.known(name)?;
        if name == READ_POINT {
            // Back to what is there now, also where a flag named a read point.
            return self.forget_read_point();
        }
        let key = key_of(&name);
        let started = engine.list().into_iter().find(|listed| listed.name == name);
        let options = self.config.options_mut();
        match started.and_then(|listed| listed.value) {
            Some(value) => options.set(&key, &value).map_err(from_datafusion)?,
            None if key.starts_with(SluiceSettings::PREFIX) => {
                reset_own(options, &name, &engine.own())?;
            }
            None => options.reset(&key).map_err(from_datafusion)?,
        }
        match engine.origins.get(&name) {
            Some(origin) => self.origins.insert(name, *origin),
            None => self.origins.remove(&name),
        };
        Ok(())
    }

    fn forget_read_point(&mut self) -> Result<()> {
        if let Some(own) = self.config.options_mut().extensions.get_mut::<SluiceSettings>() {
            own.read_point = None;
        }
        self.origins.remove(READ_POINT);
        Ok(())
    }

    /// The same settings in another time zone.
    ///
    /// # Errors
    /// `Sql` when there is none of that name.
    pub(super) fn in_timezone(mut self, timezone: &str) -> Result<Self> {
        self.set(TIMEZONE, timezone, Origin::Session)?;
        Ok(self)
    }

    /// A setting's value as text; `None` when it has none.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>> {
        let name = self.known(name)?;
        Ok(self.list().into_iter().find(|listed| listed.name == name).and_then(|l| l.value))
    }

    /// What the session itself has set.
    pub(super) fn of_session(&self) -> Vec<(String, String)> {
        let own = |listed: &Listed| self.origins.get(&listed.name) == Some(&Origin::Session);
        let listed = self.list().into_iter().filter(own);
        listed.filter_map(|listed| Some((listed.name, listed.value?))).collect()
    }

    /// The exact name of a setting.
    fn known(&self, typed: &str) -> Result<String> {
        let typed = typed.to_ascii_lowercase();
        let typed = match typed.as_str() {
            "time zone" | "time_zone" | TIMEZONE_KEY => TIMEZONE,
            other => other.strip_prefix("sluice.").unwrap_or(other),
        };
        if typed.starts_with("datafusion.runtime.") {
            return Err(Error::denied(format!("{typed} is set when Sluice starts"))
                .with_hint("use --memory-limit, --spill-dir or --spill-limit"));
        }
        let names: Vec<String> = self.list().into_iter().map(|listed| listed.name).collect();
        if names.iter().any(|name| name == typed) {
            return Ok(typed.to_owned());
        }
        let error = Error::sql(format!("there is no setting {typed}"));
        let short = typed.rsplit('.').next().unwrap_or(typed);
        let near = nearest(typed, names.iter().map(String::as_str)).or_else(|| {
            names.iter().map(String::as_str).find(|name| name.rsplit('.').next() == Some(short))
        });
        Err(match near {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None => error.with_hint("SHOW SETTINGS lists them"),
        })
    }

    fn list(&self) -> Vec<Listed> {
        let options = self.config.options();
        let mut listed = vec![Listed {
            name: TIMEZONE.to_owned(),
            value: Some(self.timezone()),
            description: "The time zone of instants in casts, date functions and display",
        }];
        for (prefix, extension) in options.extensions.iter() {
            let own = prefix == SluiceSettings::PREFIX;
            listed.extend(extension.entries().into_iter().map(|entry| Listed {
                name: if own { entry.key } else { format!("{prefix}.{}", entry.key) },
                value: entry.value,
                description: entry.description,
            }));
        }
        let theirs = options.entries().into_iter().filter(|entry| {
            entry.key.starts_with("datafusion.")
                && entry.key != TIMEZONE_KEY
                && !entry.key.starts_with("datafusion.runtime.")
        });
        listed.extend(theirs.map(|entry| Listed {
            name: entry.key,
            value: entry.value,
            description: entry.description,
        }));
        let own = |listed: &Listed| listed.name.starts_with("datafusion.");
        listed.sort_by(|a, b| own(a).cmp(&own(b)).then_with(|| a.name.cmp(&b.name)));
        listed
    }

    /// `SHOW SETTINGS`: name, value, source, description.
    pub(super) fn batch(&self) -> Result<RecordBatch> {
        let listed = self.list();
        let origin = |listed: &Listed| self.origins.get(&listed.name).copied();
        let sources =
            listed.iter().map(|listed| origin(listed).unwrap_or(Origin::Default).as_str());
        let field = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        let schema = Arc::new(Schema::new(vec![
            field("name", false),
            field("value", true),
            field("source", false),
            field("description", false),
        ]));
        let columns: Vec<Arc<dyn datafusion::arrow::array::Array>> = vec![
            Arc::new(StringArray::from_iter_values(listed.iter().map(|l| l.name.as_str()))),
            Arc::new(listed.iter().map(|l| l.value.as_deref()).collect::<StringArray>()),
            Arc::new(StringArray::from_iter_values(sources)),
            Arc::new(StringArray::from_iter_values(listed.iter().map(|l| l.description))),
        ];
        RecordBatch::try_new(schema, columns).map_err(|e| Error::internal(e.to_string()))
    }
}

fn key_of(name: &str) -> String {
    match name {
        TIMEZONE => TIMEZONE_KEY.to_owned(),
        name if name.contains('.') => name.to_owned(),
        name => format!("{}.{name}", SluiceSettings::PREFIX),
    }
}

/// Options without a value cannot be set to nothing by text; they are copied.
fn reset_own(options: &mut ConfigOptions, name: &str, engine: &SluiceSettings) -> Result<()> {
    let Some(own) = options.extensions.get_mut::<SluiceSettings>() else { return Ok(()) };
    match name {
        "max_scan_bytes" => own.max_scan_bytes = engine.max_scan_bytes,
        "max_scan_records" => own.max_scan_records = engine.max_scan_records,
        "max_memory_bytes" => own.max_memory_bytes = engine.max_memory_bytes,
        "max_result_bytes" => own.max_result_bytes = engine.max_result_bytes,
        "max_result_rows" => own.max_result_rows = engine.max_result_rows,
        "max_bad_records" => own.max_bad_records.clone_from(&engine.max_bad_records),
        "timeout" => own.timeout.clone_from(&engine.timeout),
        other => {
            return Err(Error::internal(format!("setting {other} has no value to go back to")));
        }
    }
    Ok(())
}

/// What the type of an option alone does not check.
///
/// # Errors
/// `Sql`, naming the setting.
pub(super) fn check(name: &str, value: &str) -> Result<()> {
    let wrong = |e: String| Error::sql(format!("setting {name} cannot be `{value}`: {e}"));
    match name {
        "timeout" | "estimate_timeout" | "metadata_timeout" => humantime::parse_duration(value)
            .map(drop)
            .map_err(|e| wrong(format!("{e}: write 30s, 5min, 2h"))),
        "max_bad_records" => value.parse::<RowShare>().map(drop).map_err(wrong),
        TIMEZONE => value
            .parse::<datafusion::arrow::array::timezone::Tz>()
            .map(drop)
            .map_err(|_| wrong("write Europe/Berlin, UTC or +08:00".to_owned())),
        _ => Ok(()),
    }
}
