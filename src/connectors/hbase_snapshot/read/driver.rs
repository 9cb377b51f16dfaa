//! The splits of one partition, one after another, as batches.
//!
//! Cells are decoded where the plan runs; only bytes are waited for, and the next bytes of every
//! file are on their way while the last ones are decoded.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::metrics::BaselineMetrics;
use futures::{StreamExt, TryStreamExt};

use super::super::keys::Ranges;
use super::super::recipe::{Columns, Recipe, Split};
use super::super::rows::Rows;
use super::file::{OpenFile, Opener};
use super::locate::Located;
use super::mob::{MobFiles, MobReference};
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{FileName, StoreFile};
use crate::formats::hbase_rows::{Event, FamilyScan, Rank, RegionScan, StoreFileScan};
use crate::formats::hfile::{RowRange, Walk};
use crate::stream::Tally;

/// How many files are opened at once.
const OPENED_AT_ONCE: usize = 16;

/// The bytes of all files together that a partition has in flight or in its hands.
const AHEAD: u64 = 32 << 20;

/// The most and the least that is asked for at once.
const LARGEST: u64 = 8 << 20;
const SMALLEST: u64 = 128 << 10;

/// What the first request of a file asks for; it doubles from there.
const FIRST: u64 = 512 << 10;

/// What one partition of a scan is made of.
#[derive(Debug)]
pub(in super::super) struct Partition {
    /// Its splits.
    pub(in super::super) splits: Vec<Split>,
    /// The rows that filters leave.
    pub(in super::super) ranges: Ranges,
    /// Indices into the table's columns.
    pub(in super::super) projection: Vec<usize>,
    /// The families that are read, by their numbers in the recipe.
    pub(in super::super) families: BTreeSet<usize>,
    /// The only columns that matter, by family, where no other makes a row.
    pub(in super::super) columns: Option<Columns>,
    /// The projected schema.
    pub(in super::super) schema: SchemaRef,
    /// The most rows that are wanted.
    pub(in super::super) fetch: Option<usize>,
    /// Rows of a batch.
    pub(in super::super) batch_size: usize,
    /// Shared by all partitions.
    pub(in super::super) tally: Arc<Tally>,
}

/// Reads a partition.
#[derive(Debug)]
pub(in super::super) struct Driver {
    regions: Regions,
    baseline: BaselineMetrics,
    splits: VecDeque<Split>,
    ranges: Ranges,
    schema: SchemaRef,
    left: usize,
    batch_size: usize,
    tally: Arc<Tally>,
    rows: Rows,
    // The split that is open: its files, and the ranges that are still to be read.
    open: Option<OpenSplit>,
    region: Option<Reading>,
    // The family whose cell begins a row that the last batch had no room for.
    held: Option<usize>,
    mob: MobFiles,
    // For the bytes that are on their way or not decoded yet.
    memory: MemoryReservation,
    ended: bool,
}

/// Opens the files of regions.
#[derive(Debug)]
struct Regions {
    opener: Arc<Opener>,
    // The families that are read, by their numbers in the recipe.
    families: Vec<usize>,
    columns: Option<Columns>,
}

#[derive(Debug)]
struct OpenSplit {
    split: Split,
    ranges: VecDeque<RowRange>,
    // By the number of the family among those that are read.
    files: Vec<Vec<SplitFile>>,
}

#[derive(Clone, Debug)]
struct SplitFile {
    file: Arc<OpenFile>,
    rows: RowRange,
    sequence: Option<i64>,
    rank: Rank,
}

/// One range of rows being read.
#[derive(Debug)]
struct Reading {
    scan: RegionScan,
    // By family and file, as the scan numbers them.
    ahead: Vec<Vec<Ahead>>,
    // Whether the range is that of one row.
    point: bool,
}

/// The next bytes of a file.
#[derive(Debug)]
struct Ahead {
    file: Arc<OpenFile>,
    end: u64,
    next: u64,
    most: u64,
    // The most bytes on their way or in hand.
    bytes: u64,
    coming: Option<(u64, SpawnedTask<Result<Bytes>>)>,
}

/// What stopped the decoding.
enum Stopped {
    Full,
    Need { family: usize, file: usize, range: std::ops::Range<u64> },
    Mob { family: usize, new_row: bool, reference: Box<MobReference> },
    End,
}

