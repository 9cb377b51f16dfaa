//! What is in one folder, with one look at each file: `object_store` looks three times.

use std::fs::{self, Metadata};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path as FilePath;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

/// The files and folders of a folder, links followed; nothing where there is no folder.
///
/// # Errors
/// `Generic` with the error of the system for a folder that cannot be read.
pub(super) fn folder(path: &FilePath) -> Result<ListResult> {
    let mut found = ListResult { common_prefixes: vec![], objects: vec![] };
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(found);
        }
        Err(e) => return Err(unreadable(path, e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| unreadable(path, e))?;
        let kind = entry.file_type().map_err(|e| unreadable(path, e))?;
        // The listing knows what is a folder; files and links are looked at.
        let looked_at = if kind.is_dir() {
            None
        } else if kind.is_symlink() {
            Some(fs::metadata(entry.path()))
        } else {
            Some(entry.metadata())
        };
        let location = Path::from_absolute_path(entry.path())?;
        match looked_at {
            None => found.common_prefixes.push(location),
            Some(Ok(file)) if file.is_dir() => found.common_prefixes.push(location),
            Some(Ok(file)) if is_named(&location) => found.objects.push(object(location, &file)),
            Some(Ok(_)) => {}
            // It has gone, or the link leads nowhere.
            Some(Err(e)) if e.kind() == ErrorKind::NotFound => {}
            Some(Err(_)) if kind.is_symlink() => {}
            Some(Err(e)) => return Err(unreadable(&entry.path(), e)),
        }
    }
    Ok(found)
}

/// Whether `object_store` gives the file under its name: with `#` and a number behind it, it takes it
/// for one that is being written.
fn is_named(location: &Path) -> bool {
    let behind =
        location.filename().and_then(|name| name.split_once('#')).map(|(_, behind)| behind);
    behind.is_none_or(|behind| behind.is_empty() || !behind.bytes().all(|it| it.is_ascii_digit()))
}

/// A file as `object_store` describes it: the tag is what says whether it has changed.
fn object(location: Path, file: &Metadata) -> ObjectMeta {
    let written = file.mtime() * 1_000_000 + file.mtime_nsec() / 1000;
    let modified = u32::try_from(file.mtime_nsec()).unwrap_or_default();
    ObjectMeta {
        location,
        last_modified: DateTime::<Utc>::from_timestamp(file.mtime(), modified).unwrap_or_default(),
        size: file.len(),
        e_tag: Some(format!("{:x}-{:x}-{:x}", file.ino(), written.max(0), file.len())),
        version: None,
    }
}

fn unreadable(path: &FilePath, error: Error) -> object_store::Error {
    let text = format!("{}: {error}", path.display());
    let source = Error::new(error.kind(), text);
    object_store::Error::Generic { store: "local files", source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStore;
    use object_store::local::LocalFileSystem;

    use super::*;

    #[tokio::test]
    async fn a_folder_is_listed_as_object_store_lists_it() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("day=2026-01-01/deeper")).unwrap();
        for name in ["a.csv", "b c.csv", "ü%20.csv", "x#1", "x#y", "=.txt", ".hidden"] {
            fs::write(at(name), name).unwrap();
        }
        std::os::unix::fs::symlink(at("a.csv"), at("link.csv")).unwrap();
        std::os::unix::fs::symlink(at("day=2026-01-01"), at("folder-link")).unwrap();
        std::os::unix::fs::symlink(at("nothing"), at("broken")).unwrap();
        let prefix = Path::from_absolute_path(root.path()).unwrap();
        let theirs = LocalFileSystem::new().list_with_delimiter(Some(&prefix)).await.unwrap();
        let ours = folder(root.path()).unwrap();
        let sorted = |mut listed: ListResult| {
            listed.common_prefixes.sort();
            listed.objects.sort_by(|a, b| a.location.cmp(&b.location));
            (listed.common_prefixes, listed.objects)
        };
        let (ours, theirs) = (sorted(ours), sorted(theirs));
        assert_eq!(ours.1.len(), 7, "{ours:?}");
        assert_eq!(ours, theirs);
        let none = folder(&at("nothing")).unwrap();
        assert!(none.objects.is_empty() && none.common_prefixes.is_empty());
    }
}
