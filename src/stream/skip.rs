//! Ranges that need not be read: what a sort or a join above has learned meanwhile lets none of their
//! records pass.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::{PhysicalExpr, conjunction};
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::meta::MetaColumn;
use super::recipe::Recipe;
use super::source::{Records, TO_ITS_END, TimeOrder};
use crate::error::{Error, Result};

/// The filters of one task.
pub(super) struct Skipper {
    filters: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    rising: bool,
    // By partition the oldest time that was seen of records that are later than what is left.
    oldest: HashMap<String, Option<i64>>,
}

impl Skipper {
    /// Filters over the columns of `schema`.
    pub(super) fn new(
        recipe: &Recipe,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        schema: SchemaRef,
    ) -> Self {
        let rising = recipe.times == TimeOrder::Rising;
        Self { filters, schema, rising, oldest: HashMap::new() }
    }

    /// Takes down the times of records that were read.
    pub(super) fn saw(&mut self, partition: &str, records: &Records) {
        if self.filters.is_empty() || !self.rising {
            return;
        }
        let times = records.records.iter().map(|record| record.timestamp);
        let Some(oldest) = times.min() else { return };
        let known = self.oldest.entry(partition.to_owned()).or_insert(oldest);
        *known = (*known).min(oldest);
    }

    /// Whether a record of a range may pass.
    pub(super) fn may_match(&self, partition: &str, range: &Range<u64>) -> Result<bool> {
        if self.filters.is_empty() || range.start >= range.end {
            return Ok(true);
        }
        let wrong = |e: datafusion::error::DataFusionError| Error::internal(e.strip_backtrace());
        let now =
            snapshot_physical_expr(conjunction(self.filters.iter().cloned())).map_err(wrong)?;
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema));
        let Some(predicate) = builder.build(now) else { return Ok(true) };
        let newest = self.oldest.get(partition).copied().flatten();
        let part = Part { partition, range, newest, schema: &self.schema, rising: self.rising };
        let kept = predicate.prune(&part).map_err(wrong)?;
        Ok(kept.first().copied().unwrap_or(true))
    }
}

/// What is known of the records of a range.
struct Part<'a> {
    partition: &'a str,
    range: &'a Range<u64>,
    // Milliseconds; nothing is later.
    newest: Option<i64>,
    schema: &'a SchemaRef,
    rising: bool,
}

impl Part<'_> {
    fn named(&self) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(MetaColumn::Partition.name()).ok()?;
        let name = ScalarValue::Utf8(Some(self.partition.to_owned()));
        name.cast_to(field.data_type()).ok()?.to_array().ok()
    }

    fn offset(&self, offset: u64) -> Option<ArrayRef> {
        Some(Arc::new(Int64Array::from(vec![i64::try_from(offset).ok()?])))
    }
}

impl PruningStatistics for Part<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        match MetaColumn::of_name(&column.name)? {
            MetaColumn::Partition => self.named(),
            MetaColumn::Offset => self.offset(self.range.start),
            _ => None,
        }
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        match MetaColumn::of_name(&column.name)? {
            MetaColumn::Partition => self.named(),
            MetaColumn::Offset => self.offset(self.range.end.min(TO_ITS_END).saturating_sub(1)),
            MetaColumn::Timestamp => {
                let field = self.schema.field_with_name(&column.name).ok()?;
                let DataType::Timestamp(unit, _) = field.data_type() else { return None };
                // The last instant of that millisecond.
                let behind = self.newest?.checked_add(1)?;
                let count = match unit {
                    TimeUnit::Millisecond => self.newest?,
                    TimeUnit::Microsecond => behind.checked_mul(1000)?.checked_sub(1)?,
                    _ => return None,
                };
                let count = ScalarValue::Int64(Some(count));
                count.cast_to(field.data_type()).ok()?.to_array().ok()
            }
            _ => None,
        }
    }

    fn num_containers(&self) -> usize {
        1
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let never = match MetaColumn::of_name(&column.name)? {
            MetaColumn::Partition | MetaColumn::Offset => true,
            MetaColumn::Timestamp => self.rising,
            _ => false,
        };
        never.then(|| Arc::new(UInt64Array::from(vec![0])) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
