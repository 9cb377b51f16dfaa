//! Finds snapshots and makes tables of them: namespaces are schemas, snapshots are tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};

use super::key_layout::KeyLayout;
use super::listing;
use super::mapping;
use super::options::{CatalogOptions, TableOptions, TtlClock};
use super::recipe::{Columns, Recipe, Shape};
use super::rows::{self, unescape};
use super::snapshot::{Loaded, Snapshots};
use super::table::SnapshotTable;
use crate::error::{Error, ErrorKind, Result};
use crate::formats::hbase_manifest::{Family, Snapshot, SnapshotKind, Table};
use crate::formats::hbase_rows::{ReadSettings, Versions};
use crate::spi::{
    Catalog, CatalogContext, Finding, FunctionArguments, OnError, OpenedStore, OpenedTable,
    PinnedTable, ReadPointBook, Severity, StatementContext, StoreUrl, TableEntry, TableFile,
    TableFunction, TableKind, TableName, TomlText, TypeParser,
};

/// The function that shows cells.
pub(super) const CELLS: TableFunction = TableFunction {
    name: "hbase_cells",
    usage: "hbase_cells('catalog.schema.snapshot', versions => 'all', raw => true)",
    description: "the cells of a snapshot of HBase, as a Scan with these settings gives them",
    arguments: &["versions", "raw", "min_ts", "max_ts", "columns"],
};

/// A root of HBase opened as a catalog.
#[derive(Debug)]
pub(super) struct SnapshotCatalog {
    name: String,
    store: OpenedStore,
    store_url: StoreUrl,
    types: TypeParser,
}

impl SnapshotCatalog {
    /// Opens the store of the location; reads nothing.
    pub(super) fn open(context: CatalogContext, options: CatalogOptions) -> Result<Self> {
        Ok(Self {
            name: context.name().to_owned(),
            store: context.store(&options.location)?,
            store_url: context.store_url()?,
            types: context.types(),
        })
    }

    fn snapshots(&self, context: &Arc<StatementContext>) -> Snapshots {
        Snapshots::new(context, &self.name, &self.store)
    }

    /// The name of the snapshot that a table is of: its own, or what its file says.
    async fn snapshot_of(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        label: &str,
        declared: &TableFile<TableOptions>,
    ) -> Result<Option<String>> {
        if let Some(point) = context.read_point().replayed() {
            return match point.tables.get(label) {
                Some(PinnedTable::Folder(snapshot)) => Ok(Some(snapshot.clone())),
                _ => Err(ReadPointBook::not_pinned(label)),
            };
        }
        let snapshots = self.snapshots(context);
        let Some(wanted) = &declared.options.snapshot else {
            // One that is named and damaged is an error, and not absent.
            return match snapshots.load(&name.table).await {
                Ok(loaded) if loaded.table.namespace == name.schema => Ok(Some(name.table.clone())),
                Ok(_) => Ok(None),
                Err(e) if e.kind() == ErrorKind::NotFound => match declared.text {
                    None => Ok(None),
                    Some(_) => Err(e.with_hint("set `snapshot` under [options] of the table file")),
                },
                Err(e) => Err(e),
            };
        };
        if !wanted.contains(['*', '?', '[']) {
            return Ok(Some(wanted.clone()));
        }
        let pattern = glob::Pattern::new(wanted)
            .map_err(|e| Error::config(format!("snapshot \"{wanted}\" is no pattern: {e}")))?;
        let all = snapshots.all().await?;
        // It may be the newest, so an older one in its place would be a silent answer.
        if let Some((_, e)) = all.damaged.iter().find(|(name, _)| pattern.matches(name)) {
            return Err(e.clone());
        }
        let all = &all.snapshots;
        let matching = all.iter().filter(|snapshot| pattern.matches(&snapshot.name));
        let newest = matching.max_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        match newest {
            Some(snapshot) => Ok(Some(snapshot.name.clone())),
            None => Err(Error::not_found(format!(
                "no snapshot in {} matches {wanted}",
                self.store.location
            ))
            .with_hint(named(all))),
        }
    }

    /// Opens a table as rows of a shape.
    async fn open_as(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
        wanted: Wanted<'_>,
    ) -> Result<Option<OpenedTable>> {
        let description = declared.description.clone();
        let Some(table) = self.open_table(context, name, declared, wanted).await? else {
            return Ok(None);
        };
        let source = described(table.loaded());
        Ok(Some(OpenedTable { provider: Arc::new(table), source, description }))
    }

