//! Sums without groups: of all rows, of distinct values, and of frames that slide.

use std::collections::HashMap;
use std::mem::{size_of, size_of_val};

use datafusion::arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::Accumulator;
use datafusion_functions_aggregate_common::utils::{GenericDistinctBuffer, Hashable};

use super::number::{Number, does_not_fit};
use crate::engine::arithmetic::precision;

/// A sum as a value of its type.
fn finish<T: Number>(sum: Option<T::Wide>, kind: &DataType) -> Result<ScalarValue> {
    let value = sum.map(|sum| T::narrow(sum).ok_or_else(|| does_not_fit(kind))).transpose()?;
    let value = ScalarValue::new_primitive::<T>(value, kind)?;
    precision::check_scalar(&value)?;
    Ok(value)
}

/// The sum of all rows.
#[derive(Debug)]
pub(super) struct Sum<T: Number> {
    sum: Option<T::Wide>,
    kind: DataType,
}

impl<T: Number> Sum<T> {
    /// A sum of no rows.
    pub(super) fn new(kind: &DataType) -> Self {
        Self { sum: None, kind: kind.clone() }
    }
}

impl<T: Number> Accumulator for Sum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(total) = T::total(values[0].as_primitive())? {
            self.sum = Some(match self.sum {
                Some(sum) => sum.add_checked(total)?,
                None => total,
            });
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        finish::<T>(self.sum, &self.kind)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sum of distinct values.
#[derive(Debug)]
pub(super) struct DistinctSum<T: Number> {
    values: GenericDistinctBuffer<T>,
    kind: DataType,
}

impl<T: Number> DistinctSum<T> {
    /// A sum of no rows.
    pub(super) fn new(kind: &DataType) -> Self {
        Self { values: GenericDistinctBuffer::new(kind.clone()), kind: kind.clone() }
    }
}

impl<T: Number> Accumulator for DistinctSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.values.update_batch(values)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.values.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.values.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut values = self.values.values.iter().map(|value| T::widen(value.0));
        let first = values.next();
        let sum = first.map(|first| values.try_fold(first, |sum, value| sum.add_checked(value)));
        finish::<T>(sum.transpose()?, &self.kind)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.size()
    }
}

/// The sum of a frame that rows enter and leave. It fails only where a frame's own sum does not
/// fit: rows may enter before others leave.
#[derive(Debug)]
pub(super) struct SlidingSum<T: Number> {
    sum: T::Wide,
    rows: usize,
    kind: DataType,
}

impl<T: Number> SlidingSum<T> {
    /// The sum of an empty frame.
    pub(super) fn new(kind: &DataType) -> Self {
        Self { sum: T::Wide::ZERO, rows: 0, kind: kind.clone() }
    }
}

impl<T: Number> Accumulator for SlidingSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(total) = T::total(values[0].as_primitive())? {
            self.sum = self.sum.add_checked(total)?;
        }
        self.rows += values[0].len() - values[0].null_count();
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(total) = T::total(values[0].as_primitive())? {
            self.sum = self.sum.sub_checked(total)?;
        }
        self.rows -= values[0].len() - values[0].null_count();
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("a frame's sum is not made of parts")
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("a frame's sum is not made of parts")
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        finish::<T>((self.rows > 0).then_some(self.sum), &self.kind)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sum of the distinct values of a frame that rows enter and leave.
#[derive(Debug)]
pub(super) struct SlidingDistinctSum<T: Number> {
    copies: HashMap<Hashable<T::Native>, usize>,
    sum: T::Wide,
    kind: DataType,
}

impl<T: Number> SlidingDistinctSum<T> {
    /// The sum of an empty frame.
    pub(super) fn new(kind: &DataType) -> Self {
        Self { copies: HashMap::new(), sum: T::Wide::ZERO, kind: kind.clone() }
    }
}

impl<T: Number> Accumulator for SlidingDistinctSum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<T>().iter().flatten() {
            let copies = self.copies.entry(Hashable(value)).or_insert(0);
            *copies += 1;
            if *copies == 1 {
                self.sum = self.sum.add_checked(T::widen(value))?;
            }
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<T>().iter().flatten() {
            let Some(copies) = self.copies.get_mut(&Hashable(value)) else {
                return internal_err!("a row leaves a frame that it never entered");
            };
            *copies -= 1;
            if *copies == 0 {
                self.copies.remove(&Hashable(value));
                self.sum = self.sum.sub_checked(T::widen(value))?;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("a frame's sum is not made of parts")
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("a frame's sum is not made of parts")
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        finish::<T>((!self.copies.is_empty()).then_some(self.sum), &self.kind)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.copies.capacity() * size_of::<(T::Native, usize)>()
    }
}
