//! Unions of several types, which SQL does not have: a structure with a column for each type, of which
//! the one that a value has is not NULL; NULL itself is NULL. Of one type alone it is that type.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, ListArray, MapArray, RecordBatch, RecordBatchOptions,
    StructArray, UnionArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, UnionFields};
use datafusion::arrow::error::ArrowError;

/// The columns of a file, without unions.
pub(super) fn plain_schema(schema: &Schema) -> Schema {
    Schema::new(schema.fields().iter().map(plain_field).collect::<Fields>())
}

/// A batch of a file in the columns of its [`plain_schema`].
pub(super) fn plain_batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = plain_schema(&batch.schema());
    let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &rows)
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let data_type = plain_type(field.data_type());
    let nullable = match field.data_type() {
        DataType::Union(branches, _) => null_branch(branches).is_some(),
        _ => field.is_nullable(),
    };
    Arc::new(Field::new(field.name(), data_type, nullable || field.is_nullable()))
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Union(branches, _) => {
            let columns = columns(branches);
            match columns.iter().as_slice() {
                [only] => only.data_type().clone(),
                _ => DataType::Struct(columns),
            }
        }
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::List(item) => DataType::List(plain_field(item)),
        DataType::Map(entries, sorted) => DataType::Map(plain_field(entries), *sorted),
        other => other.clone(),
    }
}

/// The number of the branch that is NULL.
fn null_branch(branches: &UnionFields) -> Option<i8> {
    let mut branches = branches.iter();
    branches.find(|(_, field)| *field.data_type() == DataType::Null).map(|(number, _)| number)
}

/// A column for each type. Types with a name of their own have it, without its namespace where it
/// stays the only one.
fn columns(branches: &UnionFields) -> Fields {
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let values = || branches.iter().filter(|(_, field)| *field.data_type() != DataType::Null);
    let name = |field: &FieldRef| {
        let own = short(field.name());
        let alike = values().filter(|(_, other)| short(other.name()) == own).count();
        if alike == 1 { own } else { field.name().clone() }
    };
    let column = |field: &FieldRef| Field::new(name(field), plain_type(field.data_type()), true);
    values().map(|(_, field)| column(field)).collect()
}

fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let wanted = plain_type(array.data_type());
    if wanted == *array.data_type() {
        return Ok(Arc::clone(array));
    }
    Ok(match array.data_type() {
        DataType::Union(branches, _) => {
            let union = array.as_any().downcast_ref::<UnionArray>();
            let union = union.ok_or_else(|| ArrowError::CastError("no union".to_owned()))?;
            structure(union, branches)?
        }
        DataType::Struct(fields) => {
            let (array, fields) = (array.as_struct(), fields.iter().map(plain_field).collect());
            let columns = array.columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            let (rows, nulls) = (array.len(), array.nulls().cloned());
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, rows)?)
        }
        DataType::List(item) => {
            let list: &ListArray = array.as_list();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let values = plain(list.values())?;
            Arc::new(ListArray::try_new(plain_field(item), offsets, values, nulls)?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let pairs: ArrayRef = Arc::new(map.entries().clone());
            let pairs = plain(&pairs)?.as_struct().clone();
            Arc::new(MapArray::try_new(plain_field(entries), offsets, pairs, nulls, *sorted)?)
        }
        _ => Arc::clone(array),
    })
}

fn structure(union: &UnionArray, branches: &UnionFields) -> Result<ArrayRef, ArrowError> {
    let null = null_branch(branches);
    let numbers = union.type_ids();
    let mut found = vec![];
    for (number, field) in branches.iter() {
        if *field.data_type() == DataType::Null {
            continue;
        }
        let places = numbers.iter().enumerate().map(|(row, of)| {
            let place = i32::try_from(union.value_offset(row));
            (*of == number).then_some(place).transpose()
        });
        let places = places.collect::<Result<Vec<Option<i32>>, _>>();
        let places = places.map_err(|e| ArrowError::CastError(e.to_string()))?;
        found.push(plain(&take(union.child(number), &Int32Array::from(places), None)?)?);
    }
    if let [only] = found.as_slice() {
        return Ok(Arc::clone(only));
    }
    let nulls = NullBuffer::from_iter(numbers.iter().map(|number| Some(*number) != null));
    let nulls = null.map(|_| nulls);
    let rows = union.len();
    let structure = StructArray::try_new_with_length(columns(branches), found, nulls, rows)?;
    Ok(Arc::new(structure))
}
