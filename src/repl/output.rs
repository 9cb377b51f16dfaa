//! Where results go and how they look: standard output or a file, a format and its options.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use arrow::datatypes::Schema;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::color::ColorChoice;
use super::pager::{Page, Paging};
use crate::error::{Error, Result, nearest};
use crate::render::{self, Border, Format, Lines, Options};

/// Bytes held back before they are written.
const BUFFER: usize = 64 * 1024;

/// Rows shown at a terminal before a statement is cut off.
const DISPLAY_ROWS: u64 = 1000;

/// When records are shown one column a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expanded {
    /// Never.
    Off,
    /// Always.
    On,
    /// When a result has more columns than fit side by side.
    Auto,
}

/// The least columns of the terminal that a column of a result needs to be readable.
const READABLE: usize = 7;

/// How results look.
#[derive(Clone, Debug)]
pub struct Display {
    /// The format.
    pub format: &'static dyn Format,
    /// Its options; width and first result are filled in per result.
    pub options: Options,
    /// Rows shown at a terminal; 0 shows all.
    pub display_rows: u64,
    /// Whether records are shown one column a line in the place of a table.
    pub expanded: Expanded,
    /// When results go through a pager.
    pub(super) paging: Paging,
    /// Whether nothing is cut or hidden to fit the terminal.
    pub(super) whole: bool,
    /// Whether times are shown.
    pub timing: bool,
    /// Whether command tags are left out.
    pub quiet: bool,
}

impl Display {
    /// A table.
    pub fn new() -> Result<Self> {
        Ok(Self {
            format: render::format("table")?,
            options: Options::default(),
            display_rows: DISPLAY_ROWS,
            expanded: Expanded::Off,
            paging: Paging::On,
            whole: false,
            timing: false,
            quiet: false,
        })
    }
}

/// Where results go.
#[derive(Debug)]
pub struct Output {
    sink: Sink,
    results: u64,
    /// The result that is being shown, where it may need a pager.
    page: Option<Page>,
}

enum Sink {
    Stdout(BufWriter<std::io::Stdout>),
    File(BufWriter<File>),
    /// A program that reads, as `\g | wc` names it.
    Pipe(Reader),
}

/// A program that reads results. It is waited for: it has shown all before the prompt comes back,
/// or the shell ends.
struct Reader {
    program: Child,
    writer: BufWriter<Input>,
}

/// Where a program reads from, until it is told that no more comes.
struct Input(Option<ChildStdin>);

