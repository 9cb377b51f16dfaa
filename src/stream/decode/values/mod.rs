//! Columns of typed values: what the decoders of binary formats fill, value by value, and take back
//! when the record turns out to be none.
//!
//! A value goes into a column of its own kind as it is. Into one of another kind it goes if nothing
//! is lost; text is read as the text formats read it (`decode::cell`), also by the column's format.

mod scalar;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, BooleanArray, BooleanBufferBuilder,
    ListArray, MapArray, NullBufferBuilder, StringArray, StringViewArray, StructArray, make_array,
};
use arrow::buffer::{Buffer, MutableBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, FieldRef, TimeUnit, ToByteSlice};
use arrow::error::ArrowError;

pub(super) use self::scalar::Scalar;
use self::scalar::per_second;
use super::bad::{BadKind, Flaw};
use super::cell::{Cell, Kind, Notation, Sink, sink};
use super::shape::{Column, sql_type};
use crate::error::{Error, Result};

/// Values of one column, or of a part of one.
pub(super) struct Values {
    column: Column,
    data: Data,
    nulls: NullBufferBuilder,
    len: usize,
    // Reads texts; made when it is needed.
    parser: Option<Box<dyn Sink>>,
}

enum Data {
    Bits(BooleanBufferBuilder),
    /// Values of so many bytes each.
    Fixed(usize, MutableBuffer),
    Bytes(Vec<u8>, Vec<i32>),
    Struct(Vec<Values>),
    List(Box<Values>, Vec<i32>),
    Map(Box<(Values, Values)>, Vec<i32>),
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("column", &self.column).finish_non_exhaustive()
    }
}

impl Values {
    /// None yet, of a column.
    ///
    /// # Errors
    /// `Config` for a format or zone that the type cannot have, `Unsupported` for types without values.
    pub(super) fn new(column: &Column) -> Result<Self> {
        let part = |field: &FieldRef| {
            let mut part = Column::new(field.name(), field.data_type().clone());
            part.nullable = field.is_nullable();
            Self::new(&part)
        };
        let mut parser = None;
        let data = match &column.data_type {
            DataType::Boolean => Data::Bits(BooleanBufferBuilder::new(0)),
            DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView => {
                Data::Bytes(vec![], vec![0])
            }
            DataType::Struct(fields) => {
                Data::Struct(fields.iter().map(part).collect::<Result<_>>()?)
            }
            DataType::List(item) => Data::List(Box::new(part(item)?), vec![0]),
            DataType::Map(entries, _) => {
                let (key, value) = entry(entries)
                    .ok_or_else(|| Error::internal("a map without keys and values"))?;
                Data::Map(Box::new((part(key)?, part(value)?)), vec![0])
            }
            other => {
                let width = other.primitive_width().ok_or_else(|| {
                    let name = sql_type(other);
                    Error::unsupported(format!("column {}: no record has a {name}", column.name))
                })?;
                Data::Fixed(width, MutableBuffer::new(0))
            }
        };
        if column.format.is_some() || column.timezone.is_some() {
            parser = Some(sink(column, &Notation::default())?);
        }
        let nulls = NullBufferBuilder::new(0);
        Ok(Self { column: column.clone(), data, nulls, len: 0, parser })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.column.name
    }

