//! Rows of records: values decoded, columns about records beside them, bad records apart.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, RecordBatch, RecordBatchOptions, UInt32Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::SchemaRef;

use super::decode::{BadKind, BadRecord, Chunk, Decoded, Decoder};
use super::errors;
use super::meta::{MetaColumn, instants};
use super::recipe::{Half, Recipe};
use super::source::Records;
use crate::error::{Error, Result};
use crate::spi::unsigned_nans;

/// What was made of some records.
pub(super) struct Rows {
    /// The good rows, or the bad ones.
    pub(super) batch: RecordBatch,
    /// Records seen.
    pub(super) records: u64,
    /// Bad ones among them, and values that became NULL.
    pub(super) bad: u64,
    /// Parts of values that no column asks for.
    pub(super) ignored: u64,
}

/// Makes rows of records.
pub(super) struct RowMaker {
    recipe: Arc<Recipe>,
    schema: SchemaRef,
    wanted: Vec<Wanted>,
    // The columns of values that are built.
    built: Vec<usize>,
    decoder: Option<Box<dyn Decoder>>,
}

/// Where a column of the answer comes from.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// A column of the values, by its place among those that are built.
    Value(usize),
    /// The bytes themselves.
    Bytes,
    /// A column of bad records.
    Bad(usize),
    /// A column about records.
    About(MetaColumn),
    /// The time of the records, which is that column of the values.
    Time(usize),
}

impl RowMaker {
    /// For the columns of a projection, whose schema is given.
    pub(super) fn try_new(
        recipe: Arc<Recipe>,
        projection: &[usize],
        schema: SchemaRef,
    ) -> Result<Self> {
        let values = recipe.values();
        let mut built: Vec<usize> = Vec::new();
        let mut place = |at: usize| {
            let known = built.iter().position(|column| *column == at);
            known.unwrap_or_else(|| {
                built.push(at);
                built.len() - 1
            })
        };
        let mut wanted = Vec::with_capacity(projection.len());
        for at in projection {
            let about = recipe.schema.fields().get(*at);
            let about = about.and_then(|field| MetaColumn::of_name(field.name()));
            wanted.push(match (about.filter(|_| *at >= values), recipe.half) {
                (Some(MetaColumn::Timestamp), Half::Good) if recipe.event_time.is_some() => {
                    Wanted::Time(place(recipe.event_time.unwrap_or_default()))
                }
                (Some(about), _) => Wanted::About(about),
                (None, Half::Bad) => Wanted::Bad(*at),
                (None, Half::Good) if recipe.shape.columns.is_empty() => Wanted::Bytes,
                (None, Half::Good) => Wanted::Value(place(*at)),
            });
        }
        let decoder = recipe.decoder(&built)?;
        Ok(Self { recipe, schema, wanted, built, decoder })
    }

    /// Whether what stands beside values is asked for.
    pub(super) fn wants_keys(&self) -> bool {
        let is_beside = |wanted: &Wanted| matches!(wanted, Wanted::About(it) if it.is_beside());
        self.wanted.iter().any(is_beside)
    }

    /// Rows of some of the records.
    pub(super) fn make(
        &mut self,
        partition: &str,
        records: &Records,
        range: Range<usize>,
    ) -> Result<Rows> {
        let numbers = range.clone();
        let seen = range.len() as u64;
        let has_value = |at: &usize| records.records.get(*at).is_some_and(|it| it.value.is_some());
        let Some(decoder) = &mut self.decoder else {
            let rows: Vec<usize> =
                if self.recipe.half == Half::Good { numbers.collect() } else { vec![] };
            let batch = self.batch(partition, records, &rows, &[], &[])?;
            return Ok(Rows { batch, records: seen, bad: 0, ignored: 0 });
        };
        let valued: Vec<usize> = numbers.clone().filter(has_value).collect();
        let mut decoded = match decode(decoder.as_mut(), records, &valued) {
            Ok(decoded) => decoded,
            Err(e) => return Err(self.locate(partition, records, &valued, e)),
        };
        // From places among those with a value to places among all.
        for bad in &mut decoded.bad {
            let at = usize::try_from(bad.record).ok().and_then(|at| valued.get(at));
            bad.record = at.copied().unwrap_or_default() as u64;
        }
        let has_tombstones = valued.len() < range.len();
        if has_tombstones && let Some(name) = self.required() {
            let tombstones = numbers.clone().filter(|at| !has_value(at));
            decoded.bad.extend(tombstones.map(|at| tombstone(at, name)));
            decoded.bad.sort_by_key(|bad| bad.record);
        }
        let bad = decoded.bad.len() as u64;
        let ignored = decoded.ignored_keys;
        let batch = match self.recipe.half {
            Half::Bad => {
                let rows: Vec<usize> =
                    decoded.bad.iter().filter_map(|bad| usize::try_from(bad.record).ok()).collect();
                self.batch(partition, records, &rows, &[], &decoded.bad)?
            }
            Half::Good => {
                let diverted = decoded.bad.iter().filter(|bad| bad.diverted);
                let diverted: HashSet<u64> = diverted.map(|bad| bad.record).collect();
                let rows: Vec<usize> =
                    numbers.filter(|at| !diverted.contains(&(*at as u64))).collect();
                let mut columns = decoded.batch.columns().to_vec();
                if has_tombstones {
                    let mut next = 0..;
                    let places =
                        rows.iter().map(|at| if has_value(at) { next.next() } else { None });
                    let places: UInt32Array = places.collect();
                    let spread = |column: &ArrayRef| take(column, &places, None);
                    columns = columns
                        .iter()
                        .map(spread)
                        .collect::<Result<_, _>>()
                        .map_err(|e| Error::internal(e.to_string()))?;
                }
                self.batch(partition, records, &rows, &columns, &[])?
            }
        };
        Ok(Rows { batch, records: seen, bad, ignored })
    }

