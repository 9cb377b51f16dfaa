//! The prompt: a statement is typed over as many lines as it takes, and run; until it is left.
//!
//! `typing` is what helps while a line is typed, `lines` how lines end and go on, `history` the file
//! of what was typed, `editor` the user's own one.

pub(super) mod editor;
pub(super) mod history;
pub(super) mod lines;
mod typing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, EditMode, Editor, Event,
    EventContext, EventHandler, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::color::{DIM, RESET};
use super::commands::Flow;
use super::interrupt::end_when_waiting;
use super::names::Names;
use super::shell::{Shell, Source};
use crate::engine::statement::lexer::{Kind, lexemes};
use crate::engine::statement::split::{Completeness, is_complete};
use crate::error::{Error, ErrorKind, Result};
use typing::Typing;

/// How a prompt was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// By its user.
    Quit,
    /// By SIGTERM.
    Terminated,
}

/// What a prompt is started with.
#[derive(Clone, Debug, Default)]
pub struct PromptOptions {
    /// What is said first.
    pub banner: String,
    /// A file that is run before the first line is read, if it is there.
    pub startup_file: Option<PathBuf>,
    /// Whether keys are vi's in the place of Emacs'.
    pub vi: bool,
}

/// Lists that are longer are asked for before they are shown.
const LIST_ASKS: usize = 200;

/// Runs the prompt until it is left.
///
/// # Errors
/// `Internal` when the terminal cannot be used.
pub fn prompt(shell: &mut Shell, options: &PromptOptions) -> Result<Left> {
    shell.interactive = true;
    shell.interrupts.at_terminal = true;
    shell.keys_are_vi = options.vi;
    if !options.banner.is_empty() {
        eprintln!("{}", options.banner);
    }
    if let Some(file) = options.startup_file.as_deref().filter(|file| file.is_file()) {
        match shell.include(file) {
            Ok(Flow::Continue) => {}
            Ok(Flow::Quit) => return Ok(Left::Quit),
            Err(failed) => eprintln!("{}: {}", file.display(), failed.text()),
        }
    }
    Prompt::open(shell)?.run()
}

/// Asks for the editor in the place of running the line.
struct EditKey(Arc<AtomicBool>);

impl ConditionalEventHandler for EditKey {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.store(true, Ordering::Relaxed);
        Some(Cmd::AcceptLine)
    }
}

fn terminal(error: ReadlineError) -> Error {
    Error::internal(format!("terminal: {error}"))
}

struct Prompt<'s> {
    shell: &'s mut Shell,
    editor: Editor<Typing, FileHistory>,
    history: Option<PathBuf>,
    names: Names,
    /// The prompt waits for a line: who ends the process needs nobody's leave.
    waiting: Arc<AtomicBool>,
    /// The line is to be opened in the user's editor.
    edit: Arc<AtomicBool>,
    /// What the next line begins with.
    draft: String,
}