    /// Whether there may be NULLs.
    pub(super) fn is_nullable(&self) -> bool {
        self.column.nullable
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends NULL, whether the column may have it or not.
    pub(super) fn push_null(&mut self) {
        match &mut self.data {
            Data::Bits(bits) => bits.append(false),
            Data::Fixed(width, buffer) => buffer.extend_zeros(*width),
            Data::Bytes(bytes, ends) => ends.push(offset(bytes.len())),
            Data::Struct(members) => members.iter_mut().for_each(Self::push_null),
            Data::List(items, ends) => ends.push(offset(items.len)),
            Data::Map(entries, ends) => ends.push(offset(entries.0.len)),
        }
        self.nulls.append_null();
        self.len += 1;
    }

    /// Appends NULL where there may be one.
    pub(super) fn absent(&mut self) -> Result<(), Flaw> {
        if !self.column.nullable {
            return Err(Flaw::mistyped("NULL where it is not allowed"));
        }
        self.push_null();
        Ok(())
    }

    /// The members of the struct that is closed next.
    pub(super) fn members(&mut self) -> Option<&mut [Self]> {
        match &mut self.data {
            Data::Struct(members) => Some(members),
            _ => None,
        }
    }

    /// The items of all lists, to which those of the list are added that is closed next.
    pub(super) fn items(&mut self) -> Option<&mut Self> {
        match &mut self.data {
            Data::List(items, _) => Some(items),
            _ => None,
        }
    }

    /// The keys and values of all maps, to which those of the map are added that is closed next.
    pub(super) fn entries(&mut self) -> Option<(&mut Self, &mut Self)> {
        match &mut self.data {
            Data::Map(entries, _) => Some((&mut entries.0, &mut entries.1)),
            _ => None,
        }
    }

    /// Appends the struct, list or map whose parts were appended.
    pub(super) fn close(&mut self) {
        match &mut self.data {
            Data::List(items, ends) => ends.push(offset(items.len)),
            Data::Map(entries, ends) => ends.push(offset(entries.0.len)),
            _ => {}
        }
        self.nulls.append_non_null();
        self.len += 1;
    }

    /// Drops what comes after the first `len` values, also parts of one that was not closed.
    pub(super) fn truncate(&mut self, len: usize) {
        let end = |ends: &mut Vec<i32>| {
            ends.truncate(len + 1);
            ends.last().map_or(0, |end| usize::try_from(*end).unwrap_or_default())
        };
        match &mut self.data {
            Data::Bits(bits) => bits.truncate(len),
            Data::Fixed(width, buffer) => buffer.truncate(*width * len),
            Data::Bytes(bytes, ends) => bytes.truncate(end(ends)),
            Data::Struct(members) => members.iter_mut().for_each(|it| it.truncate(len)),
            Data::List(items, ends) => items.truncate(end(ends)),
            Data::Map(entries, ends) => {
                let end = end(ends);
                entries.0.truncate(end);
                entries.1.truncate(end);
            }
        }
        if len < self.len {
            self.nulls.truncate(len);
            self.len = len;
        }
    }

    /// Appends a value; appends nothing if it does not fit.
    pub(super) fn push(&mut self, scalar: Scalar<'_>) -> Result<(), Flaw> {
        self.append(scalar)?;
        self.nulls.append_non_null();
        self.len += 1;
        Ok(())
    }

    fn append(&mut self, scalar: Scalar<'_>) -> Result<(), Flaw> {
        let is_formatted = self.column.format.is_some();
        match (&mut self.data, &self.column.data_type) {
            (Data::Bytes(..), _) => self.append_bytes(scalar),
            (Data::Bits(bits), _) => match scalar {
                Scalar::Boolean(value) => {
                    bits.append(value);
                    Ok(())
                }
                other => self.parse(other),
            },
            (Data::Fixed(_, buffer), data_type) if !is_formatted => {
                match fixed(buffer, data_type, scalar) {
                    Put::Done => Ok(()),
                    Put::Flaw(flaw) => Err(flaw),
                    Put::Other => self.parse(scalar),
                }
            }
            (Data::Fixed(..), _) => self.parse(scalar),
            (_, data_type) => Err(unlike(scalar, data_type)),
        }
    }

    fn append_bytes(&mut self, scalar: Scalar<'_>) -> Result<(), Flaw> {
        let is_text = matches!(self.column.data_type, DataType::Utf8 | DataType::Utf8View);
        let shown;
        let value = match scalar {
            Scalar::Text(text) => text.as_bytes(),
            Scalar::Bytes(bytes) if is_text && std::str::from_utf8(bytes).is_err() => {
                return Err(Flaw::encoding("UTF-8"));
            }
            Scalar::Bytes(bytes) => bytes,
            other if is_text => {
                shown = other.to_string();
                shown.as_bytes()
            }
            other => return Err(unlike(other, &self.column.data_type)),
        };
        let Data::Bytes(bytes, ends) = &mut self.data else { return Ok(()) };
        let end = bytes.len().checked_add(value.len()).and_then(|end| i32::try_from(end).ok());
        let end = end.ok_or_else(|| Flaw {
            kind: BadKind::Oversize,
            reason: "the texts of a batch are longer than 2 GiB".into(),
        })?;
        bytes.extend_from_slice(value);
        ends.push(end);
        Ok(())
    }

    /// Reads a value as the text formats read texts and numbers.
    fn parse(&mut self, scalar: Scalar<'_>) -> Result<(), Flaw> {
        let is_decimal =
            matches!(self.column.data_type, DataType::Decimal128(..) | DataType::Decimal256(..));
        let kind = match scalar {
            Scalar::Text(_) | Scalar::WallClock(..) => Kind::Text,
            Scalar::Int(_) | Scalar::UInt(_) if is_decimal || self.column.format.is_some() => {
                Kind::Number
            }
            Scalar::Float(_) | Scalar::Double(_) | Scalar::Decimal(..) if is_decimal => {
                Kind::Number
            }
            other => return Err(unlike(other, &self.column.data_type)),
        };
        let text = scalar.to_string();
        let internal = |e: Error| Flaw::mistyped(e.message().to_owned());
        let parser = match &mut self.parser {
            Some(parser) => parser,
            none => none.insert(sink(&self.column, &Notation::default()).map_err(internal)?),
        };
        parser.push(Cell { text: text.as_bytes(), kind })?;
        let array = parser.finish().map_err(internal)?;
        match &mut self.data {
            Data::Bits(bits) => bits.append(array.as_boolean().value(0)),
            Data::Fixed(width, buffer) => {
                let data = array.to_data();
                let bytes = data.buffers().first().and_then(|bytes| bytes.as_slice().get(..*width));
                buffer.extend_from_slice(bytes.unwrap_or_default());
            }
            _ => {}
        }
        Ok(())
    }

    /// The values so far as an array; there are none then.
    pub(super) fn finish(&mut self) -> Result<ArrayRef> {
        let (nulls, len) = (self.nulls.finish(), std::mem::take(&mut self.len));
        let broken = |e: ArrowError| Error::internal(format!("column {}: {e}", self.column.name));
        let take = |ends: &mut Vec<i32>| OffsetBuffer::new(std::mem::replace(ends, vec![0]).into());
        Ok(match (&mut self.data, &self.column.data_type) {
            (Data::Bits(bits), _) => Arc::new(BooleanArray::new(bits.finish(), nulls)),
            (Data::Fixed(_, buffer), data_type) => {
                let bytes = Buffer::from(std::mem::replace(buffer, MutableBuffer::new(0)));
                let data = arrow::array::ArrayData::builder(data_type.clone())
                    .len(len)
                    .add_buffer(bytes)
                    .nulls(nulls);
                make_array(data.build().map_err(broken)?)
            }
            (Data::Bytes(bytes, ends), data_type) => {
                let bytes = Buffer::from_vec(std::mem::take(bytes));
                let ends = take(ends);
                match data_type {
                    DataType::Binary | DataType::BinaryView => {
                        let array = BinaryArray::try_new(ends, bytes, nulls).map_err(broken)?;
                        match data_type {
                            DataType::Binary => Arc::new(array),
                            _ => Arc::new(BinaryViewArray::from(&array)),
                        }
                    }
                    _ => {
                        let array = StringArray::try_new(ends, bytes, nulls).map_err(broken)?;
                        match data_type {
                            DataType::Utf8 => Arc::new(array),
                            _ => Arc::new(StringViewArray::from(&array)),
                        }
                    }
                }
            }
            (Data::Struct(members), DataType::Struct(fields)) => {
                let arrays = members.iter_mut().map(Self::finish).collect::<Result<Vec<_>>>()?;
                let array = StructArray::try_new_with_length(fields.clone(), arrays, nulls, len);
                Arc::new(array.map_err(broken)?)
            }
            (Data::List(items, ends), DataType::List(item)) => {
                let items = items.finish()?;
                let array = ListArray::try_new(Arc::clone(item), take(ends), items, nulls);
                Arc::new(array.map_err(broken)?)
            }
            (Data::Map(entries, ends), DataType::Map(field, is_sorted)) => {
                let DataType::Struct(fields) = field.data_type() else {
                    return Err(Error::internal("a map without entries"));
                };
                let arrays = vec![entries.0.finish()?, entries.1.finish()?];
                let entries = StructArray::try_new(fields.clone(), arrays, None).map_err(broken)?;
                let (field, is_sorted) = (Arc::clone(field), *is_sorted);
                let array = MapArray::try_new(field, take(ends), entries, nulls, is_sorted);
                Arc::new(array.map_err(broken)?)
            }
            (_, other) => return Err(Error::internal(format!("{other} has other parts"))),
        })
    }
}

/// The flaw of a part of a value, with the way to it.
pub(super) fn within(step: &str, flaw: Flaw) -> Flaw {
    if flaw.kind != BadKind::Type {
        return flaw;
    }
    let reason = match flaw.reason.strip_prefix('`') {
        Some(rest) => format!("`{step}.{rest}"),
        None => format!("`{step}`: {}", flaw.reason),
    };
    Flaw { kind: flaw.kind, reason: reason.into() }
}

/// Why a value cannot be appended to a column whose parts are others.
pub(super) fn misshapen() -> Flaw {
    Flaw::malformed("the value has other parts than its column")
}

/// Lengths are below 2 GiB: every item costs a byte at least, and texts are looked after.
fn offset(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// The fields of a map's entries.
fn entry(entries: &FieldRef) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) => match fields.as_ref() {
            [key, value] => Some((key, value)),
            _ => None,
        },
        _ => None,
    }
}

