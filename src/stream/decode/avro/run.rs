//! One record read as its schema and the columns want it.

use std::collections::HashSet;

use arrow::datatypes::{IntervalMonthDayNano, TimeUnit, i256};

use super::resolve::{Fallback, FieldRead, Read, RecordRead};
use super::schema::{Kind, Logical, Schema, TypeId};
use super::wire::{Cursor, NO_BRANCH, NO_SYMBOL};
use crate::stream::decode::bad::Flaw;
use crate::stream::decode::values::{Scalar, Values, misshapen, within};

/// Reads values of one schema.
pub(super) struct Run<'p> {
    pub(super) schema: &'p Schema,
    /// Whose defaults are read.
    pub(super) reader: Option<&'p Schema>,
    /// The value that did not fit, as text.
    pub(super) shown: Option<String>,
}

impl Run<'_> {
    /// Appends a value, or a part of one if it is flawed.
    pub(super) fn value(
        &mut self,
        read: &Read,
        from: &mut Cursor<'_>,
        out: &mut Values,
    ) -> Result<(), Flaw> {
        match read {
            Read::Nothing(of) => {
                from.skip(self.schema, *of)?;
                out.absent()
            }
            Read::Unfit(why) => Err(Flaw::mistyped(*why)),
            Read::Scalar(of, logical) => self.scalar(*of, *logical, from, out),
            Read::Symbols(texts) => {
                let chosen = from.choice(texts.len(), NO_SYMBOL)?;
                self.push(Scalar::Text(texts.get(chosen).map_or("", String::as_str)), out)
            }
            Read::Union(branches) => {
                let chosen = from.choice(branches.len(), NO_BRANCH)?;
                let branch = branches.get(chosen).ok_or_else(misshapen)?;
                self.value(branch, from, out)
            }
            Read::Record(record) => {
                self.fields(record, from, out)?;
                out.close();
                Ok(())
            }
            Read::Array(item) => {
                let items = out.items().ok_or_else(misshapen)?;
                loop {
                    let count = from.block()?;
                    if count == 0 {
                        break;
                    }
                    for _ in 0..count {
                        self.value(item, from, items).map_err(|flaw| within("[]", flaw))?;
                    }
                }
                out.close();
                Ok(())
            }
            Read::Map(value) => {
                let (keys, values) = out.entries().ok_or_else(misshapen)?;
                let mut seen = HashSet::new();
                loop {
                    let count = from.block()?;
                    if count == 0 {
                        break;
                    }
                    for _ in 0..count {
                        let key = from.text()?;
                        if !seen.insert(key) {
                            return Err(Flaw::malformed(format!("the key `{key}` occurs twice")));
                        }
                        keys.push(Scalar::Text(key))?;
                        self.value(value, from, values).map_err(|flaw| within(key, flaw))?;
                    }
                }
                out.close();
                Ok(())
            }
            Read::Member(at, read) => {
                for (index, member) in out.members().ok_or_else(misshapen)?.iter_mut().enumerate() {
                    match index == *at {
                        true => self.value(read, from, member)?,
                        false => member.push_null(),
                    }
                }
                out.close();
                Ok(())
            }
            Read::Step(before, read, after) => {
                for of in before {
                    from.skip(self.schema, *of)?;
                }
                self.value(read, from, out)?;
                after.iter().try_for_each(|of| from.skip(self.schema, *of))
            }
        }
    }

    fn fields(
        &mut self,
        record: &RecordRead,
        from: &mut Cursor<'_>,
        out: &mut Values,
    ) -> Result<(), Flaw> {
        let members = out.members().ok_or_else(misshapen)?;
        for FieldRead { of, into, .. } in &record.fields {
            let start = from.clone();
            if into.is_empty() {
                from.skip(self.schema, *of)?;
            }
            for (at, read) in into {
                let member = members.get_mut(*at).ok_or_else(misshapen)?;
                *from = start.clone();
                if let Err(flaw) = self.value(read, from, member) {
                    return Err(within(member.name(), flaw));
                }
            }
        }
        for (at, fallback) in &record.missing {
            let member = members.get_mut(*at).ok_or_else(misshapen)?;
            self.fallback(fallback.as_ref(), member)?;
        }
        Ok(())
    }

    /// Appends what a column has whose field is not there.
    pub(super) fn fallback(
        &mut self,
        fallback: Option<&Fallback>,
        out: &mut Values,
    ) -> Result<(), Flaw> {
        match (fallback, self.reader) {
            (Some(fallback), Some(reader)) => {
                let mut run = Run { schema: reader, reader: Some(reader), shown: None };
                let done = run.value(&fallback.read, &mut Cursor::new(&fallback.bytes), out);
                self.shown = run.shown;
                done
            }
            _ => out.absent(),
        }
    }

    fn push(&mut self, scalar: Scalar<'_>, out: &mut Values) -> Result<(), Flaw> {
        let pushed = out.push(scalar);
        if pushed.is_err() {
            self.shown = Some(scalar.to_string());
        }
        pushed
    }

    fn scalar(
        &mut self,
        of: TypeId,
        logical: Option<Logical>,
        from: &mut Cursor<'_>,
        out: &mut Values,
    ) -> Result<(), Flaw> {
        let mut uuid = String::new();
        let scalar = match &self.schema.of(of).kind {
            Kind::Boolean => Scalar::Boolean(from.boolean()?),
            Kind::Int => number(from.int()?.into(), logical),
            Kind::Long => number(from.long()?, logical),
            Kind::Float => Scalar::Float(f32::from_le_bytes(from.array()?)),
            Kind::Double => Scalar::Double(f64::from_le_bytes(from.array()?)),
            Kind::String => Scalar::Text(from.text()?),
            Kind::Bytes => bytes(from.bytes()?, logical, &mut uuid)?,
            Kind::Fixed(size) => bytes(from.take(*size)?, logical, &mut uuid)?,
            _ => return Err(misshapen()),
        };
        self.push(scalar, out)
    }
}

