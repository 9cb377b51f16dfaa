//! One value of a record on its way into an Arrow array: the text it was cut from, the sink that
//! parses and collects it.
//!
//! Cutting records into cells is csv's and json's; nested JSON sinks are json's.

pub(super) mod decimal;
pub(super) mod number;
pub(super) mod scalar;
pub(super) mod temporal;
pub(super) mod text;
pub(super) mod zone;

use arrow::array::ArrayRef;
use arrow::datatypes::{ArrowPrimitiveType, DataType, TimeUnit};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use self::scalar::{Booleans, Primitives};
use self::temporal::Clock;
use self::text::Bytes;
use super::bad::Flaw;
use super::shape::{Column, sql_type};
use crate::error::{Error, Result};

/// What a cell was in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A CSV field or a JSON string, without quotes and escapes.
    Text,
    /// A JSON number as it is written.
    Number,
    /// `true` or `false` of JSON.
    Boolean,
    /// A JSON object or array as it is written.
    Nested,
}

/// A value that is not NULL.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The text.
    pub text: &'a [u8],
    /// What it was.
    pub kind: Kind,
}

/// Parses cells of one column and collects them.
pub trait Sink: std::fmt::Debug + Send {
    /// Appends a value; appends nothing if it does not fit.
    fn push(&mut self, cell: Cell<'_>) -> Result<(), Flaw>;

    /// Appends NULL.
    fn push_null(&mut self);

    /// What `push` would answer, without a lasting append.
    fn check(&mut self, cell: Cell<'_>) -> Result<(), Flaw>;

    /// Whether any text of the right encoding fits, so that [`Sink::check`] need not be asked.
    fn takes_anything(&self) -> bool {
        false
    }

    /// The number of values.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the values after the first `len`.
    fn truncate(&mut self, len: usize);

    /// Makes room for `rows` values.
    fn reserve(&mut self, rows: usize);

    /// The values so far as an array; the sink is empty then.
    fn finish(&mut self) -> Result<ArrayRef>;
}

/// How text stands for values in a whole file, as far as columns do not say.
#[derive(Clone, Debug, Default)]
pub struct Notation {
    /// Numbers have a comma before the fraction.
    pub decimal_comma: bool,
    /// How dates are written, where that is not ISO 8601.
    pub date_format: Option<String>,
    /// How timestamps are written.
    pub timestamp_format: Option<String>,
}

/// The sink for a column that is not nested.
///
/// # Errors
/// `Config` for a format or zone that the type cannot have, `Unsupported` for other types.
pub fn sink(column: &Column, notation: &Notation) -> Result<Box<dyn Sink>> {
    let place = |error: Error| error.within(format_args!("column {}", column.name));
    if column.timezone.is_some() && !matches!(column.data_type, DataType::Timestamp(_, Some(_))) {
        return Err(place(Error::config("`timezone` needs TIMESTAMP WITH TIME ZONE")));
    }
    let is_temporal = matches!(
        column.data_type,
        DataType::Date32
            | DataType::Timestamp(..)
            | DataType::Time32(TimeUnit::Second | TimeUnit::Millisecond)
            | DataType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
    );
    if is_temporal {
        return temporal_sink(column, notation).map_err(place);
    }
    if column.format.is_some() {
        return Err(place(Error::config("`format` needs a date, time or timestamp")));
    }
    let comma = notation.decimal_comma;
    Ok(match &column.data_type {
        DataType::Boolean => Box::new(Booleans::default()),
        DataType::Int8 => integers::<Int8Type>(column),
        DataType::Int16 => integers::<Int16Type>(column),
        DataType::Int32 => integers::<Int32Type>(column),
        DataType::Int64 => integers::<Int64Type>(column),
        DataType::UInt8 => integers::<UInt8Type>(column),
        DataType::UInt16 => integers::<UInt16Type>(column),
        DataType::UInt32 => integers::<UInt32Type>(column),
        DataType::UInt64 => integers::<UInt64Type>(column),
        DataType::Float32 => {
            primitives::<Float32Type>(column, move |cell| number::float32(cell, comma))
        }
        DataType::Float64 => {
            primitives::<Float64Type>(column, move |cell| number::float64(cell, comma))
        }
        &DataType::Decimal128(precision, scale) => {
            primitives::<Decimal128Type>(column, move |cell| {
                decimal::decimal128(cell, precision, scale, comma)
            })
        }
        &DataType::Decimal256(precision, scale) => {
            primitives::<Decimal256Type>(column, move |cell| {
                decimal::decimal256(cell, precision, scale, comma)
            })
        }
        DataType::Utf8 => Box::new(Bytes::text(false)),
        DataType::Utf8View => Box::new(Bytes::text(true)),
        DataType::Binary => Box::new(Bytes::hex(false)),
        DataType::BinaryView => Box::new(Bytes::hex(true)),
        other => {
            return Err(place(Error::unsupported(format!(
                "text has no values of type {}",
                sql_type(other)
            ))));
        }
    })
}

fn temporal_sink(column: &Column, notation: &Notation) -> Result<Box<dyn Sink>> {
    let format = column.format.as_deref();
    Ok(match &column.data_type {
        DataType::Date32 => {
            let clock =
                Clock::new(format.or(notation.date_format.as_deref()), None)?.of_calendar()?;
            primitives::<Date32Type>(column, move |cell| clock.date(cell))
        }
        DataType::Timestamp(unit, zone) => {
            let format = format.or(notation.timestamp_format.as_deref());
            let zone = zone.is_some().then(|| column.timezone.as_deref().unwrap_or("UTC"));
            let (clock, unit) = (Clock::new(format, zone)?, *unit);
            match unit {
                TimeUnit::Second => primitives::<TimestampSecondType>(column, move |cell| {
                    clock.timestamp(cell, unit)
                }),
                TimeUnit::Millisecond => {
                    primitives::<TimestampMillisecondType>(column, move |cell| {
                        clock.timestamp(cell, unit)
                    })
                }
                TimeUnit::Microsecond => {
                    primitives::<TimestampMicrosecondType>(column, move |cell| {
                        clock.timestamp(cell, unit)
                    })
                }
                TimeUnit::Nanosecond => {
                    primitives::<TimestampNanosecondType>(column, move |cell| {
                        clock.timestamp(cell, unit)
                    })
                }
            }
        }
        DataType::Time32(unit) => {
            let (clock, unit) = (Clock::new(format, None)?.of_calendar()?, *unit);
            // A day has fewer milliseconds than an i32 can count.
            let time = move |cell: Cell<'_>| {
                clock.time(cell, unit).map(|time| i32::try_from(time).unwrap_or(i32::MAX))
            };
            if unit == TimeUnit::Second {
                primitives::<Time32SecondType>(column, time)
            } else {
                primitives::<Time32MillisecondType>(column, time)
            }
        }
        DataType::Time64(unit) => {
            let (clock, unit) = (Clock::new(format, None)?.of_calendar()?, *unit);
            let time = move |cell: Cell<'_>| clock.time(cell, unit);
            if unit == TimeUnit::Nanosecond {
                primitives::<Time64NanosecondType>(column, time)
            } else {
                primitives::<Time64MicrosecondType>(column, time)
            }
        }
        other => return Err(Error::internal(format!("{other} is not temporal"))),
    })
}

fn integers<T>(column: &Column) -> Box<dyn Sink>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i128>,
{
    let name = sql_type(&column.data_type);
    primitives::<T>(column, move |cell| number::integer::<T::Native>(cell, &name))
}

fn primitives<T: ArrowPrimitiveType>(
    column: &Column,
    parse: impl Fn(Cell<'_>) -> Result<T::Native, Flaw> + Send + 'static,
) -> Box<dyn Sink> {
    Box::new(Primitives::<T, _>::new(column.data_type.clone(), parse))
}
