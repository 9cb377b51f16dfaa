//! A row per value that is not what its column declares: `errors('t')`.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::super::key_layout::KeyLayout;
use super::super::recipe::{Mapped, Recipe, Source};
use super::decode::{Values, bytes, values_of};
use super::escape;
use crate::error::{Error, Result};
use crate::formats::hfile::CellRef;
use crate::stream::decode::{Flaw, RAW_LIMIT, shown};

/// The columns.
pub(in super::super) fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let bytes = |name: &str| bytes(Field::new(name, DataType::Binary, false));
    let instant = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("kind", false),
        text("reason", false),
        text("column_name", true),
        text("value", true),
        bytes("raw"),
        Field::new("raw_length", DataType::Int64, false),
        bytes("row_key"),
        text("family", true),
        text("qualifier", true),
        Field::new("ts", instant, true),
    ]))
}

/// Asks a column's decoder, and keeps nothing of what it made.
#[derive(Debug)]
struct Asked {
    name: String,
    source: Source,
    values: Box<dyn Values>,
}

impl Asked {
    fn check(&mut self, bytes: &[u8]) -> Result<Option<Flaw>> {
        let flaw = self.values.push(bytes).err();
        // The decoders collect; what they have is dropped now and then.
        if self.values.len() >= 8192 {
            self.values.finish()?;
        }
        Ok(flaw)
    }
}

#[derive(Debug)]
struct Lines {
    kind: StringBuilder,
    reason: StringBuilder,
    column: StringBuilder,
    value: StringBuilder,
    raw: BinaryBuilder,
    raw_length: Int64Builder,
    row: BinaryBuilder,
    family: StringBuilder,
    qualifier: StringBuilder,
    timestamp: TimestampMillisecondBuilder,
}

/// Bad values on their way into a batch.
#[derive(Debug)]
pub(in super::super) struct BadRows {
    projection: Vec<usize>,
    key: KeyLayout,
    // Where the parts of the row's key are.
    places: Vec<Range<usize>>,
    families: Vec<String>,
    asked: Vec<Asked>,
    lines: Lines,
    rows: usize,
    pub(super) bytes: usize,
}

impl BadRows {
    pub(super) fn new(
        recipe: &Recipe,
        mapped: &[Mapped],
        projection: &[usize],
        families: &[usize],
    ) -> Result<Self> {
        let asked =
            mapped.iter().filter(|column| column.source != Source::Timestamp).map(|column| {
                let values = values_of(column, &recipe.key)?;
                Ok(Asked { name: column.name.clone(), source: column.source.clone(), values })
            });
        let names = families.iter().filter_map(|at| recipe.families.get(*at));
        Ok(Self {
            projection: projection.to_vec(),
            key: recipe.key.clone(),
            places: vec![],
            families: names.map(|family| family.name.clone()).collect(),
            asked: asked.collect::<Result<_>>()?,
            lines: Lines {
                kind: StringBuilder::new(),
                reason: StringBuilder::new(),
                column: StringBuilder::new(),
                value: StringBuilder::new(),
                raw: BinaryBuilder::new(),
                raw_length: Int64Builder::new(),
                row: BinaryBuilder::new(),
                family: StringBuilder::new(),
                qualifier: StringBuilder::new(),
                timestamp: TimestampMillisecondBuilder::new().with_timezone("UTC"),
            },
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn cell(&mut self, family: usize, cell: &CellRef<'_>, new_row: bool) -> Result<()> {
        let family = self.families.get(family).map_or("", String::as_str);
        let row = cell.row();
        let parts = if new_row { self.key.split(row, &mut self.places) } else { Ok(()) };
        for asked in &mut self.asked {
            let (bytes, in_cell) = match &asked.source {
                Source::Key if new_row => (row, false),
                Source::KeyPart(_) if new_row && parts.is_err() => (row, false),
                Source::KeyPart(at) if new_row => {
                    let place = self.places.get(*at).cloned().unwrap_or_default();
                    (row.get(place).unwrap_or_default(), false)
                }
                Source::Cell { family: own, qualifier }
                    if own == family && qualifier == cell.qualifier() =>
                {
                    (cell.value(), true)
                }
                Source::Family { family: own, prefix }
                    if own == family && cell.qualifier().starts_with(prefix) =>
                {
                    (cell.value(), true)
                }
                _ => continue,
            };
            let flaw = match (&asked.source, &parts) {
                (Source::KeyPart(_), Err(flaw)) => Some(flaw.clone()),
                _ => asked.check(bytes)?,
            };
            if let Some(flaw) = flaw {
                self.rows += 1;
                self.bytes += bytes.len() + cell.row().len() + 64;
                self.lines.add(&asked.name, bytes, &flaw, cell, in_cell.then_some(family));
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>> {
        (self.rows, self.bytes) = (0, 0);
        let all = self.lines.finish();
        let column = |at: &usize| {
            all.get(*at).cloned().ok_or_else(|| Error::internal("errors() has no such column"))
        };
        self.projection.iter().map(column).collect()
    }
}

impl Lines {
    fn add(
        &mut self,
        column: &str,
        bytes: &[u8],
        flaw: &Flaw,
        cell: &CellRef<'_>,
        family: Option<&str>,
    ) {
        self.kind.append_value(flaw.kind.as_str());
        self.reason.append_value(&flaw.reason);
        self.column.append_value(column);
        self.value.append_value(shown(bytes));
        self.raw.append_value(bytes.get(..RAW_LIMIT).unwrap_or(bytes));
        self.raw_length.append_value(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        self.row.append_value(cell.row());
        self.family.append_option(family);
        let qualifier = family.map(|_| {
            let mut text = String::new();
            escape(cell.qualifier(), &mut text);
            text
        });
        self.qualifier.append_option(qualifier);
        self.timestamp.append_option(family.map(|_| cell.timestamp()));
    }

    fn finish(&mut self) -> [ArrayRef; 10] {
        [
            Arc::new(self.kind.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.column.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.raw_length.finish()),
            Arc::new(self.row.finish()),
            Arc::new(self.family.finish()),
            Arc::new(self.qualifier.finish()),
            Arc::new(self.timestamp.finish()),
        ]
    }
}
