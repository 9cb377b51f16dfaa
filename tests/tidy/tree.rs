//! The files of a repository, as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Folders that hold what was built or found, never what was written.
const MADE: [&str; 4] = ["target", "corpus", "artifacts", "node_modules"];

/// The text files below `root`/`folder` whose path `wanted` accepts, by path.
///
/// Hidden folders are left out, but for those of continuous integration. A folder that does not
/// exist has no files.
pub(crate) fn text_files(
    root: &Path,
    folder: &str,
    wanted: impl Fn(&str) -> bool,
) -> Vec<TextFile> {
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    let mut files: Vec<TextFile> = paths
        .into_iter()
        .filter_map(|path| {
            let relative = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            // What is no UTF-8 is data.
            let text = wanted(&relative).then(|| fs::read_to_string(&path).ok())??;
            Some(TextFile { path: relative, text })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && name != ".ci" && name != ".github";
        let kind = entry.file_type().expect("an entry has a type");
        if kind.is_dir() && !hidden && !MADE.contains(&name.as_str()) {
            collect(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}

/// The Rust files below `src`.
pub(crate) fn sources(root: &Path) -> Vec<TextFile> {
    text_files(root, "src", |path| path.ends_with(".rs"))
}

/// A repository in a temporary folder, for trying rules.
#[cfg(test)]
pub(crate) fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file can be written");
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_and_hidden_folders_are_left_out() {
        let root = repository(&[
            ("a/b.md", "b"),
            ("target/c.md", "c"),
            (".git/d.md", "d"),
            (".ci/run", "e"),
            ("a.md", "a"),
        ]);
        let paths = |folder| {
            let files = text_files(root.path(), folder, |_| true);
            files.into_iter().map(|file| file.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(""), [".ci/run", "a.md", "a/b.md"]);
        assert_eq!(paths("a"), ["a/b.md"]);
        assert_eq!(paths("nowhere"), Vec::<String>::new());
    }
}
