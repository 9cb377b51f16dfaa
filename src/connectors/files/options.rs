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
    /// CSV: whether the first record names the columns. Found out if not given; true where
    /// columns are declared.
    pub(super) header: Option<bool>,
    /// CSV: what stands between fields. Found out among `,` tab `;` `|` if not given.
    pub(super) delimiter: Option<String>,
    /// CSV: what stands around fields that hold delimiters: `"` if not given; empty for none.
    pub(super) quote: Option<String>,
    /// CSV: what stands before a quote within quotes; without it such a quote is written twice.
    pub(super) escape: Option<String>,
    /// CSV: what lines to skip begin with.
    pub(super) comment: Option<String>,
    /// CSV: unquoted texts that are NULL: the empty one if not given.
    pub(super) null: Option<Vec<String>>,
    /// CSV: lines before the header.
    #[serde(default)]
    pub(super) skip_rows: usize,
    /// CSV: how many fields every record has, in files without a header.
    pub(super) fields: Option<usize>,
    /// CSV: whether quoted fields may hold line ends. Found out from the start of a file if not
    /// given. Such files are not cut into pieces.
    pub(super) multiline: Option<bool>,
    /// CSV: the encoding, such as `gb18030` or `latin1`: UTF-8 if not given.
    pub(super) encoding: Option<String>,
    /// CSV: how dates are written, as strftime has it: ISO 8601 if not given.
    pub(super) date_format: Option<String>,
    /// CSV: how timestamps are written.
    pub(super) timestamp_format: Option<String>,
    /// CSV: whether numbers have a comma before the fraction.
    #[serde(default)]
    pub(super) decimal_comma: bool,
    /// JSON: `lines` (one object a line) or `array` (a file is one array). Found out if not given.
    pub(super) layout: Option<JsonLayout>,
}

/// How JSON records stand in a file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JsonLayout {
    /// One object a line.
    Lines,
    /// The elements of one array.
    Array,
}
