//! Files of the catalog folder that commands write: views that are saved, tables that are inferred.

use std::path::{Path, PathBuf};

use super::shell::Shell;
use super::whole_file;
use crate::engine::statement::lexer::lexemes;
use crate::error::{Error, Result};

/// The user's own catalog of views: a folder beside their configuration.
const OWN: &str = "my";

/// Catalog, schema and name of what is written as `[[catalog.]schema.]name`.
fn full(shell: &Shell, typed: &str) -> Result<[String; 3]> {
    let name = shell.full_name(typed)?;
    let is_name = |part: &String| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if name.iter().all(is_name) {
        return Ok(name);
    }
    Err(Error::sql(format!("`{typed}` is no name"))
        .with_hint("use letters, digits, _ and -: it becomes a file name"))
}

/// The file of an object. Nothing is made yet.
fn file(shell: &Shell, [catalog, schema, name]: &[String; 3], extension: &str) -> Result<PathBuf> {
    let within = |folder: &Path| folder.join(schema).join(format!("{name}.{extension}"));
    let Some(folder) = &shell.catalog_dir else {
        return match own(shell).filter(|_| catalog == OWN && extension == "sql") {
            Some(own) => Ok(within(own)),
            None => Err(Error::config("there is no catalog folder")
                .with_hint("sluice catalog add makes one")),
        };
    };
    let is_there =
        |name: &str| folder.join(format!("{name}.toml")).is_file() || folder.join(name).is_dir();
    if is_there(catalog) {
        return Ok(within(&folder.join(catalog)));
    }
    match own(shell).filter(|_| catalog == OWN && extension == "sql") {
        Some(own) => Ok(within(own)),
        None => Err(Error::not_found(format!("{} has no catalog {catalog}", folder.display()))
            .with_hint("write the name of one before: \\save lake.reports.daily")),
    }
}

fn own(shell: &Shell) -> Option<&Path> {
    shell.own_catalog.as_deref()
}

/// Whether a file can be written where `path` says.
fn is_writable(path: &Path) -> bool {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir());
    folder.is_some_and(|folder| tempfile::tempfile_in(folder).is_ok())
}

/// Where a view of a name is kept: in the catalog folder, or, if only its last part was typed and
/// the current catalog takes no file, in the user's own catalog.
fn place(shell: &Shell, typed: &str) -> Result<([String; 3], PathBuf)> {
    let name = full(shell, typed)?;
    let found = file(shell, &name, "sql").and_then(|path| match is_writable(&path) {
        true => Ok(path),
        false => Err(Error::denied(format!("{} cannot be written", path.display()))
            .with_hint("\\save my.default.NAME keeps it among your own views")),
    });
    match found {
        Ok(path) => Ok((name, path)),
        Err(e) if typed.contains('.') || name[0] == OWN => Err(e),
        Err(e) => {
            let [_, _, last] = name;
            let name = [OWN.to_owned(), "default".to_owned(), last];
            // Why the current catalog does not take it is the better answer.
            let path = file(shell, &name, "sql").map_err(|_| e)?;
            Ok((name, path))
        }
    }
}

/// Whether a text begins as what a view is made of.
fn is_select(sql: &str) -> bool {
    let first = lexemes(sql).find(|lexeme| !lexeme.is_blank());
    first.is_some_and(|first| {
        let begins = ["SELECT", "WITH", "FROM", "VALUES", "TABLE", "("];
        begins.iter().any(|word| first.text.eq_ignore_ascii_case(word))
    })
}

