//! Row keys that are made of parts: which bytes of a key are which, as `row_key` in `[options]`
//! says it.
//!
//! A key either is what the layout says, to its last byte, or none of its parts has a value. So a
//! part that salts or hashes the others is checked when it is read, and a filter that looks up rows
//! by it finds the same rows as one that looks at all of them.

use std::ops::Range;

use md5::{Digest as _, Md5};
use sha2::{Digest as _, Sha256};

use super::options::PartOptions;
use super::rows::unescape;
use crate::error::{Error, Result};
use crate::stream::decode::Flaw;

/// The parts of a key in their order; none is a key that is one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyLayout {
    /// The parts.
    pub(super) parts: Vec<KeyPart>,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPart {
    /// What columns name it by.
    pub(super) name: String,
    /// Where it ends.
    pub(super) extent: Extent,
    /// Whether it is stored so that it sorts, or reads, the other way round.
    pub(super) reversed: bool,
    /// What is known of its bytes.
    pub(super) known: Known,
}

/// Where a part ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// After so many bytes.
    Bytes(usize),
    /// Before the first of these bytes, which are of no part.
    Until(Vec<u8>),
    /// Where the key ends.
    Rest,
}

/// What is known of the bytes of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// They are one of these.
    OneOf(Vec<Vec<u8>>),
    /// They are the first bytes of a hash of another part, as it is stored.
    Hash {
        /// The hash.
        hash: Hash,
        /// The number of the other part.
        of: usize,
    },
}

/// A hash, as bytes or as text of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// MD5.
    Md5,
    /// MD5 in digits.
    Md5Hex,
    /// SHA-256.
    Sha256,
    /// SHA-256 in digits.
    Sha256Hex,
}

impl Hash {
    /// All of them, as table files spell them.
    pub(super) const ALL: [(&str, Self); 4] = [
        ("md5", Self::Md5),
        ("md5_hex", Self::Md5Hex),
        ("sha256", Self::Sha256),
        ("sha256_hex", Self::Sha256Hex),
    ];

    /// The hash of a name.
    ///
    /// # Errors
    /// `Config` for a name that is none.
    pub(super) fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, hash)| *hash).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            Error::config(format!("hash \"{name}\" is not known"))
                .with_hint(format!("hashes: {}", known.join(", ")))
        })
    }

    /// As table files spell it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("md5", |(name, _)| name)
    }

    /// The first bytes of the hash of some bytes; all, where it has fewer.
    pub(super) fn prefix(self, bytes: &[u8], length: usize) -> Vec<u8> {
        let mut hashed = match self {
            Self::Md5 | Self::Md5Hex => Md5::digest(bytes).to_vec(),
            Self::Sha256 | Self::Sha256Hex => Sha256::digest(bytes).to_vec(),
        };
        if matches!(self, Self::Md5Hex | Self::Sha256Hex) {
            let digit = |half: u8| char::from_digit(u32::from(half), 16).map_or(b'0', |c| c as u8);
            hashed = hashed.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        }
        hashed.truncate(length);
        hashed
    }
}

impl KeyLayout {
    /// The layout that a table file declares.
    ///
    /// # Errors
    /// `Config` for parts that cannot be.
    pub(super) fn parse(declared: &[PartOptions]) -> Result<Self> {
        let mut parts: Vec<KeyPart> = vec![];
        for (at, options) in declared.iter().enumerate() {
            let part = part(options, declared, at + 1 == declared.len())?;
            if parts.iter().any(|known| known.name == part.name) {
                return Err(Error::config(format!("row_key: two parts are called {}", part.name)));
            }
            parts.push(part);
        }
        Ok(Self { parts })
    }

