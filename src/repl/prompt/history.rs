//! The file of what was typed: one per user, or what `HISTFILE` names.

use std::path::PathBuf;

use crate::repl::variables::Variables;

/// Entries that are kept, unless `HISTSIZE` says otherwise.
const SIZE: usize = 10_000;

/// Entries whose names count as used.
pub(super) const RECENT: usize = 200;

/// The file; none where there is no folder for it.
pub(super) fn file(variables: &Variables) -> Option<PathBuf> {
    if let Some(named) = variables.get("HISTFILE") {
        return Some(PathBuf::from(named)).filter(|file| !file.as_os_str().is_empty());
    }
    let folder = dirs::state_dir().or_else(dirs::data_local_dir)?.join("sluice");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// How many entries are kept.
pub(super) fn size(variables: &Variables) -> usize {
    variables.get("HISTSIZE").and_then(|size| size.parse().ok()).unwrap_or(SIZE)
}

/// Whether what begins with a space is not kept.
pub(super) fn ignores_space(variables: &Variables) -> bool {
    matches!(variables.get("HISTCONTROL"), Some("ignorespace" | "ignoreboth"))
}

/// What was typed so far, entry by entry.
pub(in crate::repl) fn text(variables: &Variables) -> String {
    let Some(text) = file(variables).and_then(|file| std::fs::read_to_string(file).ok()) else {
        return String::new();
    };
    // The file begins with a line that says how line feeds within an entry are written.
    let entries = text.strip_prefix("#V2\n").unwrap_or(&text);
    unescaped(entries.trim_end())
}

/// Entries as they were typed: within one, the file has `\n` for a line feed and `\\` for `\`.
fn unescaped(entries: &str) -> String {
    let mut text = String::with_capacity(entries.len());
    let mut rest = entries.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('\\')) => text.push('\\'),
            _ => {
                text.push(c);
                continue;
            }
        }
        rest.next();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn what_was_typed_comes_back() {
        assert_eq!(unescaped(r"select 1\n+ 2"), "select 1\n+ 2");
        assert_eq!(unescaped(r"select 'C:\\new'"), r"select 'C:\new'");
        assert_eq!(unescaped("\\"), "\\");
    }
}