    async fn open_table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
        wanted: Wanted<'_>,
    ) -> Result<Option<SnapshotTable>> {
        let label = format!("{}.{name}", self.name);
        let Some(snapshot) = self.snapshot_of(context, name, &label, &declared).await? else {
            return Ok(None);
        };
        let within = |e: Error| e.within(format!("table {label}"));
        let loaded = self.snapshots(context).load(&snapshot).await.map_err(within)?;
        context.read_point().pin_table(&label, PinnedTable::Folder(snapshot.clone()));
        tell(context, &label, &loaded);
        let options = &declared.options;
        let now = context.now().timestamp_millis();
        refuse_expired(&loaded.snapshot, now, options).map_err(within)?;
        let clock = match options.ttl_clock {
            TtlClock::Statement => now,
            TtlClock::Snapshot => loaded.snapshot.created,
        };
        let mut read = ReadSettings::latest(clock);
        read.ignore_cell_security = options.ignore_cell_security;
        let key = KeyLayout::parse(&options.row_key).map_err(within)?;
        let mut only = None;
        let shape = match wanted {
            Wanted::Cells(arguments) => {
                only = settings(&mut read, arguments, &loaded)?;
                Shape::Cells
            }
            Wanted::Table => {
                match mapping::columns(&declared, &loaded, &key, self.types).map_err(within)? {
                    Some(columns) => Shape::Mapped(columns),
                    None => Shape::Maps,
                }
            }
            Wanted::Errors => {
                match mapping::columns(&declared, &loaded, &key, self.types).map_err(within)? {
                    Some(columns) => Shape::Bad(columns),
                    None => return Ok(None),
                }
            }
        };
        let on_error = match declared.on_error {
            Some(OnError::Divert) => {
                return Err(within(Error::config(
                    "on_error = \"divert\" has no use here: a row of HBase is never bad as a whole",
                )
                .with_hint("\"null\" makes the value NULL and a row of errors('…'), \"fail\" ends the statement")));
            }
            Some(other) => other,
            None => OnError::Null,
        };
        let setting = context.settings().max_bad_records.as_deref();
        let recipe = Recipe {
            label,
            store: self.store_url.clone(),
            root: self.store.root.clone(),
            folder: self.store.path.clone(),
            table: loaded.table.clone(),
            schema: rows::schema_of(&shape, &loaded.families),
            families: loaded.families.clone(),
            read,
            named: only,
            shape,
            key,
            on_error,
            max_bad: declared
                .max_bad_records
                .or_else(|| setting.and_then(|text| text.parse().ok())),
            limits: declared.limits(),
        };
        let store = self.store.counted_for(context);
        Ok(Some(SnapshotTable::new(context, store, Arc::new(recipe), loaded)))
    }
}

/// What a table is opened for.
enum Wanted<'a> {
    Table,
    Errors,
    Cells(&'a FunctionArguments),
}

/// A hint that lists snapshots.
fn named(all: &[Snapshot]) -> String {
    const SHOWN: usize = 12;
    if all.is_empty() {
        return "it has none: is the location hbase.rootdir, or the target of an ExportSnapshot?"
            .to_owned();
    }
    let names: Vec<&str> = all.iter().take(SHOWN).map(|s| s.name.as_str()).collect();
    let more = if all.len() > SHOWN { ", …" } else { "" };
    format!("snapshots: {}{more}", names.join(", "))
}

/// A snapshot has a time to live of its own.
fn refuse_expired(snapshot: &Snapshot, now: i64, options: &TableOptions) -> Result<()> {
    let end = snapshot.created.saturating_add(snapshot.ttl.saturating_mul(1000));
    if snapshot.ttl <= 0 || end >= now || options.allow_expired_snapshot {
        return Ok(());
    }
    Err(Error::gone(format!(
        "snapshot {} has expired: it was taken at {} to live for {} s",
        snapshot.name,
        instant(snapshot.created),
        snapshot.ttl
    ))
    .with_hint("its files may go at any time; allow_expired_snapshot = true under [options] of the table file reads what is there"))
}

fn instant(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis).map_or_else(
        || millis.to_string(),
        |instant| instant.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}