impl Driver {
    /// A driver of a partition.
    pub(in super::super) fn new(
        opener: Arc<Opener>,
        partition: Partition,
        baseline: BaselineMetrics,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let families: Vec<usize> = partition.families.iter().copied().collect();
        let rows = Rows::new(opener.recipe(), &partition.projection, &families)?;
        Ok(Self {
            regions: Regions { opener, families, columns: partition.columns },
            baseline,
            splits: partition.splits.into(),
            ranges: partition.ranges,
            schema: partition.schema,
            left: partition.fetch.unwrap_or(usize::MAX),
            batch_size: partition.batch_size,
            tally: partition.tally,
            rows,
            open: None,
            region: None,
            held: None,
            mob: MobFiles::default(),
            memory,
            ended: false,
        })
    }

    /// The next batch.
    pub(in super::super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.left == 0 {
                return Ok(None);
            }
            if self.region.is_none() && !self.next_range().await? {
                if self.rows.len() > 0 {
                    return self.batch().map(Some);
                }
                self.end()?;
                return Ok(None);
            }
            match self.decode()? {
                Stopped::Full => return self.batch().map(Some),
                Stopped::Need { family, file, range } => self.fetch(family, file, range).await?,
                Stopped::Mob { family, new_row, reference } => {
                    let value = self.mob.value(&self.regions.opener, &reference).await?;
                    let cell = self.region.as_ref().and_then(|region| region.scan.cell(family));
                    let Some(cell) = cell else {
                        return Err(Error::internal("a cell went away while its value was read"));
                    };
                    self.rows.cell(family, &cell.with_value(&value), new_row)?;
                }
                Stopped::End => {
                    self.rows.end();
                    self.end_range();
                }
            }
        }
    }

    fn batch(&mut self) -> Result<RecordBatch> {
        let batch = self.rows.finish(&self.schema)?;
        let batch = batch.slice(0, batch.num_rows().min(self.left));
        self.left -= batch.num_rows();
        self.baseline.record_output(batch.num_rows());
        let (looked_at, bad) = self.rows.take_tally();
        let recipe = self.regions.opener.recipe();
        let result = self.tally.add(looked_at, bad, recipe.max_bad, &recipe.label);
        if bad > 0 {
            let counters = self.regions.opener.counters();
            counters.statement.receipt().at_least(&recipe.label, "bad_records", self.tally.bad());
        }
        result.map(|()| batch)
    }

    fn end(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.ended, true) {
            let recipe = self.regions.opener.recipe();
            self.tally.end(recipe.max_bad, &recipe.label)?;
        }
        Ok(())
    }

    /// Decodes until a batch is full or something is missing.
    fn decode(&mut self) -> Result<Stopped> {
        let Some(region) = &mut self.region else { return Ok(Stopped::End) };
        let recipe = self.regions.opener.recipe();
        let timer = self.baseline.elapsed_compute().timer();
        let most = self.batch_size.min(self.left);
        loop {
            let event = match self.held.take() {
                Some(family) => Ok(Event::Cell { family, new_row: true }),
                None => region.scan.advance(),
            };
            let event = match event {
                Ok(event) => event,
                Err(e) => return Err(region.broken(&e)),
            };
            match event {
                Event::Cell { family, new_row } => {
                    if new_row {
                        // A row is whole when the next begins.
                        self.rows.end();
                        if self.rows.is_full(most) {
                            self.held = Some(family);
                            timer.done();
                            return Ok(Stopped::Full);
                        }
                    }
                    let Some(cell) = region.scan.cell(family) else { continue };
                    if cell.has_tags()
                        && let Some(number) = self.regions.families.get(family)
                        && let Some(known) = recipe.families.get(*number)
                        && let Some(reference) = MobReference::of(&cell, &known.name)
                    {
                        let reference = Box::new(reference);
                        return Ok(Stopped::Mob { family, new_row, reference });
                    }
                    self.rows.cell(family, &cell, new_row)?;
                    if !self.rows.is_in_row() && self.rows.is_full(most) {
                        timer.done();
                        return Ok(Stopped::Full);
                    }
                }
                Event::Need { family, file, range } => {
                    timer.done();
                    return Ok(Stopped::Need { family, file, range });
                }
                Event::End => return Ok(Stopped::End),
            }
        }
    }

    /// Gives a file the bytes that it asks for, and sends for the next ones.
    async fn fetch(
        &mut self,
        family: usize,
        file: usize,
        range: std::ops::Range<u64>,
    ) -> Result<()> {
        let Some(region) = &mut self.region else { return Ok(()) };
        let ahead = region.ahead.get_mut(family).and_then(|files| files.get_mut(file));
        let family = region.scan.families_mut().get_mut(family);
        let scan = family.and_then(|family| family.files_mut().get_mut(file));
        let (Some(ahead), Some(scan)) = (ahead, scan) else {
            return Err(Error::internal("a file that nobody opened is asked for"));
        };
        let bytes = ahead.take(range, region.point).await?;
        for (offset, bytes) in bytes {
            scan.walk.give(offset, bytes);
        }
        Ok(())
    }

    /// Goes to the next range of rows; false when there is none.
    async fn next_range(&mut self) -> Result<bool> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(split) = self.splits.pop_front() else { return Ok(false) };
                let ranges: VecDeque<RowRange> =
                    self.ranges.worth_reading(&split.rows, split.bytes).into();
                if ranges.is_empty() {
                    self.regions.opener.counters().tell("regions_skipped", "by row range", 1);
                    continue;
                }
                let files = self.regions.open_files(&split).await?;
                self.regions.opener.counters().tell("region_parts_read", "", 1);
                self.open = Some(OpenSplit { split, ranges, files });
                continue;
            };
            match open.ranges.pop_front() {
                Some(range) => {
                    let reading = self.regions.start(open, &range).await?;
                    let bytes = usize::try_from(reading.bytes()).unwrap_or(usize::MAX);
                    self.memory.try_resize(bytes).map_err(|e| {
                        Error::exhausted(e.strip_backtrace())
                            .with_hint("read fewer families or rows, or raise memory_limit")
                    })?;
                    self.region = Some(reading);
                    return Ok(true);
                }
                None => self.open = None,
            }
        }
    }

    /// Puts into the receipt what a range took.
    fn end_range(&mut self) {
        let Some(mut region) = self.region.take() else { return };
        let counters = self.regions.opener.counters();
        for family in region.scan.families_mut() {
            let (read, withheld) = family.take_counts();
            counters.tell("blocks_read", "", read.blocks);
            counters.tell("cells_read", "", read.cells);
            counters.tell("cells_withheld", "deleted", withheld.deleted);
            counters.tell("cells_withheld", "expired", withheld.expired);
        }
    }
}

