//! Files and folders of this machine, for paths in quotes and behind commands.

use std::path::{Path, PathBuf};

use super::{Candidate, Completion};

/// Entries of one folder that are looked at.
const MOST: usize = 5_000;

/// Completes the path `typed`, which begins at byte `start`; `close` is put behind a file.
pub(super) fn complete(typed: &str, start: usize, close: &str) -> Completion {
    if typed.contains("://") {
        return Completion::default();
    }
    let (folder, name) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => ("", typed),
    };
    let Ok(entries) = std::fs::read_dir(real(folder)) else { return Completion::default() };
    let mut candidates: Vec<Candidate> = entries
        .take(MOST)
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let hidden = file.starts_with('.') && !name.starts_with('.');
            if hidden || !file.starts_with(name) {
                return None;
            }
            let is_folder = entry.path().is_dir();
            let end = if is_folder { "/" } else { close };
            let shown = if is_folder { format!("{file}/") } else { file.clone() };
            Some(Candidate {
                insert: format!("{folder}{file}{end}"),
                label: shown,
                note: String::new(),
            })
        })
        .collect();
    candidates.sort_by(|a, b| a.label.cmp(&b.label));
    Completion { start, candidates }
}

/// The folder that is meant: `~` is the user's.
fn real(folder: &str) -> PathBuf {
    match folder.strip_prefix("~/") {
        Some(rest) => dirs::home_dir().unwrap_or_default().join(rest),
        None if folder.is_empty() => PathBuf::from("."),
        None => Path::new(folder).to_owned(),
    }
}
