//! Text tables: CSV and JSON, where single records can be bad.
//!
//! Meaning is in `stream::decode`; here are the files: [`describe`] finds out what a table is,
//! [`lines`] brings whole records of a file's range, [`scan`] makes batches of them, [`bad`] the
//! rows of `errors('t')`, and [`codec`] lets
//! all of it travel.

mod bad;
mod codec;
mod describe;
mod lines;
mod scan;

use datafusion::common::Statistics;

use super::format::uncompressed;
use super::scan::{Planned, Recipe, SelectedFile, Split};
use crate::spi::{Bounds, Estimate, RowShare};
use crate::stream::decode::Shape;
use crate::stream::decode::csv::{CsvDialect, Likely};
use crate::stream::decode::json::JsonLayout;
pub(super) use bad::schema as errors_schema;
pub(super) use codec::{decode, encode};
pub(super) use describe::{describe, table_file};
pub(super) use scan::{Partition, scan};

/// What a scan of text has to know besides the files.
#[derive(Clone, Debug)]
pub(super) struct TextRecipe {
    /// How records stand in the files.
    pub(super) layout: Layout,
    /// The columns and what happens when one is bad.
    pub(super) shape: Shape,
    /// How many bad records are too many; `None` is the rule of `stream::Tally`.
    pub(super) max_bad_records: Option<RowShare>,
    /// Which records are the rows.
    pub(super) half: Half,
    /// What a table file would declare where most values, but not all, have a type.
    pub(super) likely: Vec<Option<Likely>>,
}

/// How records stand in the files.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// CSV of a dialect.
    Csv(CsvDialect),
    /// JSON objects.
    Json(JsonLayout),
}

/// The good records of a table, or the bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// The table itself.
    Good,
    /// `errors('t')`.
    Bad,
}

impl TextRecipe {
    /// Whether a file can be read from its midst: its lines are records. Bad records are numbered
    /// by line, so those are read from the start.
    fn can_be_cut(&self, name: &str) -> bool {
        let lines = match &self.layout {
            Layout::Csv(dialect) => !dialect.multiline,
            Layout::Json(layout) => *layout == JsonLayout::Lines,
        };
        let (plain, _) = uncompressed(name);
        lines && plain == name && self.half == Half::Good
    }
}

/// The splits of the files: ranges of about `split_bytes` where a file can be cut.
pub(super) fn plan(
    recipe: &Recipe,
    text: &TextRecipe,
    files: Vec<SelectedFile>,
    split_bytes: u64,
) -> Planned {
    let splits = files.into_iter().flat_map(|file| {
        let cut = text.can_be_cut(file.meta.location.filename().unwrap_or_default());
        Split::pieces(file, cut.then_some(split_bytes))
    });
    let splits = splits.collect();
    Planned { splits, statistics: Statistics::new_unknown(recipe.table_schema()) }
}

/// Every byte of the splits is read; ends of lines and headers are read besides. How many records
/// there are, only reading tells, but where nothing is compressed each has a byte at least.
pub(super) fn estimate(splits: &[&Split]) -> Estimate {
    let bytes = splits.iter().map(|split| split.bytes).sum();
    let is_plain = |split: &&Split| {
        let name = split.file.meta.location.filename().unwrap_or_default();
        !uncompressed(name).1.is_compressed()
    };
    let most = splits.iter().all(is_plain).then_some(bytes);
    Estimate {
        bytes: Bounds { at_least: bytes, at_most: None },
        records: Bounds { at_least: 0, at_most: most },
        first_batch: (0, 0),
    }
}
