//! A statement in the user's editor.

use std::io::Write;
use std::process::Command;

use crate::error::{Error, Result};

/// Where the editor's name may stand, the strongest first; `vi` if nowhere.
const VARIABLES: [&str; 3] = ["PSQL_EDITOR", "VISUAL", "EDITOR"];

/// Opens `text` in the editor and returns what was saved.
///
/// # Errors
/// `Unavailable` when the editor cannot be started or fails, or the file cannot be written.
pub(in crate::repl) fn edit(text: &str) -> Result<String> {
    let named =
        VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let editor = named.unwrap_or_else(|| "vi".to_owned());
    let failed = |e: std::io::Error| Error::unavailable(format!("editor {editor}: {e}"));
    let mut file =
        tempfile::Builder::new().prefix("sluice-").suffix(".sql").tempfile().map_err(failed)?;
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    write!(file, "{text}{end}").map_err(failed)?;
    // The variable may hold arguments, as in `code --wait`.
    let status = Command::new("sh")
        .args(["-c", &format!("exec {editor} \"$1\""), "sh"])
        .arg(file.path())
        .status()
        .map_err(failed)?;
    if !status.success() {
        return Err(Error::unavailable(format!("editor {editor} failed: {status}"))
            .with_hint("set EDITOR to one that is there"));
    }
    // The editor may have put another file in its place.
    let edited = std::fs::read_to_string(file.path()).map_err(failed)?;
    Ok(edited.trim_end().to_owned())
}
