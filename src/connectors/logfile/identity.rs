//! What tells a log from another one that has taken its name: how it begins.
//!
//! Logs grow, so size and time of change say nothing, and only some stores have numbers of files.
//! The first bytes of a log stay what they are for as long as it is the same log. A compressed file
//! does not grow: its size counts as well.

use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

use super::error::{gone, store_error};
use crate::error::{Error, Result};

/// Bytes that are looked at.
const HEAD: u64 = 1024;

/// How many bytes of their hash are kept.
const HASH_BYTES: usize = 12;

/// What a file was when it was pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    location: Path,
    // The size that it must have, or the least.
    size: u64,
    is_whole: bool,
    hash: String,
}

impl Identity {
    /// The identity of a file up to `end`, or of a compressed one of that size.
    pub(super) async fn of(
        store: &dyn ObjectStore,
        location: &Path,
        outer: &str,
        end: u64,
        is_whole: bool,
    ) -> Result<Self> {
        let bytes = store.get_range(location, 0..end.min(HEAD)).await;
        let bytes = bytes.map_err(|e| store_error(outer, e))?;
        Ok(Self { location: location.clone(), size: end, is_whole, hash: hash(&bytes) })
    }

    /// Where the file is in its store.
    pub(super) fn location(&self) -> &Path {
        &self.location
    }

    /// As a read point keeps it.
    pub(super) fn text(&self) -> String {
        let kind = if self.is_whole { "whole" } else { "grows" };
        format!("{kind}:{}:{}:{}", self.size, self.hash, self.location)
    }

    /// The identity of such a text.
    ///
    /// # Errors
    /// `Corrupt` for any other text.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::corrupt(format!("`{text}` is no identity of a log file"));
        let mut parts = text.splitn(4, ':');
        let (Some(kind), Some(size), Some(hash), Some(location)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        Ok(Self {
            location: Path::parse(location).map_err(|_| wrong())?,
            size: size.parse().map_err(|_| wrong())?,
            is_whole: match kind {
                "whole" => true,
                "grows" => false,
                _ => return Err(wrong()),
            },
            hash: hash.to_owned(),
        })
    }

    /// Whether the file is still the one that was pinned.
    ///
    /// # Errors
    /// `Gone` when it is not.
    pub(super) async fn hold(&self, store: &dyn ObjectStore, outer: &str) -> Result<()> {
        let location = &self.location;
        let range = Some(GetRange::Bounded(0..self.size.min(HEAD)));
        let got = store.get_opts(location, GetOptions { range, ..GetOptions::default() }).await;
        let got = match got {
            Err(object_store::Error::NotFound { .. }) => return Err(gone(outer, "was removed")),
            Err(e) => {
                let now = store.head(location).await.map_err(|_| store_error(outer, e))?;
                return Err(gone(outer, &format!("shrank to {} bytes", now.size)));
            }
            Ok(got) => got,
        };
        let size = got.meta.size;
        if size < self.size {
            return Err(gone(outer, &format!("shrank from {} to {size} bytes", self.size)));
        }
        let bytes = got.bytes().await.map_err(|e| store_error(outer, e))?;
        if hash(&bytes) != self.hash || (self.is_whole && size != self.size) {
            return Err(gone(outer, "was replaced by another file"));
        }
        Ok(())
    }
}

fn hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_comes_back_from_its_text() {
        for is_whole in [true, false] {
            let location = Path::from("a/b: c.log");
            let identity = Identity { location, size: 17, is_whole, hash: hash(b"x") };
            assert_eq!(Identity::parse(&identity.text()).unwrap(), identity);
        }
        for wrong in ["", "whole:1", "grows:1:a", "grows:x:y:z", "other:1:a:b"] {
            assert!(Identity::parse(wrong).is_err(), "{wrong}");
        }
    }
}
