//! Batches of one partition's splits: records decoded, the good or the bad ones kept.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use object_store::ObjectStore;

use super::super::scan::{Recipe, SelectedFile, Split};
use super::lines::Lines;
use super::{Half, Layout, TextRecipe, bad};
use crate::error::{Error, Result};
use crate::spi::{RowShare, StatementContext};
use crate::stream::Tally;
use crate::stream::decode::csv::{CsvDecoder, head};
use crate::stream::decode::json::{ArraySplitter, JsonDecoder, JsonLayout};
use crate::stream::decode::{Chunk, Decoded, Decoder, boundary};

/// The receipt's counter of bad records.
const BAD_RECORDS: &str = "bad_records";

/// Where a header mostly ends, in bytes.
const HEAD: u64 = 64 * 1024;

/// What one partition of a scan is made of.
#[derive(Debug)]
pub(in super::super) struct Partition {
    /// Its number.
    pub(in super::super) number: usize,
    /// Its splits.
    pub(in super::super) splits: Vec<Split>,
    /// Indices into the table's columns, files' first.
    pub(in super::super) projection: Vec<usize>,
    /// The projected schema.
    pub(in super::super) schema: SchemaRef,
    /// The most rows that are wanted.
    pub(in super::super) fetch: Option<usize>,
    /// Rows of a batch.
    pub(in super::super) batch_size: usize,
    /// Shared by all partitions.
    pub(in super::super) tally: Arc<Tally>,
}

