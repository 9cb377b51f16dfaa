//! `sluice.toml`, the environment and the flags become the engine's options; flags win.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::args::Args;
use crate::engine::{EngineOptions, Limits, Origin, SettingValue, is_trusted};
use crate::error::{Error, Result};
use crate::server::{Level, LogFormat};

/// Company and user defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    defaults: Defaults,
    /// Any setting.
    #[serde(default)]
    settings: toml::Table,
    /// What `sluice serve` is told.
    #[serde(default)]
    server: ServerFile,
}

/// `[server]`. Paths are relative to the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerFile {
    /// Where to listen.
    pub(super) listen: Option<std::net::SocketAddr>,
    /// The file with the users.
    pub(super) users: Option<PathBuf>,
    /// The server's certificate, its key, and the authority of clients' certificates.
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) tls_client_ca: Option<PathBuf>,
    /// Statements that run at once, in all and per user, and those that may wait.
    pub(super) statements: Option<usize>,
    pub(super) statements_per_user: Option<usize>,
    pub(super) queue: Option<usize>,
    /// The most sessions.
    pub(super) sessions: Option<usize>,
    /// How long an idle session is kept, how long a reader may take nothing, and how long statements
    /// may take to end when the server stops.
    pub(super) idle: Option<Span>,
    pub(super) patience: Option<Span>,
    pub(super) grace: Option<Span>,
    /// The memory of all statements, in bytes.
    pub(super) memory: Option<u64>,
    /// How far each statement goes, where its user's roles do not say otherwise.
    #[serde(default)]
    pub(super) limits: Limits,
    /// Where health and metrics are told.
    pub(super) status: Option<std::net::SocketAddr>,
    /// The log: how it looks, the least that is in it, its file.
    #[serde(default)]
    pub(super) log: LogFormat,
    #[serde(default)]
    pub(super) log_level: Level,
    pub(super) log_file: Option<PathBuf>,
    /// What is slow.
    pub(super) slow: Option<Span>,
    /// The file of who did what.
    pub(super) audit: Option<PathBuf>,
    /// Whether literals of statements are left out of logs.
    #[serde(default)]
    pub(super) hide_literals: bool,
    /// Where past statements are kept.
    pub(super) history: Option<PathBuf>,
}

/// A time as people write it: `30s`, `1h`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) std::time::Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = humantime::parse_duration(&text);
        span.map(Self)
            .map_err(|e| serde::de::Error::custom(format!("`{text}`: {e}: write 30s, 1h")))
    }
}

/// `[server]` of the configuration file, its paths from here.
pub(super) fn server(args: &Args) -> Result<ServerFile> {
    let (path, file) = config_file(args)?;
    let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let mut server = file.server;
    let paths = [
        &mut server.users,
        &mut server.tls_certificate,
        &mut server.tls_key,
        &mut server.tls_client_ca,
        &mut server.log_file,
        &mut server.audit,
        &mut server.history,
    ];
    for path in paths.into_iter().flatten() {
        *path = folder.join(&*path);
    }
    Ok(server)
}

/// `[defaults]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    /// The catalog folder, relative to this file.
    catalog_dir: Option<PathBuf>,
    /// The current catalog of new sessions.
    catalog: Option<String>,
    /// The current schema of new sessions.
    schema: Option<String>,
    /// The time zone.
    timezone: Option<String>,
}

const FILE: &str = "sluice.toml";

/// `<user config>/sluice`.
fn user_folder() -> Option<PathBuf> {
    dirs::config_dir().map(|folder| folder.join("sluice"))
}

/// The folder of the catalog `my`, the user's own views: `<user config>/sluice/catalog/my`.
pub(super) fn own_catalog() -> Option<PathBuf> {
    user_folder().map(|folder| folder.join("catalog").join("my"))
}

/// What the prompt runs when it starts: `<user config>/sluice/rc.sql`.
pub(super) fn startup_file() -> Option<PathBuf> {
    user_folder().map(|folder| folder.join("rc.sql"))
}

/// `<user state>/sluice`.
fn state_folder() -> Option<PathBuf> {
    dirs::state_dir().or_else(dirs::data_local_dir).map(|folder| folder.join("sluice"))
}

/// Where a server keeps past statements if nothing says otherwise.
pub(super) fn history_folder() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("history"))
}

/// The configuration file in use and what it says.
fn config_file(args: &Args) -> Result<(Option<PathBuf>, ConfigFile)> {
    let path = match &args.config {
        Some(path) => Some(path.clone()),
        None => [Some(PathBuf::from(FILE)), user_folder().map(|folder| folder.join(FILE))]
            .into_iter()
            .flatten()
            .find(|path| path.is_file()),
    };
    let Some(path) = path else { return Ok((None, ConfigFile::default())) };
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
    let file = toml::from_str(&text)
        .map_err(|e| Error::config(format!("{}: {}", path.display(), e.to_string().trim_end())))?;
    Ok((Some(path), file))
}

/// A catalog folder and whether it was named by somebody, not just found.
struct Chosen {
    folder: PathBuf,
    named: bool,
}

