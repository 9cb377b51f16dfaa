//! The keys of `[options]` for `connector = "logfile"`. The doc comments are the reference; those of
//! table files are `stream`'s, the same for all streams.

use serde::Deserialize;

/// `[options]` of a catalog file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogOptions {
    /// The folder that holds the logs: a path, or a URL of any store. A relative path starts at the
    /// folder of the catalog file. Every folder in it is a stream, whose files (at any depth) are its
    /// partitions; files directly in it are streams by their names up to the first dot.
    pub(super) location: String,
}