/// Keeps a query as a view; says where.
pub(super) fn keep(shell: &mut Shell, typed: &str, sql: &str) -> Result<String> {
    if typed.is_empty() {
        return Err(
            Error::sql("\\save takes the name of the view").with_hint("\\save daily_errors")
        );
    }
    if !is_select(sql) {
        return Err(Error::sql("only a SELECT becomes a view"));
    }
    let [catalog, _, last] = full(shell, typed)?;
    if catalog == "session" && (shell.server.is_some() || typed.contains('.')) {
        shell.fetch(&format!("CREATE OR REPLACE VIEW \"{last}\" AS {sql}"))?;
        return Ok(format!("view session.default.{last} is kept until this session ends"));
    }
    if let Some(server) = &shell.server {
        return Err(Error::unsupported(format!("{server} keeps its catalog itself"))
            .with_hint("\\ns NAME keeps the query here, CREATE VIEW for this session"));
    }
    let (name, path) = place(shell, typed)?;
    let question = format!("{} is there already", path.display());
    if path.exists() && shell.interactive && !shell.is_confirmed(&question)? {
        return Err(Error::cancelled("cancelled"));
    }
    let before = std::fs::read_to_string(&path).ok();
    whole_file::write(&path, &format!("{sql}\n"))?;
    // A view that cannot be planned is told at once, not to who uses it.
    let planned =
        shell.fetch("REFRESH").and_then(|_| shell.fetch(&format!("DESCRIBE {}", quoted(&name))));
    if let Err(e) = planned {
        take_back(&path, before.as_deref())?;
        shell.fetch("REFRESH")?;
        let hint =
            "in a view, a name means one of the view's own schema: write lake.raw.users in full";
        return Err(Error::sql(format!("nothing is saved: {}", e.message())).with_hint(hint));
    }
    Ok(format!("view {} is {}", name.join("."), path.display()))
}

/// Puts a file back as it was; folders that were made for it go with it.
fn take_back(path: &Path, before: Option<&str>) -> Result<()> {
    if let Some(before) = before {
        return whole_file::write(path, before);
    }
    std::fs::remove_file(path)
        .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))?;
    // The schema's folder goes if it is empty; others were there before.
    let _ = path.parent().map(std::fs::remove_dir);
    Ok(())
}

fn quoted(name: &[String; 3]) -> String {
    name.each_ref().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).join(".")
}

/// Shows the table file that the data of a table asks for, and what is other in it than in the one
/// that is there; writes it if that is wanted.
pub(super) fn propose(shell: &mut Shell, typed: &str) -> Result<()> {
    let name = full(shell, typed)?;
    let result = shell.result_of(&format!("INFER TABLE {typed}"))?;
    let proposed = result.texts()?.into_iter().flatten().flatten().next().unwrap_or_default();
    let proposed = format!("{}\n", proposed.trim_end());
    let path = match file(shell, &name, "toml") {
        Ok(path) => path,
        // Nowhere to write: the proposal is all.
        Err(e) => {
            shell.say(proposed.trim_end())?;
            eprintln!("note: it is not written: {}", e.message());
            return Ok(());
        }
    };
    let Ok(present) = std::fs::read_to_string(&path) else {
        shell.say(proposed.trim_end())?;
        return offer(shell, &path, &proposed);
    };
    if present == proposed {
        return shell.say(&format!("{} says so already", path.display()));
    }
    for line in difference(&present, &proposed) {
        shell.say(&line)?;
    }
    offer(shell, &path, &proposed)
}

fn offer(shell: &mut Shell, path: &Path, text: &str) -> Result<()> {
    if !shell.interactive || !shell.is_confirmed(&format!("write {}", path.display()))? {
        return Ok(());
    }
    whole_file::write(path, text)?;
    shell.fetch("REFRESH").map(drop)
}

/// The lines of both texts: `-` for those of the old alone, `+` for those of the new.
fn difference(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // How many lines the rests have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a][b] = match old[a] == new[b] {
                true => common[a + 1][b + 1] + 1,
                false => common[a + 1][b].max(common[a][b + 1]),
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut lines = Vec::new();
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            lines.push(format!("  {}", old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || (a < old.len() && common[a + 1][b] >= common[a][b + 1]) {
            lines.push(format!("- {}", old[a]));
            a += 1;
        } else {
            lines.push(format!("+ {}", new[b]));
            b += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{difference, is_select};

    #[test]
    fn only_a_query_becomes_a_view() {
        for sql in ["select 1", "-- why\nWITH a AS (SELECT 1) SELECT * FROM a", "(select 1)"] {
            assert!(is_select(sql), "{sql}");
        }
        for sql in ["DROP TABLE t -- SELECT", "insert into t SELECT 1", "show tables", ""] {
            assert!(!is_select(sql), "{sql}");
        }
    }

    #[test]
    fn a_difference_has_all_lines_of_both() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\nd\n"), ["  a", "- b", "+ x", "  c", "+ d"]);
        assert_eq!(difference("", "a"), ["+ a"]);
    }
}
