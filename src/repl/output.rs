//! Where results go and how they look: standard output or a file, a format and its options.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use arrow::datatypes::Schema;

use crate::error::{Error, Result, nearest};
use crate::render::{self, Border, Format, Lines, Options};

/// Bytes held back before they are written.
const BUFFER: usize = 64 * 1024;

/// Rows shown at a terminal before a statement is cut off.
const DISPLAY_ROWS: u64 = 1000;

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
    pub expanded: bool,
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
            expanded: false,
            timing: false,
            quiet: false,
        })
    }

    /// The format of the next result.
    pub(super) fn current(&self) -> Result<&'static dyn Format> {
        if self.expanded && self.format.name() == "table" {
            return render::format("vertical");
        }
        Ok(self.format)
    }
}

/// Where results go.
#[derive(Debug)]
pub struct Output {
    sink: Sink,
    results: u64,
}

enum Sink {
    Stdout(BufWriter<std::io::Stdout>),
    File(BufWriter<File>),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stdout(_) => "Stdout",
            Self::File(_) => "File",
        })
    }
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        let sink = Sink::Stdout(BufWriter::with_capacity(BUFFER, std::io::stdout()));
        Self { sink, results: 0 }
    }

    /// A file, made anew.
    ///
    /// # Errors
    /// `Config` when it cannot be made.
    pub fn file(path: &Path) -> Result<Self> {
        let file = File::create(path)
            .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
        let sink = Sink::File(BufWriter::with_capacity(BUFFER, file));
        Ok(Self { sink, results: 0 })
    }

    /// Whether a person sees it at once.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.sink, Sink::Stdout(_)) && std::io::stdout().is_terminal()
    }

    /// The options of the next result.
    pub(super) fn options(&mut self, display: &Display, schema: &Schema) -> Options {
        let mut options = display.options.clone();
        options.first_result = self.results == 0;
        self.results += 1;
        // A plan is indented text: cut, it says nothing.
        let is_plan = schema.fields().iter().any(|field| field.name() == "plan");
        if self.is_terminal() && !is_plan {
            options.width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        }
        options
    }

    pub(super) fn writer(&mut self) -> &mut dyn Write {
        match &mut self.sink {
            Sink::Stdout(writer) => writer,
            Sink::File(writer) => writer,
        }
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
            "expanded" | "x" => self.expanded = on()?,
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
        "header" | "footer" | "tuples_only" | "expanded" => vec!["on", "off"],
        _ => vec![],
    }
}
