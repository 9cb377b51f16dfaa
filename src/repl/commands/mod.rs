//! The `\commands`: one file each, one list. A command that needs the engine is a statement.

mod align;
mod change_folder;
mod chart;
mod check;
mod clear;
mod confirm;
mod connect;
mod connection;
mod copy;
mod crosstab;
mod describe;
mod describe_more;
mod echo;
mod edit;
mod errors;
mod estimate;
mod expanded;
mod format;
mod functions;
mod getenv;
mod go;
mod go_expanded;
mod headers;
mod help;
mod history;
mod include;
mod infer;
mod keys;
mod last;
mod last_error;
mod list_catalogs;
mod list_schemas;
mod list_tables;
mod named;
mod named_delete;
mod named_save;
mod null_text;
mod once;
mod output;
mod pager;
mod print;
mod profile;
mod pset;
mod quit;
mod receipt;
mod refresh;
mod reset;
mod result_columns;
mod result_variables;
mod row_limit;
mod save;
mod separator;
mod set;
mod settings;
mod sql_help;
mod system;
mod tail;
mod timing;
mod tuples;
mod unset;
mod warn;
mod watch;

use super::failure::Failure;
use super::shell::Shell;
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
    /// Whether it says what becomes of the statement before it.
    fn sends(&self) -> bool {
        false
    }
    /// Runs the statement before it; returns its rows.
    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Result<u64, Error> {
        let _ = arguments;
        shell.statement(sql)
    }
    /// Does it. A command that says what becomes of a statement takes the last one.
    fn run(&self, shell: &mut Shell, arguments: &str) -> Result<Flow, Failed> {
        let takes_sql = matches!(self.arguments().first(), Some(Argument::Sql));
        // What is typed behind it is the statement.
        let sql = if takes_sql && !arguments.is_empty() { String::new() } else { shell.last()? };
        self.send(shell, &sql, arguments)?;
        Ok(Flow::Continue)
    }
}

/// Every command, as `\?` shows them.
pub(super) static COMMANDS: &[&dyn Command] = &[
    &help::Help,
    &sql_help::SqlHelp,
    &quit::Quit,
    &list_catalogs::ListCatalogs,
    &list_schemas::ListSchemas,
    &list_tables::ListTables,
    &describe::Describe,
    &describe_more::DescribeMore,
    &functions::Functions,
    &settings::Settings,
    &connect::Connect,
    &connection::Connection,
    &check::Check,
    &refresh::Refresh,
    &errors::Errors,
    &infer::Infer,
    &save::Save,
    &estimate::Estimate,
    &profile::Profile,
    &receipt::Receipt,
    &go::Go,
    &go_expanded::GoExpanded,
    &result_columns::ResultColumns,
    &result_variables::ResultVariables,
    &watch::Watch,
    &tail::Tail,
    &crosstab::Crosstab,
    &chart::Chart,
    &last::Last,
    &copy::Copy,
    &include::Include,
    &output::Output,
    &once::Once,
    &echo::Echo,
    &warn::Warn,
    &edit::Edit,
    &print::Print,
    &reset::Reset,
    &history::History,
    &named::Named,
    &named_save::NamedSave,
    &named_delete::NamedDelete,
    &set::Set,
    &unset::Unset,
    &getenv::Getenv,
    &change_folder::ChangeFolder,
    &system::System,
    &expanded::Expanded,
    &format::Format,
    &tuples::Tuples,
    &align::Align,
    &separator::Separator,
    &headers::Headers,
    &null_text::NullText,
    &row_limit::RowLimit,
    &pager::Pager,
    &pset::Pset,
    &timing::Timing,
    &keys::Keys,
    &confirm::Confirm,
    &last_error::LastError,
    &clear::Clear,
];

/// Runs the command of a name.
pub(super) fn run(shell: &mut Shell, word: &str, arguments: &str) -> Result<Flow, Failed> {
    let arguments = arguments.trim();
    // As in psql, the system's command may follow at once.
    if let Some(program) = word.strip_prefix('!').filter(|program| !program.is_empty()) {
        return system::System.run(shell, format!("{program} {arguments}").trim_end());
    }
    if let Some(command) = find(word) {
        return command.run(shell, arguments);
    }
    Err(unknown(word).into())
}

/// The command of a name.
fn find(word: &str) -> Option<&'static dyn Command> {
    COMMANDS.iter().find(|command| command.names().contains(&word)).copied()
}

/// Whether the command of a name says what becomes of the statement before it.
pub(super) fn sends(word: &str) -> bool {
    find(word).is_some_and(|command| command.sends())
}

/// Runs a statement as the command behind it says.
pub(super) fn send(
    shell: &mut Shell,
    word: &str,
    sql: &str,
    arguments: &str,
) -> Result<u64, Error> {
    match find(word) {
        Some(command) => command.send(shell, sql, arguments),
        None => Err(unknown(word)),
    }
}

/// There is no such command.
fn unknown(word: &str) -> Error {
    let names = COMMANDS.iter().flat_map(|command| command.names()).copied();
    let error = Error::sql(format!("there is no command \\{word}"));
    if let Some(answer) = super::elsewhere::instead(word) {
        return error.with_hint(answer);
    }
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

/// A statement explained, in one way or another: what is typed behind the command, or else the one
/// before it.
fn explained(how: &str, sql: &str, arguments: &str) -> String {
    let sql = if arguments.is_empty() { sql } else { arguments };
    format!("EXPLAIN {how} {}", sql.trim().trim_end_matches(';'))
}

/// A pattern as psql takes it (`*` for any letters) as LIKE takes it, quoted.
fn like(pattern: &str) -> String {
    if pattern.is_empty() {
        return String::new();
    }
    format!(" LIKE {}", like_text(pattern))
}

/// The pattern of LIKE alone, quoted.
fn like_text(pattern: &str) -> String {
    format!("'{}'", pattern.replace('\'', "''").replace('*', "%").replace('?', "_"))
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

#[cfg(test)]
mod tests {
    use super::COMMANDS;
    use crate::engine::statement::split::sends_statement;

    #[test]
    fn the_splitter_ends_statements_at_the_commands_that_send_them() {
        for command in COMMANDS {
            for name in command.names() {
                assert_eq!(sends_statement(name), command.sends(), "\\{name}");
            }
        }
    }

    #[test]
    fn every_name_is_one_commands_alone() {
        let mut names: Vec<_> = COMMANDS.iter().flat_map(|command| command.names()).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_command_says_how_it_is_typed_with_an_example_of_itself() {
        for command in COMMANDS {
            let first = command.names()[0];
            assert!(command.usage().starts_with(&format!("\\{first}")), "{}", command.usage());
            let named = |name: &&&str| {
                let words = command.example().split_whitespace();
                words.into_iter().any(|word| word == format!("\\{name}"))
            };
            assert!(command.names().iter().find(named).is_some(), "{}", command.example());
            assert!(!command.about().ends_with('.') && !command.about().is_empty());
        }
    }
}
