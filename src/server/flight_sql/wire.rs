//! What types travel: the one place that decides, so that every call names the same columns.
//!
//! Clients differ in the Arrow types that they can read. The profile `compat` uses those of Arrow
//! 1.0, which all of them know; `native`, on request, leaves a result as it is but for what
//! arrow-flight writes wrongly. Whatever is announced is what is sent: batches are cast to it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

/// Which types a client can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Profile {
    /// Those of Arrow 1.0.
    #[default]
    Compat,
    /// All of them.
    Native,
}

impl Profile {
    /// The profile of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "compat" => Some(Self::Compat),
            "native" => Some(Self::Native),
            _ => None,
        }
    }

    /// The profile as session options spell it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Compat => "compat",
            Self::Native => "native",
        }
    }

    /// The schema of a result as it travels. Columns may be NULL, whatever the plan knows: planner
    /// and plan differ in it, and clients refuse a stream that is not what was announced.
    pub(super) fn schema(self, schema: &Schema) -> SchemaRef {
        let fields = schema.fields().iter().map(|field| {
            let data_type = self.data_type(field.data_type());
            let name = crate::engine::sql_type_name(field.data_type());
            Field::new(field.name(), data_type, true)
                .with_metadata([("ARROW:FLIGHT:SQL:TYPE_NAME".to_owned(), name)].into())
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The type as it travels.
    pub(super) fn data_type(self, data_type: &DataType) -> DataType {
        let inner = |field: &FieldRef| self.field(field);
        match (self, data_type) {
            // arrow-flight announces a List and sends offsets of 64 bits.
            (_, DataType::LargeList(field)) => DataType::List(inner(field)),
            (_, DataType::List(field)) => DataType::List(inner(field)),
            (_, DataType::FixedSizeList(field, length)) => {
                DataType::FixedSizeList(inner(field), *length)
            }
            (_, DataType::Struct(fields)) => {
                DataType::Struct(fields.iter().map(inner).collect::<Fields>())
            }
            (_, DataType::Map(field, sorted)) => DataType::Map(inner(field), *sorted),
            (Self::Native, other) => other.clone(),
            (Self::Compat, DataType::Utf8View | DataType::LargeUtf8) => DataType::Utf8,
            (Self::Compat, DataType::BinaryView | DataType::LargeBinary) => DataType::Binary,
            (Self::Compat, DataType::Dictionary(_, value)) => self.data_type(value),
            (Self::Compat, DataType::RunEndEncoded(_, values)) => {
                self.data_type(values.data_type())
            }
            (Self::Compat, DataType::ListView(field) | DataType::LargeListView(field)) => {
                DataType::List(inner(field))
            }
            (Self::Compat, DataType::Decimal32(p, s) | DataType::Decimal64(p, s)) => {
                DataType::Decimal128(*p, *s)
            }
            (Self::Compat, DataType::Decimal256(p, s)) if *p <= 38 => DataType::Decimal128(*p, *s),
            (Self::Compat, DataType::Decimal256(..)) => DataType::Utf8,
            (Self::Compat, DataType::Float16) => DataType::Float32,
            (Self::Compat, other) => other.clone(),
        }
    }

    fn field(self, field: &FieldRef) -> FieldRef {
        let data_type = self.data_type(field.data_type());
        if data_type == *field.data_type() {
            return Arc::clone(field);
        }
        Arc::new(field.as_ref().clone().with_data_type(data_type))
    }
}

/// A batch with the columns of `schema`, which is its own as it travels.
///
/// # Errors
/// `ArrowError` for a value that its type on the way does not hold.
pub(super) fn convert(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(compacted(column));
            }
            let strict = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, field.data_type(), &strict)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)
}

/// A column without the parts of its buffers that it does not use: every message would carry all
/// buffers of a view.
fn compacted(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => {
            let views = column.as_string_view();
            if wasteful(views.data_buffers(), views.total_buffer_bytes_used()) {
                return Arc::new(views.gc());
            }
        }
        DataType::BinaryView => {
            let views = column.as_binary_view();
            if wasteful(views.data_buffers(), views.total_buffer_bytes_used()) {
                return Arc::new(views.gc());
            }
        }
        _ => {}
    }
    Arc::clone(column)
}

fn wasteful(buffers: &[arrow::buffer::Buffer], used: usize) -> bool {
    buffers.iter().map(arrow::buffer::Buffer::len).sum::<usize>() > used.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Decimal256Array, DictionaryArray, Int32Array, LargeListArray, StringArray, StringViewArray,
    };
    use arrow::datatypes::{Float64Type, Int32Type};

    use super::*;

    fn travelled(column: ArrayRef, profile: Profile) -> ArrayRef {
        let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
        let schema = profile.schema(&batch.schema());
        Arc::clone(convert(&batch, &schema).unwrap().column(0))
    }

    #[test]
    fn every_client_can_read_what_travels_by_default() {
        let views: ArrayRef =
            Arc::new(StringViewArray::from(vec!["a long text that is no inline"]));
        assert_eq!(travelled(views, Profile::Compat).data_type(), &DataType::Utf8);
        let words: DictionaryArray<Int32Type> = ["x", "y", "x"].into_iter().collect();
        let words = travelled(Arc::new(words), Profile::Compat);
        assert_eq!(words.as_string::<i32>(), &StringArray::from(vec!["x", "y", "x"]));
        let wide = Decimal256Array::from(vec![arrow::datatypes::i256::from_i128(12345)])
            .with_precision_and_scale(60, 2)
            .unwrap();
        let wide = travelled(Arc::new(wide), Profile::Compat);
        assert_eq!(wide.as_string::<i32>().value(0), "123.45");
    }

    #[test]
    fn types_within_types_are_changed_too() {
        let item = Arc::new(Field::new("item", DataType::Utf8View, true));
        let row = DataType::Struct(vec![Field::new("a", DataType::LargeList(item), true)].into());
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        let plain = DataType::Struct(vec![Field::new("a", DataType::List(item), true)].into());
        assert_eq!(Profile::Compat.data_type(&row), plain);
    }

    #[test]
    fn large_lists_are_never_sent() {
        let lists = LargeListArray::from_iter_primitive::<Float64Type, _, _>([
            Some(vec![Some(1.0), None]),
            None,
        ]);
        let lists = travelled(Arc::new(lists), Profile::Native);
        assert_eq!(lists.as_list::<i32>().value(0).len(), 2);
        assert!(lists.is_null(1));
    }

    #[test]
    fn a_slice_of_views_leaves_the_rest_behind() {
        let text = "a text that is longer than a view holds";
        let views = StringViewArray::from(vec![text; 1000]);
        let buffers = views.data_buffers().len();
        assert!(buffers > 0);
        let slice = travelled(Arc::new(views.slice(0, 1)), Profile::Native);
        let slice = slice.as_string_view();
        let kept: usize = slice.data_buffers().iter().map(|buffer| buffer.len()).sum();
        assert!(kept <= 2 * text.len(), "{kept}");
        assert_eq!(slice.value(0), text);
    }

    #[test]
    fn what_may_be_null_on_the_way_is_said_of_every_column() {
        let batch = RecordBatch::try_from_iter_with_nullable([(
            "c",
            Arc::new(Int32Array::from(vec![1])) as ArrayRef,
            false,
        )])
        .unwrap();
        assert!(Profile::Compat.schema(&batch.schema()).field(0).is_nullable());
    }
}
