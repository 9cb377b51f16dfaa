//! Which stripes of a file cannot have a row that passes the filters.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use orc_rust::schema::DataType as OrcType;

use super::super::decidable::keeps_order;
use super::super::scan::{Recipe, SelectedFile};
use super::Opened;
use super::statistics::Statistics;
use crate::error::Result;
use crate::spi::is_dynamic;

/// The filters of a scan over the stripes of one file.
pub(super) struct Skip {
    filter: Arc<dyn PhysicalExpr>,
    // What the filter says of bounds; of one that changes, it is found out anew for each stripe.
    fixed: Option<PruningPredicate>,
    recipe: Arc<Recipe>,
    file: Arc<SelectedFile>,
    statistics: Statistics,
    // The columns of the file, by their names in the table.
    columns: Vec<(String, OrcType)>,
}

impl Skip {
    /// Reads the statistics of a file, whose columns are called `names` in the table; `None` where
    /// nothing can be skipped. The filter is over the columns of the table.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn read(
        opened: &mut Opened,
        names: &Schema,
        recipe: &Arc<Recipe>,
        file: &Arc<SelectedFile>,
        filter: &Arc<dyn PhysicalExpr>,
    ) -> Result<Option<Self>> {
        let fixed = (!is_dynamic(filter)).then(|| predicate(filter, recipe));
        if matches!(fixed, Some(None)) {
            return Ok(None);
        }
        let Some(bytes) = opened.tail.statistics(&mut opened.bytes).await? else { return Ok(None) };
        let metadata = opened.builder.file_metadata();
        let stripes = metadata.stripe_metadatas().len();
        let statistics = Statistics::decode(&bytes, opened.tail.writer, stripes);
        let Some(statistics) = statistics else { return Ok(None) };
        let columns = metadata.root_data_type().children().iter().zip(names.fields());
        let columns =
            columns.map(|(column, field)| (field.name().clone(), column.data_type().clone()));
        Ok(Some(Self {
            filter: Arc::clone(filter),
            fixed: fixed.flatten(),
            recipe: Arc::clone(recipe),
            file: Arc::clone(file),
            statistics,
            columns: columns.collect(),
        }))
    }

    /// Whether no row of a stripe passes.
    pub(super) fn skips(&self, number: usize, rows: u64) -> bool {
        let now;
        let predicate = match &self.fixed {
            Some(fixed) => fixed,
            None => {
                now = predicate(&self.filter, &self.recipe);
                let Some(now) = &now else { return false };
                now
            }
        };
        let stripe = Stripe { skip: self, number, rows };
        // Without an answer it is read.
        predicate.prune(&stripe).is_ok_and(|keep| keep == [false])
    }
}

/// What a filter says of bounds as it is now; `None` when nothing.
fn predicate(filter: &Arc<dyn PhysicalExpr>, recipe: &Recipe) -> Option<PruningPredicate> {
    let now = snapshot_physical_expr(Arc::clone(filter)).ok()?;
    let builder =
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(recipe.table_schema()));
    builder.try_build(now).ok().filter(|predicate| !predicate.always_true())
}

/// One stripe.
struct Stripe<'a> {
    skip: &'a Skip,
    number: usize,
    rows: u64,
}

impl Stripe<'_> {
    /// The bounds of a column in its type in the table; NULL where it has only NULL, `None` where
    /// nothing is known.
    fn bounds(&self, name: &str) -> Option<(ScalarValue, ScalarValue)> {
        if let Some(value) = self.partition(name) {
            return Some((value.clone(), value.clone()));
        }
        let table = self.skip.recipe.file_schema().field_with_name(name).ok()?.data_type();
        let column = self.skip.columns.iter().find(|(known, _)| known == name);
        let (_, column) = column?;
        let (least, most) = self.skip.statistics.of(self.number, column).bounds?;
        let cast = |bound: &ScalarValue| {
            keeps_order(&bound.data_type(), table).then(|| bound.cast_to(table).ok()).flatten()
        };
        Some((cast(&least)?, cast(&most)?))
    }

    fn partition(&self, name: &str) -> Option<&ScalarValue> {
        let fields = self.skip.recipe.partition_fields().iter();
        let mut values = fields.zip(&self.skip.file.values);
        values.find(|(field, _)| field.name() == name).map(|(_, value)| value)
    }

    /// How many values of a column are NULL.
    fn nulls(&self, name: &str) -> Option<u64> {
        if let Some(value) = self.partition(name) {
            return Some(if value.is_null() { self.rows } else { 0 });
        }
        match self.skip.columns.iter().find(|(known, _)| known == name) {
            Some((_, column)) => {
                let values = self.skip.statistics.of(self.number, column).values?;
                self.rows.checked_sub(values)
            }
            // A column that the file lacks.
            None => Some(self.rows),
        }
    }
}

impl PruningStatistics for Stripe<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column.name()).and_then(|(least, _)| least.to_array_of_size(1).ok())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column.name()).and_then(|(_, most)| most.to_array_of_size(1).ok())
    }

    fn num_containers(&self) -> usize {
        1
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let nulls = self.nulls(column.name())?;
        Some(Arc::new(UInt64Array::from(vec![nulls])))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from(vec![self.rows])))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
