//! Values of cells as values of SQL: one decoder per encoding and type.
//!
//! `string` is text as everywhere in Sluice; `binary` is what `Bytes.toBytes` of HBase writes,
//! `ordered` its `OrderedBytes`, `phoenix` the signed types of Apache Phoenix
//! (<https://phoenix.apache.org/language/datatypes.html>).

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, PrimitiveBuilder, StringBuilder,
};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::super::key_layout::KeyLayout;
use super::super::recipe::{Encoding, Mapped, Source};
use super::encode::MILLIS_OF_DAY;
use super::ordered;
use super::turned::{Turn, Turned};
use crate::error::{Error, Result};
use crate::stream::decode::avro::AvroValues;
use crate::stream::decode::json::{any_sink, push_json};
use crate::stream::decode::{
    Bytes as Texts, Cell, Column, Flaw, Kind, Notation, Sink, sink, sql_type,
};

/// Nanoseconds of a millisecond.
const NANOS_OF_MILLI: u32 = 1_000_000;

/// A field that, if it is of bytes or a map of them, is shown to people as HBase's shell shows it.
pub(in super::super) fn bytes(field: Field) -> Field {
    let is_bytes = |kind: &DataType| matches!(kind, DataType::Binary | DataType::BinaryView);
    let of_bytes = match field.data_type() {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(parts) => parts.get(1).is_some_and(|part| is_bytes(part.data_type())),
            _ => false,
        },
        other => is_bytes(other),
    };
    if !of_bytes {
        return field;
    }
    field.with_metadata([("sluice.bytes".to_owned(), "escaped".to_owned())].into())
}

/// Decodes values of one column and collects them.
pub(in super::super) trait Values: fmt::Debug + Send {
    /// Appends a value; appends nothing if the bytes are none.
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw>;
    /// Appends NULL.
    fn push_null(&mut self);
    /// The number of values.
    fn len(&self) -> usize;
    /// The values as an array; there are none then.
    fn finish(&mut self) -> Result<ArrayRef>;
}

/// The decoder of a type in an encoding.
///
/// # Errors
/// `Unsupported` where the encoding has no such type.
pub(in super::super) fn decoder(
    name: &str,
    data_type: &DataType,
    encoding: Encoding,
    format: Option<&str>,
    timezone: Option<&str>,
) -> Result<Box<dyn Values>> {
    let unsupported = || {
        Error::unsupported(format!(
            "column {name}: encoding {} has no {}",
            encoding.name(),
            sql_type(data_type)
        ))
    };
    let is_text = matches!(encoding, Encoding::String | Encoding::Json);
    if !is_text && (format.is_some() || timezone.is_some()) {
        return Err(Error::config(format!(
            "column {name}: `format` and `timezone` are of texts, and its encoding is {}",
            encoding.name()
        )));
    }
    if encoding == Encoding::Json {
        return Ok(Box::new(Json(any_sink(&text_column(name, data_type, format, timezone))?)));
    }
    match data_type {
        _ if encoding == Encoding::Avro => {}
        DataType::Binary | DataType::BinaryView if encoding != Encoding::Ordered => {
            return Ok(Box::new(Raw(BinaryBuilder::new())));
        }
        DataType::Utf8 | DataType::Utf8View if encoding != Encoding::Ordered => {
            return Ok(Box::new(Text(Texts::text(*data_type == DataType::Utf8View))));
        }
        _ => {}
    }
    Ok(match encoding {
        Encoding::String => {
            let column = text_column(name, data_type, format, timezone);
            Box::new(Written(sink(&column, &Notation::default())?))
        }
        Encoding::Json | Encoding::Avro => {
            return Err(Error::unsupported(format!(
                "{name}: what is written in {} is read by the schema of a declared column",
                encoding.name()
            )));
        }
        Encoding::Binary => binary(data_type).ok_or_else(unsupported)?,
        Encoding::Phoenix => phoenix(data_type).ok_or_else(unsupported)?,
        Encoding::Ordered => Box::new(OrNull(of_ordered(data_type).ok_or_else(unsupported)?)),
    })
}

/// A column whose values are texts.
fn text_column(
    name: &str,
    data_type: &DataType,
    format: Option<&str>,
    timezone: Option<&str>,
) -> Column {
    let (format, timezone) = (format.map(str::to_owned), timezone.map(str::to_owned));
    Column { format, timezone, ..Column::new(name, data_type.clone()) }
}