    /// A column that a record without a value cannot have.
    fn required(&self) -> Option<&str> {
        let columns = &self.recipe.shape.columns;
        columns.iter().find(|column| !column.nullable).map(|column| column.name.as_str())
    }

    fn batch(
        &self,
        partition: &str,
        records: &Records,
        rows: &[usize],
        values: &[ArrayRef],
        bad: &[BadRecord],
    ) -> Result<RecordBatch> {
        let missing = || Error::internal("a decoder left out a column");
        let columns = self.wanted.iter().zip(self.schema.fields()).map(|(wanted, field)| {
            Ok(match wanted {
                Wanted::Value(at) => values.get(*at).cloned().ok_or_else(missing)?,
                Wanted::Time(at) => instants(values.get(*at).ok_or_else(missing)?, field)?,
                Wanted::Bad(at) => errors::column(bad, *at)?,
                Wanted::About(about) => about.values(field, partition, records, rows)?,
                Wanted::Bytes => {
                    let mut bytes = BinaryBuilder::new();
                    for record in rows.iter().filter_map(|row| records.records.get(*row)) {
                        bytes.append_option(records.value(record));
                    }
                    Arc::new(bytes.finish())
                }
            })
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .and_then(unsigned_nans)
            .map_err(|e| Error::internal(e.to_string()))
    }

    /// The error again, with the offset of the first record that gives it.
    fn locate(&self, partition: &str, records: &Records, valued: &[usize], error: Error) -> Error {
        for at in valued {
            let Ok(Some(mut decoder)) = self.recipe.decoder(&self.built) else { break };
            let Err(e) = decode(decoder.as_mut(), records, &[*at]) else { continue };
            let offset = records.records.get(*at).map_or(0, |record| record.offset);
            let what = e.message().strip_prefix("record at byte 0: ").unwrap_or(e.message());
            let label = &self.recipe.label;
            let text = format!("{label} partition {partition} offset {offset}: {what}");
            let located = Error::new(e.kind(), text);
            return match e.hint() {
                Some(hint) => located.with_hint(hint),
                None => located,
            };
        }
        error
    }
}

/// The records of some places as rows, all of which have a value.
fn decode(decoder: &mut dyn Decoder, records: &Records, places: &[usize]) -> Result<Decoded> {
    let range = |at: &usize| records.records.get(*at).and_then(|record| record.value.clone());
    let start = places.first().and_then(range).map_or(0, |range| range.start);
    let end = places.last().and_then(range).map_or(start, |range| range.end);
    let ranges: Vec<Range<usize>> = places
        .iter()
        .filter_map(range)
        .map(|range| range.start - start..range.end - start)
        .collect();
    let bytes = records.values.get(start..end).unwrap_or_default();
    decoder.decode_records(Chunk { bytes, byte_offset: 0, line: None }, &ranges)
}

fn tombstone(at: usize, column: &str) -> BadRecord {
    BadRecord {
        kind: BadKind::Type,
        reason: "the record has no value, and the column is NOT NULL".to_owned(),
        column_name: Some(column.to_owned()),
        value: None,
        raw: Arc::from([]),
        raw_length: 0,
        byte_offset: 0,
        line: 0,
        record: at as u64,
        diverted: true,
    }
}