/// Why a value does not fit a type at all.
pub(super) fn unlike(scalar: Scalar<'_>, data_type: &DataType) -> Flaw {
    Flaw::mistyped(format!("{} is no {}", scalar.noun(), sql_type(data_type)))
}

fn out_of_range(data_type: &DataType) -> Flaw {
    Flaw::mistyped(format!("out of the range of {}", sql_type(data_type)))
}

/// What became of a value on its way into a buffer.
enum Put {
    Done,
    /// It does not fit.
    Flaw(Flaw),
    /// It is of another kind.
    Other,
}

/// Appends a value of a type of fixed width.
fn fixed(buffer: &mut MutableBuffer, data_type: &DataType, scalar: Scalar<'_>) -> Put {
    let unit_of = |unit: TimeUnit, from: TimeUnit, value: i64| {
        converted(value, from, unit).map_err(|lost| match lost {
            true => Flaw::mistyped(format!(
                "more digits of a second than {} keeps",
                sql_type(data_type)
            )),
            false => out_of_range(data_type),
        })
    };
    if let Scalar::Time(value, unit) = scalar
        && !(0..per_second(unit).saturating_mul(86_400)).contains(&value)
        && !data_type.is_integer()
    {
        return Put::Flaw(Flaw::mistyped("a time beyond the day"));
    }
    let time = match (data_type, scalar) {
        (DataType::Int64, Scalar::Int(number)) => return put(buffer, Ok(number)),
        (DataType::Time32(unit), Scalar::Time(value, from)) => {
            let value = unit_of(*unit, from, value);
            let short = |value: i64| i32::try_from(value).map_err(|_| out_of_range(data_type));
            return put(buffer, value.and_then(short));
        }
        (DataType::Time64(unit), Scalar::Time(value, from)) => unit_of(*unit, from, value),
        (DataType::Timestamp(unit, _), Scalar::Instant(value, from)) => unit_of(*unit, from, value),
        (DataType::Timestamp(unit, None), Scalar::WallClock(value, from)) => {
            unit_of(*unit, from, value)
        }
        (DataType::Date32, Scalar::Date(days)) => return put(buffer, Ok(days)),
        (DataType::Interval(_), Scalar::Interval(it)) => return put(buffer, Ok(it)),
        (DataType::Float32 | DataType::Float64, _) => return floating(buffer, data_type, scalar),
        (DataType::Decimal128(precision, scale), _) => {
            let number = match scalar {
                Scalar::Decimal(number, of) if of == *scale => number.to_i128(),
                Scalar::Int(number) if *scale == 0 => Some(number.into()),
                Scalar::Text(_)
                | Scalar::Int(_)
                | Scalar::UInt(_)
                | Scalar::Float(_)
                | Scalar::Double(_)
                | Scalar::Decimal(..) => return Put::Other,
                other => return Put::Flaw(unlike(other, data_type)),
            };
            let most = 10_i128.checked_pow((*precision).into());
            let fits = |number: &i128| most.is_none_or(|most| -most < *number && *number < most);
            return put(buffer, number.filter(fits).ok_or_else(|| out_of_range(data_type)));
        }
        _ if data_type.is_integer() => {
            let Some(number) = scalar.whole() else { return Put::Other };
            return whole(buffer, data_type, number);
        }
        _ => return Put::Other,
    };
    put(buffer, time)
}

