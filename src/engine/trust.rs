//! Which catalog folders may see the environment.
//!
//! A `./catalog` that is found by the working directory alone could belong to a stranger's
//! repository and send one's keys to the stranger's endpoint. Its `${…}` are expanded only after
//! the user has said `sluice trust` once; the list is a file in the user's state folder.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

fn list_file() -> Option<PathBuf> {
    let state = dirs::state_dir().or_else(dirs::data_local_dir)?;
    Some(state.join("sluice").join("trusted-catalogs"))
}

/// Whether the user has trusted a folder.
pub fn is_trusted(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let Some(text) = list_file().and_then(|file| std::fs::read_to_string(file).ok()) else {
        return false;
    };
    text.lines().any(|line| Path::new(line) == folder)
}

/// Trusts a folder from now on.
///
/// # Errors
/// `Config` when the folder does not exist or the list cannot be written.
pub fn trust(folder: &Path) -> Result<()> {
    let wrong = |path: &Path, e: std::io::Error| {
        Error::config(format!("{}: {e}", path.display())).with_source(e)
    };
    let full = folder.canonicalize().map_err(|e| wrong(folder, e))?;
    if is_trusted(&full) {
        return Ok(());
    }
    let file = list_file().ok_or_else(|| {
        Error::config("there is no home folder to keep the list of trusted catalogs in")
    })?;
    let mut text = std::fs::read_to_string(&file).unwrap_or_default();
    text.push_str(&format!("{}\n", full.display()));
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(|e| wrong(parent, e))?;
    }
    std::fs::write(&file, text).map_err(|e| wrong(&file, e))
}