impl Regions {
    fn recipe(&self) -> &Arc<Recipe> {
        self.opener.recipe()
    }

    /// Opens the files of a split.
    async fn open_files(&self, split: &Split) -> Result<Vec<Vec<SplitFile>>> {
        let mut all = Vec::with_capacity(self.families.len());
        for number in &self.families {
            let files = split.files.get(*number).map(Vec::as_slice).unwrap_or_default();
            let Some(family) = self.recipe().families.get(*number) else { continue };
            // Each opens with what is its own, so that they can go on beside each other.
            let files: Vec<_> = files
                .iter()
                .map(|file| {
                    let opener = Arc::clone(&self.opener);
                    open_file(opener, split.clone(), family.name.clone(), file.clone())
                })
                .collect();
            let opened = futures::stream::iter(files)
                .buffered(OPENED_AT_ONCE)
                .try_collect::<Vec<Option<SplitFile>>>()
                .await?;
            all.push(opened.into_iter().flatten().collect());
        }
        Ok(all)
    }

    /// Finds where in the files a range of rows is, and begins to read it.
    async fn start(&self, open: &OpenSplit, range: &RowRange) -> Result<Reading> {
        debug_assert!(open.split.rows.and(range).is_some());
        let point = range.is_one_row();
        let count: usize = open.files.iter().map(Vec::len).sum();
        let share = (AHEAD / (2 * count.max(1) as u64)).clamp(SMALLEST, LARGEST);
        let (mut scans, mut ahead) = (vec![], vec![]);
        for (number, files) in self.families.iter().zip(&open.files) {
            let Some(family) = self.recipe().families.get(*number) else { continue };
            let mut walks = vec![];
            let columns = self.columns.as_ref().and_then(|columns| columns.get(&family.name));
            for own in files {
                let Some(rows) = own.rows.and(range) else { continue };
                match own.file.locate(&rows, columns).await? {
                    Located::Blocks(blocks) => {
                        let coming = Ahead::new(&own.file, &blocks, share);
                        let walk = Walk::new(Arc::clone(&own.file.file), blocks, rows);
                        let scan =
                            StoreFileScan { walk, sequence: own.sequence, rank: own.rank.clone() };
                        walks.push((scan, coming));
                    }
                    Located::Nowhere(by) => {
                        own.file.counters().tell("file_reads_skipped", by, 1);
                    }
                }
            }
            // The scan orders its files by rank.
            walks.sort_by(|(a, _), (b, _)| a.rank.cmp(&b.rank));
            let (files, coming): (Vec<_>, Vec<_>) = walks.into_iter().unzip();
            let named = self.recipe().named.as_ref();
            let columns = named.and_then(|named| named.get(&family.name)).cloned();
            scans.push(FamilyScan::new(family, &self.recipe().read, columns, files));
            ahead.push(coming);
        }
        Ok(Reading { scan: RegionScan::new(scans), ahead, point })
    }
}

