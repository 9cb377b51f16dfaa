//! A row per row of HBase, with a map of qualifiers and values per family: a table that nobody has
//! declared.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryBuilder, MapBuilder, MapFieldNames, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::decode::bytes;
use super::escape;
use crate::formats::hbase_manifest::Family;
use crate::formats::hfile::CellRef;
use crate::stream::decode::map_of;

/// The columns of a table with these families.
pub(in super::super) fn schema(families: &[Family]) -> SchemaRef {
    let map = |family: &Family| bytes(Field::new(&family.name, map_of(&DataType::Binary), false));
    let mut fields = vec![bytes(Field::new("row_key", DataType::Binary, false))];
    fields.extend(families.iter().map(map));
    Arc::new(Schema::new(fields))
}

type Map = MapBuilder<StringBuilder, BinaryBuilder>;

#[derive(Debug)]
enum Column {
    Key(BinaryBuilder),
    // Of the family with this number among those that are read, if it is read.
    Family(Option<usize>, Box<Map>),
}

/// Rows on their way into a batch.
#[derive(Debug)]
pub(in super::super) struct MapRows {
    columns: Vec<Column>,
    rows: usize,
    // Whether a row was begun and not ended.
    in_row: bool,
    pub(super) bytes: usize,
    text: String,
}

impl MapRows {
    pub(super) fn new(projection: &[usize], families: &[usize]) -> Self {
        let column = |at: &usize| match at.checked_sub(1) {
            None => Column::Key(BinaryBuilder::new()),
            Some(family) => {
                let number = families.iter().position(|known| *known == family);
                let names = MapFieldNames {
                    entry: "entries".to_owned(),
                    key: "key".to_owned(),
                    value: "value".to_owned(),
                };
                let map = Map::new(Some(names), StringBuilder::new(), BinaryBuilder::new());
                Column::Family(number, Box::new(map))
            }
        };
        Self {
            columns: projection.iter().map(column).collect(),
            rows: 0,
            in_row: false,
            bytes: 0,
            text: String::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn cell(&mut self, family: usize, cell: &CellRef<'_>, new_row: bool) {
        if new_row {
            self.end_row();
            self.in_row = true;
            self.bytes += cell.row().len();
            for column in &mut self.columns {
                if let Column::Key(keys) = column {
                    keys.append_value(cell.row());
                }
            }
        }
        for column in &mut self.columns {
            if let Column::Family(number, map) = column
                && *number == Some(family)
            {
                self.text.clear();
                escape(cell.qualifier(), &mut self.text);
                map.keys().append_value(&self.text);
                map.values().append_value(cell.value());
                self.bytes += cell.qualifier().len() + cell.value().len();
            }
        }
    }

    pub(super) fn end_row(&mut self) {
        if !std::mem::take(&mut self.in_row) {
            return;
        }
        self.rows += 1;
        for column in &mut self.columns {
            if let Column::Family(_, map) = column {
                // As many keys as values were appended, which is all that it asks.
                let ended = map.append(true);
                debug_assert!(ended.is_ok());
            }
        }
    }

    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        (self.rows, self.bytes) = (0, 0);
        let finish = |column: &mut Column| -> ArrayRef {
            match column {
                Column::Key(keys) => Arc::new(keys.finish()),
                Column::Family(_, map) => Arc::new(map.finish()),
            }
        };
        self.columns.iter_mut().map(finish).collect()
    }
}
