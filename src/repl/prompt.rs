//! The prompt: lines until a statement ends, a history per user, Ctrl-C and Ctrl-D.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};

use super::commands::Flow;
use super::interrupt::end_when_waiting;
use super::shell::{Shell, Source};
use crate::engine::statement::split::{Completeness, is_complete};
use crate::error::{Error, ErrorKind, Result};

/// Lines that the history keeps.
const HISTORY: usize = 10_000;

/// Goes on with another line until the statement ends.
struct Lines;

impl Completer for Lines {
    type Candidate = String;
}

impl Hinter for Lines {
    type Hint = String;
}

impl Highlighter for Lines {}

impl Helper for Lines {}

impl Validator for Lines {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let word = text.trim();
        let complete =
            word.is_empty() || is_word(word) || matches!(is_complete(text), Completeness::Complete);
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// The words that leave or help without a backslash, as other shells have them.
fn is_word(word: &str) -> bool {
    matches!(word.trim_end_matches(';'), "exit" | "quit" | "help")
}

fn history_file() -> Option<PathBuf> {
    let folder = dirs::state_dir().or_else(dirs::data_local_dir)?.join("sluice");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// How a prompt was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By its user.
    Quit,
    /// By SIGTERM.
    Terminated,
}

/// Runs the prompt until it is left.
///
/// # Errors
/// `Internal` when the terminal cannot be used.
pub fn prompt(shell: &mut Shell, banner: &str) -> Result<Left> {
    shell.interactive = true;
    eprintln!("{banner}");
    let terminal = |e: ReadlineError| Error::internal(format!("terminal: {e}"));
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map_err(terminal)?
        .auto_add_history(true)
        .bracketed_paste(true)
        .build();
    let mut editor: Editor<Lines, FileHistory> = Editor::with_config(config).map_err(terminal)?;
    editor.set_helper(Some(Lines));
    let history = history_file();
    if let Some(file) = &history {
        // The first start has none.
        let _ = editor.load_history(file);
    }
    let waiting = Arc::new(AtomicBool::new(false));
    end_when_waiting(Arc::clone(&waiting))?;
    loop {
        let [catalog, schema] = shell.session.home();
        waiting.store(true, Ordering::Release);
        let line = editor.readline(&format!("{catalog}.{schema}> "));
        waiting.store(false, Ordering::Release);
        let line = match line {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(e) => return Err(terminal(e)),
        };
        let text = match line.trim().trim_end_matches(';') {
            "exit" | "quit" => "\\q\n",
            "help" => "\\?\n",
            _ => &line,
        };
        if let Some(file) = &history {
            // Appended line by line: two prompts at once keep both their lines.
            let _ = editor.append_history(file);
        }
        match shell.run_text(text, Source { name: String::new(), folder: None }) {
            Ok(Flow::Continue) => {}
            Ok(Flow::Quit) => break,
            Err(failure) if failure.terminated => return Ok(Left::Terminated),
            Err(failure) if failure.error.kind() == ErrorKind::Cancelled => {
                eprintln!("cancelled");
            }
            Err(failure) => eprintln!("{}", failure.text()),
        }
    }
    Ok(Left::Quit)
}
