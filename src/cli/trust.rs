//! `sluice trust`: lets the files of a catalog folder see the environment.

use std::path::Path;

use super::exit::Exit;
use crate::engine::trust;
use crate::error::Result;

/// Trusts a folder, `./catalog` if none is named.
pub(super) fn run(folder: Option<&Path>) -> Result<Exit> {
    let folder = folder.unwrap_or(Path::new("catalog"));
    trust(folder)?;
    eprintln!("{} is trusted: its files may read the environment", folder.display());
    Ok(Exit::SUCCESS)
}
