//! Sinks for objects and arrays: STRUCT, LIST, MAP.
//!
//! A value is appended to the children as it is read and taken back when one of its parts does not
//! fit.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, MapArray, NullBufferBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::error::ArrowError;

use super::scan::{Raw, elements, members};
use crate::error::{Error, Result};
use crate::stream::decode::bad::{BadKind, Flaw, article};
use crate::stream::decode::cell::{Cell, Kind, Notation, Sink, sink};
use crate::stream::decode::shape::Column;

/// The sink for a column of any type.
///
/// # Errors
/// As [`sink`].
pub fn any_sink(column: &Column) -> Result<Box<dyn Sink>> {
    let place = |error: Error| error.within(format_args!("column {}", column.name));
    if column.data_type.is_nested() && (column.format.is_some() || column.timezone.is_some()) {
        return Err(place(Error::config("`format` and `timezone` need a date, time or timestamp")));
    }
    let child = |field: &FieldRef| -> Result<Child> {
        let column = Column::new(field.name(), field.data_type().clone());
        Ok(Child { field: Arc::clone(field), sink: any_sink(&column).map_err(place)? })
    };
    Ok(match &column.data_type {
        DataType::Struct(fields) => Box::new(Structs {
            fields: fields.clone(),
            children: fields.iter().map(child).collect::<Result<_>>()?,
            found: vec![Raw::default(); fields.len()],
            nulls: NullBufferBuilder::new(0),
        }),
        DataType::List(field) => Box::new(Lists {
            child: child(field)?,
            offsets: vec![0],
            nulls: NullBufferBuilder::new(0),
        }),
        DataType::Map(entries, ordered) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(place(Error::internal("a map without entries")));
            };
            let [key, value] = fields.as_ref() else {
                return Err(place(Error::internal("a map without keys and values")));
            };
            if key.data_type().is_nested() {
                return Err(place(Error::unsupported("a JSON key is no nested value")));
            }
            Box::new(Maps {
                entries: Arc::clone(entries),
                fields: fields.clone(),
                ordered: *ordered,
                key: child(key)?,
                value: child(value)?,
                offsets: vec![0],
                nulls: NullBufferBuilder::new(0),
            })
        }
        _ => sink(column, &Notation::default())?,
    })
}

/// A part of a nested value.
#[derive(Debug)]
struct Child {
    field: FieldRef,
    sink: Box<dyn Sink>,
}

impl Child {
    /// Appends a value or NULL; a flaw names the way to it, `step` first.
    fn push(&mut self, cell: Option<Cell<'_>>, step: impl Fn() -> String) -> Result<(), Flaw> {
        let pushed = match cell {
            Some(cell) => self.sink.push(cell),
            None if self.field.is_nullable() => {
                self.sink.push_null();
                Ok(())
            }
            None => Err(Flaw::mistyped("NULL where it is not allowed")),
        };
        pushed.map_err(|flaw| {
            let step = step();
            let reason = match flaw.reason.strip_prefix('`') {
                Some(rest) => format!("`{step}.{rest}"),
                None => format!("`{step}`: {}", flaw.reason),
            };
            Flaw { kind: flaw.kind, reason: reason.into() }
        })
    }
}

fn duplicate(key: &[u8]) -> Flaw {
    Flaw {
        kind: BadKind::Malformed,
        reason: format!("the key `{}` occurs twice", String::from_utf8_lossy(key)).into(),
    }
}

/// Refuses cells that do not begin with `bracket`.
fn expect(cell: Cell<'_>, bracket: u8, data_type: &str) -> Result<(), Flaw> {
    if cell.kind == Kind::Nested && cell.text.first() == Some(&bracket) {
        return Ok(());
    }
    Err(Flaw::mistyped(format!("not {} {data_type}", article(data_type))))
}

fn broken(error: ArrowError) -> Error {
    Error::internal("parts of a nested column do not fit").with_source(error)
}

fn offset(len: usize) -> i32 {
    // Every element has a byte of its own in a chunk of less than 2 GiB.
    i32::try_from(len).unwrap_or(i32::MAX)
}

fn length(offset: Option<&i32>) -> usize {
    offset.map_or(0, |&end| usize::try_from(end).unwrap_or(0))
}

#[derive(Debug)]
struct Structs {
    fields: Fields,
    children: Vec<Child>,
    found: Vec<Raw>,
    nulls: NullBufferBuilder,
}

