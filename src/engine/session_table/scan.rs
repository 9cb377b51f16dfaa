//! The leaf that reads a session's own table, one partition for each piece.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::{
    RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::{DfResult, Held, Piece};
use crate::spi::{leaf_properties, leaf_with_children, of_partition};

/// How many batches are read ahead of who takes them.
const BATCHES_AHEAD: usize = 2;

/// The plan node.
#[derive(Clone, Debug)]
pub(super) struct SessionScan {
    pub(super) pieces: Vec<Arc<Piece>>,
    pub(super) projection: Option<Vec<usize>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl SessionScan {
    /// A scan of all pieces.
    pub(super) fn try_new(
        schema: &SchemaRef,
        pieces: Vec<Arc<Piece>>,
        projection: Option<Vec<usize>>,
    ) -> DfResult<Self> {
        let projected: SchemaRef = match &projection {
            Some(columns) => Arc::new(Schema::project(schema, columns)?),
            None => Arc::clone(schema),
        };
        let properties = leaf_properties(projected, pieces.len());
        Ok(Self { pieces, projection, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    fn piece(&self, partition: usize) -> DfResult<&Arc<Piece>> {
        Ok(of_partition(&self.pieces, partition)?)
    }
}

impl DisplayAs for SessionScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.pieces.iter().filter(|piece| matches!(piece.held, Held::File { .. }));
        write!(f, "SessionScan: pieces={}, files={}", self.pieces.len(), files.count())
    }
}

impl ExecutionPlan for SessionScan {
    fn name(&self) -> &str {
        "SessionScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        leaf_with_children(self, &children)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        _: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let piece = Arc::clone(self.piece(partition)?);
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let projection = self.projection.clone();
        let path = match &piece.held {
            Held::Memory(batches) => {
                let batches = batches.clone().into_iter().map(move |batch| {
                    metrics.record_output(batch.num_rows());
                    match &projection {
                        Some(columns) => Ok(batch.project(columns)?),
                        None => Ok(batch),
                    }
                });
                let stream = futures::stream::iter(batches);
                return Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)));
            }
            Held::File { path, .. } => path.clone(),
        };
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.schema(), BATCHES_AHEAD);
        let sender = builder.tx();
        builder.spawn_blocking(move || {
            let file = File::open(&path).map_err(DataFusionError::IoError)?;
            for batch in StreamReader::try_new(BufReader::new(file), projection)? {
                let batch = batch?;
                metrics.record_output(batch.num_rows());
                if sender.blocking_send(Ok(batch)).is_err() {
                    // Nobody reads on.
                    break;
                }
            }
            // The file must be there until its end is reached.
            drop(piece);
            Ok(())
        });
        Ok(builder.build())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> DfResult<Arc<Statistics>> {
        let rows = match arguments.partition() {
            Some(partition) => self.piece(partition)?.rows,
            None => self.pieces.iter().map(|piece| piece.rows).sum(),
        };
        let unknown = Statistics::new_unknown(&self.schema());
        Ok(Arc::new(Statistics { num_rows: Precision::Exact(rows), ..unknown }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
