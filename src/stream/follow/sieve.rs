//! Records in, rows out that pass the filter: what following does to every batch of records.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result as DfResult;
use datafusion::physical_expr::PhysicalExpr;

use crate::error::{Error, Result};
use crate::spi::StatementContext;
use crate::stream::recipe::Recipe;
use crate::stream::rows::{RowMaker, Rows};
use crate::stream::source::{LogSource, Records};

/// What is built, what passes, what is shown.
#[derive(Clone)]
pub(in crate::stream) struct Sieve {
    pub(super) recipe: Arc<Recipe>,
    /// Indices into the table's columns, ascending.
    pub(super) columns: Vec<usize>,
    /// Over the columns that are built.
    pub(super) filter: Option<Arc<dyn PhysicalExpr>>,
    /// Indices into the columns that are built.
    shown: Vec<usize>,
    built: SchemaRef,
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sieve").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Sieve {
    /// Of a table's columns, those that are shown of those that are built.
    pub(super) fn new(
        recipe: Arc<Recipe>,
        columns: Vec<usize>,
        filter: Option<Arc<dyn PhysicalExpr>>,
        shown: Vec<usize>,
    ) -> DfResult<Self> {
        let built = Arc::new(recipe.projected(&columns)?);
        Ok(Self { recipe, columns, filter, shown, built })
    }

    /// The columns that are built.
    pub(super) fn built(&self) -> &SchemaRef {
        &self.built
    }

    /// The columns that are shown.
    pub(super) fn shown(&self) -> DfResult<SchemaRef> {
        Ok(Arc::new(self.built.project(&self.shown)?))
    }

    /// One that is used; each has a decoder of its own.
    pub(super) fn open(&self, source: &Arc<dyn LogSource>) -> Result<OpenSieve> {
        let (recipe, built) = (Arc::clone(&self.recipe), Arc::clone(&self.built));
        let rows = RowMaker::try_new(recipe, &self.columns, built, source)?;
        Ok(OpenSieve { sieve: self.clone(), rows })
    }

    /// What is shown of rows as they are built.
    pub(super) fn show(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        batch.project(&self.shown).map_err(|e| Error::internal(e.to_string()))
    }
}

/// A sieve with a decoder.
pub(super) struct OpenSieve {
    sieve: Sieve,
    rows: RowMaker,
}

impl OpenSieve {
    /// Whether keys and headers are asked for.
    pub(super) fn wants_keys(&self) -> bool {
        self.rows.wants_keys()
    }

    /// The rows of records that pass, with all columns that are built.
    pub(super) async fn pass(
        &mut self,
        statement: &StatementContext,
        partition: &str,
        came: &Records,
    ) -> Result<RecordBatch> {
        let label = &self.sieve.recipe.label;
        self.rows.prepare(statement, came).await?;
        let made = self.rows.make(partition, came, 0..came.records.len())?;
        let Rows { batch, bad, ignored, records: _ } = made;
        for (counter, amount) in [("bad_records", bad), ("unknown_fields", ignored)] {
            if amount > 0 {
                statement.receipt().add(label, counter, amount);
            }
        }
        let Some(filter) = &self.sieve.filter else { return Ok(batch) };
        let passes = filter.evaluate(&batch).and_then(|it| it.into_array(batch.num_rows()));
        let passes = passes.map_err(|e| Error::sql(e.strip_backtrace()))?;
        let passes = passes.as_boolean_opt();
        let passes = passes.ok_or_else(|| Error::internal("a filter is neither true nor false"))?;
        filter_record_batch(&batch, passes).map_err(|e| Error::internal(e.to_string()))
    }
}
