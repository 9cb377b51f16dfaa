//! Every source file opens with what it is for, and none is too long to read.

use std::path::Path;

use crate::tree::{sources, text_files};

/// More lines than a reader keeps in mind; most files have a sixth of it.
const MOST_LINES: usize = 800;

/// Source files that do not open with `//!`.
pub(crate) fn without_head(root: &Path) -> Vec<String> {
    let files = sources(root).into_iter().filter(|file| !file.text.starts_with("//!"));
    let complaint = |path: String| {
        format!(
            "{path}: begin with a //! line that says what the file is for and what it leaves to whom"
        )
    };
    files.map(|file| complaint(file.path)).collect()
}

/// Source files with too many lines.
pub(crate) fn too_long(root: &Path) -> Vec<String> {
    let lines = sources(root).into_iter().map(|file| (file.text.lines().count(), file.path));
    lines
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, path)| {
            format!(
                "{path}: {lines} lines, at most {MOST_LINES}: split it by what its parts are for"
            )
        })
        .collect()
}

/// Files of `tests/it` that its `main.rs` does not name: tests that never run.
pub(crate) fn left_out_of_tests(root: &Path) -> Vec<String> {
    let main = std::fs::read_to_string(root.join("tests/it/main.rs")).unwrap_or_default();
    let files = text_files(root, "tests/it", |path| path.ends_with(".rs"));
    let modules = files.iter().filter_map(|file| {
        let name = file.path.strip_prefix("tests/it/")?.strip_suffix(".rs")?;
        (name != "main" && !name.contains('/')).then_some(name)
    });
    modules
        .filter(|name| !main.lines().any(|line| line == format!("mod {name};")))
        .map(|name| {
            format!("tests/it/{name}.rs: its tests never run: add `mod {name};` to main.rs")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::repository;

    #[test]
    fn a_test_file_that_main_does_not_name_is_found() {
        let files = [
            ("tests/it/main.rs", "//! Tests.\nmod cli;\n"),
            ("tests/it/cli.rs", ""),
            ("tests/it/slt.rs", ""),
        ];
        let complaints = left_out_of_tests(repository(&files).path());
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("tests/it/slt.rs: "), "{complaints:?}");
    }

    #[test]
    fn a_file_without_a_head_and_one_of_801_lines_are_found() {
        let (most, more) = ("//!\n".repeat(MOST_LINES), "//!\n".repeat(MOST_LINES + 1));
        let files = [
            ("src/a.rs", "//! A.\n"),
            ("src/b/c.rs", "// c\n"),
            ("src/d.rs", ""),
            ("src/e.rs", most.as_str()),
            ("src/f.rs", more.as_str()),
        ];
        let root = repository(&files);
        let headless = without_head(root.path());
        assert_eq!(headless.len(), 2);
        assert!(
            headless[0].starts_with("src/b/c.rs: begin with")
                && headless[1].starts_with("src/d.rs")
        );
        let long = too_long(root.path());
        assert_eq!(long, ["src/f.rs: 801 lines, at most 800: split it by what its parts are for"]);
    }
}
