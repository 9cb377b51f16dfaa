//! Read points as tokens and files: written after a statement, found again for a replay.
//!
//! A token is the hash of the read point's JSON; the JSON lies compressed under the token's name in
//! the state folder for thirty days. A file that somebody saved holds it as plain text.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::spi::ReadPoint;

/// What tokens begin with; the number is the version of what is hashed.
const PREFIX: &str = "rp1-";

/// How many bytes of the hash a token shows.
const HASH_BYTES: usize = 16;

/// How long a read point is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// zstd's own default; a listing of a million files takes tens of milliseconds.
const LEVEL: i32 = 3;

/// What every zstd frame begins with: <https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1>
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A read point packed away: its token, and its JSON compressed.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) token: String,
    content: Vec<u8>,
}

impl Packed {
    /// Packs a read point.
    pub(super) fn of(point: &ReadPoint) -> Result<Self> {
        // Structs in the order of their fields, maps sorted: equal read points, equal bytes.
        let json = serde_json::to_vec(point).map_err(|e| Error::internal(e.to_string()))?;
        let content =
            zstd::encode_all(json.as_slice(), LEVEL).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Self { token: token_of(&json), content })
    }

    /// The JSON.
    pub(super) fn json(&self) -> Result<String> {
        let json = zstd::decode_all(self.content.as_slice());
        let json = json.map_err(|e| Error::internal(e.to_string()))?;
        String::from_utf8(json).map_err(|e| Error::internal(e.to_string()))
    }
}

fn token_of(json: &[u8]) -> String {
    let hash = Sha256::digest(json);
    let hex: String = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{hex}")
}

pub(super) fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|hash| {
        hash.len() == 2 * HASH_BYTES && hash.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// The read points of an engine.
#[derive(Debug, Default)]
pub(super) struct ReadPoints {
    folder: Option<PathBuf>,
    // Old ones are removed once per engine: looking through the folder is not free.
    cleaned: AtomicBool,
}

impl ReadPoints {
    /// Kept in the state folder; without one, tokens name what only their session knows.
    pub(super) fn new(state_dir: Option<&Path>) -> Self {
        let folder = state_dir.map(|folder| folder.join("read-points"));
        Self { folder, cleaned: AtomicBool::default() }
    }

    /// Writes a read point.
    ///
    /// # Errors
    /// `Unavailable` when the folder takes no file.
    pub(super) fn keep(&self, packed: &Packed) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let wrong = |e: std::io::Error| {
            let text = format!("read point {} in {}: {e}", packed.token, folder.display());
            Error::unavailable(text).with_source(e)
        };
        std::fs::create_dir_all(folder).map_err(wrong)?;
        if !self.cleaned.swap(true, Ordering::Relaxed) {
            remove_old(folder);
        }
        // A file of its own that gets its name when it is whole: readers never see half a one.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
        std::io::Write::write_all(&mut file, &packed.content).map_err(wrong)?;
        file.persist(folder.join(&packed.token)).map_err(|e| wrong(e.error))?;
        Ok(())
    }

    /// The read point of a token, or of a file.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Corrupt` when it is not what was written.
    pub(super) fn find(&self, name: &str) -> Result<ReadPoint> {
        let kept = self.folder.as_ref().filter(|_| is_token(name)).map(|folder| folder.join(name));
        let path = kept.as_deref().filter(|path| path.exists()).unwrap_or(Path::new(name));
        let bytes = std::fs::read(path).map_err(|e| {
            let hint =
                "a token is kept for 30 days where it was made; \\receipt save writes a file";
            Error::not_found(format!("read point {name}: {e}")).with_hint(hint).with_source(e)
        })?;
        let corrupt = |e: String| Error::corrupt(format!("read point {name}: {e}"));
        let json = if bytes.starts_with(ZSTD_MAGIC) {
            zstd::decode_all(bytes.as_slice()).map_err(|e| corrupt(e.to_string()))?
        } else {
            bytes
        };
        if is_token(name) && token_of(&json) != name {
            return Err(corrupt("the file is not what was written".to_owned()));
        }
        serde_json::from_slice(&json).map_err(|e| corrupt(e.to_string()))
    }
}

/// Removes what is older than [`KEPT`]. What cannot be removed stays for the next time.
fn remove_old(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let Some(oldest) = SystemTime::now().checked_sub(KEPT) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if modified.is_ok_and(|modified| modified < oldest) {
            // Another process may have been first.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spi::PinnedTable;

    fn point() -> ReadPoint {
        let mut point = ReadPoint::new(chrono::DateTime::UNIX_EPOCH, "Europe/Berlin");
        point.tables.insert("a.b.c".to_owned(), PinnedTable::Folder("b/c".to_owned()));
        point
    }

    #[test]
    fn a_read_point_is_found_by_its_token_and_by_a_file_of_its_json() {
        let folder = tempfile::tempdir().unwrap();
        let points = ReadPoints::new(Some(folder.path()));
        let packed = Packed::of(&point()).unwrap();
        points.keep(&packed).unwrap();
        assert_eq!(points.find(&packed.token).unwrap(), point());
        let file = folder.path().join("saved.json");
        std::fs::write(&file, packed.json().unwrap()).unwrap();
        assert_eq!(points.find(file.to_str().unwrap()).unwrap(), point());
    }

    #[test]
    fn another_content_has_another_token_and_a_changed_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let points = ReadPoints::new(Some(folder.path()));
        let packed = Packed::of(&point()).unwrap();
        let mut other = point();
        other.timezone = "UTC".to_owned();
        let other = Packed::of(&other).unwrap();
        assert_ne!(packed.token, other.token);
        points.keep(&packed).unwrap();
        std::fs::write(folder.path().join("read-points").join(&packed.token), &other.content)
            .unwrap();
        let error = points.find(&packed.token).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Corrupt);
    }

    #[test]
    fn old_read_points_are_removed_when_a_new_one_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("read-points");
        std::fs::create_dir_all(&kept).unwrap();
        let old = std::fs::File::create(kept.join("rp1-old")).unwrap();
        old.set_modified(SystemTime::now() - KEPT - Duration::from_secs(60)).unwrap();
        let young = std::fs::File::create(kept.join("rp1-young")).unwrap();
        young.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        ReadPoints::new(Some(folder.path())).keep(&Packed::of(&point()).unwrap()).unwrap();
        assert!(!kept.join("rp1-old").exists());
        assert!(kept.join("rp1-young").exists());
    }
}
