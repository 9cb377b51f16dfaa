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
use super::recipe::{Format, Half, Recipe};
use super::schemas::SchemaBook;
use super::source::{LogSource, Records};
use crate::error::{Error, Result};
use crate::spi::{StatementContext, unsigned_nans};

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
    // Of keys that are more than bytes.
    keys: Option<Box<dyn Decoder>>,
    book: Arc<SchemaBook>,
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
    /// The keys, decoded.
    Key,
    /// The time of the records, which is that column of the values.
    Time(usize),
}

impl RowMaker {
    /// For the columns of a projection, whose schema is given. The system says who keeps schemas.
    pub(super) fn try_new(
        recipe: Arc<Recipe>,
        projection: &[usize],
        schema: SchemaRef,
        source: &Arc<dyn LogSource>,
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
                (Some(MetaColumn::Key), Half::Good) if recipe.key.is_some() => Wanted::Key,
                (Some(about), _) => Wanted::About(about),
                (None, Half::Bad) => Wanted::Bad(*at),
                (None, Half::Good) if recipe.shape.columns.is_empty() => Wanted::Bytes,
                (None, Half::Good) => Wanted::Value(place(*at)),
            });
        }
        let book = Arc::new(SchemaBook::new(source.registry()));
        let decoder = recipe.decoder(&built, &book)?;
        let keys = recipe.key_decoder(&book)?;
        Ok(Self { recipe, schema, wanted, built, decoder, keys, book })
    }

    /// Looks up what must be known before rows are made of records.
    pub(super) async fn prepare(
        &mut self,
        statement: &StatementContext,
        records: &Records,
    ) -> Result<()> {
        let label = &self.recipe.label;
        if self.recipe.format.names_schemas() {
            let learned = self.book.learn(statement, records.present()).await;
            learned.map_err(|e| e.within(label))?;
        }
        let key = self.recipe.key.as_ref().and_then(|key| key.format.as_ref());
        if key.is_some_and(Format::names_schemas) {
            let keys = records.records.iter().filter_map(|it| it.key.as_deref());
            let learned = self.book.learn(statement, keys).await;
            learned.map_err(|e| e.within(format_args!("{label}: keys")))?;
        }
        Ok(())
    }

    /// Whether what stands beside values is asked for.
    pub(super) fn wants_keys(&self) -> bool {
        let is_beside = |wanted: &Wanted| matches!(wanted, Wanted::About(it) if it.is_beside());
        // A key that is declared is looked at, whatever is asked for.
        self.keys.is_some() || self.wanted.iter().any(is_beside)
    }

    /// Rows of some of the records.
    pub(super) fn make(
        &mut self,
        partition: &str,
        records: &Records,
        range: Range<usize>,
    ) -> Result<Rows> {
        let seen = range.len() as u64;
        let has_value = |at: &usize| records.records.get(*at).is_some_and(|it| it.value.is_some());
        let mut values = match self.decoder.take() {
            Some(mut decoder) => {
                let valued = range.clone().filter(has_value).collect();
                let part = self.part(decoder.as_mut(), partition, records, valued, Side::Value);
                self.decoder = Some(decoder);
                Some(part?)
            }
            None => None,
        };
        if let (Some(values), Some(name)) = (&mut values, self.required()) {
            let tombstones = range.clone().filter(|at| !has_value(at));
            values.bad.extend(tombstones.map(|at| tombstone(at, name)));
        }
        let keys = match self.keys.take() {
            Some(mut decoder) => {
                let has_key =
                    |at: &usize| records.records.get(*at).is_some_and(|it| it.key.is_some());
                let keyed = range.clone().filter(has_key).collect();
                let part = self.part(decoder.as_mut(), partition, records, keyed, Side::Key);
                self.keys = Some(decoder);
                Some(part?)
            }
            None => None,
        };
        let parts = || values.iter().chain(&keys);
        let ignored = parts().map(|part| part.ignored).sum();
        let mut bad: Vec<BadRecord> = vec![];
        for one in parts().flat_map(|part| &part.bad) {
            // A record that is no row is one bad record.
            if !one.diverted || !bad.iter().any(|it| it.diverted && it.record == one.record) {
                bad.push(one.clone());
            }
        }
        bad.sort_by_key(|bad| bad.record);
        let count = bad.len() as u64;
        let batch = match self.recipe.half {
            Half::Bad if parts().next().is_some() => {
                let rows: Vec<usize> =
                    bad.iter().filter_map(|bad| usize::try_from(bad.record).ok()).collect();
                self.batch(partition, records, &rows, &[], None, &bad)?
            }
            Half::Bad => self.batch(partition, records, &[], &[], None, &[])?,
            Half::Good => {
                let diverted: HashSet<u64> =
                    bad.iter().filter(|bad| bad.diverted).map(|bad| bad.record).collect();
                let rows: Vec<usize> =
                    range.filter(|at| !diverted.contains(&(*at as u64))).collect();
                let columns = match &values {
                    Some(part) => part.spread(&rows)?,
                    None => vec![],
                };
                let key = keys.as_ref().map(|part| part.spread(&rows)).transpose()?;
                let key = key.and_then(|columns| columns.into_iter().next());
                self.batch(partition, records, &rows, &columns, key.as_ref(), &[])?
            }
        };
        Ok(Rows { batch, records: seen, bad: count, ignored })
    }

    /// One half of some records, decoded.
    fn part(
        &self,
        decoder: &mut dyn Decoder,
        partition: &str,
        records: &Records,
        places: Vec<usize>,
        side: Side,
    ) -> Result<Part> {
        let mut decoded = match decode(decoder, records, &places, side) {
            Ok(decoded) => decoded,
            Err(e) => return Err(self.locate(partition, records, &places, side, e)),
        };
        // From places among those that have it to places among all.
        for bad in &mut decoded.bad {
            let at = usize::try_from(bad.record).ok().and_then(|at| places.get(at));
            bad.record = at.copied().unwrap_or_default() as u64;
        }
        let diverted: HashSet<u64> =
            decoded.bad.iter().filter(|bad| bad.diverted).map(|bad| bad.record).collect();
        Ok(Part {
            rows: places.into_iter().filter(|at| !diverted.contains(&(*at as u64))).collect(),
            columns: decoded.batch.columns().to_vec(),
            bad: decoded.bad,
            ignored: decoded.ignored_keys,
        })
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
        key: Option<&ArrayRef>,
        bad: &[BadRecord],
    ) -> Result<RecordBatch> {
        let missing = || Error::internal("a decoder left out a column");
        let columns = self.wanted.iter().zip(self.schema.fields()).map(|(wanted, field)| {
            Ok(match wanted {
                Wanted::Value(at) => values.get(*at).cloned().ok_or_else(missing)?,
                Wanted::Time(at) => instants(values.get(*at).ok_or_else(missing)?, field)?,
                Wanted::Key => key.cloned().ok_or_else(missing)?,
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
    fn locate(
        &self,
        partition: &str,
        records: &Records,
        places: &[usize],
        side: Side,
        error: Error,
    ) -> Error {
        for at in places {
            let decoder = match side {
                Side::Value => self.recipe.decoder(&self.built, &self.book),
                Side::Key => self.recipe.key_decoder(&self.book),
            };
            let Ok(Some(mut decoder)) = decoder else { break };
            let Err(e) = decode(decoder.as_mut(), records, &[*at], side) else { continue };
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

/// Which half of records.
#[derive(Clone, Copy)]
enum Side {
    Value,
    Key,
}

/// One half of some records, decoded.
struct Part {
    /// The places of the records that are rows of it.
    rows: Vec<usize>,
    columns: Vec<ArrayRef>,
    bad: Vec<BadRecord>,
    ignored: u64,
}

impl Part {
    /// The columns for the records of some places; NULL where one has nothing of this half.
    fn spread(&self, places: &[usize]) -> Result<Vec<ArrayRef>> {
        if self.rows == places {
            return Ok(self.columns.clone());
        }
        let mut rows = self.rows.iter().enumerate().peekable();
        let row = |place: &usize| {
            while rows.next_if(|(_, at)| *at < place).is_some() {}
            let found = rows.next_if(|(_, at)| *at == place);
            found.and_then(|(row, _)| u32::try_from(row).ok())
        };
        let picked: UInt32Array = places.iter().map(row).collect();
        let spread = |column: &ArrayRef| take(column, &picked, None);
        let columns = self.columns.iter().map(spread).collect::<Result<_, _>>();
        columns.map_err(|e| Error::internal(e.to_string()))
    }
}

/// One half of the records of some places, all of which have it.
fn decode(
    decoder: &mut dyn Decoder,
    records: &Records,
    places: &[usize],
    side: Side,
) -> Result<Decoded> {
    if let Side::Key = side {
        let mut bytes = Vec::new();
        let mut ranges = Vec::with_capacity(places.len());
        let keys = places.iter().filter_map(|at| records.records.get(*at)?.key.as_deref());
        for key in keys {
            ranges.push(bytes.len()..bytes.len() + key.len());
            bytes.extend_from_slice(key);
        }
        let chunk = Chunk { bytes: &bytes, byte_offset: 0, line: None };
        return decoder.decode_records(chunk, &ranges);
    }
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
