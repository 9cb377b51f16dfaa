//! The keys of `[options]` for `connector = "hbase_snapshot"`. The doc comments are the reference.

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// The folder that is `hbase.rootdir`, or the target of an ExportSnapshot: what holds
    /// `.hbase-snapshot`. A path, or a URL of any store; a relative path starts at the folder of
    /// the catalog file.
    pub(super) location: String,
}

/// `[options]` of a table file, and `[tables]` of a catalog file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableOptions {
    /// The snapshot, or a pattern such as `device_profile-*`, of which the newest is taken that
    /// matches. Without it, the snapshot of the table's name.
    pub(super) snapshot: Option<String>,
    /// How values are encoded where a column does not say: `string` (if not given), `binary`,
    /// `ordered`, `phoenix`, `json` or `avro` (with a `schema` of the column).
    pub(super) encoding: Option<String>,
    /// What time decides whether cells have expired: `statement` (if not given), or `snapshot`,
    /// the time at which the snapshot was taken.
    #[serde(default)]
    pub(super) ttl_clock: TtlClock,
    /// Whether cells are read that say who may see them (access lists, visibility labels), which
    /// nobody checks then.
    #[serde(default)]
    pub(super) ignore_cell_security: bool,
    /// Whether a snapshot is read whose own time to live is over.
    #[serde(default)]
    pub(super) allow_expired_snapshot: bool,
    /// A mapping as Hive has it in `hbase.columns.mapping`, one entry for each of `[[columns]]` in
    /// their order: `:key,cf:a,cf:b#b,cf:`.
    pub(super) hive_columns_mapping: Option<String>,
    /// A mapping as hbase-spark has it in `hbase.columns.mapping`, instead of `[[columns]]`:
    /// `id STRING :key, battery INT s:battery`.
    pub(super) spark_columns_mapping: Option<String>,
    /// The parts of a row key that is made of several, in their order; a column takes one with
    /// `source = ":key.name"`.
    #[serde(default)]
    pub(super) row_key: Vec<PartOptions>,
}

/// A part of a row key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartOptions {
    /// What columns name it by.
    pub(super) name: String,
    /// How many bytes it has.
    pub(super) bytes: Option<usize>,
    /// What ends it, as the shell shows it (`\\x00`). The last part ends with the key where
    /// neither is given.
    pub(super) until: Option<String>,
    /// Whether it is stored the other way round: numbers and times as `Long.MAX_VALUE - n`, text
    /// with its last character first, `phoenix` as DESC.
    #[serde(default)]
    pub(super) reversed: bool,
    /// A salt: its bytes are a number below this one, big-endian.
    pub(super) buckets: Option<u32>,
    /// A salt of text: all values that it has.
    pub(super) values: Option<Vec<String>>,
    /// A hash of the part `of`, of which it is the beginning: `md5`, `sha256`, or in hexadecimal
    /// digits `md5_hex`, `sha256_hex`.
    pub(super) hash: Option<String>,
    /// The part that is hashed, as it is stored.
    pub(super) of: Option<String>,
}

/// The clock of times to live.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TtlClock {
    /// The statement's `now()`.
    #[default]
    Statement,
    /// When the snapshot was taken.
    Snapshot,
}
