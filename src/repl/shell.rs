//! The shell's state, and the way of one piece of text through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::color::ColorChoice;
use super::commands::{self, Flow};
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::output::{Display, Expanded, Output, write_error};
use super::receipt::{self, ReceiptLine};
use super::run::{LastResult, TERMINATED};
use super::variables::Variables;
use crate::engine::Session;
use crate::engine::statement::declarations;
use crate::engine::statement::split::{Part, PartKind, split};
use crate::engine::statement::variables::paste;
use crate::error::{Error, ErrorKind, Position, Result};

/// How deep files may include files.
const INCLUDE_DEPTH: usize = 32;

/// Where a text comes from, for errors.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's path, `-c`, `<stdin>`; empty at the prompt.
    pub name: String,
    /// Where `\ir` starts; the working directory if not a file.
    pub folder: Option<PathBuf>,
}

/// What a shell is started with.
#[derive(Debug)]
pub struct ShellOptions {
    /// How results look.
    pub display: Display,
    /// Where they go.
    pub output: Output,
    /// Variables from the command line.
    pub variables: Vec<(String, String)>,
    /// When things are coloured.
    pub color: ColorChoice,
    /// Whether statements are echoed to stderr before they run.
    pub echo: bool,
    /// Whether a script goes on after an error.
    pub go_on: bool,
    /// Whether every statement's receipt is kept for a report.
    pub receipts: bool,
    /// The catalog folder, for commands that write files into it.
    pub catalog_dir: Option<PathBuf>,
    /// The server that statements run at, if not here.
    pub server: Option<String>,
    /// The folder of the user's own catalog of views.
    pub own_catalog: Option<PathBuf>,
}

/// One statement of a script that has ended, for reports.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Where it stands: `file:line:column`.
    pub place: String,
    /// Its text.
    pub text: String,
    /// How long it took.
    pub elapsed: Duration,
    /// Rows that it gave.
    pub rows: u64,
    /// Its error.
    pub error: Option<Error>,
    /// Its receipt, if receipts are kept and it has one.
    pub receipt: Vec<ReceiptLine>,
}

