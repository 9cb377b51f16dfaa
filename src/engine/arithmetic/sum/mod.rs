//! `sum` in the built-in's place: the same types and states, and an error where it would wrap.
//!
//! Sums of floating point are the built-in's own, they cannot wrap. All others are added up exactly
//! while one accumulator holds them; the sums that partitions hand on are of the result's type, as
//! the built-in's are, so a sum over many rows fails if one of its parts does not fit.

mod accumulators;
mod groups;
mod number;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    FieldRef, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit,
    IntervalYearMonthType, TimeUnit, UInt64Type,
};
use datafusion::common::Result;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature,
};

use accumulators::{DistinctSum, SlidingDistinctSum, SlidingSum, Sum};
use groups::grouped;

/// `sum`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedSum {
    built_in: Arc<AggregateUDF>,
}

impl Default for CheckedSum {
    fn default() -> Self {
        Self { built_in: sum_udaf() }
    }
}

/// Calls `$make::<T>($type)` with the arrow type of a sum that can overflow, else `$otherwise`.
macro_rules! by_type {
    ($type:expr, $make:ident, $otherwise:expr) => {
        match $type {
            kind @ DataType::Int64 => $make!(Int64Type, kind),
            kind @ DataType::UInt64 => $make!(UInt64Type, kind),
            kind @ DataType::Decimal32(..) => $make!(Decimal32Type, kind),
            kind @ DataType::Decimal64(..) => $make!(Decimal64Type, kind),
            kind @ DataType::Decimal128(..) => $make!(Decimal128Type, kind),
            kind @ DataType::Decimal256(..) => $make!(Decimal256Type, kind),
            kind @ DataType::Duration(TimeUnit::Second) => $make!(DurationSecondType, kind),
            kind @ DataType::Duration(TimeUnit::Millisecond) => {
                $make!(DurationMillisecondType, kind)
            }
            kind @ DataType::Duration(TimeUnit::Microsecond) => {
                $make!(DurationMicrosecondType, kind)
            }
            kind @ DataType::Duration(TimeUnit::Nanosecond) => $make!(DurationNanosecondType, kind),
            kind @ DataType::Interval(IntervalUnit::YearMonth) => {
                $make!(IntervalYearMonthType, kind)
            }
            kind @ DataType::Interval(IntervalUnit::DayTime) => $make!(IntervalDayTimeType, kind),
            kind @ DataType::Interval(IntervalUnit::MonthDayNano) => {
                $make!(IntervalMonthDayNanoType, kind)
            }
            _ => $otherwise,
        }
    };
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        self.built_in.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.built_in.return_type(types)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.built_in.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let distinct = args.is_distinct;
        macro_rules! make {
            ($t:ty, $kind:expr) => {
                if distinct {
                    Ok(Box::new(DistinctSum::<$t>::new($kind)))
                } else {
                    Ok(Box::new(Sum::<$t>::new($kind)))
                }
            };
        }
        by_type!(args.return_field.data_type(), make, self.built_in.accumulator(args))
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        let distinct = args.is_distinct;
        macro_rules! make {
            ($t:ty, $kind:expr) => {
                if distinct {
                    Ok(Box::new(SlidingDistinctSum::<$t>::new($kind)))
                } else {
                    Ok(Box::new(SlidingSum::<$t>::new($kind)))
                }
            };
        }
        by_type!(
            args.return_field.data_type(),
            make,
            self.built_in.create_sliding_accumulator(args)
        )
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        macro_rules! make {
            ($t:ty, $kind:expr) => {
                Ok(grouped::<$t>($kind))
            };
        }
        by_type!(args.return_field.data_type(), make, self.built_in.create_groups_accumulator(args))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.built_in.documentation()
    }

    fn set_monotonicity(&self, kind: &DataType) -> SetMonotonicity {
        self.built_in.inner().set_monotonicity(kind)
    }
}