/// One line for people.
fn described(loaded: &Loaded) -> String {
    let Snapshot { name, created, kind, ttl, .. } = &loaded.snapshot;
    let files = loaded.all_files().count();
    let bytes: u64 = loaded.all_files().filter_map(|file| file.size).sum();
    let lives = if *ttl > 0 { format!(", lives {ttl} s") } else { String::new() };
    let flush = match kind {
        SnapshotKind::SkipFlush => ", without what was in memory",
        SnapshotKind::Disabled | SnapshotKind::Flush => "",
    };
    format!(
        "snapshot {name} of {}, taken {} ({}{flush}){lives}: {} regions, {files} files, {bytes} bytes",
        loaded.table.spelled(),
        instant(*created),
        kind.as_str(),
        loaded.regions.len(),
    )
}

/// Settings of families that say nothing.
const DEFAULTS: [(&str, &str); 10] = [
    ("BLOCKCACHE", "true"),
    ("BLOCKSIZE", "65536"),
    ("INDEX_BLOCK_ENCODING", "none"),
    ("IN_MEMORY", "false"),
    ("IS_MOB", "false"),
    ("KEEP_DELETED_CELLS", "false"),
    ("MIN_VERSIONS", "0"),
    ("NEW_VERSION_BEHAVIOR", "false"),
    ("REPLICATION_SCOPE", "0"),
    ("TTL", "2147483647"),
];

/// One line about a family: what is set of it, and what it has on disk.
fn described_family(loaded: &Loaded, family: &Family) -> String {
    let (files, bytes) = loaded.size_of(family);
    let settings = family.attributes.iter().filter(|(name, value)| {
        !DEFAULTS.contains(&(name.as_str(), value.to_ascii_lowercase().as_str()))
    });
    let settings: Vec<String> = settings.map(|(name, value)| format!("{name} {value}")).collect();
    format!("family {}: {files} files, {bytes} bytes; {}", family.name, settings.join(", "))
}

/// Puts into the receipt which snapshot a statement reads; `\d+` shows it.
fn tell(context: &StatementContext, label: &str, loaded: &Loaded) {
    let receipt = context.receipt();
    receipt.add_with(label, "format", &described(loaded), 1);
    for family in &loaded.families {
        receipt.add_with(label, "format", &described_family(loaded, family), 1);
    }
}

/// Reads the arguments of `hbase_cells`.
fn settings(
    read: &mut ReadSettings,
    arguments: &FunctionArguments,
    loaded: &Loaded,
) -> Result<Option<Columns>> {
    let wrong = |name: &str, value: &str, what: &str| {
        Error::sql(format!("{}(): {name} is {what}, not '{value}'", CELLS.name))
    };
    let mut named = None;
    for (name, value) in arguments {
        match name.as_str() {
            "versions" if value.eq_ignore_ascii_case("all") => read.versions = Versions::All,
            "versions" => {
                let most = value.parse().ok().filter(|most: &u32| *most > 0);
                let most = most.ok_or_else(|| wrong(name, value, "a count or 'all'"))?;
                read.versions = Versions::AtMost(most);
            }
            "raw" => {
                read.raw = value
                    .to_ascii_lowercase()
                    .parse()
                    .map_err(|_| wrong(name, value, "true or false"))?;
            }
            "min_ts" | "max_ts" => {
                let millis = value.parse().ok().or_else(|| {
                    DateTime::parse_from_rfc3339(value).ok().map(|at| at.timestamp_millis())
                });
                let millis = millis.filter(|millis| *millis >= 0).ok_or_else(|| {
                    wrong(
                        name,
                        value,
                        "milliseconds since 1970 or an instant such as '2026-11-20T00:00:00Z'",
                    )
                })?;
                if name == "min_ts" {
                    read.min_timestamp = millis;
                } else {
                    read.max_timestamp = millis;
                }
            }
            _ => named = Some(columns(value, loaded)?),
        }
    }
    if read.min_timestamp >= read.max_timestamp {
        return Err(Error::sql(format!("{}(): min_ts must be below max_ts", CELLS.name)));
    }
    if read.raw {
        if named.is_some() {
            return Err(Error::sql(format!("{}(): a raw read takes no columns", CELLS.name))
                .with_hint("filter them: WHERE family = 'f' AND qualifier = 'q'"));
        }
        if !arguments.contains_key("versions") {
            read.versions = Versions::All;
        }
    }
    Ok(named)
}