/// The shell.
pub struct Shell {
    pub(super) runtime: Runtime,
    pub(super) interrupts: Interrupts,
    pub(super) session: Arc<dyn Session>,
    pub(super) display: Display,
    pub(super) output: Output,
    pub(super) variables: Variables,
    pub(super) source: Source,
    pub(super) interactive: bool,
    pub(super) color: ColorChoice,
    /// Whether the prompt's keys are vi's.
    pub(super) keys_are_vi: bool,
    /// What the prompt's next line begins with, or what it runs next if that is ended.
    pub(super) draft: Option<String>,
    echo: bool,
    go_on: bool,
    receipts: bool,
    // The query id of the last statement that began.
    pub(super) last_id: Option<String>,
    /// Where the next result alone goes.
    pub(super) once: Option<String>,
    /// What was shown last.
    pub(super) last_result: Option<LastResult>,
    /// Whether it is asked before something is destroyed.
    pub(super) warns: bool,
    /// Where catalog files are written.
    pub(super) catalog_dir: Option<PathBuf>,
    /// The server that statements run at.
    pub(super) server: Option<String>,
    /// The folder of the user's own catalog of views.
    pub(super) own_catalog: Option<PathBuf>,
    /// The last error as it was shown.
    pub(super) last_error: Option<Error>,
    pub(super) depth: usize,
    // Shown once more by `\g`.
    pub(super) last: Option<String>,
    ran: Vec<Ran>,
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shell").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Shell {
    /// A shell over a session.
    ///
    /// # Errors
    /// `Internal` when the system gives no thread or signal.
    pub fn new(session: Box<dyn Session>, options: ShellOptions) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::internal(format!("a runtime cannot be made: {e}")))?;
        let interrupts = Interrupts::default();
        let mut variables = Variables::default();
        for (name, value) in &options.variables {
            variables.set(name, value);
        }
        Ok(Self {
            runtime,
            interrupts,
            session: Arc::from(session),
            display: options.display,
            output: options.output,
            variables,
            source: Source { name: String::new(), folder: None },
            interactive: false,
            color: options.color,
            keys_are_vi: false,
            draft: None,
            echo: options.echo,
            go_on: options.go_on,
            receipts: options.receipts,
            last_id: None,
            once: None,
            last_result: None,
            warns: true,
            catalog_dir: options.catalog_dir,
            server: options.server,
            own_catalog: options.own_catalog,
            last_error: None,
            depth: 0,
            last: None,
            ran: vec![],
        })
    }

    /// The statements that have ended so far.
    pub fn ran(&self) -> &[Ran] {
        &self.ran
    }

    /// Runs a text that comes from `source`: every statement and command in it, in order. Stops at
    /// the first failure, or goes on and returns the first one.
    ///
    /// # Errors
    /// The first failure.
    pub fn run_text(&mut self, text: &str, source: Source) -> Result<Flow, Box<Failure>> {
        let outer = std::mem::replace(&mut self.source, source);
        let declared = self.declare(text);
        let result = match declared {
            Ok(before) => {
                let result = self.run_parts(text);
                // Only the file that declares them has them.
                let restored = self.variables.declare(before.unwrap_or_default());
                debug_assert!(restored.is_ok() || result.is_err());
                result
            }
            Err(error) => Err(self.failure(text, error, None)),
        };
        self.source = outer;
        result
    }

    fn declare(&mut self, text: &str) -> Result<Option<Vec<declarations::Declaration>>> {
        let declared = declarations::declarations(text)?;
        self.variables.declare(declared).map(Some)
    }

    /// Fails for a variable that a file with declarations does not know.
    pub fn refuse_unknown(&self, text: &str, given: &[(String, String)]) -> Result<()> {
        let declared = declarations::declarations(text)?;
        if declared.is_empty() {
            return Ok(());
        }
        for (name, _) in given {
            if !declared.iter().any(|parameter| parameter.name == *name) {
                let names: Vec<_> = declared.iter().map(|p| p.name.as_str()).collect();
                let near = crate::error::nearest(name, names.iter().copied());
                let hint = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it declares {}", names.join(", ")),
                };
                return Err(Error::config(format!(
                    "-v {name}: the file declares no such parameter"
                ))
                .with_hint(hint));
            }
        }
        Ok(())
    }

    fn run_parts(&mut self, text: &str) -> Result<Flow, Box<Failure>> {
        let mut first_failure = None;
        let parts = split(text);
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            at += 1;
            // `\g`, `\gx` and `\G` behind a statement say how its result is shown.
            let sent = parts.get(at).filter(|next| part.kind == PartKind::Statement && sends(next));
            at += usize::from(sent.is_some());
            let result = match part.kind {
                PartKind::Blank => continue,
                PartKind::Command => self.run_command(text, part),
                PartKind::Statement => self.run_statement(text, part, sent),
            };
            match result {
                Ok(Flow::Continue) => {}
                Ok(Flow::Quit) => return Ok(Flow::Quit),
                Err(failure) => {
                    let ends =
                        failure.error.kind() == ErrorKind::Cancelled || failure.is_closed_pipe();
                    if !self.go_on || ends {
                        return Err(failure);
                    }
                    eprintln!("{}", failure.text());
                    first_failure.get_or_insert(failure);
                }
            }
        }
        first_failure.map_or(Ok(Flow::Continue), Err)
    }

    fn failure(&self, text: &str, error: Error, position: Option<Position>) -> Box<Failure> {
        let position = position.or(error.position());
        let terminated = error.message() == TERMINATED;
        Box::new(Failure {
            error,
            text: text.to_owned(),
            position,
            source: self.source.clone(),
            terminated,
        })
    }

    fn run_command(&mut self, text: &str, part: &Part<'_>) -> Result<Flow, Box<Failure>> {
        let Some((word, arguments)) = part.command() else { return Ok(Flow::Continue) };
        let arguments = paste(arguments, |name| self.variables.get(name)).text().to_owned();
        match commands::run(self, word, &arguments) {
            Ok(flow) => Ok(flow),
            // A file that was included says where in it.
            Err(commands::Failed::Within(failure)) => Err(failure),
            Err(commands::Failed::Here(error)) => {
                // A place in a statement that the command has made is none in this text.
                let text = if error.position().is_some() { "" } else { text };
                Err(self.failure(text, error, Some(part.token)))
            }
        }
    }

    fn run_statement(
        &mut self,
        text: &str,
        part: &Part<'_>,
        sent: Option<&Part<'_>>,
    ) -> Result<Flow, Box<Failure>> {
        let variables = self.variables.clone();
        let pasted = paste(part.text, |name| variables.get(name));
        for piece in split(pasted.text()) {
            if piece.kind != PartKind::Statement {
                continue;
            }
            let sql = piece.text.trim();
            if self.echo {
                eprintln!("{sql}");
            }
            let started = Instant::now();
            self.last = Some(piece.text.to_owned());
            let result = self.send(piece.text, sent);
            let elapsed = started.elapsed();
            let receipt = if result.is_ok() { self.receipt() } else { vec![] };
            let place = part.locate(pasted.locate(piece.token));
            self.ran.push(Ran {
                place: format!("{}:{}:{}", self.source.name, place.line, place.column),
                text: sql.to_owned(),
                elapsed,
                rows: *result.as_ref().unwrap_or(&0),
                error: result.as_ref().err().cloned(),
                receipt,
            });
            self.note_outcome(&result);
            if let Err(error) = result {
                let within = error.position().map_or(piece.token, |at| piece.locate(at));
                let position = part.locate(pasted.locate(within));
                return Err(self.failure(text, error, Some(position)));
            }
        }
        Ok(Flow::Continue)
    }

    /// The last statement.
    ///
    /// # Errors
    /// `Sql` when none was run yet.
    pub(super) fn last(&self) -> Result<String> {
        self.last.clone().ok_or_else(|| Error::sql("nothing has been run yet"))
    }

    /// Catalog, schema and name of what is typed as `[[catalog.]schema.]name`.
    ///
    /// # Errors
    /// `Sql` for a name of more parts.
    pub(super) fn full_name(&self, typed: &str) -> Result<[String; 3]> {
        let [catalog, schema] = self.session.home();
        let mut parts = vec![String::new()];
        let mut is_quoted = false;
        for c in typed.trim().chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                '.' if !is_quoted => parts.push(String::new()),
                c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
            }
        }
        match <[String; 3]>::try_from(parts) {
            Ok(full) => Ok(full),
            Err(mut parts) => match (parts.pop(), parts.pop(), parts.pop()) {
                (Some(name), None, _) => Ok([catalog, schema, name]),
                (Some(name), Some(schema), None) => Ok([catalog, schema, name]),
                _ => Err(Error::sql(format!("{typed} has too many parts"))),
            },
        }
    }

    /// Shows what `work` shows, one column a line.
    pub(super) fn expanded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.display.expanded, Expanded::On);
        let result = work(self);
        self.display.expanded = before;
        result
    }

    /// Runs a statement as the command behind it says, or as usual.
    fn send(&mut self, sql: &str, sent: Option<&Part<'_>>) -> Result<u64> {
        if self.interactive && !self.confirm(sql)? {
            return Err(Error::cancelled("cancelled"));
        }
        let Some((word, arguments)) = sent.and_then(Part::command) else {
            return match self.once.take() {
                Some(target) => commands::send(self, "g", sql, &target),
                None => self.statement(sql),
            };
        };
        let arguments = paste(arguments, |name| self.variables.get(name)).text().to_owned();
        commands::send(self, word, sql, arguments.trim())
    }

    /// Asks before a statement that destroys something. Scripts are never asked.
    pub(super) fn confirm(&mut self, sql: &str) -> Result<bool> {
        let Some(warning) = super::warning::of(sql).filter(|_| self.warns && self.depth == 0)
        else {
            return Ok(true);
        };
        self.is_confirmed(&warning)
    }

    /// The last statement's receipt; empty when it has none or none are kept.
    fn receipt(&mut self) -> Vec<ReceiptLine> {
        let Some(id) = self.last_id.clone().filter(|_| self.receipts) else { return vec![] };
        let batches = self.fetch(&format!("SHOW RECEIPT '{id}'"));
        batches.and_then(|batches| receipt::lines(&batches)).unwrap_or_default()
    }

    /// Keeps how a statement went in variables, as psql does; nobody asks for them in a script
    /// that runs to its end.
    fn note_outcome(&mut self, result: &Result<u64>) {
        if !self.interactive {
            return;
        }
        self.last_error = result.as_ref().err().cloned();
        self.variables.set("ERROR", if result.is_err() { "true" } else { "false" });
        match result {
            Ok(rows) => self.variables.set("ROW_COUNT", &rows.to_string()),
            Err(error) => self.variables.set("LAST_ERROR_MESSAGE", error.message()),
        }
    }

    /// Runs a file.
    pub(super) fn include(&mut self, path: &Path) -> Result<Flow, commands::Failed> {
        if self.depth >= INCLUDE_DEPTH {
            let error = Error::config(format!("files include each other {INCLUDE_DEPTH} deep"));
            return Err(error.into());
        }
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
        self.depth += 1;
        let source =
            Source { name: path.display().to_string(), folder: path.parent().map(Path::to_owned) };
        let result = self.run_text(&text, source);
        self.depth -= 1;
        result.map_err(commands::Failed::Within)
    }

    /// Writes a line among the results.
    pub(super) fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.output.writer(), "{line}").map_err(write_error)?;
        self.output.flush()
    }
}

/// Whether a command says how the statement before it is shown.
fn sends(part: &Part<'_>) -> bool {
    part.command().is_some_and(|(word, _)| commands::sends(word))
}