fn put<T: ToByteSlice>(buffer: &mut MutableBuffer, value: Result<T, Flaw>) -> Put {
    match value {
        Ok(value) => {
            buffer.push(value);
            Put::Done
        }
        Err(flaw) => Put::Flaw(flaw),
    }
}

fn whole(buffer: &mut MutableBuffer, data_type: &DataType, number: i128) -> Put {
    fn of<T: ToByteSlice + TryFrom<i128>>(
        buffer: &mut MutableBuffer,
        data_type: &DataType,
        number: i128,
    ) -> Put {
        put(buffer, T::try_from(number).map_err(|_| out_of_range(data_type)))
    }
    match data_type {
        DataType::Int8 => of::<i8>(buffer, data_type, number),
        DataType::Int16 => of::<i16>(buffer, data_type, number),
        DataType::Int32 => of::<i32>(buffer, data_type, number),
        DataType::Int64 => of::<i64>(buffer, data_type, number),
        DataType::UInt8 => of::<u8>(buffer, data_type, number),
        DataType::UInt16 => of::<u16>(buffer, data_type, number),
        DataType::UInt32 => of::<u32>(buffer, data_type, number),
        DataType::UInt64 => of::<u64>(buffer, data_type, number),
        _ => Put::Other,
    }
}

/// Numbers go to the nearest one, as in texts.
fn floating(buffer: &mut MutableBuffer, data_type: &DataType, scalar: Scalar<'_>) -> Put {
    let is_short = *data_type == DataType::Float32;
    let number = match scalar {
        Scalar::Float(number) if is_short => return put(buffer, Ok(number)),
        Scalar::Int(number) if is_short => return put(buffer, Ok(number as f32)),
        Scalar::UInt(number) if is_short => return put(buffer, Ok(number as f32)),
        Scalar::Float(number) => number.into(),
        Scalar::Double(number) => number,
        Scalar::Int(number) => number as f64,
        Scalar::UInt(number) => number as f64,
        Scalar::Text(_) => return Put::Other,
        other => return Put::Flaw(unlike(other, data_type)),
    };
    if !is_short {
        return put(buffer, Ok(number));
    }
    let short = number as f32;
    let fits = short.is_finite() || !number.is_finite();
    put(buffer, if fits { Ok(short) } else { Err(out_of_range(data_type)) })
}

/// A number of one unit as one of another; the error says whether digits are lost, or it is too large.
fn converted(value: i64, from: TimeUnit, to: TimeUnit) -> Result<i64, bool> {
    let (from, to) = (per_second(from), per_second(to));
    if to >= from {
        return value.checked_mul(to / from).ok_or(false);
    }
    let many = from / to;
    if value % many == 0 { Ok(value / many) } else { Err(true) }
}