    /// The number of the part of a name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.name == name)
    }

    /// The places of all parts in a key.
    ///
    /// # Errors
    /// What about the key is not as the layout says; `places` is of no use then.
    pub(super) fn split(&self, key: &[u8], places: &mut Vec<Range<usize>>) -> Result<(), Flaw> {
        places.clear();
        let mut start = 0;
        for part in &self.parts {
            let rest = key.get(start..).unwrap_or_default();
            let (length, behind) = match &part.extent {
                Extent::Rest => (rest.len(), 0),
                Extent::Bytes(width) if *width <= rest.len() => (*width, 0),
                Extent::Bytes(width) => {
                    return Err(Flaw::malformed(format!(
                        "the row key has {} bytes for the part {}, which takes {width}",
                        rest.len(),
                        part.name
                    )));
                }
                Extent::Until(delimiter) => match find(rest, delimiter) {
                    Some(length) => (length, delimiter.len()),
                    None => {
                        return Err(Flaw::malformed(format!(
                            "nothing ends the part {} of the row key: no {}",
                            part.name,
                            delimiter.escape_ascii()
                        )));
                    }
                },
            };
            places.push(start..start + length);
            start += length + behind;
        }
        if start < key.len() && !self.parts.is_empty() {
            let (left, last) = (key.len() - start, self.parts.last());
            return Err(Flaw::malformed(format!(
                "{left} bytes are behind the last part {} of the row key",
                last.map_or("", |part| &part.name)
            )));
        }
        self.check(key, places)
    }

    /// Whether the parts of which something is known are so.
    fn check(&self, key: &[u8], places: &[Range<usize>]) -> Result<(), Flaw> {
        let bytes = |at: usize| places.get(at).and_then(|at| key.get(at.clone())).unwrap_or(&[]);
        for (at, part) in self.parts.iter().enumerate() {
            let own = bytes(at);
            let is_so = match &part.known {
                Known::Nothing => true,
                Known::OneOf(values) => values.iter().any(|value| value == own),
                Known::Hash { hash, of } => hash.prefix(bytes(*of), own.len()) == own,
            };
            if !is_so {
                let what = match part.known {
                    Known::Hash { .. } => "is not the hash that row_key says",
                    _ => "is none of the values that row_key says",
                };
                let shown = own.escape_ascii();
                return Err(Flaw::malformed(format!("the part {} ({shown}) {what}", part.name)));
            }
        }
        Ok(())
    }
}

/// Where a delimiter is.
pub(super) fn find(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    bytes.windows(delimiter.len().max(1)).position(|window| window == delimiter)
}

fn part(options: &PartOptions, all: &[PartOptions], is_last: bool) -> Result<KeyPart> {
    let name = &options.name;
    let wrong = |what: &str| Error::config(format!("row_key: part {name}: {what}"));
    let extent = match (options.bytes, &options.until) {
        (Some(_), Some(_)) => return Err(wrong("it ends by `bytes` or by `until`, not by both")),
        (Some(0), None) => return Err(wrong("`bytes` is 1 or more")),
        (Some(width), None) => Extent::Bytes(width),
        (None, Some(delimiter)) if delimiter.is_empty() => {
            return Err(wrong("`until` is the text that ends it"));
        }
        (None, Some(delimiter)) => Extent::Until(unescape(delimiter)),
        (None, None) if is_last => Extent::Rest,
        (None, None) => {
            return Err(wrong("nothing says where it ends")
                .with_hint("`bytes = 8` or `until = \"|\"`; only the last part needs neither"));
        }
    };
    let width = options.bytes;
    let known = match (options.buckets, &options.values, &options.hash, &options.of) {
        (None, None, None, None) => Known::Nothing,
        (Some(buckets), None, None, None) => {
            let width = width.ok_or_else(|| wrong("`buckets` needs `bytes`"))?;
            let most = if width >= 2 { 1 << 16 } else { 1 << 8 };
            if buckets == 0 || buckets > most {
                return Err(wrong(&format!("`buckets` is 1 to {most}")));
            }
            let value = |bucket: u32| {
                let bytes = u64::from(bucket).to_be_bytes();
                let mut value = vec![0; width.saturating_sub(bytes.len())];
                value.extend(bytes.get(bytes.len().saturating_sub(width)..).unwrap_or_default());
                value
            };
            Known::OneOf((0..buckets).map(value).collect())
        }
        (None, Some(values), None, None) => {
            let values: Vec<_> = values.iter().map(|value| unescape(value)).collect();
            let fit = width.is_none_or(|width| values.iter().all(|value| value.len() == width));
            if !fit || values.is_empty() {
                return Err(wrong("`values` are of as many bytes as the part"));
            }
            Known::OneOf(values)
        }
        (None, None, Some(hash), Some(of)) => {
            let hash = Hash::parse(hash).map_err(|e| e.within(format!("row_key, part {name}")))?;
            let width = width.ok_or_else(|| wrong("`hash` needs `bytes`"))?;
            if hash.prefix(&[], width).len() < width {
                return Err(wrong("the hash has fewer bytes than the part"));
            }
            let at = all.iter().position(|other| other.name == *of && other.name != *name);
            let of = at.ok_or_else(|| wrong(&format!("`of` names no other part: {of}")))?;
            Known::Hash { hash, of }
        }
        (None, None, _, _) => return Err(wrong("`hash` and `of` go together")),
        _ => return Err(wrong("it has one of `buckets`, `values` and `hash`")),
    };
    Ok(KeyPart { name: name.clone(), extent, reversed: options.reversed, known })
}
