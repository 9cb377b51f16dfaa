//! A row per row of HBase, with the columns that a table file declares.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, MapArray, NullBufferBuilder, StringBuilder, StructArray,
    TimestampMillisecondBuilder,
};
use datafusion::arrow::buffer::{OffsetBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;

use super::super::key_layout::KeyLayout;
use super::super::recipe::{Mapped, Recipe, Source};
use super::decode::{Values, values_of};
use super::escape;
use crate::error::{Error, Result};
use crate::formats::hfile::{CellRef, equal};
use crate::spi::OnError;
use crate::stream::decode::Flaw;

/// A projected column.
#[derive(Debug)]
struct Column {
    name: String,
    data_type: DataType,
    kind: ColumnKind,
}

#[derive(Debug)]
enum ColumnKind {
    Key(Box<dyn Values>),
    Part(usize, Box<dyn Values>),
    Newest(TimestampMillisecondBuilder),
    Cell(Box<dyn Values>),
    Map { prefix: Vec<u8>, keys: StringBuilder, values: Box<dyn Values>, offsets: Vec<i32> },
}

/// What a family's cells go to.
#[derive(Debug, Default)]
struct Targets {
    // Qualifiers in order, each with its columns.
    cells: Vec<(Vec<u8>, Vec<usize>)>,
    // Columns that are maps.
    maps: Vec<usize>,
    // The first of `cells` that the row may still have.
    next: usize,
}

/// Rows on their way into a batch.
#[derive(Debug)]
pub(in super::super) struct MappedRows {
    label: String,
    fails: bool,
    key: KeyLayout,
    // Where the parts of the row's key are.
    places: Vec<Range<usize>>,
    columns: Vec<Column>,
    // By the number of the family among those that are read.
    families: Vec<(String, Targets)>,
    rows: usize,
    in_row: bool,
    newest: Option<i64>,
    has_newest: bool,
    pub(super) bytes: usize,
    looked_at: u64,
    bad: u64,
    text: String,
}

impl MappedRows {
    pub(super) fn new(
        recipe: &Recipe,
        mapped: &[Mapped],
        projection: &[usize],
        families: &[usize],
    ) -> Result<Self> {
        let chosen = || projection.iter().filter_map(|at| mapped.get(*at));
        let columns = chosen().map(|column| Column::new(column, &recipe.key));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        // Where no part is wanted, the key is not taken to pieces.
        let has_parts = chosen().any(|column| matches!(column.source, Source::KeyPart(_)));
        let targets = families.iter().filter_map(|at| recipe.families.get(*at)).map(|family| {
            let mut targets = Targets::default();
            let mut cells: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
            for (at, column) in chosen().enumerate() {
                match &column.source {
                    Source::Cell { family: own, qualifier } if *own == family.name => {
                        cells.entry(qualifier.clone()).or_default().push(at);
                    }
                    Source::Family { family: own, .. } if *own == family.name => {
                        targets.maps.push(at);
                    }
                    _ => {}
                }
            }
            targets.cells = cells.into_iter().collect();
            (family.name.clone(), targets)
        });
        Ok(Self {
            label: recipe.label.clone(),
            fails: recipe.on_error == OnError::Fail,
            key: if has_parts { recipe.key.clone() } else { KeyLayout::default() },
            places: vec![],
            families: targets.collect(),
            has_newest: chosen().any(|column| column.source == Source::Timestamp),
            columns,
            rows: 0,
            in_row: false,
            newest: None,
            bytes: 0,
            looked_at: 0,
            bad: 0,
            text: String::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn take_tally(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.looked_at), std::mem::take(&mut self.bad))
    }

    #[inline]
    pub(super) fn cell(&mut self, family: usize, cell: &CellRef<'_>, new_row: bool) -> Result<()> {
        if new_row {
            self.start_row(cell.row())?;
        }
        if self.has_newest {
            self.newest = self.newest.max(Some(cell.timestamp()));
        }
        let Some((name, targets)) = self.families.get_mut(family) else { return Ok(()) };
        while let Some((qualifier, columns)) = targets.cells.get(targets.next) {
            if !equal(qualifier, cell.qualifier()) {
                if qualifier.as_slice() > cell.qualifier() {
                    break;
                }
                targets.next += 1;
                continue;
            }
            targets.next += 1;
            for column in columns {
                let Some(Column { name: column, kind: ColumnKind::Cell(values), .. }) =
                    self.columns.get_mut(*column)
                else {
                    continue;
                };
                self.bytes += cell.value().len() + 8;
                self.looked_at += 1;
                if let Err(flaw) = values.push(cell.value()) {
                    values.push_null();
                    self.bad += 1;
                    if self.fails {
                        return Err(failed(&self.label, column, name, cell, &flaw));
                    }
                }
            }
            break;
        }
        for at in &targets.maps {
            let Some(Column {
                name: column,
                kind: ColumnKind::Map { prefix, keys, values, .. },
                ..
            }) = self.columns.get_mut(*at)
            else {
                continue;
            };
            let Some(rest) = cell.qualifier().strip_prefix(prefix.as_slice()) else { continue };
            self.bytes += cell.value().len() + rest.len() + 16;
            self.looked_at += 1;
            self.text.clear();
            escape(rest, &mut self.text);
            keys.append_value(&self.text);
            if let Err(flaw) = values.push(cell.value()) {
                values.push_null();
                self.bad += 1;
                if self.fails {
                    return Err(failed(&self.label, column, name, cell, &flaw));
                }
            }
        }
        Ok(())
    }

    fn start_row(&mut self, row: &[u8]) -> Result<()> {
        self.end_row();
        self.in_row = true;
        for (_, targets) in &mut self.families {
            targets.next = 0;
        }
        let parts = self.key.split(row, &mut self.places);
        for Column { name, kind, .. } in &mut self.columns {
            let (pushed, values) = match kind {
                ColumnKind::Key(values) => (values.push(row), values),
                ColumnKind::Part(at, values) => {
                    let place = self.places.get(*at).cloned().unwrap_or_default();
                    let part = row.get(place).unwrap_or_default();
                    (parts.clone().and_then(|()| values.push(part)), values)
                }
                _ => continue,
            };
            self.bytes += row.len();
            self.looked_at += 1;
            if let Err(flaw) = pushed {
                values.push_null();
                self.bad += 1;
                if self.fails {
                    let shown = row.escape_ascii();
                    return Err(Error::corrupt(format!(
                        "{}: column {name} of row \"{shown}\": {}",
                        self.label, flaw.reason
                    )));
                }
            }
        }
        Ok(())
    }

    pub(super) fn end_row(&mut self) {
        if !std::mem::take(&mut self.in_row) {
            return;
        }
        self.rows += 1;
        let newest = self.newest.take();
        for Column { kind, .. } in &mut self.columns {
            match kind {
                ColumnKind::Key(values)
                | ColumnKind::Part(_, values)
                | ColumnKind::Cell(values) => {
                    if values.len() < self.rows {
                        values.push_null();
                    }
                }
                ColumnKind::Newest(instants) => instants.append_option(newest),
                ColumnKind::Map { values, offsets, .. } => {
                    offsets.push(i32::try_from(values.len()).unwrap_or(i32::MAX));
                }
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>> {
        (self.rows, self.bytes) = (0, 0);
        self.columns.iter_mut().map(Column::finish).collect()
    }
}

fn failed(label: &str, column: &str, family: &str, cell: &CellRef<'_>, flaw: &Flaw) -> Error {
    Error::corrupt(format!(
        "{label}: column {column} of row \"{}\" ({family}:{}): {}",
        cell.row().escape_ascii(),
        cell.qualifier().escape_ascii(),
        flaw.reason
    ))
    .with_hint("on_error = \"null\" in the table file makes it NULL and a row of errors('…')")
}

impl Column {
    fn new(mapped: &Mapped, key: &KeyLayout) -> Result<Self> {
        let Mapped { name, data_type, source, .. } = mapped;
        let kind = match source {
            Source::Key => ColumnKind::Key(values_of(mapped, key)?),
            Source::KeyPart(at) => ColumnKind::Part(*at, values_of(mapped, key)?),
            Source::Timestamp => ColumnKind::Newest(TimestampMillisecondBuilder::new()),
            Source::Cell { .. } => ColumnKind::Cell(values_of(mapped, key)?),
            Source::Family { prefix, .. } => ColumnKind::Map {
                prefix: prefix.clone(),
                keys: StringBuilder::new(),
                values: values_of(mapped, key)?,
                offsets: vec![0],
            },
        };
        Ok(Self { name: name.clone(), data_type: data_type.clone(), kind })
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let internal = |e: datafusion::arrow::error::ArrowError| Error::internal(e.to_string());
        let array: ArrayRef = match &mut self.kind {
            ColumnKind::Key(values) | ColumnKind::Part(_, values) | ColumnKind::Cell(values) => {
                values.finish()?
            }
            ColumnKind::Newest(instants) => Arc::new(instants.finish()),
            ColumnKind::Map { keys, values, offsets, .. } => {
                let DataType::Map(entries, sorted) = &self.data_type else {
                    return Err(Error::internal("a map without its type"));
                };
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(Error::internal("a map without its type"));
                };
                let mut values = values.finish()?;
                if let Some(field) = fields.get(1)
                    && field.data_type() != values.data_type()
                {
                    values = cast(&values, field.data_type()).map_err(internal)?;
                }
                let columns: Vec<ArrayRef> = vec![Arc::new(keys.finish()), values];
                let pairs =
                    StructArray::try_new(fields.clone(), columns, None).map_err(internal)?;
                let offsets = std::mem::replace(offsets, vec![0]);
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let nulls = NullBufferBuilder::new(0).finish();
                let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *sorted);
                Arc::new(map.map_err(internal)?)
            }
        };
        if array.data_type() == &self.data_type {
            return Ok(array);
        }
        cast(&array, &self.data_type).map_err(internal)
    }
}
