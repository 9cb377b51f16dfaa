//! The rows of a running plan; a hash join that does not fit in memory is planned again as a
//! sort-merge join, which spills.
//!
//! The second plan is of the same statement: the same clock, the same read point, the same
//! settings. It is tried once, and only while no row has been given away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{
    SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext,
};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, TryStreamExt};
use tokio::time::{Instant, sleep};

use super::run::Statement;
use super::sort_merge::has_hash_join;
use crate::spi::StatementContext;

/// How long tasks of the failed plan may take to give their memory back.
const GIVING_BACK: Duration = Duration::from_millis(500);

/// The plans that a statement has started, for its receipt.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans(Arc<Mutex<Vec<Arc<dyn ExecutionPlan>>>>);

impl Plans {
    pub(super) fn add(&self, plan: &Arc<dyn ExecutionPlan>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(plan));
    }

    /// Forgets the plans of before: what they read is read again.
    fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn all(&self) -> Vec<Arc<dyn ExecutionPlan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a second plan is made of.
pub(super) struct Again {
    state: SessionState,
    plan: LogicalPlan,
    context: Arc<StatementContext>,
    plans: Plans,
}

impl Again {
    /// `None` when a second plan would not help, or would write twice.
    pub(super) fn new(
        statement: &Statement<'_>,
        plan: LogicalPlan,
        physical: &Arc<dyn ExecutionPlan>,
    ) -> Option<Self> {
        let writes = matches!(plan, LogicalPlan::Dml(_) | LogicalPlan::Copy(_));
        (!writes && has_hash_join(physical)).then(|| Self {
            state: statement.state.clone(),
            plan,
            context: Arc::clone(&statement.context),
            plans: statement.ran.clone(),
        })
    }

    /// Plans with sort-merge joins and starts.
    async fn start(self, task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let pool = Arc::clone(task.memory_pool());
        let until = Instant::now() + GIVING_BACK;
        // Other statements hold memory of the pool too, so it need not become empty.
        while pool.reserved() > 0 && Instant::now() < until {
            sleep(Duration::from_millis(2)).await;
        }
        let mut config = self.state.config().clone();
        config.options_mut().optimizer.prefer_hash_join = false;
        // Every sort has a fair share of the memory: the fewer, the larger.
        config.options_mut().execution.target_partitions = 1;
        let state = SessionStateBuilder::new_from_existing(self.state).with_config(config).build();
        // Limits and receipt are those of the plan that gives the rows.
        self.context.meter().restart();
        self.context.receipt().restart();
        self.plans.restart();
        let physical = state.create_physical_plan(&self.plan).await?;
        self.plans.add(&physical);
        execute_stream(physical, task)
    }
}

/// Starts a plan.
pub(super) fn start(
    physical: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    again: Option<Again>,
) -> Result<SendableRecordBatchStream> {
    let schema = physical.schema();
    let stream = execute_stream(physical, Arc::clone(&task))?;
    if again.is_none() {
        return Ok(stream);
    }
    let first = (stream, again, task);
    let rows = futures::stream::try_unfold(first, |(mut stream, mut again, task)| async move {
        loop {
            let Some(next) = stream.next().await else { return Ok(None) };
            let error = match next {
                Ok(batch) => {
                    if batch.num_rows() > 0 {
                        again = None;
                    }
                    return Ok(Some((batch, (stream, again, task))));
                }
                Err(error) => error,
            };
            let Some(second) = again.take().filter(|_| is_full_hash_join(&error)) else {
                return Err(error);
            };
            // Gives back what it holds before the second plan asks for it.
            drop(stream);
            stream = second.start(Arc::clone(&task)).await?;
        }
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.into_stream().fuse())))
}

/// Whether it was the table of a hash join that had no room.
fn is_full_hash_join(error: &DataFusionError) -> bool {
    matches!(
        error.find_root(),
        DataFusionError::ResourcesExhausted(text) if text.contains("for HashJoinInput")
    )
}