/// The decoder of a declared column's values.
///
/// # Errors
/// `Unsupported` where the encoding has no such type, or none that can be reversed.
pub(in super::super) fn values_of(column: &Mapped, key: &KeyLayout) -> Result<Box<dyn Values>> {
    let Mapped { name, encoding, format, timezone, .. } = column;
    let data_type = column.value_type()?;
    let (format, timezone) = (format.as_deref(), timezone.as_deref());
    let of = |encoding| -> Result<Box<dyn Values>> {
        if encoding == Encoding::Avro && !column.schemas.is_empty() {
            let text = text_column(name, data_type, format, timezone);
            return Ok(Box::new(AvroValues::try_new(text, &column.avro())?));
        }
        decoder(name, data_type, encoding, format, timezone)
    };
    let Source::KeyPart(at) = column.source else { return of(*encoding) };
    let part = key.parts.get(at).ok_or_else(|| Error::internal("a key without its part"))?;
    if !part.reversed {
        return of(*encoding);
    }
    let (turn, encoding) = Turn::of(data_type, *encoding).ok_or_else(|| {
        Error::unsupported(format!(
            "column {name}: encoding {} has no reversed {}",
            encoding.name(),
            sql_type(data_type)
        ))
    })?;
    Ok(Box::new(Turned::new(turn, of(encoding)?)))
}

/// A value of a number of bytes that is always the same.
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Flaw> {
    <[u8; N]>::try_from(bytes)
        .map_err(|_| Flaw::mistyped(format!("{} bytes, and it takes {N}", bytes.len())))
}

fn binary(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Boolean => Box::new(Booleans(BooleanBuilder::new())),
        DataType::Int8 => number::<Int8Type>(data_type, |b| fixed(b).map(i8::from_be_bytes)),
        DataType::Int16 => number::<Int16Type>(data_type, |b| fixed(b).map(i16::from_be_bytes)),
        DataType::Int32 => number::<Int32Type>(data_type, |b| fixed(b).map(i32::from_be_bytes)),
        DataType::Int64 => number::<Int64Type>(data_type, |b| fixed(b).map(i64::from_be_bytes)),
        DataType::Float32 => number::<Float32Type>(data_type, |b| fixed(b).map(f32::from_be_bytes)),
        DataType::Float64 => number::<Float64Type>(data_type, |b| fixed(b).map(f64::from_be_bytes)),
        DataType::Decimal128(precision, scale) => {
            let (precision, scale) = (*precision, *scale);
            number::<Decimal128Type>(data_type, move |b| decimal(b, precision, scale))
        }
        other => return temporal(other, |b| Ok((fixed(b).map(i64::from_be_bytes)?, 0))),
    })
}

fn phoenix(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Boolean => Box::new(Booleans(BooleanBuilder::new())),
        DataType::Int8 => {
            number::<Int8Type>(data_type, |b| fixed(b).map(|b| i8::from_be_bytes(b) ^ i8::MIN))
        }
        DataType::Int16 => {
            number::<Int16Type>(data_type, |b| fixed(b).map(|b| i16::from_be_bytes(b) ^ i16::MIN))
        }
        DataType::Int32 => {
            number::<Int32Type>(data_type, |b| fixed(b).map(|b| i32::from_be_bytes(b) ^ i32::MIN))
        }
        DataType::Int64 => number::<Int64Type>(data_type, flipped),
        // Phoenix takes floats apart so that they sort: a negative one is inverted, and the sign
        // of all is flipped.
        DataType::Float32 => number::<Float32Type>(data_type, |b| {
            let bits = u32::from_be_bytes(fixed(b)?).wrapping_sub(1);
            let bits = if bits & 0x8000_0000 != 0 { bits ^ 0x8000_0000 } else { !bits };
            Ok(f32::from_bits(bits))
        }),
        DataType::Float64 => number::<Float64Type>(data_type, |b| {
            let bits = u64::from_be_bytes(fixed(b)?).wrapping_sub(1);
            let bits = if bits >> 63 != 0 { bits ^ (1 << 63) } else { !bits };
            Ok(f64::from_bits(bits))
        }),
        other => {
            return temporal(other, |b| match b.split_last_chunk() {
                // A TIMESTAMP has the nanoseconds of its last millisecond behind it.
                Some((millis, nanos)) if b.len() == 12 => {
                    Ok((flipped(millis)?, u32::from_be_bytes(*nanos)))
                }
                _ => Ok((flipped(b)?, 0)),
            });
        }
    })
}

