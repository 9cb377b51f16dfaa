//! How messages become values of columns: worked out once per message, then run for each record.

use std::collections::HashMap;

use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::columns::{WellKnown, well_known};
use super::wire::{DEEPEST, Fields, Stored, signed, too_deep};
use crate::stream::decode::bad::Flaw;
use crate::stream::decode::values::{Scalar, Values, misshapen, within};

/// Fields of a message that are read, by their numbers.
#[derive(Debug, Default)]
pub(super) struct MessageRead {
    /// Slots of the fields that are asked for.
    slots: HashMap<u32, Slot>,
    /// In the order of the members of the column, each with the slot that it is read from.
    pub(super) members: Vec<(usize, FieldRead)>,
    required: Vec<(u32, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    at: usize,
    /// Of the fields with the same number only one is there.
    oneof: Option<usize>,
}

/// How a field is read.
#[derive(Debug)]
pub(super) enum FieldRead {
    /// A single value. Without presence, one that is not there has its default.
    One(Read, bool),
    List(Read),
    /// Keys, and values.
    Map(Box<(Read, Read)>),
    /// A member of a message.
    Step(Box<MessageRead>),
    /// A field that the message does not have.
    Missing,
    /// A value that the type of the column cannot have.
    Unfit(&'static str),
}

/// How a value is read.
#[derive(Debug)]
pub(super) enum Read {
    Single(Kind, Value),
    Message(MessageRead),
    Known(WellKnown),
    /// Field 1 of a message.
    Wrapped(Box<Read>),
    Unfit(&'static str),
}

/// How a whole message is read.
#[derive(Debug)]
pub(super) struct WholeRead(Read);

impl WholeRead {
    /// A message as a column of a type.
    pub(super) fn new(message: &MessageDescriptor, target: &DataType) -> Self {
        Self(message_read(message, target))
    }
}

/// What is stored of one field.
type Found<'a> = Vec<Stored<'a>>;

impl MessageRead {
    /// Adds a member, and says whether the message has its field.
    pub(super) fn add(
        &mut self,
        message: &MessageDescriptor,
        steps: &[&str],
        target: &DataType,
    ) -> bool {
        let field = steps
            .split_first()
            .and_then(|(first, below)| Some((message.get_field_by_name(first)?, below)));
        let Some((field, below)) = field else {
            self.members.push((usize::MAX, FieldRead::Missing));
            return false;
        };
        let oneof = field.containing_oneof().filter(|it| it.fields().len() > 1);
        // All members of a oneof are looked at: the last one that is stored is the one.
        let group = oneof.as_ref().map(|oneof| {
            let fields: Vec<u32> = oneof.fields().map(|it| it.number()).collect();
            fields.iter().min().map_or(0, |first| *first as usize)
        });
        let others = oneof.iter().flat_map(|it| it.fields()).map(|it| it.number());
        for number in others.chain([field.number()]).collect::<Vec<_>>() {
            let at = self.slots.len();
            self.slots.entry(number).or_insert(Slot { at, oneof: group });
        }
        let at = self.slots.get(&field.number()).map_or(usize::MAX, |slot| slot.at);
        self.members.push((at, field_read(&field, below, target)));
        true
    }

    /// All members of a struct.
    fn of(message: &MessageDescriptor, members: &arrow::datatypes::Fields) -> Self {
        let mut read = Self::default();
        for member in members {
            read.add(message, &[member.name()], member.data_type());
        }
        read.require(message);
        read
    }

    /// Notes which fields may not be missing.
    pub(super) fn require(&mut self, message: &MessageDescriptor) {
        let required = message.fields().filter(|field| field.is_required());
        self.required = required.map(|it| (it.number(), it.name().to_owned())).collect();
    }

