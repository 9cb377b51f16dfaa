//! NaN has no sign. Files hold some that have: processors set it when they divide zero by zero, and
//! NumPy, C programs and Java write what they got. Arrow compares bits, so that such a NaN would be
//! less than every number, differ from other NaNs and make a group of its own.

use datafusion::arrow::array::{
    Array, ArrayData, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch,
    RecordBatchOptions, make_array,
};
use datafusion::arrow::buffer::ScalarBuffer;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::arrow::error::ArrowError;

/// The same rows, every NaN without a sign, also inside of nested values.
///
/// # Errors
/// None for arrays that are valid.
pub fn unsigned_nans(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut columns = Vec::new();
    for (at, column) in batch.columns().iter().enumerate() {
        if let Some(unsigned) = unsigned_nan(column)? {
            columns.push((at, unsigned));
        }
    }
    if columns.is_empty() {
        return Ok(batch);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let mut all = batch.columns().to_vec();
    for (at, unsigned) in columns {
        if let Some(column) = all.get_mut(at) {
            *column = unsigned;
        }
    }
    RecordBatch::try_new_with_options(batch.schema(), all, &options)
}

/// The same values, every NaN without a sign; nothing when there is none with one.
///
/// # Errors
/// As [`unsigned_nans`].
pub fn unsigned_nan(values: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    if !holds_float(values.data_type()) {
        return Ok(None);
    }
    Ok(unsigned(&values.to_data())?.map(make_array))
}

/// Whether NaN can be among the values of a type, or inside them.
pub fn holds_float(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| holds_float(field.data_type())),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            holds_float(item.data_type())
        }
        DataType::Map(entries, _) => holds_float(entries.data_type()),
        DataType::Dictionary(_, value) => holds_float(value),
        other => other.is_floating(),
    }
}

fn unsigned(data: &ArrayData) -> Result<Option<ArrayData>, ArrowError> {
    match data.data_type() {
        // Above the bits of minus infinity there is nothing else.
        DataType::Float32 => Ok(replaced::<Float32Type>(
            data,
            |v| v.to_bits() > f32::NEG_INFINITY.to_bits(),
            f32::NAN,
        )),
        DataType::Float64 => Ok(replaced::<Float64Type>(
            data,
            |v| v.to_bits() > f64::NEG_INFINITY.to_bits(),
            f64::NAN,
        )),
        _ => {
            let mut children = data.child_data().to_vec();
            let mut changed = false;
            for child in &mut children {
                if let Some(unsigned) = unsigned(child)? {
                    *child = unsigned;
                    changed = true;
                }
            }
            if !changed {
                return Ok(None);
            }
            data.clone().into_builder().child_data(children).build().map(Some)
        }
    }
}

/// Almost no column has one: looking first costs less than writing.
fn replaced<T: ArrowPrimitiveType>(
    data: &ArrayData,
    is_signed_nan: impl Fn(T::Native) -> bool,
    nan: T::Native,
) -> Option<ArrayData> {
    let values = PrimitiveArray::<T>::from(data.clone());
    // Without a way out of the loop it is done many values at once.
    if !values.values().iter().fold(false, |any, value| any | is_signed_nan(*value)) {
        return None;
    }
    let unsigned = values.values().iter().map(|v| if is_signed_nan(*v) { nan } else { *v });
    let unsigned: ScalarBuffer<T::Native> = unsigned.collect();
    Some(PrimitiveArray::<T>::new(unsigned, values.nulls().cloned()).into_data())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{AsArray, Float32Array, Float64Array, StructArray};
    use datafusion::arrow::datatypes::{Field, Schema};

    use super::*;

    #[test]
    fn signs_of_nan_are_dropped_and_those_of_numbers_stay() {
        let values = [Some(-f64::NAN), None, Some(-0.0), Some(f64::NEG_INFINITY), Some(f64::NAN)];
        let floats: ArrayRef = Arc::new(Float64Array::from(values.to_vec()).slice(0, 4));
        let unsigned = unsigned_nan(&floats).unwrap().unwrap();
        let bits: Vec<_> =
            unsigned.as_primitive::<Float64Type>().iter().map(|v| v.map(f64::to_bits)).collect();
        let expected = [Some(f64::NAN), None, Some(-0.0), Some(f64::NEG_INFINITY)];
        assert_eq!(bits, expected.map(|v| v.map(f64::to_bits)));
        let without: ArrayRef = Arc::new(Float64Array::from(vec![1.0, -0.0, f64::NAN]));
        assert!(unsigned_nan(&without).unwrap().is_none());
    }

    #[test]
    fn nested_values_are_looked_into() {
        let x: ArrayRef = Arc::new(Float32Array::from(vec![1.0, -f32::NAN, 3.0]));
        let field = Arc::new(Field::new("x", DataType::Float32, true));
        let nested: ArrayRef =
            Arc::new(StructArray::from(vec![(Arc::clone(&field), x)]).slice(1, 2));
        let schema = Schema::new(vec![Field::new("s", nested.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![nested]).unwrap();
        let unsigned = unsigned_nans(batch).unwrap();
        let x = unsigned.column(0).as_struct().column(0).as_primitive::<Float32Type>();
        assert_eq!((x.value(0).to_bits(), x.value(1)), (f32::NAN.to_bits(), 3.0));
    }
}