fn flipped(bytes: &[u8]) -> Result<i64, Flaw> {
    fixed(bytes).map(|bytes| i64::from_be_bytes(bytes) ^ i64::MIN)
}

fn of_ordered(data_type: &DataType) -> Option<Box<dyn Values>> {
    fn integer<T: TryFrom<i64>>(bytes: &[u8]) -> Result<T, Flaw> {
        T::try_from(ordered::integer(bytes)?)
            .map_err(|_| Flaw::mistyped("a number that is too large for the type"))
    }
    Some(match data_type {
        DataType::Int8 => number::<Int8Type>(data_type, integer::<i8>),
        DataType::Int16 => number::<Int16Type>(data_type, integer::<i16>),
        DataType::Int32 => number::<Int32Type>(data_type, integer::<i32>),
        DataType::Int64 => number::<Int64Type>(data_type, integer::<i64>),
        DataType::Float32 => number::<Float32Type>(data_type, ordered::float32),
        DataType::Float64 => number::<Float64Type>(data_type, ordered::float64),
        DataType::Utf8 | DataType::Utf8View => Box::new(OrderedText(StringBuilder::new())),
        DataType::Binary | DataType::BinaryView => Box::new(OrderedBlob(BinaryBuilder::new())),
        other => return temporal(other, |b| Ok((ordered::integer(b)?, 0))),
    })
}

/// Dates and instants as milliseconds since 1970, and nanoseconds of the millisecond.
fn temporal(
    data_type: &DataType,
    instant: impl Fn(&[u8]) -> Result<(i64, u32), Flaw> + Send + 'static,
) -> Option<Box<dyn Values>> {
    let too_far = || Flaw::mistyped("a time that is too far away for the type");
    let millis = move |bytes: &[u8]| match instant(bytes)? {
        (millis, nanos) if nanos < NANOS_OF_MILLI => Ok((millis, i64::from(nanos))),
        _ => Err(Flaw::mistyped("a millisecond of more than a million nanoseconds")),
    };
    Some(match data_type {
        DataType::Date32 => number::<Date32Type>(data_type, move |bytes| {
            i32::try_from(millis(bytes)?.0.div_euclid(MILLIS_OF_DAY)).map_err(|_| too_far())
        }),
        DataType::Timestamp(TimeUnit::Second, _) => {
            number::<TimestampSecondType>(data_type, move |b| Ok(millis(b)?.0.div_euclid(1000)))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            number::<TimestampMillisecondType>(data_type, move |b| Ok(millis(b)?.0))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            number::<TimestampMicrosecondType>(data_type, move |bytes| {
                let (millis, nanos) = millis(bytes)?;
                let micros = millis.checked_mul(1000);
                micros.and_then(|micros| micros.checked_add(nanos / 1000)).ok_or_else(too_far)
            })
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            number::<TimestampNanosecondType>(data_type, move |bytes| {
                let (millis, nanos) = millis(bytes)?;
                let whole = millis.checked_mul(1_000_000);
                whole.and_then(|whole| whole.checked_add(nanos)).ok_or_else(too_far)
            })
        }
        _ => return None,
    })
}

/// HBase's BigDecimal: the scale, and the unscaled number in two's complement.
fn decimal(bytes: &[u8], precision: u8, scale: i8) -> Result<i128, Flaw> {
    let (own, unscaled) = bytes
        .split_first_chunk::<4>()
        .filter(|(_, unscaled)| !unscaled.is_empty() && unscaled.len() <= 16)
        .ok_or_else(|| Flaw::mistyped("not a scale and at most 16 bytes of a number"))?;
    let negative = unscaled.first().is_some_and(|byte| *byte >= 0x80);
    let start = if negative { -1_i128 } else { 0 };
    let number = unscaled.iter().fold(start, |number, byte| (number << 8) | i128::from(*byte));
    let own = i32::from_be_bytes(*own);
    let wrong = || Flaw::mistyped(format!("does not fit DECIMAL({precision},{scale})"));
    let shift = i64::from(scale) - i64::from(own);
    let factor = u32::try_from(shift.unsigned_abs()).ok().and_then(|n| 10_i128.checked_pow(n));
    let number = match factor {
        _ if number == 0 => 0,
        Some(factor) if shift >= 0 => number.checked_mul(factor).ok_or_else(wrong)?,
        Some(factor) if number % factor == 0 => number / factor,
        _ => return Err(wrong()),
    };
    let most = 10_i128.checked_pow(u32::from(precision)).unwrap_or(i128::MAX);
    if number.abs() < most { Ok(number) } else { Err(wrong()) }
}

