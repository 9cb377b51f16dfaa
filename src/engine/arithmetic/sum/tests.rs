//! Sums at the edge of their types, part by part.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, Int64Array, UInt64Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type, UInt64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo};

use super::accumulators::{DistinctSum, SlidingDistinctSum, SlidingSum, Sum};
use super::groups::grouped;

const MAX: i64 = i64::MAX;

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn overflows<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains("does not fit") || error.contains("digits"), "{error}");
}

#[test]
fn a_sum_may_leave_its_type_on_the_way_but_not_at_the_end() {
    let mut sum = Sum::<Int64Type>::new(&DataType::Int64);
    sum.update_batch(&[integers(&[Some(MAX), Some(1), None])]).unwrap();
    overflows(sum.evaluate());
    sum.update_batch(&[integers(&[Some(-2)])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(MAX - 1)));
}

#[test]
fn what_lies_below_a_null_is_not_added() {
    let nulls = NullBuffer::from(vec![true, false, true, false]);
    let values = Int64Array::new(vec![1, MAX, 2, MAX].into(), Some(nulls));
    let mut sum = Sum::<Int64Type>::new(&DataType::Int64);
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(None));
    sum.update_batch(&[Arc::new(values.slice(1, 3))]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(2)));
    sum.update_batch(&[integers(&[None, None])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(2)));
}

#[test]
fn unsigned_sums_use_all_their_bits() {
    let mut sum = Sum::<UInt64Type>::new(&DataType::UInt64);
    sum.update_batch(&[Arc::new(UInt64Array::from(vec![u64::MAX - 1, 1]))]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::UInt64(Some(u64::MAX)));
    sum.update_batch(&[Arc::new(UInt64Array::from(vec![1]))]).unwrap();
    overflows(sum.evaluate());
}

#[test]
fn a_frame_forgets_what_has_left_it() {
    let mut sum = SlidingSum::<Int64Type>::new(&DataType::Int64);
    sum.update_batch(&[integers(&[Some(MAX), None])]).unwrap();
    sum.update_batch(&[integers(&[Some(1)])]).unwrap();
    overflows(sum.evaluate());
    sum.retract_batch(&[integers(&[Some(MAX), None])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(1)));
    sum.retract_batch(&[integers(&[Some(1)])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(None));
}

#[test]
fn distinct_values_count_once() {
    let mut sum = DistinctSum::<Int64Type>::new(&DataType::Int64);
    sum.update_batch(&[integers(&[Some(MAX), Some(MAX), None])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(MAX)));
    sum.update_batch(&[integers(&[Some(1)])]).unwrap();
    overflows(sum.evaluate());

    let mut sum = SlidingDistinctSum::<Int64Type>::new(&DataType::Int64);
    sum.update_batch(&[integers(&[Some(MAX), Some(MAX), Some(1)])]).unwrap();
    overflows(sum.evaluate());
    sum.retract_batch(&[integers(&[Some(MAX)])]).unwrap();
    overflows(sum.evaluate());
    sum.retract_batch(&[integers(&[Some(MAX)])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Int64(Some(1)));
}

#[test]
fn one_group_too_large_fails_the_batch() {
    let mut sums = grouped::<Int64Type>(&DataType::Int64);
    sums.update_batch(&[integers(&[Some(MAX), Some(1)])], &[0, 1], None, 2).unwrap();
    overflows(sums.update_batch(&[integers(&[Some(1), Some(1)])], &[1, 0], None, 2));

    let mut sums = grouped::<Int64Type>(&DataType::Int64);
    sums.merge_batch(&[integers(&[Some(MAX), None])], &[0, 1], 2).unwrap();
    overflows(sums.merge_batch(&[integers(&[Some(1)])], &[0], 2));
}

#[test]
fn groups_add_up_what_fits() {
    let mut sums = grouped::<Int64Type>(&DataType::Int64);
    let values = integers(&[Some(1), Some(2), None, Some(4)]);
    sums.update_batch(&[values], &[0, 1, 2, 1], None, 3).unwrap();
    let sums = sums.evaluate(EmitTo::All).unwrap();
    let sums: Vec<_> = sums.as_primitive::<Int64Type>().iter().collect();
    assert_eq!(sums, [Some(1), Some(6), None]);
}

#[test]
fn decimals_have_at_most_38_digits() {
    let kind = DataType::Decimal128(38, 0);
    let largest = 10_i128.pow(38) - 1;
    let values = |values: Vec<i128>| -> ArrayRef {
        let values = Decimal128Array::from(values).with_precision_and_scale(38, 0);
        Arc::new(values.unwrap())
    };
    let mut sum = Sum::<Decimal128Type>::new(&kind);
    sum.update_batch(&[values(vec![largest])]).unwrap();
    assert_eq!(sum.evaluate().unwrap(), ScalarValue::Decimal128(Some(largest), 38, 0));
    sum.update_batch(&[values(vec![1])]).unwrap();
    overflows(sum.evaluate());

    let mut sums = grouped::<Decimal128Type>(&kind);
    sums.update_batch(&[values(vec![largest, 1])], &[0, 0], None, 1).unwrap();
    overflows(sums.evaluate(EmitTo::All));
}
