//! The accessor of an Arrow array: its type is looked at here, once per batch, never per value.

use std::ops::Range;

use arrow::array::{
    Array, AsArray, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray,
    LargeBinaryArray, LargeStringArray, StringArray, StringViewArray, UnionArray,
};
use arrow::datatypes::{
    ArrowNativeType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type,
    Decimal128Type, Decimal256Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalDayTime, IntervalDayTimeType, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};

use super::number::{Float, write_decimal, write_decimal_text};
use super::temporal::{Interval, Zone};
use super::{Column, Objects};
use crate::error::{Error, Result};

/// Where the values of a column are.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Signed(Signed<'a>),
    Unsigned(Unsigned<'a>),
    Float(Floats<'a>),
    /// Unscaled values and how many of their digits stand behind the point.
    Decimal(Decimals<'a>, i8),
    Clock(Clock<'a>),
    Interval(Intervals<'a>),
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    Utf8View(&'a StringViewArray),
    Bytes(Bytes<'a>),
    List {
        ranges: Ranges<'a>,
        items: Box<Column<'a>>,
    },
    Struct(Members<'a>),
    Map {
        ranges: Ranges<'a>,
        keys: Box<Column<'a>>,
        values: Box<Column<'a>>,
    },
    /// Dictionaries and runs: for each row, where its value is.
    Indirect(Vec<usize>, Box<Column<'a>>),
    /// For each row, the child that holds it and where.
    Union {
        rows: Vec<(usize, usize)>,
        children: Vec<Column<'a>>,
    },
}

#[derive(Debug)]
pub(super) enum Signed<'a> {
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
}

impl Signed<'_> {
    #[inline]
    pub(super) fn get(&self, row: usize) -> i64 {
        match self {
            Self::Int8(values) => values[row].into(),
            Self::Int16(values) => values[row].into(),
            Self::Int32(values) => values[row].into(),
            Self::Int64(values) => values[row],
        }
    }
}

#[derive(Debug)]
pub(super) enum Unsigned<'a> {
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
}

impl Unsigned<'_> {
    #[inline]
    pub(super) fn get(&self, row: usize) -> u64 {
        match self {
            Self::UInt8(values) => values[row].into(),
            Self::UInt16(values) => values[row].into(),
            Self::UInt32(values) => values[row].into(),
            Self::UInt64(values) => values[row],
        }
    }
}

#[derive(Debug)]
pub(super) enum Floats<'a> {
    /// Half floats, widened: every half is a single.
    Half(Vec<f32>),
    Single(&'a [f32]),
    Double(&'a [f64]),
}

impl Floats<'_> {
    #[inline]
    pub(super) fn get(&self, row: usize) -> Float {
        match self {
            Self::Half(values) => Float::Single(values[row]),
            Self::Single(values) => Float::Single(values[row]),
            Self::Double(values) => Float::Double(values[row]),
        }
    }
}

#[derive(Debug)]
pub(super) enum Decimals<'a> {
    Decimal32(&'a [i32]),
    Decimal64(&'a [i64]),
    Decimal128(&'a [i128]),
    Decimal256(&'a [i256]),
}

impl Decimals<'_> {
    #[inline]
    pub(super) fn write(&self, row: usize, scale: i8, out: &mut Vec<u8>) {
        match self {
            Self::Decimal32(values) => write_decimal(values[row].into(), scale, out),
            Self::Decimal64(values) => write_decimal(values[row].into(), scale, out),
            Self::Decimal128(values) => write_decimal(values[row], scale, out),
            Self::Decimal256(values) => match values[row].to_i128() {
                Some(small) => write_decimal(small, scale, out),
                None => write_decimal_text(&values[row].to_string(), scale, out),
            },
        }
    }
}

/// Dates, times and timestamps; the number is how many units are a second.
#[derive(Debug)]
pub(super) enum Clock<'a> {
    Days(&'a [i32]),
    Millis(&'a [i64]),
    Time32(&'a [i32], i64),
    Time64(&'a [i64], i64),
    Instant(&'a [i64], i64, Option<Zone>),
}

/// Intervals and durations; the number is how many units are a second.
#[derive(Debug)]
pub(super) enum Intervals<'a> {
    YearMonth(&'a [i32]),
    DayTime(&'a [IntervalDayTime]),
    MonthDayNano(&'a [IntervalMonthDayNano]),
    Duration(&'a [i64], i64),
}

impl Intervals<'_> {
    pub(super) fn get(&self, row: usize) -> Interval {
        match self {
            Self::YearMonth(values) => Interval { months: values[row].into(), days: 0, nanos: 0 },
            Self::DayTime(values) => Interval {
                months: 0,
                days: values[row].days.into(),
                nanos: i128::from(values[row].milliseconds) * 1_000_000,
            },
            Self::MonthDayNano(values) => Interval {
                months: values[row].months.into(),
                days: values[row].days.into(),
                nanos: values[row].nanoseconds.into(),
            },
            Self::Duration(values, per_second) => Interval::from_duration(values[row], *per_second),
        }
    }
}

#[derive(Debug)]
pub(super) enum Bytes<'a> {
    Small(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    View(&'a BinaryViewArray),
    Fixed(&'a FixedSizeBinaryArray),
}

impl Bytes<'_> {
    pub(super) fn get(&self, row: usize) -> &[u8] {
        match self {
            Self::Small(array) => array.value(row),
            Self::Large(array) => array.value(row),
            Self::View(array) => array.value(row),
            Self::Fixed(array) => array.value(row),
        }
    }
}

/// Which items of the child array belong to a row.
#[derive(Debug)]
pub(super) enum Ranges<'a> {
    Offsets(&'a [i32]),
    LargeOffsets(&'a [i64]),
    /// Every row has as many items.
    Fixed(usize),
    Views(&'a [i32], &'a [i32]),
    LargeViews(&'a [i64], &'a [i64]),
}

impl Ranges<'_> {
    pub(super) fn get(&self, row: usize) -> Range<usize> {
        match self {
            Self::Offsets(at) => at[row].as_usize()..at[row + 1].as_usize(),
            Self::LargeOffsets(at) => at[row].as_usize()..at[row + 1].as_usize(),
            Self::Fixed(size) => row * size..(row + 1) * size,
            Self::Views(at, sizes) => {
                at[row].as_usize()..at[row].as_usize() + sizes[row].as_usize()
            }
            Self::LargeViews(at, sizes) => {
                at[row].as_usize()..at[row].as_usize() + sizes[row].as_usize()
            }
        }
    }
}

/// The fields of a struct and their names.
#[derive(Debug)]
pub(super) struct Members<'a> {
    objects: Objects,
    columns: Vec<Column<'a>>,
}

impl Members<'_> {
    pub(super) fn write_row(&self, row: usize, sink: &mut super::Sink) {
        self.objects.write_row(&self.columns, row, sink);
    }
}

impl<'a> Values<'a> {
    /// Finds the values of an array.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a time zone that is not known, or run ends of a type Arrow forbids.
    pub(super) fn new(array: &'a dyn Array) -> Result<Self> {
        macro_rules! values {
            ($type:ty) => {
                array.as_primitive::<$type>().values().as_ref()
            };
        }
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int8 => Self::Signed(Signed::Int8(values!(Int8Type))),
            DataType::Int16 => Self::Signed(Signed::Int16(values!(Int16Type))),
            DataType::Int32 => Self::Signed(Signed::Int32(values!(Int32Type))),
            DataType::Int64 => Self::Signed(Signed::Int64(values!(Int64Type))),
            DataType::UInt8 => Self::Unsigned(Unsigned::UInt8(values!(UInt8Type))),
            DataType::UInt16 => Self::Unsigned(Unsigned::UInt16(values!(UInt16Type))),
            DataType::UInt32 => Self::Unsigned(Unsigned::UInt32(values!(UInt32Type))),
            DataType::UInt64 => Self::Unsigned(Unsigned::UInt64(values!(UInt64Type))),
            DataType::Float16 => Self::Float(Floats::Half(
                array.as_primitive::<Float16Type>().values().iter().map(|v| v.to_f32()).collect(),
            )),
            DataType::Float32 => Self::Float(Floats::Single(values!(Float32Type))),
            DataType::Float64 => Self::Float(Floats::Double(values!(Float64Type))),
            DataType::Decimal32(_, scale) => {
                Self::Decimal(Decimals::Decimal32(values!(Decimal32Type)), *scale)
            }
            DataType::Decimal64(_, scale) => {
                Self::Decimal(Decimals::Decimal64(values!(Decimal64Type)), *scale)
            }
            DataType::Decimal128(_, scale) => {
                Self::Decimal(Decimals::Decimal128(values!(Decimal128Type)), *scale)
            }
            DataType::Decimal256(_, scale) => {
                Self::Decimal(Decimals::Decimal256(values!(Decimal256Type)), *scale)
            }
            DataType::Date32 => Self::Clock(Clock::Days(values!(Date32Type))),
            DataType::Date64 => Self::Clock(Clock::Millis(values!(Date64Type))),
            DataType::Time32(unit) => Self::Clock(Clock::Time32(
                match unit {
                    TimeUnit::Second => values!(Time32SecondType),
                    _ => values!(Time32MillisecondType),
                },
                per_second(*unit),
            )),
            DataType::Time64(unit) => Self::Clock(Clock::Time64(
                match unit {
                    TimeUnit::Microsecond => values!(Time64MicrosecondType),
                    _ => values!(Time64NanosecondType),
                },
                per_second(*unit),
            )),
            DataType::Timestamp(unit, zone) => {
                let zone = zone.as_deref().map(Zone::parse).transpose()?;
                let instants = match unit {
                    TimeUnit::Second => values!(TimestampSecondType),
                    TimeUnit::Millisecond => values!(TimestampMillisecondType),
                    TimeUnit::Microsecond => values!(TimestampMicrosecondType),
                    TimeUnit::Nanosecond => values!(TimestampNanosecondType),
                };
                Self::Clock(Clock::Instant(instants, per_second(*unit), zone))
            }
            DataType::Duration(unit) => {
                let durations = match unit {
                    TimeUnit::Second => values!(DurationSecondType),
                    TimeUnit::Millisecond => values!(DurationMillisecondType),
                    TimeUnit::Microsecond => values!(DurationMicrosecondType),
                    TimeUnit::Nanosecond => values!(DurationNanosecondType),
                };
                Self::Interval(Intervals::Duration(durations, per_second(*unit)))
            }
            DataType::Interval(unit) => Self::Interval(match unit {
                IntervalUnit::YearMonth => Intervals::YearMonth(values!(IntervalYearMonthType)),
                IntervalUnit::DayTime => Intervals::DayTime(values!(IntervalDayTimeType)),
                IntervalUnit::MonthDayNano => {
                    Intervals::MonthDayNano(values!(IntervalMonthDayNanoType))
                }
            }),
            DataType::Utf8 => Self::Utf8(array.as_string()),
            DataType::LargeUtf8 => Self::LargeUtf8(array.as_string()),
            DataType::Utf8View => Self::Utf8View(array.as_string_view()),
            DataType::Binary => Self::Bytes(Bytes::Small(array.as_binary())),
            DataType::LargeBinary => Self::Bytes(Bytes::Large(array.as_binary())),
            DataType::BinaryView => Self::Bytes(Bytes::View(array.as_binary_view())),
            DataType::FixedSizeBinary(_) => Self::Bytes(Bytes::Fixed(array.as_fixed_size_binary())),
            _ => return Self::nested(array),
        })
    }

    /// Finds the values of an array that has child arrays.
    fn nested(array: &'a dyn Array) -> Result<Self> {
        let list = |ranges, items: &'a dyn Array| {
            Ok(Self::List { ranges, items: Box::new(Column::new(items)?) })
        };
        match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                list(Ranges::Offsets(lists.value_offsets()), lists.values())
            }
            DataType::LargeList(_) => {
                let lists = array.as_list::<i64>();
                list(Ranges::LargeOffsets(lists.value_offsets()), lists.values())
            }
            DataType::FixedSizeList(_, _) => {
                let lists = array.as_fixed_size_list();
                list(Ranges::Fixed(lists.value_length().as_usize()), lists.values())
            }
            DataType::ListView(_) => {
                let lists = array.as_list_view::<i32>();
                list(Ranges::Views(lists.value_offsets(), lists.value_sizes()), lists.values())
            }
            DataType::LargeListView(_) => {
                let lists = array.as_list_view::<i64>();
                list(Ranges::LargeViews(lists.value_offsets(), lists.value_sizes()), lists.values())
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                Ok(Self::Struct(Members {
                    objects: Objects::new(fields),
                    columns: columns.iter().map(|c| Column::new(c)).collect::<Result<_>>()?,
                }))
            }
            DataType::Map(_, _) => {
                let maps = array.as_map();
                Ok(Self::Map {
                    ranges: Ranges::Offsets(maps.value_offsets()),
                    keys: Box::new(Column::new(maps.keys())?),
                    values: Box::new(Column::new(maps.values())?),
                })
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                // Without values all keys are NULL and nobody asks where they point.
                let keys = match dictionary.values().len() {
                    0 => vec![0; array.len()],
                    _ => dictionary.normalized_keys(),
                };
                Ok(Self::Indirect(keys, Box::new(Column::new(dictionary.values())?)))
            }
            DataType::RunEndEncoded(ends, _) => {
                macro_rules! runs {
                    ($type:ty) => {{
                        let runs = array.as_run::<$type>();
                        let rows = 0..array.len();
                        let indices = rows.map(|row| runs.get_physical_index(row)).collect();
                        Ok(Self::Indirect(indices, Box::new(Column::new(runs.values())?)))
                    }};
                }
                match ends.data_type() {
                    DataType::Int16 => runs!(Int16Type),
                    DataType::Int32 => runs!(Int32Type),
                    DataType::Int64 => runs!(Int64Type),
                    other => Err(Error::unsupported(format!("run ends of type {other}"))),
                }
            }
            DataType::Union(fields, _) => {
                let union: &UnionArray = array.as_union();
                let ids: Vec<i8> = fields.iter().map(|(id, _)| id).collect();
                let children = ids.iter().map(|id| Column::new(union.child(*id)));
                let rows = (0..union.len()).map(|row| {
                    let id = union.type_id(row);
                    let child = ids.iter().position(|known| *known == id).unwrap_or_default();
                    (child, union.value_offset(row))
                });
                Ok(Self::Union { rows: rows.collect(), children: children.collect::<Result<_>>()? })
            }
            other => Err(Error::unsupported(format!("values of type {other} have no text"))),
        }
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}