/// The batches of a partition.
pub(in super::super) fn scan(
    store: Arc<dyn ObjectStore>,
    recipe: &Arc<Recipe>,
    text: &TextRecipe,
    partition: Partition,
    metrics: &ExecutionPlanMetricsSet,
    statement: &Arc<StatementContext>,
) -> SendableRecordBatchStream {
    let schema = Arc::clone(&partition.schema);
    let files = recipe.file_schema().fields().len();
    let setting = statement.settings().max_bad_records.as_deref();
    let opener = Opener {
        store,
        recipe: Arc::clone(recipe),
        text: text.clone(),
        projection: partition.projection.iter().copied().filter(|at| *at < files).collect(),
    };
    let reader = Reader {
        opener,
        splits: partition.splits.into(),
        projection: partition.projection,
        schema: Arc::clone(&schema),
        left: partition.fetch.unwrap_or(usize::MAX),
        batch_size: partition.batch_size,
        tally: partition.tally,
        limit: text.max_bad_records.or_else(|| setting.and_then(|text| text.parse().ok())),
        baseline: BaselineMetrics::new(metrics, partition.number),
        bytes: MetricBuilder::new(metrics).counter("bytes_scanned", partition.number),
        statement: Arc::clone(statement),
        open: None,
        ended: false,
    };
    let batches = futures::stream::try_unfold(reader, |mut reader| async move {
        let next = reader.next().await?;
        Ok(next.map(|batch| (batch, reader)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

/// Opens splits.
struct Opener {
    store: Arc<dyn ObjectStore>,
    recipe: Arc<Recipe>,
    text: TextRecipe,
    // The wanted columns that come from the files.
    projection: Vec<usize>,
}

/// A header without any column of the table is no header of it: its rows would all be NULL.
fn strange_header(names: &[String]) -> Error {
    Error::corrupt(format!("the header has none of the declared columns: {}", names.join(" | ")))
        .with_hint("check `delimiter`, `header` and `skip_rows` under [options] of the table file")
}

/// Reads one split after the other.
struct Reader {
    opener: Opener,
    splits: VecDeque<Split>,
    // All wanted columns.
    projection: Vec<usize>,
    schema: SchemaRef,
    left: usize,
    batch_size: usize,
    tally: Arc<Tally>,
    limit: Option<RowShare>,
    baseline: BaselineMetrics,
    bytes: Count,
    statement: Arc<StatementContext>,
    open: Option<Open>,
    ended: bool,
}

/// An opened split.
struct Open {
    file: Arc<SelectedFile>,
    lines: Lines,
    decoder: Box<dyn Decoder>,
    // Of `lines.bytes()`, whole records that can be decoded.
    ready: usize,
    last: bool,
    array: Option<ArraySplitter>,
    // Of an array, the next element was not whole.
    starved: bool,
}

impl Opener {
    /// Opens a split; `None` when none of its range's lines are its own.
    async fn open_split(&self, split: &Split) -> Result<Option<Open>> {
        let outer = self.recipe.outer(&split.file.meta.location);
        let placed = |e: Error| e.within(&outer);
        let open = async |range: Option<(u64, u64)>| {
            let split = Split { range, ..split.clone() };
            Lines::open(Arc::clone(&self.store), &split, outer.clone()).await
        };
        let (start, end) = split.range.unwrap_or((0, u64::MAX));
        let shape = self.text.shape.clone();
        let projection: &[usize] = match self.text.half {
            Half::Good => &self.projection,
            Half::Bad => &[],
        };
        let mut lines = open(split.range).await?;
        let (decoder, array): (Box<dyn Decoder>, _) = match &self.text.layout {
            Layout::Csv(dialect) => {
                // The header is at the file's start, wherever the range is.
                let mut start_lines = open(Some((0, HEAD))).await?;
                let head = loop {
                    let at_end = start_lines.at_end();
                    let found = head(start_lines.bytes(), dialect, at_end).map_err(placed)?;
                    match found {
                        Some(head) => break head,
                        None if at_end => return Ok(None),
                        None => drop(start_lines.more().await?),
                    }
                };
                let behind = head.bytes as u64;
                if end <= behind && split.range.is_some() {
                    return Ok(None);
                }
                if start <= behind {
                    lines = open(split.range.map(|(_, end)| (0, end))).await?;
                    while lines.bytes().len() < head.bytes && lines.more().await? {}
                    let there = lines.bytes().len().min(head.bytes);
                    lines.advance(there, head.lines);
                } else {
                    lines.skip_line().await?;
                }
                let columns = shape.columns.len();
                let decoder =
                    CsvDecoder::try_new(shape, dialect, head.names.as_deref(), projection)
                        .map_err(placed)?;
                if decoder.missing().len() == columns {
                    return Err(placed(strange_header(&head.names.unwrap_or_default())));
                }
                (Box::new(decoder), None)
            }
            Layout::Json(layout) => {
                if start > 0 {
                    lines.skip_line().await?;
                }
                let decoder = JsonDecoder::try_new(shape, projection).map_err(placed)?;
                let array = (*layout == JsonLayout::Array).then(ArraySplitter::default);
                (Box::new(decoder), array)
            }
        };
        let file = Arc::clone(&split.file);
        Ok(Some(Open { file, lines, decoder, ready: 0, last: false, array, starved: false }))
    }
}

impl Reader {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.left == 0 {
                return Ok(None);
            }
            let Some(open) = &mut self.open else {
                match self.splits.pop_front() {
                    Some(split) => self.open = self.opener.open_split(&split).await?,
                    None => return self.end(),
                }
                continue;
            };
            if open.ready == 0 {
                if open.last {
                    self.open = None;
                } else {
                    open.fill(&self.opener.text).await?;
                }
                continue;
            }
            let line = open.lines.line();
            let (decoded, file) = (open.decode(self.batch_size)?, Arc::clone(&open.file));
            self.bytes.add(decoded.bytes);
            let batch = match self.opener.text.half {
                Half::Good => {
                    self.count(&decoded)?;
                    decoded.batch
                }
                Half::Bad => {
                    let name = self.opener.recipe.outer(&file.meta.location);
                    let line = line.unwrap_or_default();
                    bad::batch(&decoded.bad, &name, line, &self.opener.projection)?
                }
            };
            if batch.num_rows() > 0 {
                let batch = self.with_partitions(&batch, &file)?;
                let batch = batch.slice(0, batch.num_rows().min(self.left));
                self.left -= batch.num_rows();
                self.baseline.record_output(batch.num_rows());
                return Ok(Some(batch));
            }
        }
    }

    fn count(&self, decoded: &Decoded) -> Result<()> {
        let (label, bad) = (self.opener.recipe.label(), decoded.bad.len() as u64);
        let result = self.tally.add(decoded.records, bad, self.limit, label);
        if bad > 0 {
            self.statement.receipt().at_least(label, BAD_RECORDS, self.tally.bad());
        }
        result
    }

    fn end(&mut self) -> Result<Option<RecordBatch>> {
        if !self.ended {
            self.ended = true;
            if self.opener.text.half == Half::Good {
                self.tally.end(self.limit, self.opener.recipe.label())?;
            }
        }
        Ok(None)
    }

    /// Puts the partition columns beside those of the file, in the order that is wanted.
    fn with_partitions(&self, batch: &RecordBatch, file: &SelectedFile) -> Result<RecordBatch> {
        let files = self.opener.recipe.file_schema().fields().len();
        let rows = batch.num_rows();
        let mut own = batch.columns().iter();
        let columns = self.projection.iter().map(|at| -> Result<ArrayRef> {
            if *at < files {
                return own
                    .next()
                    .cloned()
                    .ok_or_else(|| Error::internal("a decoder left out a column"));
            }
            let value = file.values.get(*at - files);
            let value = value.ok_or_else(|| Error::internal("a partition has no value"))?;
            value.to_array_of_size(rows).map_err(|e| Error::internal(e.to_string()))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|e| Error::internal(e.to_string()))
    }
}

impl Open {
    /// Reads until there are whole records, or the split ends.
    async fn fill(&mut self, text: &TextRecipe) -> Result<()> {
        loop {
            let bytes = self.lines.bytes();
            if self.array.is_some() {
                // Elements are found while they are decoded.
                if self.lines.at_end() || !(bytes.is_empty() || self.starved) {
                    self.ready = bytes.len();
                    self.last = self.lines.at_end();
                    return Ok(());
                }
                self.starved = false;
            } else {
                let at_end = self.lines.at_end();
                let whole = match &text.layout {
                    Layout::Csv(dialect) if dialect.multiline => {
                        boundary::quoted(bytes, dialect, at_end)
                    }
                    _ if at_end => bytes.len(),
                    _ => boundary::lines(bytes),
                };
                let (ready, last) = self.lines.within_range(whole);
                if ready > 0 || last || at_end {
                    self.ready = ready;
                    self.last = last || at_end;
                    return Ok(());
                }
            }
            self.lines.more().await?;
        }
    }

    fn decode(&mut self, most: usize) -> Result<Decoded> {
        let file = self.lines.file().to_owned();
        let bytes = self.lines.bytes().get(..self.ready).unwrap_or_default();
        let line = self.lines.line().map(|line| line + 1);
        let chunk = Chunk { bytes, byte_offset: self.lines.offset(), line };
        let decoded = match &mut self.array {
            None => self.decoder.decode(chunk, most),
            Some(array) => array.split(bytes, self.lines.at_end()).and_then(|split| {
                let decoded = self.decoder.decode_records(chunk, &split.records)?;
                let lines =
                    memchr::memchr_iter(b'\n', bytes.get(..split.bytes).unwrap_or_default());
                let lines = lines.count() as u64;
                Ok(Decoded { bytes: split.bytes, lines, ..decoded })
            }),
        };
        let decoded = decoded.map_err(|e| e.within(file))?;
        self.lines.advance(decoded.bytes, decoded.lines);
        self.ready = self.ready.saturating_sub(decoded.bytes);
        if self.array.is_some() {
            // What is left is the start of an element: more of the file is needed.
            self.ready = 0;
            self.starved = true;
        }
        Ok(decoded)
    }
}
