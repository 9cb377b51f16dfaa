//! Messages as a broker stores them, and as it hands them over.

use super::super::Broken;
use super::super::input::Input;
use super::body;

/// What messages of the first and of the second layout begin with, after their length.
const MAGIC: u32 = 0xdaa3_20a7;
const MAGIC_2: u32 = 0xdaa3_20ab;

/// Flags of a message: many in one, which are to be taken apart by who reads them.
const BATCH: u32 = 1 << 6 | 1 << 7;

/// Flags of addresses that have 16 bytes.
const BORN_AT_IPV6: u32 = 1 << 4;
const STORED_AT_IPV6: u32 = 1 << 5;

/// What stands between a property's name and its value, and between properties.
const NAME_ENDS: char = '\u{1}';
const PROPERTY_ENDS: char = '\u{2}';

/// A message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Its place in the queue, counted in messages.
    pub(crate) offset: u64,
    /// Milliseconds since 1970: when the producer made it.
    pub(crate) born: i64,
    /// Milliseconds since 1970: when the broker stored it.
    pub(crate) stored: i64,
    flags: u32,
    log_offset: u64,
    // Address and port.
    stored_at: (&'a [u8], u32),
    body: &'a [u8],
    properties: &'a [u8],
}

/// The messages of a pull, one after another.
///
/// An error is the last item: what is behind it cannot be found.
pub(crate) fn messages(bytes: &[u8]) -> impl Iterator<Item = Result<Message<'_>, Broken>> {
    let mut input = Input::new(bytes);
    std::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let message = sized(&mut input).ok_or_else(|| Broken::short("message")).and_then(message);
        if message.is_err() {
            input = Input::new(&[]);
        }
        Some(message)
    })
}

/// What begins with its own length, all of it, without the length.
fn sized<'a>(input: &mut Input<'a>) -> Option<&'a [u8]> {
    let length = input.length()?.checked_sub(4)?;
    input.take(length)
}

fn message(bytes: &[u8]) -> Result<Message<'_>, Broken> {
    let mut input = Input::new(bytes);
    let short = || Broken::short("message");
    let is_second = match input.u32().ok_or_else(short)? {
        MAGIC => false,
        MAGIC_2 => true,
        magic => {
            return Err(Broken::unsupported("message", format!("is of a kind {magic:08x}")));
        }
    };
    let checksum = input.u32().ok_or_else(short)?;
    let message = parts(&mut input, is_second).ok_or_else(short)?;
    if !input.is_empty() {
        return Err(Broken::corrupt("message", "goes on behind its properties"));
    }
    if crc32fast::hash(message.body) & 0x7fff_ffff != checksum & 0x7fff_ffff {
        return Err(Broken::corrupt("message", "has a body that is not the one of its checksum"));
    }
    Ok(message)
}

fn parts<'a>(input: &mut Input<'a>, is_second: bool) -> Option<Message<'a>> {
    let _queue = input.u32()?;
    let _flag = input.u32()?;
    let offset = input.u64()?;
    let log_offset = input.u64()?;
    let flags = input.u32()?;
    let born = input.i64()?;
    let _born_at = address(input, flags & BORN_AT_IPV6 != 0)?;
    let stored = input.i64()?;
    let stored_at = address(input, flags & STORED_AT_IPV6 != 0)?;
    let _times_consumed = input.u32()?;
    let _transaction = input.u64()?;
    let length = input.length()?;
    let body = input.take(length)?;
    let length = if is_second { usize::from(input.u16()?) } else { usize::from(input.u8()?) };
    let _topic = input.take(length)?;
    let length = usize::from(input.u16()?);
    let properties = input.take(length)?;
    Some(Message { offset, born, stored, flags, log_offset, stored_at, body, properties })
}

fn address<'a>(input: &mut Input<'a>, is_long: bool) -> Option<(&'a [u8], u32)> {
    let address = input.take(if is_long { 16 } else { 4 })?;
    Some((address, input.u32()?))
}

impl Message<'_> {
    /// Appends the body, decompressed.
    ///
    /// # Errors
    /// For one that cannot be decompressed.
    pub(crate) fn body(&self, out: &mut Vec<u8>) -> Result<(), Broken> {
        body::append(self.flags, self.body, out)
    }

    /// Its properties in their order, without a name twice: the last value counts.
    pub(crate) fn properties(&self) -> Vec<(String, String)> {
        properties(self.properties)
    }

    /// Whether its body is many messages.
    pub(crate) fn is_batch(&self) -> bool {
        self.flags & BATCH == BATCH
    }

    /// The id that its place gives it: address and port of its broker, place in the broker's log.
    pub(crate) fn place_id(&self) -> String {
        let (address, port) = self.stored_at;
        let address: String = address.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{address}{port:08X}{:016X}", self.log_offset)
    }
}

/// One of the messages in the body of another; its place and times are those of the other, its
/// offset follows from its number there.
#[derive(Debug)]
pub(crate) struct Packed<'a> {
    /// Its body.
    pub(crate) body: &'a [u8],
    properties: &'a [u8],
}

impl Packed<'_> {
    /// See [`Message::properties`].
    pub(crate) fn properties(&self) -> Vec<(String, String)> {
        properties(self.properties)
    }
}

/// The messages in a body.
///
/// An error is the last item.
pub(crate) fn packed(body: &[u8]) -> impl Iterator<Item = Result<Packed<'_>, Broken>> {
    let mut input = Input::new(body);
    std::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let packed = sized(&mut input).and_then(one_packed);
        if packed.is_none() {
            input = Input::new(&[]);
        }
        Some(packed.ok_or_else(|| Broken::short("message in a batch")))
    })
}

fn one_packed(bytes: &[u8]) -> Option<Packed<'_>> {
    let mut input = Input::new(bytes);
    let _magic = input.u32()?;
    let _checksum = input.u32()?;
    let _flag = input.u32()?;
    let length = input.length()?;
    let body = input.take(length)?;
    let length = usize::from(input.u16()?);
    let properties = input.take(length)?;
    Some(Packed { body, properties })
}

/// A part without a name or without a value is none, as for RocketMQ's own client.
fn properties(bytes: &[u8]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    for part in text.split(PROPERTY_ENDS) {
        let Some((name, value)) = part.split_once(NAME_ENDS) else { continue };
        if name.is_empty() || value.is_empty() {
            continue;
        }
        match found.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => found.push((name.to_owned(), value.to_owned())),
        }
    }
    found
}