/// `f:q, f:other`, qualifiers as the shell shows them.
fn columns(text: &str, loaded: &Loaded) -> Result<Columns> {
    let mut named = Columns::new();
    for column in text.split(',') {
        let (family, qualifier) = column.trim().split_once(':').ok_or_else(|| {
            Error::sql(format!("{}(): `{column}` is no column", CELLS.name))
                .with_hint("write columns => 'family:qualifier, family:qualifier'")
        })?;
        if !loaded.families.iter().any(|known| known.name == family) {
            let known: Vec<&str> = loaded.families.iter().map(|f| f.name.as_str()).collect();
            return Err(Error::sql(format!("{} has no family {family}", loaded.table.spelled()))
                .with_hint(format!("families: {}", known.join(", "))));
        }
        named.entry(family.to_owned()).or_default().insert(unescape(qualifier));
    }
    Ok(named)
}

#[async_trait]
impl Catalog for SnapshotCatalog {
    type TableOptions = TableOptions;

    async fn schemas(&self, context: &Arc<StatementContext>) -> Result<Vec<String>> {
        let all = self.snapshots(context).all().await?;
        let namespaces =
            all.snapshots.iter().map(|snapshot| Table::parse(&snapshot.table).namespace);
        let schemas: BTreeSet<String> = namespaces.chain([listing::SCHEMA.to_owned()]).collect();
        Ok(schemas.into_iter().collect())
    }

    async fn tables(
        &self,
        context: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        if schema == listing::SCHEMA {
            let entry = |name: &str| TableEntry { name: name.to_owned(), kind: TableKind::Table };
            return Ok(listing::TABLES.map(entry).to_vec());
        }
        let all = self.snapshots(context).all().await?;
        let own = all.snapshots.iter().filter(|s| Table::parse(&s.table).namespace == schema);
        let entry = |s: &Snapshot| TableEntry { name: s.name.clone(), kind: TableKind::Table };
        Ok(own.map(entry).collect())
    }

    async fn table(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        if name.schema == listing::SCHEMA {
            let provider = listing::open(&self.snapshots(context), &name.table).await?;
            let source = "manifests of snapshots".to_owned();
            let opened = |provider| OpenedTable { provider, source, description: None };
            return Ok(provider.map(opened));
        }
        self.open_as(context, name, declared, Wanted::Table).await
    }

    async fn errors(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<TableOptions>,
    ) -> Result<Option<OpenedTable>> {
        self.open_as(context, name, declared, Wanted::Errors).await
    }

    async fn call(
        &self,
        context: &Arc<StatementContext>,
        function: &str,
        name: &TableName,
        declared: TableFile<TableOptions>,
        arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>> {
        if function != CELLS.name {
            return Ok(None);
        }
        self.open_as(context, name, declared, Wanted::Cells(arguments)).await
    }

    async fn infer(
        &self,
        context: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>> {
        let types = |_: &str| Err(Error::internal("nothing is declared"));
        let nothing = TableFile::parse(None, &TomlText::new("", "", false), types)?;
        let arguments = FunctionArguments::new();
        let wanted = Wanted::Cells(&arguments);
        let Some(table) = self.open_table(context, name, nothing, wanted).await? else {
            return Ok(None);
        };
        let sample = table.sample().await?;
        // The next snapshot of the table will have another date or number in its name.
        let fixed = name.table.trim_end_matches(|c: char| c.is_ascii_digit());
        let pattern = if fixed.ends_with(['-', '_', '.']) && fixed.len() < name.table.len() {
            format!("{fixed}*")
        } else {
            name.table.clone()
        };
        Ok(Some(sample.table_file(&pattern)))
    }

    async fn check(&self, context: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        let all = self.snapshots(context).all().await?;
        let count = all.snapshots.len();
        let severity = if count == 0 { Severity::Warning } else { Severity::Info };
        let mut findings = vec![Finding {
            severity,
            object: self.name.clone(),
            message: format!("{} has {count} snapshots", self.store.location),
            fix: (count == 0).then(|| named(&all.snapshots)),
        }];
        findings.extend(all.damaged.iter().map(|(name, e)| Finding {
            severity: Severity::Error,
            object: name.clone(),
            message: e.message().to_owned(),
            fix: e.hint().map(str::to_owned),
        }));
        Ok(findings)
    }

    fn location(&self) -> String {
        self.store.location.clone()
    }
}