    /// Cuts a message into what is stored of each slot. `other` is told the numbers of all fields.
    pub(super) fn cut<'a>(
        &self,
        bytes: &'a [u8],
        mut other: impl FnMut(u32),
    ) -> Result<Vec<Found<'a>>, Flaw> {
        let mut found: Vec<Found<'a>> = vec![Vec::new(); self.slots.len()];
        let mut fields = Fields::new(bytes);
        let mut missing: Vec<&(u32, String)> = self.required.iter().collect();
        while let Some((number, stored)) = fields.next()? {
            other(number);
            missing.retain(|(required, _)| *required != number);
            let Some(slot) = self.slots.get(&number) else { continue };
            if let Some(oneof) = slot.oneof {
                for other in self.slots.values() {
                    if other.oneof == Some(oneof)
                        && other.at != slot.at
                        && let Some(found) = found.get_mut(other.at)
                    {
                        found.clear();
                    }
                }
            }
            if let Some(found) = found.get_mut(slot.at) {
                found.push(stored);
            }
        }
        match missing.first() {
            Some((_, name)) => {
                Err(Flaw::malformed(format!("the required field `{name}` is missing")))
            }
            None => Ok(found),
        }
    }
}

fn field_read(field: &FieldDescriptor, below: &[&str], target: &DataType) -> FieldRead {
    let kind = field.kind();
    if !below.is_empty() {
        return match kind.as_message() {
            Some(message) if !field.is_list() && !field.is_map() => {
                let mut read = MessageRead::default();
                read.add(message, below, target);
                read.require(message);
                FieldRead::Step(Box::new(read))
            }
            _ => FieldRead::Unfit("no message that could have the field of the column"),
        };
    }
    if field.is_map()
        && let Some(entry) = kind.as_message()
    {
        let DataType::Map(entries, _) = target else {
            return FieldRead::Unfit("a map, which the column's type is not");
        };
        let value = match entries.data_type() {
            DataType::Struct(parts) => parts.get(1).map(|it| it.data_type()),
            _ => None,
        };
        let Some(value) = value else { return FieldRead::Unfit("no map of keys and values") };
        let key = read(&entry.map_entry_key_field(), &DataType::Utf8);
        let value = read(&entry.map_entry_value_field(), value);
        return FieldRead::Map(Box::new((key, value)));
    }
    if field.is_list() {
        return match target {
            DataType::List(item) => FieldRead::List(read(field, item.data_type())),
            _ => FieldRead::Unfit("a list, which the column's type is not"),
        };
    }
    FieldRead::One(read(field, target), field.supports_presence())
}

fn read(field: &FieldDescriptor, target: &DataType) -> Read {
    let kind = field.kind();
    let Some(message) = kind.as_message() else {
        let default = kind.default_value();
        return Read::Single(kind, default);
    };
    message_read(message, target)
}

fn message_read(message: &MessageDescriptor, target: &DataType) -> Read {
    match (well_known(message), target) {
        (Some(WellKnown::Wrapper), _) => match message.get_field(1) {
            Some(value) => Read::Wrapped(Box::new(read(&value, target))),
            None => Read::Unfit("a wrapper without a value"),
        },
        (Some(known), _) => Read::Known(known),
        (None, DataType::Struct(members)) => Read::Message(MessageRead::of(message, members)),
        (None, _) => Read::Unfit("a message, which the column's type is not"),
    }
}

/// Reads values of records.
#[derive(Default)]
pub(super) struct Run {
    /// The value that did not fit, as text.
    pub(super) shown: Option<String>,
}

impl Run {
    /// Appends what is stored of a field.
    pub(super) fn field(
        &mut self,
        read: &FieldRead,
        found: &[Stored<'_>],
        out: &mut Values,
        depth: usize,
    ) -> Result<(), Flaw> {
        match read {
            FieldRead::Missing => out.absent(),
            FieldRead::Unfit(_) if found.is_empty() => out.absent(),
            FieldRead::Unfit(why) => Err(Flaw::mistyped(*why)),
            FieldRead::One(read, has_presence) => {
                match (self.one(read, found, out, depth)?, read) {
                    (true, _) => Ok(()),
                    (false, Read::Single(kind, default)) if !has_presence => {
                        self.default(kind, default, out)
                    }
                    (false, _) => out.absent(),
                }
            }
            FieldRead::List(read) => {
                let items = out.items().ok_or_else(misshapen)?;
                for stored in found {
                    if let (Read::Single(kind, _), Stored::Bytes(packed)) = (read, stored)
                        && !matches!(kind, Kind::String | Kind::Bytes)
                    {
                        self.packed(kind, packed, items)?;
                    } else {
                        self.one(read, std::slice::from_ref(stored), items, depth)
                            .map_err(|flaw| within("[]", flaw))?;
                    }
                }
                out.close();
                Ok(())
            }
            FieldRead::Map(entry) => self.map(entry, found, out, depth),
            FieldRead::Step(message) => {
                let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
                let Some(bytes) = merged(found) else { return out.absent() };
                let found = message.cut(&bytes, |_| {})?;
                let Some((at, read)) = message.members.first() else { return out.absent() };
                let found = found.get(*at).map(Vec::as_slice).unwrap_or_default();
                self.field(read, found, out, depth)
            }
        }
    }

    fn map(
        &mut self,
        entry: &(Read, Read),
        found: &[Stored<'_>],
        out: &mut Values,
        depth: usize,
    ) -> Result<(), Flaw> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let (key_read, value_read) = entry;
        // Of entries with one key the last one counts.
        let mut entries: Vec<(String, Vec<Stored<'_>>)> = vec![];
        let mut places: HashMap<String, usize> = HashMap::new();
        for stored in found {
            let Stored::Bytes(bytes) = stored else { continue };
            let (mut keys, mut values) = (vec![], vec![]);
            let mut fields = Fields::new(bytes);
            while let Some((number, stored)) = fields.next()? {
                match number {
                    1 => keys.push(stored),
                    2 => values.push(stored),
                    _ => {}
                }
            }
            let key = text_of(key_read, &keys)?;
            match places.get(&key).and_then(|at| entries.get_mut(*at)) {
                Some(entry) => entry.1 = values,
                None => {
                    places.insert(key.clone(), entries.len());
                    entries.push((key, values));
                }
            }
        }
        let (keys, values) = out.entries().ok_or_else(misshapen)?;
        for (key, stored) in entries {
            keys.push(Scalar::Text(&key))?;
            let done = match self.one(value_read, &stored, values, depth) {
                Ok(true) => Ok(()),
                Ok(false) => match value_read {
                    Read::Single(kind, default) => self.default(kind, default, values),
                    // A message that has nothing.
                    _ => self.one(value_read, &[Stored::Bytes(&[])], values, depth).map(drop),
                },
                Err(flaw) => Err(flaw),
            };
            done.map_err(|flaw| within(&key, flaw))?;
        }
        out.close();
        Ok(())
    }

    /// Appends a single value; false, and nothing, where none is stored that the field can have.
    fn one(
        &mut self,
        read: &Read,
        found: &[Stored<'_>],
        out: &mut Values,
        depth: usize,
    ) -> Result<bool, Flaw> {
        if let Read::Single(kind, _) = read {
            for stored in found.iter().rev() {
                // One of a packed list, the last, is one as well.
                if self.stored(kind, *stored, out)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let Some(bytes) = merged(found) else { return Ok(false) };
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match read {
            Read::Single(..) => {}
            Read::Unfit(why) => return Err(Flaw::mistyped(*why)),
            Read::Message(message) => {
                let found = message.cut(&bytes, |_| {})?;
                let members = out.members().ok_or_else(misshapen)?;
                for ((at, read), member) in message.members.iter().zip(members) {
                    let found = found.get(*at).map(Vec::as_slice).unwrap_or_default();
                    if let Err(flaw) = self.field(read, found, member, depth) {
                        return Err(within(member.name(), flaw));
                    }
                }
                out.close();
            }
            Read::Known(known) => {
                let (mut seconds, mut nanos) = (0_i64, 0_i64);
                let mut fields = Fields::new(&bytes);
                while let Some((number, stored)) = fields.next()? {
                    match (number, stored) {
                        (1, Stored::Varint(number)) => seconds = number.cast_signed(),
                        (2, Stored::Varint(number)) => nanos = i64::from(short(number)),
                        _ => {}
                    }
                }
                let all = seconds.checked_mul(1_000_000_000).and_then(|it| it.checked_add(nanos));
                let scalar = match (known, all) {
                    (WellKnown::Timestamp, Some(all)) => Scalar::Instant(all, TimeUnit::Nanosecond),
                    (WellKnown::Timestamp, None) if nanos == 0 => {
                        Scalar::Instant(seconds, TimeUnit::Second)
                    }
                    (_, Some(all)) => Scalar::Interval(IntervalMonthDayNano::new(0, 0, all)),
                    (_, None) => {
                        self.shown = Some(format!("{seconds} s and {nanos} ns"));
                        return Err(Flaw::mistyped("out of the range of its type"));
                    }
                };
                self.push(scalar, out)?;
            }
            Read::Wrapped(inner) => {
                let mut found = vec![];
                let mut fields = Fields::new(&bytes);
                while let Some((number, stored)) = fields.next()? {
                    if number == 1 {
                        found.push(stored);
                    }
                }
                if !self.one(inner, &found, out, depth)?
                    && let Read::Single(kind, default) = inner.as_ref()
                {
                    self.default(kind, default, out)?;
                }
            }
        }
        Ok(true)
    }

    /// Appends a whole message.
    pub(super) fn whole(
        &mut self,
        read: &WholeRead,
        bytes: &[u8],
        out: &mut Values,
    ) -> Result<(), Flaw> {
        self.one(&read.0, &[Stored::Bytes(bytes)], out, DEEPEST).map(drop)
    }

    fn push(&mut self, scalar: Scalar<'_>, out: &mut Values) -> Result<(), Flaw> {
        let pushed = out.push(scalar);
        if pushed.is_err() {
            self.shown = Some(scalar.to_string());
        }
        pushed
    }

    /// Appends a stored value; false where it is stored as a field of that kind is not.
    fn stored(&mut self, kind: &Kind, stored: Stored<'_>, out: &mut Values) -> Result<bool, Flaw> {
        if let Kind::Enum(names) = kind {
            let Stored::Varint(number) = stored else { return Ok(false) };
            self.push(Scalar::Text(&symbol(names, short(number))), out)?;
            return Ok(true);
        }
        match scalar(kind, stored)? {
            Some(scalar) => self.push(scalar, out).map(|()| true),
            None => Ok(false),
        }
    }

    fn packed(&mut self, kind: &Kind, packed: &[u8], out: &mut Values) -> Result<(), Flaw> {
        let mut fields = Fields::new(packed);
        while !fields.rest().is_empty() {
            let stored = match kind {
                Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
                    Stored::Fixed64(u64::from_le_bytes(fields.array()?))
                }
                Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
                    Stored::Fixed32(u32::from_le_bytes(fields.array()?))
                }
                _ => Stored::Varint(fields.varint()?),
            };
            self.stored(kind, stored, out)?;
        }
        Ok(())
    }

    fn default(&mut self, kind: &Kind, default: &Value, out: &mut Values) -> Result<(), Flaw> {
        let text;
        let scalar = match (kind, default) {
            (Kind::Enum(names), Value::EnumNumber(number)) => {
                text = symbol(names, *number);
                Scalar::Text(&text)
            }
            (_, Value::Bool(value)) => Scalar::Boolean(*value),
            (_, Value::I32(number)) => Scalar::Int((*number).into()),
            (_, Value::I64(number)) => Scalar::Int(*number),
            (_, Value::U32(number)) => Scalar::UInt((*number).into()),
            (_, Value::U64(number)) => Scalar::UInt(*number),
            (_, Value::F32(number)) => Scalar::Float(*number),
            (_, Value::F64(number)) => Scalar::Double(*number),
            (_, Value::String(text)) => Scalar::Text(text),
            (_, Value::Bytes(bytes)) => Scalar::Bytes(bytes),
            _ => return Err(misshapen()),
        };
        self.push(scalar, out)
    }
}

/// The name of an enum's value; a number that has none stays one.
fn symbol(names: &EnumDescriptor, number: i32) -> String {
    match names.get_value(number) {
        Some(value) => value.name().to_owned(),
        None => number.to_string(),
    }
}

/// The lower half, as the specification has it.
fn short(number: u64) -> i32 {
    (number as u32).cast_signed()
}

fn scalar<'a>(kind: &Kind, stored: Stored<'a>) -> Result<Option<Scalar<'a>>, Flaw> {
    Ok(Some(match (kind, stored) {
        (Kind::Double, Stored::Fixed64(bits)) => Scalar::Double(f64::from_bits(bits)),
        (Kind::Float, Stored::Fixed32(bits)) => Scalar::Float(f32::from_bits(bits)),
        (Kind::Int32, Stored::Varint(number)) => Scalar::Int(short(number).into()),
        (Kind::Int64, Stored::Varint(number)) => Scalar::Int(number.cast_signed()),
        (Kind::Uint32, Stored::Varint(number)) => Scalar::UInt((number as u32).into()),
        (Kind::Uint64, Stored::Varint(number)) => Scalar::UInt(number),
        (Kind::Sint32, Stored::Varint(number)) => {
            let number = signed((number as u32).into());
            Scalar::Int(number)
        }
        (Kind::Sint64, Stored::Varint(number)) => Scalar::Int(signed(number)),
        (Kind::Fixed32, Stored::Fixed32(number)) => Scalar::UInt(number.into()),
        (Kind::Fixed64, Stored::Fixed64(number)) => Scalar::UInt(number),
        (Kind::Sfixed32, Stored::Fixed32(number)) => Scalar::Int(number.cast_signed().into()),
        (Kind::Sfixed64, Stored::Fixed64(number)) => Scalar::Int(number.cast_signed()),
        (Kind::Bool, Stored::Varint(number)) => Scalar::Boolean(number != 0),
        (Kind::String, Stored::Bytes(bytes)) => {
            Scalar::Text(std::str::from_utf8(bytes).map_err(|_| Flaw::encoding("UTF-8"))?)
        }
        (Kind::Bytes, Stored::Bytes(bytes)) => Scalar::Bytes(bytes),
        _ => return Ok(None),
    }))
}

/// A key as text.
fn text_of(read: &Read, found: &[Stored<'_>]) -> Result<String, Flaw> {
    let Read::Single(kind, default) = read else { return Err(misshapen()) };
    for stored in found.iter().rev() {
        if let Some(scalar) = scalar(kind, *stored)? {
            return Ok(scalar.to_string());
        }
    }
    Ok(match default {
        Value::Bool(value) => value.to_string(),
        Value::String(text) => text.clone(),
        _ => "0".to_owned(),
    })
}

/// The bytes of a message: one that is stored in pieces is all of them, one after another.
fn merged<'a>(found: &[Stored<'a>]) -> Option<std::borrow::Cow<'a, [u8]>> {
    let mut pieces = found.iter().filter_map(|stored| match stored {
        Stored::Bytes(bytes) => Some(*bytes),
        _ => None,
    });
    let first = pieces.next()?;
    let mut whole = std::borrow::Cow::Borrowed(first);
    for piece in pieces {
        whole.to_mut().extend_from_slice(piece);
    }
    Some(whole)
}