fn number(number: i64, logical: Option<Logical>) -> Scalar<'static> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond};
    match logical {
        Some(Logical::Date) => i32::try_from(number).map_or(Scalar::Int(number), Scalar::Date),
        Some(Logical::TimeMillis) => Scalar::Time(number, Millisecond),
        Some(Logical::TimeMicros) => Scalar::Time(number, Microsecond),
        Some(Logical::TimestampMillis) => Scalar::Instant(number, Millisecond),
        Some(Logical::TimestampMicros) => Scalar::Instant(number, Microsecond),
        Some(Logical::TimestampNanos) => Scalar::Instant(number, Nanosecond),
        Some(Logical::LocalTimestampMillis) => Scalar::WallClock(number, Millisecond),
        Some(Logical::LocalTimestampMicros) => Scalar::WallClock(number, Microsecond),
        Some(Logical::LocalTimestampNanos) => Scalar::WallClock(number, Nanosecond),
        _ => Scalar::Int(number),
    }
}

fn bytes<'a>(
    bytes: &'a [u8],
    logical: Option<Logical>,
    uuid: &'a mut String,
) -> Result<Scalar<'a>, Flaw> {
    Ok(match logical {
        Some(Logical::Decimal(precision, scale)) if precision <= 76 => {
            let number = unscaled(bytes);
            let number = number.ok_or_else(|| Flaw::mistyped("a decimal of more than 256 bits"))?;
            Scalar::Decimal(number, scale)
        }
        Some(Logical::Uuid) => {
            let groups = [0..4, 4..6, 6..8, 8..10, 10..16];
            let groups =
                groups.map(|group| Scalar::Bytes(bytes.get(group).unwrap_or_default()).to_string());
            *uuid = groups.join("-");
            Scalar::Text(uuid)
        }
        Some(Logical::Duration) => {
            let part = |at: usize| {
                let part = bytes.get(at..at + 4).and_then(|part| <[u8; 4]>::try_from(part).ok());
                u32::from_le_bytes(part.unwrap_or_default())
            };
            let short = |part: u32| {
                i32::try_from(part).map_err(|_| Flaw::mistyped("out of the range of INTERVAL"))
            };
            let nanos = i64::from(part(8)) * 1_000_000;
            let interval = IntervalMonthDayNano::new(short(part(0))?, short(part(4))?, nanos);
            Scalar::Interval(interval)
        }
        _ => Scalar::Bytes(bytes),
    })
}

/// A number in two's complement, its highest byte first.
fn unscaled(bytes: &[u8]) -> Option<i256> {
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let filler = if is_negative { 0xff } else { 0 };
    let mut all = [filler; 32];
    let cut = bytes.len().saturating_sub(32);
    let (extra, bytes) = bytes.split_at(cut);
    let keeps_sign = bytes.first().is_none_or(|byte| (byte & 0x80 != 0) == is_negative);
    if extra.iter().any(|byte| *byte != filler) || !keeps_sign {
        return None;
    }
    all.get_mut(32 - bytes.len()..)?.copy_from_slice(bytes);
    Some(i256::from_be_bytes(all))
}