fn catalog_dir(args: &Args, config: Option<&Path>, defaults: &Defaults) -> Result<Option<Chosen>> {
    let named = match (&args.catalog_dir, &defaults.catalog_dir) {
        (Some(folder), _) => Some(folder.clone()),
        (None, Some(folder)) => {
            Some(config.and_then(Path::parent).unwrap_or(Path::new("")).join(folder))
        }
        (None, None) => None,
    };
    if let Some(folder) = named {
        if !folder.is_dir() {
            return Err(Error::config(format!(
                "catalog folder {} does not exist",
                folder.display()
            ))
            .with_hint("--catalog-dir, $SLUICE_CATALOG or [defaults] of sluice.toml names it"));
        }
        return Ok(Some(Chosen { folder, named: true }));
    }
    let here = PathBuf::from("catalog");
    if here.is_dir() {
        return Ok(Some(Chosen { folder: here, named: false }));
    }
    let users = user_folder().map(|folder| folder.join("catalog")).filter(|path| path.is_dir());
    Ok(users.map(|folder| Chosen { folder, named: true }))
}

/// The folder that `catalog add` writes into: the one in use, or the user's.
pub(super) fn catalog_dir_to_write(args: &Args) -> Result<PathBuf> {
    let (config, file) = config_file(args)?;
    if let Some(folder) = &args.catalog_dir {
        return Ok(folder.clone());
    }
    match catalog_dir(args, config.as_deref(), &file.defaults)? {
        Some(chosen) => Ok(chosen.folder),
        None => user_folder()
            .map(|folder| folder.join("catalog"))
            .ok_or_else(|| Error::config("there is no home folder").with_hint("use --catalog-dir")),
    }
}

/// What the engine is started with.
pub(super) fn engine_options(args: &Args) -> Result<EngineOptions> {
    let (config, file) = config_file(args)?;
    let chosen = catalog_dir(args, config.as_deref(), &file.defaults)?;
    let expand = chosen.as_ref().is_none_or(|chosen| chosen.named || is_trusted(&chosen.folder));
    Ok(EngineOptions {
        catalog_dir: chosen.map(|chosen| chosen.folder),
        own_catalog: own_catalog(),
        expand,
        memory_limit: args.memory_limit,
        spill_dir: args.spill_dir.clone(),
        spill_limit: args.spill_limit,
        partitions: None,
        state_dir: state_folder(),
        settings: settings(args, &file)?,
        home: home(args, &file.defaults),
        ..EngineOptions::default()
    })
}

fn home(args: &Args, defaults: &Defaults) -> Option<[String; 2]> {
    let catalog = args.catalog.clone().or_else(|| defaults.catalog.clone())?;
    let same = args.catalog.is_none() || args.catalog == defaults.catalog;
    let default = if same { defaults.schema.clone() } else { None };
    let schema = args.schema.clone().or(default).unwrap_or_else(|| "default".to_owned());
    Some([catalog, schema])
}

/// Variables of the environment that are flags and no settings, without `SLUICE_`.
const OF_THE_COMMAND_LINE: [&str; 6] =
    ["CATALOG", "CONFIG", "CONNECT", "USER", "PASSWORD", "TOKEN"];

/// Settings weakest first: file, environment, flags.
fn settings(args: &Args, file: &ConfigFile) -> Result<Vec<SettingValue>> {
    let mut settings = Vec::new();
    let mut add = |name: &str, value: String, origin| {
        settings.push(SettingValue { name: name.to_owned(), value, origin });
    };
    if let Some(timezone) = &file.defaults.timezone {
        add("timezone", timezone.clone(), Origin::File);
    }
    flatten("", &file.settings, &mut |name, value| add(name, value, Origin::File));
    for (variable, value) in std::env::vars() {
        let Some(name) = variable.strip_prefix("SLUICE_") else { continue };
        if !OF_THE_COMMAND_LINE.contains(&name) {
            add(&name.to_ascii_lowercase(), value, Origin::Environment);
        }
    }
    for (name, value) in from_flags(args) {
        add(&name, value, Origin::Flag);
    }
    Ok(settings)
}

/// The settings that flags give.
fn from_flags(args: &Args) -> Vec<(String, String)> {
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let flags = [
        ("timeout", args.timeout.clone()),
        ("max_scan_bytes", number(args.max_scan_bytes)),
        ("max_scan_records", number(args.max_scan_records)),
        ("max_bad_records", args.max_bad_records.clone()),
        ("read_point", args.read_point.clone()),
        ("read_only", args.read_only.then(|| "true".to_owned())),
    ];
    let flags = flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    args.settings.iter().cloned().chain(flags).collect()
}

/// What a session on a server begins with: what the command line says, not what files here say.
pub(super) fn session_options(args: &Args) -> Vec<(String, String)> {
    let home = [("catalog", &args.catalog), ("schema", &args.schema)];
    let home = home.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    home.chain(from_flags(args)).collect()
}

/// `[settings]` as dotted names: DataFusion's own have several parts.
fn flatten(prefix: &str, table: &toml::Table, add: &mut impl FnMut(&str, String)) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, add),
            toml::Value::String(text) => add(&name, text.clone()),
            other => add(&name, other.to_string()),
        }
    }
}