impl Structs {
    fn find(&mut self, text: &[u8]) -> Result<(), Flaw> {
        let (fields, found) = (&self.fields, &mut self.found);
        found.fill(Raw::default());
        let (mut scratch, mut next) = (Vec::new(), 0);
        members(text, 0, 0, |key, value| {
            let key = key.plain(text, &mut scratch);
            let is_key = |field: &FieldRef| field.name().as_bytes() == key;
            // Objects mostly have their keys in the order of the fields.
            let index = match fields.get(next) {
                Some(field) if is_key(field) => Some(next),
                _ => fields.iter().position(is_key),
            };
            next = index.map_or(next, |index| index + 1);
            match index.and_then(|index| found.get_mut(index)) {
                Some(found) if found.is_missing() => *found = value,
                Some(_) => return Err(duplicate(key)),
                None => {}
            }
            Ok(())
        })
        .map(|_| ())
    }
}

impl Sink for Structs {
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        expect(cell, b'{', "STRUCT")?;
        self.find(cell.text)?;
        let len = self.len();
        let mut scratch = Vec::new();
        let mut pushed = Ok(());
        for (child, raw) in self.children.iter_mut().zip(&self.found) {
            let field = Arc::clone(&child.field);
            let cell = raw.cell(cell.text, &mut scratch);
            pushed = child.push(cell, || field.name().clone());
            if pushed.is_err() {
                break;
            }
        }
        if pushed.is_err() {
            self.children.iter_mut().for_each(|child| child.sink.truncate(len));
        } else {
            self.nulls.append_non_null();
        }
        pushed
    }

    fn push_null(&mut self) {
        self.children.iter_mut().for_each(|child| child.sink.push_null());
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        let len = self.len();
        self.push(cell)?;
        self.truncate(len);
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.children.iter_mut().for_each(|child| child.sink.truncate(len));
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.children.iter_mut().for_each(|child| child.sink.reserve(rows));
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let len = self.len();
        let arrays = self.children.iter_mut().map(|child| child.sink.finish());
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let nulls = self.nulls.finish();
        let array = StructArray::try_new_with_length(self.fields.clone(), arrays, nulls, len);
        Ok(Arc::new(array.map_err(broken)?))
    }
}

#[derive(Debug)]
struct Lists {
    child: Child,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Sink for Lists {
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        expect(cell, b'[', "LIST")?;
        let before = self.child.sink.len();
        let (mut scratch, mut index) = (Vec::new(), 0_usize);
        let pushed = elements(cell.text, 0, 0, |raw| {
            let step = || format!("[{index}]");
            let pushed = self.child.push(raw.cell(cell.text, &mut scratch), step);
            index += 1;
            pushed
        });
        if let Err(flaw) = pushed {
            self.child.sink.truncate(before);
            return Err(flaw);
        }
        self.offsets.push(offset(self.child.sink.len()));
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.offsets.push(offset(self.child.sink.len()));
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        let len = self.len();
        self.push(cell)?;
        self.truncate(len);
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.offsets.truncate(len + 1);
        self.child.sink.truncate(length(self.offsets.last()));
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.offsets.reserve(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let (values, nulls) = (self.child.sink.finish()?, self.nulls.finish());
        let array = ListArray::try_new(Arc::clone(&self.child.field), offsets, values, nulls);
        Ok(Arc::new(array.map_err(broken)?))
    }
}

#[derive(Debug)]
struct Maps {
    entries: Arc<Field>,
    fields: Fields,
    ordered: bool,
    key: Child,
    value: Child,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Sink for Maps {
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        expect(cell, b'{', "MAP")?;
        let before = self.value.sink.len();
        let (mut scratch, mut seen) = (Vec::new(), HashSet::new());
        let pushed = members(cell.text, 0, 0, |key, value| {
            let text = key.plain(cell.text, &mut scratch).to_vec();
            let step = || String::from_utf8_lossy(&text).into_owned();
            if seen.contains(&text) {
                return Err(duplicate(&text));
            }
            self.key.push(Some(Cell { text: &text, kind: Kind::Text }), step)?;
            self.value.push(value.cell(cell.text, &mut scratch), step)?;
            seen.insert(text);
            Ok(())
        });
        if let Err(flaw) = pushed {
            self.key.sink.truncate(before);
            self.value.sink.truncate(before);
            return Err(flaw);
        }
        self.offsets.push(offset(self.value.sink.len()));
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.offsets.push(offset(self.value.sink.len()));
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        let len = self.len();
        self.push(cell)?;
        self.truncate(len);
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.offsets.truncate(len + 1);
        let end = length(self.offsets.last());
        self.key.sink.truncate(end);
        self.value.sink.truncate(end);
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.offsets.reserve(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let columns = vec![self.key.sink.finish()?, self.value.sink.finish()?];
        let entries = StructArray::try_new(self.fields.clone(), columns, None).map_err(broken)?;
        let (field, nulls) = (Arc::clone(&self.entries), self.nulls.finish());
        let array = MapArray::try_new(field, offsets, entries, nulls, self.ordered);
        Ok(Arc::new(array.map_err(broken)?))
    }
}
