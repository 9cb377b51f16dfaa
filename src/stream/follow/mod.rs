//! `stream_follow('t', last => n)`: the last rows of a stream, then all that come, without an end.
//!
//! Following is reading bounded ranges one after the other: a look at the ends, then every partition
//! from where the range before it ended. So nothing is missed and nothing comes twice, and every rule
//! of a bounded read holds: what was deleted, cut or made anew since the last look is an error. A
//! system that does not answer is asked again until it does.
//!
//! Filters are kept here, in the scan: DataFusion's own node gathers rows into large batches, and a
//! row that has come is wanted now.

mod first;
mod follower;
mod node;
mod sieve;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_plan::ExecutionPlan;

use self::follower::Places;
pub(super) use self::node::StreamFollow;
use self::sieve::Sieve;
use super::meta::MetaColumn;
use super::recipe::Recipe;
use crate::spi::PinnedStream;

/// A stream without an end, as one statement sees it.
#[derive(Debug)]
pub(super) struct FollowTable {
    recipe: Arc<Recipe>,
    places: Places,
    last: usize,
}

impl FollowTable {
    /// A stream from the end of what is pinned on, and the last rows before that.
    pub(super) fn new(recipe: Recipe, pinned: &PinnedStream, last: usize) -> Self {
        Self { recipe: Arc::new(recipe), places: Places::at_the_ends_of(pinned), last }
    }
}

#[async_trait]
impl TableProvider for FollowTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.recipe.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let schema = &self.recipe.schema;
        let all = || (0..schema.fields().len()).collect();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let filter = conjunction(filters.to_vec());
        let names = DFSchema::try_from(Arc::clone(schema))?;
        let filter = filter.map(|filter| state.create_physical_expr(filter, &names)).transpose()?;
        let mut columns: BTreeSet<usize> = wanted.iter().copied().collect();
        columns.extend(filter.iter().flat_map(collect_columns).map(|column| column.index()));
        // The last rows of several partitions are put in the order of their times.
        columns.extend(schema.index_of(MetaColumn::Timestamp.name()));
        let columns: Vec<usize> = columns.into_iter().collect();
        let built = Arc::new(self.recipe.projected(&columns)?);
        let filter = filter.map(|filter| reassign_expr_columns(filter, &built)).transpose()?;
        let place = |at: &usize| columns.binary_search(at).ok();
        let shown = wanted.iter().filter_map(place).collect();
        let sieve = Sieve::new(Arc::clone(&self.recipe), columns, filter, shown)?;
        Ok(Arc::new(StreamFollow::new(sieve, self.places.clone(), self.last)?))
    }
}
