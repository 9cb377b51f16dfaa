//! The `\commands`: one file each, one list. A command that needs the engine is a statement.

mod align;
mod clear;
mod connect;
mod describe;
mod echo;
mod edit;
mod expanded;
mod format;
mod functions;
mod go;
mod go_expanded;
mod help;
mod history;
mod include;
mod keys;
mod list_catalogs;
mod list_schemas;
mod list_tables;
mod named;
mod named_delete;
mod named_save;
mod output;
mod print;
mod pset;
mod quit;
mod receipt;
mod reset;
mod set;
mod settings;
mod timing;
mod tuples;
mod unset;

use super::shell::{Failure, Shell};
use crate::error::{Error, nearest};

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// With the next statement.
    Continue,
    /// `\q`.
    Quit,
}

/// A command that did not work: by itself, or in a file that it ran.
#[derive(Debug)]
pub(super) enum Failed {
    Here(Error),
    Within(Box<Failure>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

impl Failed {
    /// What went wrong, as people read it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Here(error) => super::error_text(error, "", None),
            Self::Within(failure) => failure.text(),
        }
    }
}

/// What can stand behind a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// Nothing that is known.
    None,
    Table,
    Schema,
    Catalog,
    Function,
    Setting,
    File,
    /// One of these.
    Words(&'static [&'static str]),
    /// A command's name.
    Command,
    /// An output format.
    Format,
    /// An option of `\pset`.
    Option,
    /// A value of the option before.
    OptionValue,
    /// A query that has a name.
    Query,
    /// SQL.
    Sql,
}

/// One `\command`.
pub(super) trait Command: Sync {
    /// The names without `\`; the first is the one that help shows.
    fn names(&self) -> &'static [&'static str];
    /// How it is typed: `\x [on|off]`.
    fn usage(&self) -> &'static str;
    /// What it does, in a few words.
    fn about(&self) -> &'static str;
    /// A line that shows its use.
    fn example(&self) -> &'static str;
    /// What its arguments are, for completion; the last stands for all that follow.
    fn arguments(&self) -> &'static [Argument] {
        &[]
    }
    /// Does it.
    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed>;
}

/// Every command, as `\?` shows them.
pub(super) static COMMANDS: &[&dyn Command] = &[
    &help::Help,
    &quit::Quit,
    &list_catalogs::ListCatalogs,
    &list_schemas::ListSchemas,
    &list_tables::ListTables,
    &describe::Describe,
    &functions::Functions,
    &settings::Settings,
    &connect::Connect,
    &include::Include,
    &output::Output,
    &echo::Echo,
    &edit::Edit,
    &print::Print,
    &reset::Reset,
    &history::History,
    &named::Named,
    &named_save::NamedSave,
    &named_delete::NamedDelete,
    &set::Set,
    &unset::Unset,
    &go::Go,
    &go_expanded::GoExpanded,
    &expanded::Expanded,
    &format::Format,
    &tuples::Tuples,
    &align::Align,
    &pset::Pset,
    &timing::Timing,
    &keys::Keys,
    &clear::Clear,
    &receipt::Receipt,
];

/// Runs the command of a name.
pub(super) fn run(shell: &mut Shell, word: &str, arguments: &str) -> Result<Flow, Failed> {
    let arguments = arguments.trim();
    if let Some(command) = COMMANDS.iter().find(|command| command.names().contains(&word)) {
        return command.run(shell, arguments);
    }
    Err(unknown(word).into())
}

/// There is no such command.
fn unknown(word: &str) -> Error {
    let names = COMMANDS.iter().flat_map(|command| command.names()).copied();
    let error = Error::sql(format!("there is no command \\{word}"));
    match nearest(word, names) {
        Some(near) => error.with_hint(format!("did you mean \\{near}? \\? lists them")),
        None => error.with_hint("\\? lists them"),
    }
}

/// Runs a statement for a command.
fn sugar(shell: &mut Shell, sql: &str) -> Result<Flow, Failed> {
    shell.statement(sql)?;
    Ok(Flow::Continue)
}

/// A pattern as psql takes it (`*` for any letters) as LIKE takes it, quoted.
fn like(pattern: &str) -> String {
    if pattern.is_empty() {
        return String::new();
    }
    format!(" LIKE '{}'", pattern.replace('\'', "''").replace('*', "%").replace('?', "_"))
}

/// `on`, `off`, or nothing for the other of the two.
fn switch(name: &str, arguments: &str, now: bool) -> Result<bool, Error> {
    match arguments.to_ascii_lowercase().as_str() {
        "" => Ok(!now),
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        other => Err(Error::sql(format!("\\{name} takes on or off, not `{other}`"))),
    }
}
