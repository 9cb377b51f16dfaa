//! Queries that their user has given a name: one TOML file in the user's configuration folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::whole_file;
use crate::error::{Error, Result, nearest};

/// Names and texts.
type Queries = BTreeMap<String, String>;

fn file() -> Result<PathBuf> {
    let folder =
        dirs::config_dir().ok_or_else(|| Error::config("there is no configuration folder"))?;
    Ok(folder.join("sluice").join("queries.toml"))
}

/// All of them.
///
/// # Errors
/// `Config` for a file that cannot be read.
pub(super) fn all() -> Result<Queries> {
    let file = file()?;
    if !file.exists() {
        return Ok(Queries::new());
    }
    let wrong = |e: String| Error::config(format!("{}: {e}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|e| wrong(e.to_string()))?;
    toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))
}

/// The names, for completion; none of a file that cannot be read.
pub(super) fn names() -> Vec<String> {
    all().map(|queries| queries.into_keys().collect()).unwrap_or_default()
}

/// The text of one.
///
/// # Errors
/// `NotFound` with the nearest name.
pub(super) fn get(name: &str) -> Result<String> {
    let mut queries = all()?;
    queries.remove(name).ok_or_else(|| unknown(name, &queries))
}

/// Keeps a query, in the place of one of the same name.
///
/// # Errors
/// `Config` when the file cannot be written.
pub(super) fn save(name: &str, sql: &str) -> Result<()> {
    let mut queries = all()?;
    queries.insert(name.to_owned(), sql.trim().to_owned());
    write(&queries)
}

/// Forgets one.
///
/// # Errors
/// `NotFound` with the nearest name, `Config` when the file cannot be written.
pub(super) fn delete(name: &str) -> Result<()> {
    let mut queries = all()?;
    if queries.remove(name).is_none() {
        return Err(unknown(name, &queries));
    }
    write(&queries)
}

fn unknown(name: &str, queries: &Queries) -> Error {
    let error = Error::not_found(format!("there is no query {name}"));
    match nearest(name, queries.keys().map(String::as_str)) {
        Some(near) => error.with_hint(format!("did you mean {near}?")),
        None => error.with_hint("\\n lists them, \\ns NAME SQL keeps one"),
    }
}

fn write(queries: &Queries) -> Result<()> {
    let text = toml::to_string_pretty(queries).map_err(|e| Error::internal(e.to_string()))?;
    whole_file::write(&file()?, &text)
}

/// A query with `$1`, `$2`, `$*` replaced by arguments, as words were typed behind its name.
pub(super) fn with_arguments(sql: &str, arguments: &[&str]) -> Result<String> {
    use crate::engine::statement::lexer::{Kind, lexemes};
    let mut text = String::new();
    for lexeme in lexemes(sql) {
        let number = lexeme.text.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
        match number.filter(|_| lexeme.kind == Kind::Parameter) {
            Some(number) => {
                let argument = number.checked_sub(1).and_then(|at| arguments.get(at));
                let argument = argument.ok_or_else(|| {
                    Error::sql(format!("the query takes an argument {number}"))
                        .with_hint("write it behind the name: \\n NAME ARGUMENT …")
                })?;
                text.push_str(argument);
            }
            None => text.push_str(lexeme.text),
        }
    }
    Ok(text)
}