/// Opens a file of a split; `None` where it has nothing that the read wants.
async fn open_file(
    opener: Arc<Opener>,
    split: Split,
    family: String,
    file: StoreFile,
) -> Result<Option<SplitFile>> {
    let mut rows = split.rows.clone();
    if let Some(reference) = &file.reference {
        let row = reference.row.to_vec();
        let half = if reference.top {
            RowRange { start: row, end: None }
        } else {
            RowRange { start: vec![], end: Some(row) }
        };
        match half.and(&rows) {
            Some(both) => rows = both,
            None => return Ok(None),
        }
    }
    let name = FileName::parse(&file.name);
    let place = name.place(&opener.recipe().table, &split.region, &family);
    let opened = opener.open(&place, file.size).await?;
    let info = &opened.file.info;
    let read = &opener.recipe().read;
    if let Some((oldest, newest)) = info.time_range
        && (newest < read.min_timestamp && read.min_timestamp > 0
            || oldest >= read.max_timestamp && read.max_timestamp != i64::MAX)
    {
        // What hides others stretches the range down to zero, so nothing here matters.
        opener.counters().tell("files_skipped", "by time range", 1);
        return Ok(None);
    }
    opener.counters().tell("store_files_read", "", 1);
    let mut sequence = name.bulk_sequence().unwrap_or(info.max_sequence_id);
    if file.reference.as_ref().is_some_and(|reference| reference.top) {
        sequence += 1;
    }
    let bulk = name.bulk_sequence().is_some() || info.bulk_loaded.is_some();
    let rank = Rank {
        sequence,
        size: std::cmp::Reverse(opened.size),
        bulk_loaded: info.bulk_loaded.unwrap_or(i64::MAX),
        name: file.name.clone(),
    };
    let sequence = (bulk && !info.keeps_sequence_ids).then_some(sequence);
    Ok(Some(SplitFile { file: opened, rows, sequence, rank }))
}

impl Reading {
    /// The most bytes that its files have on their way or in hand.
    fn bytes(&self) -> u64 {
        self.ahead.iter().flatten().map(|ahead| ahead.bytes).sum()
    }

    /// An error of a parser, with the file that it is about: the one that was read last.
    fn broken(&mut self, e: &crate::formats::Broken) -> Error {
        for (family, files) in self.scan.families_mut().iter_mut().zip(&self.ahead) {
            if let Some(at) = family.files_mut().iter().position(|file| file.walk.is_broken())
                && let Some(ahead) = files.get(at)
            {
                return ahead.file.broken(e);
            }
        }
        super::super::error::broken("a store file", e)
    }
}

impl Ahead {
    fn new(file: &Arc<OpenFile>, blocks: &std::ops::Range<u64>, most: u64) -> Self {
        let most = most.max(SMALLEST);
        let bytes = most.saturating_mul(2).min(blocks.end.saturating_sub(blocks.start));
        let (file, next) = (Arc::clone(file), FIRST.min(most));
        Self { file, end: blocks.end, next, most, bytes, coming: None }
    }

    /// The bytes of a range at least, and what is on its way behind them.
    async fn take(
        &mut self,
        range: std::ops::Range<u64>,
        point: bool,
    ) -> Result<Vec<(u64, Bytes)>> {
        let end = self.end.max(range.end);
        if end > self.file.size {
            let beyond = crate::formats::Broken::corrupt("data block", "goes beyond the file");
            return Err(self.file.broken(&beyond.at(range.start)));
        }
        // A row may be as wide as it likes; mostly it is in one block or two.
        if point && end.saturating_sub(range.start) <= self.most {
            let bytes = self.file.read_kept(range.start..end).await?;
            return Ok(vec![(range.start, bytes)]);
        }
        let mut at = range.start;
        let mut all = vec![];
        while at < range.end {
            let bytes = match self.coming.take() {
                Some((start, task)) if start == at => task
                    .join()
                    .await
                    .map_err(|e| Error::internal(format!("a read ended unexpectedly: {e}")))??,
                _ => {
                    let until = at.saturating_add(self.next).max(range.end).min(end);
                    self.file.read(at..until).await?
                }
            };
            let length = bytes.len() as u64;
            all.push((at, bytes));
            at = at.saturating_add(length);
            self.next = self.next.saturating_mul(2).min(self.most);
            if at < end {
                let until = at.saturating_add(self.next).min(end);
                let file = Arc::clone(&self.file);
                let task = SpawnedTask::spawn(async move { file.read(at..until).await });
                self.coming = Some((at, task));
            }
        }
        Ok(all)
    }
}
