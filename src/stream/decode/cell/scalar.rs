//! Sinks of fixed width: numbers, dates, times, booleans.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, NullBufferBuilder, PrimitiveArray,
};
use arrow::datatypes::{ArrowPrimitiveType, DataType};

use super::{Cell, Kind, Sink};
use crate::error::{Error, Result};
use crate::stream::decode::bad::Flaw;

/// Values of type `T`, parsed by `P`.
pub(super) struct Primitives<T: ArrowPrimitiveType, P> {
    data_type: DataType,
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
    parse: P,
}

impl<T: ArrowPrimitiveType, P> Primitives<T, P> {
    pub(super) fn new(data_type: DataType, parse: P) -> Self {
        Self { data_type, values: Vec::new(), nulls: NullBufferBuilder::new(0), parse }
    }
}

impl<T: ArrowPrimitiveType, P> fmt::Debug for Primitives<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Primitives").field("data_type", &self.data_type).finish_non_exhaustive()
    }
}

impl<T, P> Sink for Primitives<T, P>
where
    T: ArrowPrimitiveType,
    P: Fn(Cell<'_>) -> Result<T::Native, Flaw> + Send,
{
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        self.values.push((self.parse)(cell)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        (self.parse)(cell).map(|_| ())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        let values = std::mem::take(&mut self.values);
        let nulls = self.nulls.finish();
        let array = PrimitiveArray::<T>::try_new(values.into(), nulls)
            .map_err(|error| Error::internal("an array has another length").with_source(error))?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}

/// Truth values.
pub(super) struct Booleans {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Default for Booleans {
    fn default() -> Self {
        Self { values: BooleanBufferBuilder::new(0), nulls: NullBufferBuilder::new(0) }
    }
}

impl fmt::Debug for Booleans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booleans").finish_non_exhaustive()
    }
}

impl Sink for Booleans {
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        self.values.append(boolean(cell)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.append(false);
        self.nulls.append_null();
    }

    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw> {
        boolean(cell).map(|_| ())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.nulls.truncate(len);
    }

    fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(self.values.finish(), self.nulls.finish())))
    }
}

/// The words for true and false; the figures 1 and 0 count as text only, so that a JSON number is
/// not taken for a truth value.
fn boolean(cell: Cell<'_>) -> Result<bool, Flaw> {
    const WORDS: [(&str, bool); 10] = [
        ("true", true),
        ("false", false),
        ("t", true),
        ("f", false),
        ("1", true),
        ("0", false),
        ("yes", true),
        ("no", false),
        ("y", true),
        ("n", false),
    ];
    let known = matches!(cell.kind, Kind::Text | Kind::Boolean);
    let found = WORDS.iter().find(|(word, _)| cell.text.eq_ignore_ascii_case(word.as_bytes()));
    match found {
        Some(&(_, value)) if known => Ok(value),
        _ => Err(Flaw::mistyped("not a BOOLEAN")),
    }
}
