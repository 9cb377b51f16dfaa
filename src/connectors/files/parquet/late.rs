//! Late materialisation: the reader itself drops rows, where that turns out to pay.
//!
//! A reader that filters decodes the filter's columns first and of the others only what passes.
//! Where next to nothing passes it is three times as fast; with one row in a hundred, scattered over
//! all pages, it is slower already (`docs/performance.md` has the figures; apache/datafusion issues
//! 20324 and 22883 tell of both). Which of the two it is nobody knows before, so a partition is read
//! in pieces that grow, and each piece tells how the next one is read. Nothing depends on it but the
//! time: the filter above the scan stays and sees every row that is left.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::cast::as_boolean_array;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{DynamicFilterTracking, PhysicalExpr, split_conjunction};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion_datasource::source::DataSourceExec;
use futures::{Stream, StreamExt, stream};
use parquet::file::metadata::ParquetMetaData;

use super::super::scan::Split;
use super::super::stock::Stock;
use super::footer::FooterCache;
use super::row_group_splits;
use crate::error::Result;
use crate::spi::ScanUnit;

type DfResult<T> = datafusion::common::Result<T>;

/// The share of rows that pass below which the reader begins to filter.
const BEGIN: f64 = 0.001;

/// The share above which it stops again; apart from [`BEGIN`], so that it does not go to and fro.
const STOP: f64 = 0.005;

/// While the reader does not filter, one batch of this many is looked at.
const LOOKED_AT: usize = 16;

/// Rows that the reader dropped, by the name of its counter.
const DROPPED: &str = "pushdown_rows_pruned";

/// Rows that a scan's readers dropped: they were read, and nobody above sees them.
fn dropped(scan: &dyn ExecutionPlan) -> u64 {
    let sum = scan.metrics().and_then(|metrics| metrics.sum_by_name(DROPPED));
    sum.map_or(0, |sum| sum.as_usize() as u64)
}

/// Reads the splits of a partition. `filter` is the predicate over the columns that are read.
pub(in super::super) fn read(
    stock: Stock,
    splits: Vec<Split>,
    filter: Arc<dyn PhysicalExpr>,
) -> impl Stream<Item = DfResult<RecordBatch>> {
    let late = Late {
        stock,
        filter,
        splits,
        next: 0,
        piece: 1,
        pays: None,
        filters: false,
        seen: Seen::default(),
        open: None,
    };
    stream::try_unfold(
        late,
        |mut late| async move { Ok(late.next().await?.map(|batch| (batch, late))) },
    )
}

/// A partition while it is read.
struct Late {
    stock: Stock,
    filter: Arc<dyn PhysicalExpr>,
    splits: Vec<Split>,
    // The first split that is not read yet, and how many the next piece has.
    next: usize,
    piece: usize,
    // Whether there is enough besides the filter's columns to be saved; unknown at first.
    pays: Option<bool>,
    filters: bool,
    seen: Seen,
    open: Option<Piece>,
}

/// Rows of a piece, and how many of them passed.
#[derive(Default)]
struct Seen {
    rows: u64,
    passed: u64,
    batches: usize,
}

struct Piece {
    scan: Arc<DataSourceExec>,
    stream: SendableRecordBatchStream,
    dropped: u64,
}

impl Late {
    async fn next(&mut self) -> DfResult<Option<RecordBatch>> {
        loop {
            let Some(piece) = &mut self.open else {
                if self.next >= self.splits.len() {
                    return Ok(None);
                }
                self.open_piece().await?;
                continue;
            };
            let batch = piece.stream.next().await.transpose()?;
            let dropped = dropped(piece.scan.as_ref()) - piece.dropped;
            piece.dropped += dropped;
            self.stock.recipe.meter(&self.stock.statement, ScanUnit::Records, dropped)?;
            let Some(batch) = batch else {
                self.open = None;
                self.decide();
                continue;
            };
            self.look_at(&batch, dropped)?;
            return Ok(Some(batch));
        }
    }

