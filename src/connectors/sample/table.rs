//! The table of the sample connector: which records a scan makes, and what it declares of them.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::logical_expr::TableType;
use datafusion::physical_plan::ExecutionPlan;

use super::scan::SampleScan;
use crate::spi::TableLimits;

/// The good records of a table, or the bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Good,
    Bad,
}

impl Half {
    /// The columns.
    pub(super) fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Good => vec![
                Field::new("id", DataType::Int64, false),
                Field::new("reading", DataType::Float64, false),
            ],
            Self::Bad => vec![
                Field::new("kind", DataType::Utf8, false),
                Field::new("reason", DataType::Utf8, false),
                Field::new("id", DataType::Int64, false),
            ],
        };
        Arc::new(Schema::new(fields))
    }
}

/// Every tenth record is bad.
pub(super) fn is_bad(id: u64) -> bool {
    id % 10 == 9
}

/// A table of generated records.
#[derive(Debug)]
pub(super) struct SampleTable {
    label: String,
    rows: u64,
    half: Half,
    limits: TableLimits,
    schema: SchemaRef,
}

impl SampleTable {
    /// `rows` records, of which one half is the table; `label` is what people call it.
    pub(super) fn new(label: String, rows: u64, half: Half, limits: TableLimits) -> Self {
        Self { label, rows, half, limits, schema: half.schema() }
    }

    /// One range of records per partition.
    fn splits(&self, partitions: u64) -> Vec<Range<u64>> {
        let partitions = partitions.clamp(1, self.rows.max(1));
        let start = |at: u64| self.rows * at / partitions;
        (0..partitions).map(|at| start(at)..start(at + 1)).collect()
    }
}

#[async_trait]
impl TableProvider for SampleTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[datafusion::logical_expr::Expr],
        fetch: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let splits = self.splits(state.config().target_partitions() as u64);
        let (label, projection) = (self.label.clone(), projection.cloned());
        let scan = SampleScan::try_new(label, splits, self.half, projection, fetch)?;
        Ok(Arc::new(scan.with_limits(self.limits)))
    }
}
