//! The last rows before those that come: read from the ends of all partitions, in the order of time.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches, interleave_record_batch};
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::follower::{Place, Places};
use super::sieve::Sieve;
use crate::error::{Error, Result};
use crate::spi::StatementContext;
use crate::stream::meta::MetaColumn;
use crate::stream::source::{LogSource, ReadRequest};
use crate::stream::tail::Backwards;

/// Partitions that are read at once.
const AT_ONCE: usize = 8;

/// How far back is looked for rows that pass: steps that grow. A filter that lets nothing pass must
/// not keep what comes waiting until a whole topic has been read.
const STEPS: usize = 5;

/// The last `most` rows, as they are built; `None` where there are none.
pub(super) async fn rows(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    sieve: &Sieve,
    places: &Places,
    most: usize,
) -> Result<Option<RecordBatch>> {
    if most == 0 {
        return Ok(None);
    }
    let of = |(partition, place): (&String, &Place)| {
        let request = ReadRequest {
            stream: sieve.recipe.stream.clone(),
            partition: partition.clone(),
            range: place.start..place.position,
            pinned_end: place.position,
            identity: place.identity.clone(),
            wants_keys: false,
            skips_lost: false,
        };
        of_partition(source, statement, sieve, request, most).boxed()
    };
    let parts: Vec<_> = places.0.iter().map(of).collect();
    let read = futures::stream::iter(parts).buffered(AT_ONCE);
    let found: Vec<RecordBatch> = read.try_collect().await?;
    merged(&found, most)
}

/// At most the last `most` rows of a partition.
async fn of_partition(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    sieve: &Sieve,
    request: ReadRequest,
    most: usize,
) -> Result<RecordBatch> {
    let mut open = sieve.open(source)?;
    let request = ReadRequest { wants_keys: open.wants_keys(), ..request };
    let (mut found, mut count) = (Vec::new(), 0);
    let steps = Backwards::new(request.range.clone(), source.traits().tail);
    for range in steps.take(STEPS) {
        let mut read = source.read(statement, ReadRequest { range, ..request.clone() });
        let mut rows = Vec::new();
        while let Some(came) = read.try_next().await? {
            let passed = open.pass(statement, &request.partition, &came).await?;
            count += passed.num_rows();
            rows.push(passed);
        }
        rows.append(&mut found);
        found = rows;
        if count >= most {
            break;
        }
    }
    let rows = concat_batches(sieve.built(), &found).map_err(|e| Error::internal(e.to_string()))?;
    let before = rows.num_rows().saturating_sub(most);
    Ok(rows.slice(before, rows.num_rows() - before))
}

/// The last of the rows of all partitions. Those of one partition keep their order: a row counts as
/// not older than the one before it. Without times, the one counts as later that is nearer to its
/// partition's end.
fn merged(found: &[RecordBatch], most: usize) -> Result<Option<RecordBatch>> {
    let mut order = Vec::new();
    for (at, batch) in found.iter().enumerate() {
        let times = times(batch)?;
        let rows = batch.num_rows();
        let mut last = i64::MIN;
        for row in 0..rows {
            let from_end = i64::try_from(rows - row).unwrap_or(i64::MAX);
            last = times.as_ref().map_or(-from_end, |times| {
                if times.is_null(row) { last } else { last.max(timestamp(times, row)) }
            });
            order.push((last, at, row));
        }
    }
    order.sort_by_key(|(time, _, _)| *time);
    let places: Vec<(usize, usize)> = order
        .iter()
        .skip(order.len().saturating_sub(most))
        .map(|(_, at, row)| (*at, *row))
        .collect();
    if places.is_empty() {
        return Ok(None);
    }
    let batches: Vec<&RecordBatch> = found.iter().collect();
    let rows = interleave_record_batch(&batches, &places);
    rows.map(Some).map_err(|e| Error::internal(e.to_string()))
}

fn times(batch: &RecordBatch) -> Result<Option<ArrayRef>> {
    let Some(times) = batch.column_by_name(MetaColumn::Timestamp.name()) else { return Ok(None) };
    if times.null_count() == times.len() {
        return Ok(None);
    }
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    cast(times, &micros).map(Some).map_err(|e| Error::internal(e.to_string()))
}

fn timestamp(times: &ArrayRef, row: usize) -> i64 {
    times.as_primitive::<TimestampMicrosecondType>().value(row)
}
