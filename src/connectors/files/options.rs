//! The keys of `[options]` for `connector = "files"`. The doc comments are the reference.

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// The folder that holds the schemas: a path, or a URL of any store. A relative path starts
    /// at the folder of the catalog file.
    pub(super) location: String,
    /// `schema/table` (default): folders below the location are schemas, folders and data files
    /// in them tables. `table`: folders and data files below the location are tables of `default`.
    #[serde(default)]
    pub(super) layout: Layout,
}

/// How folders become schemas and tables.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Folders are schemas, folders and files in them tables.
    #[default]
    #[serde(rename = "schema/table")]
    SchemaTable,
    /// Folders and files are tables of schema `default`.
    #[serde(rename = "table")]
    Table,
}

/// `[options]` of a table file, and `[tables]` of a catalog file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableOptions {
    /// Where the table's files are, relative to the catalog's location: a folder, a file, or a
    /// pattern such as `exports/*.parquet`. Without it, the folder or file of the table's name.
    pub(super) location: Option<String>,
    /// `parquet`, `csv`, `json` or `arrow`, for files whose names do not say it.
    pub(super) format: Option<String>,
}
