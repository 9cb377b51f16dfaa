//! The keys of `[options]` for `connector = "sample"`. The doc comments are the reference.

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// How many records a table has: 1,000 if not given.
    #[serde(default = "default_rows")]
    pub(super) rows: u64,
}

fn default_rows() -> u64 {
    1000
}

/// `[options]` of a table file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableOptions {
    /// How many records this table has.
    pub(super) rows: Option<u64>,
}
