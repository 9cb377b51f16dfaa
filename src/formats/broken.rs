//! Why bytes could not be read. Which file and which offset it was is added by whoever has them.

use std::borrow::Cow;
use std::fmt;

/// Whether the bytes are damaged or merely beyond this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokenKind {
    /// Not what the format promises.
    Corrupt,
    /// Right, but not something that is read here.
    Unsupported,
    /// Right, but not to be read by everybody.
    Denied,
}

/// Bytes that could not be read: the structure they should be, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Damaged or not supported.
    pub(crate) kind: BrokenKind,
    /// `trailer`, `data block`, `leaf index`, …
    pub(crate) structure: &'static str,
    /// What is wrong, as the rest of a sentence.
    pub(crate) reason: Cow<'static, str>,
    /// Where the structure begins in its file, if that is known.
    pub(crate) offset: Option<u64>,
}

impl Broken {
    /// Damaged bytes.
    pub(crate) fn corrupt(structure: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: BrokenKind::Corrupt, structure, reason: reason.into(), offset: None }
    }

    /// Bytes of a kind that is not read.
    pub(crate) fn unsupported(
        structure: &'static str,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind: BrokenKind::Unsupported, structure, reason: reason.into(), offset: None }
    }

    /// Bytes that say who may read them, where this reader cannot tell who asks.
    pub(crate) fn denied(structure: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: BrokenKind::Denied, structure, reason: reason.into(), offset: None }
    }

    /// The bytes end before the structure does.
    pub(crate) fn short(structure: &'static str) -> Self {
        Self::corrupt(structure, "ends too early")
    }

    /// Says where the structure begins, unless that is already said.
    #[must_use]
    pub(crate) fn at(self, offset: u64) -> Self {
        Self { offset: self.offset.or(Some(offset)), ..self }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} at offset {offset} {}", self.structure, self.reason),
            None => write!(f, "{} {}", self.structure, self.reason),
        }
    }
}

impl std::error::Error for Broken {}
