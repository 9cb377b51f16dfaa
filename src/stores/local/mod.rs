//! The local file system: plain paths and `file://` URLs.

mod files;
mod listing;
mod upload;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use self::files::LocalFiles;
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, StoreScheme, TomlText};

/// Files of this machine.
#[derive(Debug)]
pub(super) struct Local;

/// `[store]` of a local location: there is nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

impl StoreScheme for Local {
    fn schemes(&self) -> &'static [&'static str] {
        &["file"]
    }

    fn open(&self, location: &str, options: &TomlText) -> Result<OpenedStore> {
        let Options {} = options.read()?;
        let plain = location.strip_prefix("file://").unwrap_or(location);
        let absolute = std::path::absolute(plain)
            .map_err(|e| Error::config(format!("location {location}: {e}")).with_source(e))?;
        let absolute = without_dots(&absolute);
        let path = object_store::path::Path::from_absolute_path(&absolute)
            .map_err(|e| Error::config(format!("location {location}: {e}")))?;
        Ok(OpenedStore {
            store: Arc::new(LocalFiles::new()),
            location: absolute.display().to_string(),
            path,
            root: "/".to_owned(),
        })
    }
}

/// The path without `.` and `..`, by its text alone: a link's `..` is not followed.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