struct Numbers<T: ArrowPrimitiveType, F> {
    values: PrimitiveBuilder<T>,
    parse: F,
}

fn number<T: ArrowPrimitiveType>(
    data_type: &DataType,
    parse: impl Fn(&[u8]) -> Result<T::Native, Flaw> + Send + 'static,
) -> Box<dyn Values> {
    let values = PrimitiveBuilder::<T>::new().with_data_type(data_type.clone());
    Box::new(Numbers { values, parse })
}

impl<T: ArrowPrimitiveType, F> fmt::Debug for Numbers<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").finish_non_exhaustive()
    }
}

impl<T, F> Values for Numbers<T, F>
where
    T: ArrowPrimitiveType,
    F: Fn(&[u8]) -> Result<T::Native, Flaw> + Send,
{
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        self.values.append_value((self.parse)(bytes)?);
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.append_null();
    }

    fn len(&self) -> usize {
        use datafusion::arrow::array::ArrayBuilder;
        ArrayBuilder::len(&self.values)
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(Arc::new(self.values.finish()))
    }
}

/// Decoders over a builder, by what they append.
macro_rules! values {
    ($($name:ident($builder:ty): $push:expr;)*) => {$(
        #[derive(Debug)]
        struct $name($builder);

        impl Values for $name {
            fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
                let push: fn(&mut $builder, &[u8]) -> Result<(), Flaw> = $push;
                push(&mut self.0, bytes)
            }

            fn push_null(&mut self) {
                self.0.append_null();
            }

            fn len(&self) -> usize {
                use datafusion::arrow::array::ArrayBuilder;
                ArrayBuilder::len(&self.0)
            }

            fn finish(&mut self) -> Result<ArrayRef> {
                Ok(Arc::new(self.0.finish()))
            }
        }
    )*};
}

values! {
    Raw(BinaryBuilder): |values, bytes| {
        values.append_value(bytes);
        Ok(())
    };
    OrderedText(StringBuilder): |values, bytes| {
        values.append_value(ordered::text(bytes)?);
        Ok(())
    };
    OrderedBlob(BinaryBuilder): |values, bytes| {
        values.append_value(ordered::blob(bytes)?);
        Ok(())
    };
    // HBase writes 0xff for true; whatever is not zero is true.
    Booleans(BooleanBuilder): |values, bytes| {
        let [byte] = fixed(bytes)?;
        values.append_value(byte != 0);
        Ok(())
    };
}

/// What `OrderedBytes` also has bytes for: NULL.
#[derive(Debug)]
struct OrNull(Box<dyn Values>);

impl Values for OrNull {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        if ordered::is_null(bytes) {
            self.0.push_null();
            return Ok(());
        }
        self.0.push(bytes)
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.0.finish()
    }
}

/// Text. Looking whether it is ASCII costs less than decoding it, which is done for all of a batch at
/// once in the end.
#[derive(Debug)]
struct Text(Texts);

impl Values for Text {
    #[inline]
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
            return Err(Flaw::encoding("UTF-8"));
        }
        self.0.push(Cell { text: bytes, kind: Kind::Text })
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.0.finish()
    }
}

/// Text that stands for a value of another type.
#[derive(Debug)]
struct Written(Box<dyn Sink>);

impl Values for Written {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        if std::str::from_utf8(bytes).is_err() {
            return Err(Flaw::encoding("UTF-8"));
        }
        self.0.push(Cell { text: bytes, kind: Kind::Text })
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.0.finish()
    }
}

/// Text of JSON; `null` is NULL.
#[derive(Debug)]
struct Json(Box<dyn Sink>);

impl Values for Json {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        push_json(bytes, self.0.as_mut())
    }

    fn push_null(&mut self) {
        self.0.push_null();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        self.0.finish()
    }
}

impl Values for AvroValues {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        Self::push(self, bytes)
    }

    fn push_null(&mut self) {
        Self::push_null(self);
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Self::finish(self)
    }
}
