//! Fetches what the parsers of `formats` ask for, and drives them over the splits of a partition.

mod driver;
mod file;
mod locate;
mod mob;

use std::sync::Arc;

use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use object_store::ObjectStore;

use super::recipe::Recipe;
use crate::error::Result;
use crate::spi::{ScanUnit, StatementContext};
pub(super) use driver::{Driver, Partition};
pub(super) use file::Opener;

/// What a partition counts.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    /// Bytes asked of the store.
    bytes: Count,
    /// Requests.
    requests: Count,
    recipe: Arc<Recipe>,
    statement: Arc<StatementContext>,
}

impl Counters {
    /// The counters of a partition.
    pub(super) fn new(
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
        recipe: &Arc<Recipe>,
        statement: &Arc<StatementContext>,
    ) -> Self {
        Self {
            bytes: MetricBuilder::new(metrics).counter("bytes_read", partition),
            requests: MetricBuilder::new(metrics).counter("requests", partition),
            recipe: Arc::clone(recipe),
            statement: Arc::clone(statement),
        }
    }

    /// Counts a request before it is made.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond a limit with it.
    fn request(&self, bytes: u64) -> Result<()> {
        self.requests.add(1);
        self.bytes.add(usize::try_from(bytes).unwrap_or(usize::MAX));
        self.recipe.meter(&self.statement, ScanUnit::Bytes, bytes)
    }

    /// Adds to a counter of the receipt.
    fn tell(&self, counter: &'static str, detail: &str, amount: u64) {
        if amount > 0 {
            self.statement.receipt().add_with(&self.recipe.label, counter, detail, amount);
        }
    }
}

/// Where a partition reads from.
pub(super) type Store = Arc<dyn ObjectStore>;
