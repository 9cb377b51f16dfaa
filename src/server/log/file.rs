//! Where lines go: a file, opened again when another has taken its place, or standard error.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// A place for lines. One that cannot be written is counted, and said on standard error when it
/// begins; statements go on.
#[derive(Debug, Default)]
pub(super) struct Lines {
    file: Option<(PathBuf, Mutex<Open>)>,
    lost: AtomicU64,
}

#[derive(Debug)]
struct Open {
    file: File,
    fails: bool,
}

impl Lines {
    /// Appends to a file, which only its owner may read.
    ///
    /// # Errors
    /// `Config` when it cannot be written.
    pub(super) fn file(path: &Path) -> Result<Self> {
        let file = append(path).map_err(|e| {
            Error::config(format!("{}: {e}", path.display()))
                .with_hint("the server does not start without its logs")
                .with_source(e)
        })?;
        let open = Mutex::new(Open { file, fails: false });
        Ok(Self { file: Some((path.to_owned(), open)), lost: AtomicU64::new(0) })
    }

    /// Writes a line.
    pub(super) fn write(&self, mut line: String) {
        line.push('\n');
        let Some((path, open)) = &self.file else {
            if std::io::stderr().lock().write_all(line.as_bytes()).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            return;
        };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.write(path, line.as_bytes()) {
            Ok(()) => open.fails = false,
            Err(e) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut open.fails, true) {
                    let _ = writeln!(
                        std::io::stderr(),
                        "{}: {e}: lines are lost until it can be written again",
                        path.display()
                    );
                }
            }
        }
    }

    /// Lines that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Open {
    fn write(&mut self, path: &Path, line: &[u8]) -> std::io::Result<()> {
        let here = self.file.metadata()?;
        let moved = std::fs::metadata(path)
            .map_or(true, |there| (there.dev(), there.ino()) != (here.dev(), here.ino()));
        if moved {
            self.file = append(path)?;
        }
        self.file.write_all(line)
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}