impl<'s> Prompt<'s> {
    fn open(shell: &'s mut Shell) -> Result<Self> {
        let config = Config::builder()
            .max_history_size(history::size(&shell.variables))
            .map_err(terminal)?
            .history_ignore_space(history::ignores_space(&shell.variables))
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(LIST_ASKS)
            // We colour, or do not: the prompts of further lines are drawn in any case.
            .color_mode(ColorMode::Forced)
            .bracketed_paste(true)
            .build();
        let mut editor = Editor::with_config(config).map_err(terminal)?;
        let names = Names::gather(Arc::clone(&shell.session))?;
        let colored = shell.color.on_stderr();
        editor.set_helper(Some(Typing { names: names.clone(), colored, offer: None }));
        let keys = [
            (KeyCode::Enter, Modifiers::NONE),
            (KeyCode::Enter, Modifiers::ALT),
            // What is typed before the prompt is there has line feeds.
            (KeyCode::Char('J'), Modifiers::CTRL),
            (KeyCode::Backspace, Modifiers::NONE),
            (KeyCode::Left, Modifiers::NONE),
            (KeyCode::Right, Modifiers::NONE),
        ];
        for (code, modifiers) in keys {
            let handler = EventHandler::Conditional(Box::new(lines::LineKeys));
            editor.bind_sequence(KeyEvent(code, modifiers), handler);
        }
        let edit = Arc::new(AtomicBool::new(false));
        let edit_keys = Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]);
        let handler = EventHandler::Conditional(Box::new(EditKey(Arc::clone(&edit))));
        editor.bind_sequence(edit_keys, handler);
        let history = history::file(&shell.variables);
        if let Some(file) = &history {
            // The first start has none.
            let _ = editor.load_history(file);
        }
        let old = editor.history().len().saturating_sub(history::RECENT);
        names.note_used(editor.history().iter().skip(old).flat_map(|entry| used_words(entry)));
        let waiting = Arc::new(AtomicBool::new(false));
        end_when_waiting(Arc::clone(&waiting))?;
        Ok(Self { shell, editor, history, names, waiting, edit, draft: String::new() })
    }

    fn run(&mut self) -> Result<Left> {
        loop {
            let [catalog, schema] = self.shell.session.home();
            let mode = if self.shell.keys_are_vi { EditMode::Vi } else { EditMode::Emacs };
            self.editor.set_edit_mode(mode);
            let draft = std::mem::take(&mut self.draft);
            self.waiting.store(true, Ordering::Release);
            let line = self
                .editor
                .readline_with_initial(&format!("{catalog}.{schema}> "), (draft.as_str(), ""));
            self.waiting.store(false, Ordering::Release);
            let line = match line {
                Ok(line) => lines::stripped(&line),
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(Left::Quit),
                Err(e) => return Err(terminal(e)),
            };
            if self.edit.swap(false, Ordering::Relaxed) {
                self.edit(&line);
                continue;
            }
            let ended = match lines::on_draft(&line) {
                Some((draft, command)) => {
                    self.work_on(draft, command);
                    continue;
                }
                None => self.take(&line),
            };
            if let Some(left) = ended {
                return Ok(left);
            }
        }
    }

    /// Takes what was typed: into the history, then to the shell. Says how the prompt was left, if
    /// it was.
    fn take(&mut self, line: &str) -> Option<Left> {
        if line.trim().is_empty() {
            return None;
        }
        if let Some(typing) = self.editor.helper_mut() {
            typing.offer = None;
        }
        // What cannot be kept can be typed again.
        let _ = self.editor.add_history_entry(line.trim_end());
        if let Some(file) = &self.history {
            // Appended entry by entry: two prompts at once keep both their lines.
            let _ = self.editor.append_history(file);
        }
        let text = match lines::word(line) {
            Some("exit" | "quit") => "\\q\n",
            Some("help") => "\\?\n",
            Some("clear") => "\\clear\n",
            Some("history") => "\\s\n",
            _ => line,
        };
        self.names.note_used(used_words(text));
        self.shell.forget_interrupts();
        let result = self.shell.run_text(text, Source { name: String::new(), folder: None });
        self.names.set_home(self.shell.session.home());
        if changes_names(text) {
            self.names.refresh();
        }
        if let Some(draft) = self.shell.draft.take() {
            if is_complete(&draft) == Completeness::Complete && !draft.trim().is_empty() {
                eprintln!("{draft}");
                return self.take(&draft);
            }
            self.draft = draft;
        }
        match result {
            Ok(Flow::Continue) => None,
            Ok(Flow::Quit) => Some(Left::Quit),
            Err(failure) if failure.terminated => Some(Left::Terminated),
            Err(failure) if failure.error.kind() == ErrorKind::Cancelled => {
                eprintln!("cancelled");
                None
            }
            Err(failure) => {
                eprintln!("{}", failure.text());
                if let Some(typing) = self.editor.helper_mut() {
                    typing.offer = failure.corrected();
                    if typing.offer.is_some() && typing.colored {
                        eprintln!("{DIM}press → to take the corrected statement{RESET}");
                    }
                }
                None
            }
        }
    }

    /// `\e`, `\p` and `\r` behind a statement that is not ended.
    fn work_on(&mut self, draft: &str, command: &str) {
        match command {
            "\\r" | "\\reset" => {}
            "\\p" => {
                eprintln!("{draft}");
                self.draft = format!("{draft}\n");
            }
            _ => self.edit(draft),
        }
    }

    /// Opens a text in the user's editor; it comes back as the next line.
    fn edit(&mut self, text: &str) {
        match editor::edit(text) {
            Ok(edited) => self.draft = edited,
            Err(error) => {
                eprintln!("{}", super::error_text(&error, "", None));
                self.draft = text.to_owned();
            }
        }
    }
}

/// The names of a statement.
fn used_words(text: &str) -> impl Iterator<Item = &str> {
    let words = lexemes(text).filter(|lexeme| matches!(lexeme.kind, Kind::Word | Kind::QuotedName));
    words.map(|lexeme| lexeme.text.trim_matches('"'))
}

/// Whether a text may have made, removed or renamed something that is completed.
fn changes_names(text: &str) -> bool {
    const CHANGES: [&str; 14] = [
        "create", "drop", "refresh", "set", "reset", "use", "i", "ir", "include", "read", "save",
        "infer", "execute", "copy",
    ];
    lexemes(text).any(|lexeme| {
        lexeme.kind == Kind::Word
            && CHANGES.iter().any(|word| lexeme.text.eq_ignore_ascii_case(word))
    })
}