impl Write for Input {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.as_mut().map_or(Ok(bytes.len()), |input| input.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Who has gone does not read the rest.
        let _ = self.writer.flush();
        drop(self.writer.get_mut().0.take());
        let _ = self.program.wait();
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stdout(_) => "Stdout",
            Self::File(_) => "File",
            Self::Pipe(..) => "Pipe",
        })
    }
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        let sink = Sink::Stdout(BufWriter::with_capacity(BUFFER, std::io::stdout()));
        Self { sink, results: 0, page: None }
    }

    /// A file, made anew.
    ///
    /// # Errors
    /// `Config` when it cannot be made.
    pub fn file(path: &Path) -> Result<Self> {
        let file = File::create(path)
            .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
        let sink = Sink::File(BufWriter::with_capacity(BUFFER, file));
        Ok(Self { sink, results: 0, page: None })
    }

    /// Whether a person sees it at once.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.sink, Sink::Stdout(_)) && std::io::stdout().is_terminal()
    }

    /// A file, or behind `|` a program.
    ///
    /// # Errors
    /// `Config` when the file cannot be made, `Unavailable` when the program cannot be started.
    pub(super) fn named(target: &str) -> Result<Self> {
        let Some(command) = target.strip_prefix('|') else {
            return Self::file(Path::new(target.trim_matches('\'')));
        };
        let failed = |e: std::io::Error| Error::unavailable(format!("{}: {e}", command.trim()));
        let mut program = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdin = program.stdin.take().ok_or_else(|| Error::internal("a pipe without an end"))?;
        let writer = BufWriter::with_capacity(BUFFER, Input(Some(stdin)));
        let sink = Sink::Pipe(Reader { program, writer });
        Ok(Self { sink, results: 0, page: None })
    }

    /// Ends it: a program has read all before the prompt comes back.
    pub(super) fn close(mut self) -> Result<()> {
        self.flush()?;
        drop(self);
        Ok(())
    }

    /// A result begins; where a person reads it, it may need a pager.
    pub(super) fn begin(&mut self, display: &Display, interactive: bool) {
        self.page = (interactive && self.is_terminal()).then(|| Page::new(display.paging));
    }

    /// A result has ended: it is shown, and the pager has been left.
    pub(super) fn end(&mut self) -> Result<()> {
        if let Some(page) = self.page.take() {
            page.end().map_err(write_error)?;
        }
        self.flush()
    }

    /// A result has failed: what there is of it is shown.
    pub(super) fn abandon(&mut self) {
        // The error that ended it is told.
        let _ = self.end();
    }

    /// The format and the options of the next result.
    pub(super) fn layout(
        &mut self,
        display: &Display,
        schema: &Schema,
        color: ColorChoice,
    ) -> Result<(&'static dyn Format, Options)> {
        let mut options = display.options.clone();
        options.first_result = self.results == 0;
        self.results += 1;
        let is_terminal = self.is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = width.filter(|_| is_terminal);
        let expands = match display.expanded {
            Expanded::On => true,
            Expanded::Off => false,
            Expanded::Auto => width.is_some_and(|width| schema.fields().len() * READABLE > width),
        };
        // A plan is indented text, a table file is for a file: cut, they say nothing.
        let whole = ["plan", "table_file", "definition", "content"];
        let is_whole = schema.fields().iter().any(|f| whole.contains(&f.name().as_str()));
        options.width = width.filter(|_| !display.whole && !is_whole);
        let format = match expands && display.format.name() == "table" {
            true => render::format("vertical")?,
            false => display.format,
        };
        options.color = color.is_on(is_terminal) && !format.is_machine();
        Ok((format, options))
    }

    pub(super) fn writer(&mut self) -> &mut dyn Write {
        match (&mut self.page, &mut self.sink) {
            (Some(page), _) => page,
            (None, Sink::Stdout(writer)) => writer,
            (None, Sink::File(writer)) => writer,
            (None, Sink::Pipe(reader)) => &mut reader.writer,
        }
    }

    /// Whether somebody still reads; a pipe is asked, as long as nothing is written to it.
    pub(super) fn has_reader(&self) -> bool {
        let fd = match &self.sink {
            Sink::Stdout(_) => std::io::stdout(),
            Sink::File(_) | Sink::Pipe(_) => return true,
        };
        // Errors are told unasked.
        let mut asked = [PollFd::new(fd.as_fd(), PollFlags::empty())];
        let told = poll(&mut asked, PollTimeout::ZERO);
        let flags = asked.first().and_then(|it| it.revents()).unwrap_or(PollFlags::empty());
        told.is_err() || !flags.contains(PollFlags::POLLERR)
    }

    /// Writes out what is held back.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer().flush().map_err(write_error)
    }
}

/// An error while results are written; a closed pipe is found by its source.
pub(super) fn write_error(error: std::io::Error) -> Error {
    let kind = error.kind();
    let message = format!("results cannot be written: {error}");
    let error_of = match kind {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::exhausted,
        _ => Error::unavailable,
    };
    error_of(message).with_source(error)
}

