//! Sums of many groups at once: the built-in's accumulator with an addition that takes notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::array::{ArrayRef, ArrowNativeTypeOp, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::prim_op::PrimitiveGroupsAccumulator;

use super::number::{Number, does_not_fit};
use crate::engine::arithmetic::precision;

/// The sums of groups.
///
/// They are held in the type of the result, as memory per group counts. The addition cannot fail
/// from within the inner loop: it leaves a mark, which is looked at after every batch.
#[derive(Debug)]
pub(super) struct GroupedSum<A> {
    inner: A,
    overflowed: Arc<AtomicBool>,
    kind: DataType,
}

/// The sums of groups of `T`.
pub(super) fn grouped<T: Number>(kind: &DataType) -> Box<dyn GroupsAccumulator> {
    let overflowed = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&overflowed);
    let inner = PrimitiveGroupsAccumulator::<T, _>::new(kind, move |sum, value| {
        match sum.add_checked(value) {
            Ok(added) => *sum = added,
            Err(_) => mark.store(true, Ordering::Relaxed),
        }
    });
    Box::new(GroupedSum { inner, overflowed, kind: kind.clone() })
}

impl<A> GroupedSum<A> {
    fn check(&self) -> Result<()> {
        if self.overflowed.load(Ordering::Relaxed) {
            return Err(does_not_fit(&self.kind).into());
        }
        Ok(())
    }
}

impl<A: GroupsAccumulator> GroupsAccumulator for GroupedSum<A> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.inner.update_batch(values, groups, filter, total)?;
        self.check()
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.inner.merge_batch(values, groups, total)?;
        self.check()
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = self.inner.evaluate(emit_to)?;
        precision::check_array(sums.as_ref())?;
        Ok(sums)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}
