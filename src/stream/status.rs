//! `stream_status('t')`: a row per partition of what a statement has pinned of a stream.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::pin::StreamName;
use super::source::{LogSource, OffsetUnit, PartitionKind, ReadRequest, TO_ITS_END};
use super::tail::last_records;
use crate::error::{Error, Result};
use crate::spi::{PinnedPartition, PinnedStream, StatementContext};

/// Partitions that are read at once for their times.
const AT_ONCE: usize = 8;

/// The first of the two columns that records have to be read for.
const TIMES: usize = 5;

/// The table.
#[derive(Debug)]
pub(super) struct StatusTable {
    source: Arc<dyn LogSource>,
    statement: Arc<StatementContext>,
    name: StreamName,
    pinned: Arc<PinnedStream>,
    schema: SchemaRef,
}

impl StatusTable {
    /// The status of what is pinned.
    pub(super) fn new(
        source: Arc<dyn LogSource>,
        statement: Arc<StatementContext>,
        name: StreamName,
        pinned: Arc<PinnedStream>,
    ) -> Self {
        let partition = match source.traits().partitions {
            PartitionKind::Number => DataType::Int32,
            PartitionKind::Name => DataType::Utf8,
        };
        let zone = statement.timezone();
        let time = DataType::Timestamp(TimeUnit::Millisecond, Some(zone.into()));
        let schema = Arc::new(Schema::new(vec![
            Field::new("partition", partition, false),
            Field::new("begin_offset", DataType::Int64, false),
            // Of a compressed file only reading tells it.
            Field::new("end_offset", DataType::Int64, true),
            // Of bytes nobody knows how many records they are.
            Field::new("records_at_most", DataType::Int64, true),
            Field::new("held_back", DataType::Int64, false),
            Field::new("first_timestamp", time.clone(), true),
            Field::new("last_timestamp", time, true),
        ]));
        Self { source, statement, name, pinned, schema }
    }

    /// The rows, with times if they are wanted.
    async fn rows(&self, wants_times: bool) -> Result<RecordBatch> {
        let traits = self.source.traits();
        let parts = || self.pinned.partitions.values();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let length = |it: &PinnedPartition| number(it.end - it.start);
        let has_end = |it: &PinnedPartition| it.end != TO_ITS_END;
        let times = match wants_times && traits.has_time {
            true => self.times().await?,
            false => vec![[None; 2]; self.pinned.partitions.len()],
        };
        let time = |at: usize| -> ArrayRef {
            Arc::new(times.iter().map(|times| times[at]).collect::<TimestampMillisecondArray>())
        };
        let columns: [ArrayRef; 7] = [
            Arc::new(StringArray::from_iter_values(self.pinned.partitions.keys())),
            Arc::new(Int64Array::from_iter_values(parts().map(|it| number(it.start)))),
            Arc::new(parts().map(|it| has_end(it).then(|| number(it.end))).collect::<Int64Array>()),
            Arc::new(
                parts()
                    .map(|it| (traits.offsets == OffsetUnit::Records).then(|| length(it)))
                    .collect::<Int64Array>(),
            ),
            Arc::new(Int64Array::from_iter_values(parts().map(|it| number(it.held_back)))),
            time(0),
            time(1),
        ];
        let wrong = |e| Error::internal(format!("the status of {}: {e}", self.name.label));
        let fields = self.schema.fields().iter();
        let columns = columns
            .iter()
            .zip(fields)
            .map(|(column, field)| cast(column, field.data_type()).map_err(wrong));
        let columns = columns.collect::<Result<_>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(wrong)
    }

    /// The times of the first and of the last record of each partition.
    async fn times(&self) -> Result<Vec<[Option<i64>; 2]>> {
        let parts = self.pinned.partitions.iter().map(|(partition, it)| {
            let request = ReadRequest {
                stream: self.name.stream.clone(),
                partition: partition.clone(),
                range: it.start..it.end,
                pinned_end: it.end,
                identity: it.identity.clone(),
                wants_keys: false,
                skips_lost: false,
            };
            self.times_of(request).boxed()
        });
        let parts: Vec<_> = parts.collect();
        futures::stream::iter(parts).buffered(AT_ONCE).try_collect().await
    }

    async fn times_of(&self, request: ReadRequest) -> Result<[Option<i64>; 2]> {
        if request.range.is_empty() {
            return Ok([None; 2]);
        }
        let mut read = self.source.read(&self.statement, request.clone());
        let first = loop {
            match read.try_next().await? {
                None => break None,
                Some(records) => match records.records.first() {
                    Some(record) => break record.timestamp,
                    None => continue,
                },
            }
        };
        drop(read);
        let last = last_records(&self.source, &self.statement, request, 1).await?;
        let last = last.iter().flat_map(|records| &records.records);
        Ok([first, last.max_by_key(|record| record.offset).and_then(|record| record.timestamp)])
    }
}

#[async_trait]
impl TableProvider for StatusTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let wants_times = projection.is_none_or(|columns| columns.iter().any(|at| *at >= TIMES));
        let rows = self.rows(wants_times).await?;
        let schema = Arc::clone(&self.schema);
        Ok(MemorySourceConfig::try_new_exec(&[vec![rows]], schema, projection.cloned())?)
    }
}
