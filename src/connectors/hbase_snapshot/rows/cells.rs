//! A row per cell: what `hbase_cells('t')` gives.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, StringBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::super::recipe::Recipe;
use super::decode::bytes;
use super::escape;
use crate::formats::hfile::CellRef;
use crate::formats::hfile::key::kind;

/// The columns.
pub(in super::super) fn schema() -> SchemaRef {
    let bytes = |name: &str, nullable| bytes(Field::new(name, DataType::Binary, nullable));
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let instant = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        bytes("row", false),
        text("family"),
        text("qualifier"),
        Field::new("ts", instant, false),
        text("type"),
        bytes("value", false),
        bytes("tags", true),
    ]))
}

/// The name of a cell's type.
pub(in super::super) fn type_name(cell: u8) -> &'static str {
    match cell {
        kind::PUT => "Put",
        kind::DELETE => "Delete",
        kind::DELETE_FAMILY_VERSION => "DeleteFamilyVersion",
        kind::DELETE_COLUMN => "DeleteColumn",
        kind::DELETE_FAMILY => "DeleteFamily",
        _ => "Unknown",
    }
}

#[derive(Debug)]
enum Column {
    Row(BinaryBuilder),
    Family(StringBuilder),
    Qualifier(StringBuilder),
    Timestamp(TimestampMillisecondBuilder),
    Type(StringBuilder),
    Value(BinaryBuilder),
    Tags(BinaryBuilder),
}

/// Cells on their way into a batch.
#[derive(Debug)]
pub(in super::super) struct CellRows {
    families: Vec<String>,
    columns: Vec<Column>,
    rows: usize,
    pub(super) bytes: usize,
    text: String,
}

impl CellRows {
    pub(super) fn new(recipe: &Recipe, projection: &[usize], families: &[usize]) -> Self {
        let names = families.iter().filter_map(|at| recipe.families.get(*at));
        let column = |at: &usize| match at {
            0 => Column::Row(BinaryBuilder::new()),
            1 => Column::Family(StringBuilder::new()),
            2 => Column::Qualifier(StringBuilder::new()),
            3 => Column::Timestamp(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            4 => Column::Type(StringBuilder::new()),
            5 => Column::Value(BinaryBuilder::new()),
            _ => Column::Tags(BinaryBuilder::new()),
        };
        Self {
            families: names.map(|family| family.name.clone()).collect(),
            columns: projection.iter().map(column).collect(),
            rows: 0,
            bytes: 0,
            text: String::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn cell(&mut self, family: usize, cell: &CellRef<'_>) {
        self.rows += 1;
        self.bytes +=
            cell.row().len() + cell.qualifier().len() + cell.value().len() + cell.tags().len();
        for column in &mut self.columns {
            match column {
                Column::Row(rows) => rows.append_value(cell.row()),
                Column::Family(families) => {
                    families.append_value(self.families.get(family).map_or("", String::as_str));
                }
                Column::Qualifier(qualifiers) => {
                    self.text.clear();
                    escape(cell.qualifier(), &mut self.text);
                    qualifiers.append_value(&self.text);
                }
                Column::Timestamp(instants) => instants.append_value(cell.timestamp()),
                Column::Type(types) => types.append_value(type_name(cell.kind())),
                Column::Value(values) => values.append_value(cell.value()),
                Column::Tags(tags) if cell.tags().is_empty() => tags.append_null(),
                Column::Tags(tags) => tags.append_value(cell.tags()),
            }
        }
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        (self.rows, self.bytes) = (0, 0);
        let finish = |column: &mut Column| -> ArrayRef {
            match column {
                Column::Row(bytes) | Column::Value(bytes) | Column::Tags(bytes) => {
                    Arc::new(bytes.finish())
                }
                Column::Family(texts) | Column::Qualifier(texts) | Column::Type(texts) => {
                    Arc::new(texts.finish())
                }
                Column::Timestamp(instants) => Arc::new(instants.finish()),
            }
        };
        self.columns.iter_mut().map(finish).collect()
    }
}