impl Display {
    /// Sets an option by its name, as `\pset` and `-P` do.
    ///
    /// # Errors
    /// `Config` for an unknown name or a value that does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let wrong = |allowed: &str| Error::config(format!("{name} takes {allowed}, not `{value}`"));
        let on = || match value {
            "on" | "true" | "1" | "" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err(wrong("on or off")),
        };
        match name {
            "format" => self.format = render::format(value)?,
            "null" => self.options.null = Some(value.to_owned()),
            "header" => self.options.header = on()?,
            "footer" => self.options.footer = on()?,
            "tuples_only" | "t" => {
                self.options.header = !on()?;
                self.options.footer = self.options.header;
            }
            "expanded" | "x" => {
                self.expanded = match value {
                    "auto" => Expanded::Auto,
                    _ if on()? => Expanded::On,
                    _ => Expanded::Off,
                }
            }
            "pager" => {
                self.paging = match value {
                    "always" => Paging::Always,
                    _ if on()? => Paging::On,
                    _ => Paging::Off,
                }
            }
            "timing" => self.timing = on()?,
            "fieldsep" | "separator" => self.options.separator = Some(unescaped(value)),
            "float_digits" => {
                self.options.float_digits = Some(value.parse().map_err(|_| wrong("a number"))?);
            }
            "display_rows" => {
                self.display_rows = value.parse().map_err(|_| wrong("a number of rows"))?;
            }
            "border" => {
                self.options.border = match value {
                    "0" => Border::None,
                    "1" => Border::Inner,
                    "2" => Border::Full,
                    _ => return Err(wrong("0, 1 or 2")),
                }
            }
            "linestyle" => {
                self.options.lines = match value {
                    "unicode" => Lines::Unicode,
                    "ascii" => Lines::Ascii,
                    _ => return Err(wrong("unicode or ascii")),
                }
            }
            _ => {
                let error = Error::config(format!("there is no output option {name}"));
                return Err(match nearest(name, OPTIONS.iter().copied()) {
                    Some(near) => error.with_hint(format!("did you mean {near}?")),
                    None => error.with_hint(format!("known: {}", OPTIONS.join(", "))),
                });
            }
        }
        Ok(())
    }
}

impl Display {
    /// Every option that [`Display::set`] knows, with its value.
    pub(super) fn values(&self) -> Vec<(&'static str, String)> {
        let on = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        let usual = |text: &Option<String>| text.clone().unwrap_or_else(|| "usual".to_owned());
        let options = &self.options;
        OPTIONS
            .iter()
            .map(|name| {
                let value = match *name {
                    "border" => match options.border {
                        Border::None => "0".to_owned(),
                        Border::Inner => "1".to_owned(),
                        Border::Full => "2".to_owned(),
                    },
                    "display_rows" => self.display_rows.to_string(),
                    "expanded" => match self.expanded {
                        Expanded::Auto => "auto".to_owned(),
                        other => on(other == Expanded::On),
                    },
                    "fieldsep" => usual(&options.separator),
                    "float_digits" => {
                        options.float_digits.map_or("all".to_owned(), |digits| digits.to_string())
                    }
                    "footer" => on(options.footer),
                    "format" => self.format.name().to_owned(),
                    "header" => on(options.header),
                    "linestyle" => match options.lines {
                        Lines::Unicode => "unicode".to_owned(),
                        Lines::Ascii => "ascii".to_owned(),
                    },
                    "null" => usual(&options.null),
                    "pager" => match self.paging {
                        Paging::Always => "always".to_owned(),
                        other => on(other == Paging::On),
                    },
                    "timing" => on(self.timing),
                    _ => on(!options.header && !options.footer),
                };
                (*name, value)
            })
            .collect()
    }
}

/// The names that [`Display::set`] knows.
pub(super) const OPTIONS: &[&str] = &[
    "border",
    "display_rows",
    "expanded",
    "fieldsep",
    "float_digits",
    "footer",
    "format",
    "header",
    "linestyle",
    "null",
    "pager",
    "timing",
    "tuples_only",
];

/// `\t` is how people write a tab.
fn unescaped(text: &str) -> String {
    text.replace("\\t", "\t").replace("\\n", "\n")
}

/// The values of an option, for completion.
pub(super) fn values(name: &str) -> Vec<&'static str> {
    match name {
        "format" => render::FORMATS.iter().map(|format| format.name()).collect(),
        "border" => vec!["0", "1", "2"],
        "linestyle" => vec!["unicode", "ascii"],
        "header" | "footer" | "timing" | "tuples_only" => vec!["on", "off"],
        "expanded" => vec!["on", "off", "auto"],
        "pager" => vec!["on", "off", "always"],
        _ => vec![],
    }
}