    async fn open_piece(&mut self) -> DfResult<()> {
        let pays = match self.pays {
            Some(pays) => pays,
            None => self.begin().await?,
        };
        self.pays = Some(pays);
        let end = if pays { self.next + self.piece } else { self.splits.len() };
        let end = end.min(self.splits.len());
        let splits = self.splits.get(self.next..end).unwrap_or_default();
        let (scan, stream) = self.stock.read(splits, self.filters)?;
        self.next = end;
        self.piece *= 2;
        self.open = Some(Piece { scan, stream, dropped: 0 });
        Ok(())
    }

    /// Whether filtering can pay at all. The first split is then taken apart into its row groups,
    /// so that little is read before the first decision.
    async fn begin(&mut self) -> DfResult<bool> {
        let Some(first) = self.splits.first().cloned() else { return Ok(false) };
        let footer = footer(&self.stock, &first).await?;
        if !can_save(&self.stock, &footer, &self.filter) {
            return Ok(false);
        }
        let (start, end) = first.range.unwrap_or((0, u64::MAX));
        let mut groups = row_group_splits(&first.file, &footer, 1);
        if groups.len() > 1 {
            groups.retain(|group| group.range.is_some_and(|(at, _)| start <= at && at < end));
            self.splits.splice(..1, groups);
        }
        Ok(self.splits.len() > 1)
    }

    fn look_at(&mut self, batch: &RecordBatch, dropped: u64) -> DfResult<()> {
        let rows = batch.num_rows() as u64;
        let at = self.seen.batches;
        self.seen.batches += 1;
        if self.filters {
            self.seen.rows += rows + dropped;
            self.seen.passed += rows;
        } else if self.pays == Some(true) && at.is_multiple_of(LOOKED_AT) {
            let passes = self.filter.evaluate(batch)?.into_array(batch.num_rows())?;
            let passes = as_boolean_array(&passes)?;
            self.seen.rows += rows;
            self.seen.passed += passes.true_count() as u64;
        }
        Ok(())
    }

    /// How the next piece is read. A piece without rows says nothing.
    fn decide(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        if seen.rows > 0 {
            let share = seen.passed as f64 / seen.rows as f64;
            self.filters = share <= if self.filters { STOP } else { BEGIN };
        }
    }
}

async fn footer(stock: &Stock, split: &Split) -> Result<Arc<ParquetMetaData>> {
    let cache = stock.statement.shared().get::<FooterCache>();
    let file = &split.file.meta;
    let outer = stock.recipe.outer(&file.location);
    cache.get(&stock.store, stock.recipe.store(), file, &outer).await
}

/// Whether the columns besides the filter's own are the larger part of what is read. What a dynamic
/// filter needs counts only where it stands alone: after a fixed one it is asked about few rows.
fn can_save(stock: &Stock, footer: &ParquetMetaData, filter: &Arc<dyn PhysicalExpr>) -> bool {
    let conjuncts = split_conjunction(filter);
    let fixed: Vec<_> = conjuncts
        .iter()
        .filter(|part| !DynamicFilterTracking::classify(part).contains_dynamic_filter())
        .collect();
    let own = if fixed.is_empty() { conjuncts.iter().collect() } else { fixed };
    let own: HashSet<String> = own
        .into_iter()
        .flat_map(|part| collect_columns(part))
        .map(|column| column.name().to_owned())
        .collect();
    let schema = stock.recipe.table_schema();
    let read: HashSet<&str> = stock
        .projection
        .iter()
        .filter_map(|index| schema.fields().get(*index))
        .map(|field| field.name().as_str())
        .collect();
    let (mut filters, mut others) = (0, 0);
    for chunk in footer.row_groups().first().map_or(&[][..], |group| group.columns()) {
        match chunk.column_path().parts().first() {
            Some(name) if own.contains(name) => filters += chunk.uncompressed_size(),
            Some(name) if read.contains(name.as_str()) => others += chunk.uncompressed_size(),
            _ => {}
        }
    }
    others > filters
}
