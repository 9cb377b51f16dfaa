//! Which files are which stream's: folders by their name, files by theirs up to the first dot.

use std::collections::BTreeMap;

use datafusion_datasource::file_compression_type::FileCompressionType;
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::error::{Error, Result};

/// The extensions of files that were compressed as a whole.
const COMPRESSIONS: &[(&str, FileCompressionType)] = &[
    ("gz", FileCompressionType::GZIP),
    ("zst", FileCompressionType::ZSTD),
    ("bz2", FileCompressionType::BZIP2),
    ("xz", FileCompressionType::XZ),
];

/// A name without the extension of its compression, and that compression; `None` for plain files.
pub(super) fn uncompressed(name: &str) -> (&str, Option<FileCompressionType>) {
    match name.rsplit_once('.') {
        Some((rest, extension)) => {
            let known = |(known, _): &&(&str, _)| known.eq_ignore_ascii_case(extension);
            match COMPRESSIONS.iter().find(known) {
                Some((_, kind)) => (rest, Some(*kind)),
                None => (name, None),
            }
        }
        None => (name, None),
    }
}

/// The files of each stream by the names of its partitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(BTreeMap<String, Found>);

#[derive(Clone, Debug)]
struct Found {
    is_folder: bool,
    files: BTreeMap<String, ObjectMeta>,
}

impl Streams {
    /// The streams of the files below `root`.
    ///
    /// # Errors
    /// `Config` where a folder and files beside it have one name.
    pub(super) fn of(root: &Path, files: Vec<ObjectMeta>) -> Result<Self> {
        let mut streams = Self::default();
        for file in files {
            let parts = file.location.prefix_match(root);
            let parts: Vec<String> =
                parts.into_iter().flatten().map(|part| part.as_ref().to_owned()).collect();
            if parts.iter().any(|part| part.starts_with(['.', '_'])) {
                continue;
            }
            let (stream, partition, is_folder) = match parts.as_slice() {
                [] => continue,
                [name] => {
                    let stream = name.split('.').next().unwrap_or(name);
                    (stream.to_owned(), name.clone(), false)
                }
                [folder, below @ ..] => (folder.clone(), below.join("/"), true),
            };
            let fresh = || Found { is_folder, files: BTreeMap::new() };
            let found = streams.0.entry(stream.clone()).or_insert_with(fresh);
            if found.is_folder != is_folder {
                return Err(Error::config(format!(
                    "{stream} is the name of a folder and of files beside it"
                ))
                .with_hint("move the files into the folder"));
            }
            found.files.insert(partition, file);
        }
        // While a file is compressed both are there, and the new one is not whole.
        for Found { files, .. } in streams.0.values_mut() {
            let plain: Vec<String> = files.keys().cloned().collect();
            files.retain(|name, _| match uncompressed(name) {
                (of, Some(_)) => !plain.iter().any(|name| name == of),
                (_, None) => true,
            });
        }
        Ok(streams)
    }

    /// The streams' names, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The files of a stream by their partitions.
    pub(super) fn files(&self, stream: &str) -> Option<&BTreeMap<String, ObjectMeta>> {
        self.0.get(stream).map(|found| &found.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(names: &[&str]) -> Result<Streams> {
        let file = |name: &&str| ObjectMeta {
            location: Path::from(format!("logs/{name}")),
            last_modified: chrono::DateTime::UNIX_EPOCH,
            size: 1,
            e_tag: None,
            version: None,
        };
        Streams::of(&Path::from("logs"), names.iter().map(file).collect())
    }

    #[test]
    fn folders_are_streams_and_files_are_partitions() {
        let found =
            streams(&["a/x.log", "a/deep/y.log.1.gz", "b.log", "b.log.1", ".c", "a/_d", "e"])
                .unwrap();
        assert_eq!(found.names(), ["a", "b", "e"]);
        let files = |stream: &str| found.files(stream).unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(files("a"), ["deep/y.log.1.gz", "x.log"]);
        assert_eq!(files("b"), ["b.log", "b.log.1"]);
        assert!(found.files("c").is_none());
    }

    #[test]
    fn a_file_that_is_being_compressed_counts_once() {
        let found = streams(&["a/x.log.1", "a/x.log.1.gz", "a/x.log.2.gz"]).unwrap();
        let files: Vec<_> = found.files("a").unwrap().keys().collect();
        assert_eq!(files, ["x.log.1", "x.log.2.gz"]);
    }

    #[test]
    fn a_folder_and_a_file_of_one_name_are_told() {
        assert!(streams(&["a/x.log", "a.log"]).is_err());
    }
}
