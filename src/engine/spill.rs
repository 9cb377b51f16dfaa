//! The spill folder of one process: `sluice-spill-<pid>-…`, held by a lock while the process lives.
//!
//! A process that is killed leaves its folder behind. The lock goes with the process, so the next
//! one that starts sees by it, not by a process id, which folders belong to nobody.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::{Error, Result};

const PREFIX: &str = "sluice-spill-";
const LOCK: &str = "lock";

/// How old a folder without a lock file is before nobody can still be about to make one.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How often a folder is made anew when another process took it for a leftover.
const TRIES: usize = 10;

/// The folder; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct SpillFolder {
    // Before the lock: a folder without its lock would be anyone's.
    folder: TempDir,
    _lock: File,
}

impl SpillFolder {
    /// Makes one in `parent` or the system's temporary folder; clears away what dead processes left.
    pub(super) fn make(parent: Option<&Path>) -> Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let failed = |e: std::io::Error| {
            Error::config(format!("spill folder {}: {e}", parent.display()))
                .with_source(e)
                .with_hint("--spill-dir names another one")
        };
        std::fs::create_dir_all(&parent).map_err(failed)?;
        remove_leftovers(&parent);
        for _ in 0..TRIES {
            if let Some(made) = Self::try_make(&parent).map_err(failed)? {
                return Ok(made);
            }
        }
        Err(failed(ErrorKind::ResourceBusy.into()))
    }

    /// `None` when another process removed it before it was locked.
    fn try_make(parent: &Path) -> std::io::Result<Option<Self>> {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent)?;
        let path = folder.path().join(LOCK);
        let lock = File::create(&path)?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let same = std::fs::metadata(&path)
            .is_ok_and(|there| lock.metadata().is_ok_and(|locked| locked.ino() == there.ino()));
        Ok(same.then_some(Self { folder, _lock: lock }))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders whose process is gone. What cannot be removed is somebody else's.
fn remove_leftovers(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            remove_leftover(&entry.path());
        }
    }
}

fn remove_leftover(folder: &PathBuf) {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => {
            if lock.try_lock().is_ok() {
                let _ = std::fs::remove_dir_all(folder);
            }
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            let age = std::fs::metadata(folder).and_then(|m| m.modified()).ok();
            if age.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED) {
                let _ = std::fs::remove_dir_all(folder);
            }
        }
        Err(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::SpillFolder;

    #[test]
    fn a_folder_without_a_living_owner_is_removed_and_no_other() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("sluice-spill-1-dead");
        std::fs::create_dir_all(dead.join("files")).unwrap();
        std::fs::write(dead.join("lock"), "").unwrap();
        let unlocked = parent.path().join("sluice-spill-2-being-made");
        std::fs::create_dir(&unlocked).unwrap();
        let other = parent.path().join("something-else");
        std::fs::create_dir(&other).unwrap();
        let first = SpillFolder::make(Some(parent.path())).unwrap();
        let second = SpillFolder::make(Some(parent.path())).unwrap();
        assert!(!dead.exists());
        assert!(first.path().exists() && second.path().exists());
        assert!(unlocked.exists() && other.exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
    }
}
