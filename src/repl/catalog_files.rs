//! Files of the catalog folder that commands write: views that are saved, tables that are inferred.

use std::path::PathBuf;

use super::shell::Shell;
use super::warning::is_confirmed;
use crate::error::{Error, Result};

/// Catalog, schema and name of what is written as `[[catalog.]schema.]name`.
fn full(shell: &Shell, typed: &str) -> Result<[String; 3]> {
    let [catalog, schema] = shell.session.home();
    let parts: Vec<String> = typed.split('.').map(|part| part.trim().replace('"', "")).collect();
    let is_name = |part: &String| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if !parts.iter().all(is_name) {
        return Err(Error::sql(format!("`{typed}` is no name"))
            .with_hint("use letters, digits, _ and -: it becomes a file name"));
    }
    match parts.as_slice() {
        [name] => Ok([catalog, schema, name.clone()]),
        [schema, name] => Ok([catalog, schema.clone(), name.clone()]),
        [catalog, schema, name] => Ok([catalog.clone(), schema.clone(), name.clone()]),
        _ => Err(Error::sql(format!("{typed} has too many parts"))),
    }
}

/// The file of an object; its folder is made.
fn file(shell: &Shell, [catalog, schema, name]: &[String; 3], extension: &str) -> Result<PathBuf> {
    let folder = shell.catalog_dir.clone().ok_or_else(|| {
        Error::config("there is no catalog folder").with_hint("sluice catalog add makes one")
    })?;
    if !folder.join(format!("{catalog}.toml")).is_file() {
        return Err(Error::not_found(format!("{} has no catalog {catalog}", folder.display()))
            .with_hint("write the name of one before: \\save lake.reports.daily"));
    }
    let folder = folder.join(catalog).join(schema);
    std::fs::create_dir_all(&folder)
        .map_err(|e| Error::config(format!("{}: {e}", folder.display())).with_source(e))?;
    Ok(folder.join(format!("{name}.{extension}")))
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(path, text)
        .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))
}

/// Keeps a query as a view; says where.
pub(super) fn keep(shell: &mut Shell, typed: &str, sql: &str) -> Result<String> {
    let name = full(shell, typed)?;
    let first = sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH" | "FROM" | "VALUES") && !sql.contains("SELECT") {
        return Err(Error::sql("only a SELECT becomes a view"));
    }
    if name[0] == "session" {
        shell.fetch(&format!("CREATE OR REPLACE VIEW \"{}\" AS {sql}", name[2]))?;
        return Ok(format!("view {} is kept until this session ends", name.join(".")));
    }
    let path = file(shell, &name, "sql")?;
    let question = format!("{} is there already", path.display());
    if path.exists() && shell.interactive && !is_confirmed(&question)? {
        return Err(Error::cancelled("cancelled"));
    }
    write(&path, &format!("{sql}\n"))?;
    shell.fetch("REFRESH")?;
    // A view that cannot be planned is told at once, not to who uses it.
    shell.fetch(&format!("DESCRIBE {}", quoted(&name)))?;
    Ok(format!("view {} is {}", name.join("."), path.display()))
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
        Err(_) => return shell.say(proposed.trim_end()),
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

fn offer(shell: &mut Shell, path: &PathBuf, text: &str) -> Result<()> {
    if !shell.interactive || !is_confirmed(&format!("write {}", path.display()))? {
        return Ok(());
    }
    write(path, text)?;
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
    use super::difference;

    #[test]
    fn a_difference_has_all_lines_of_both() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\nd\n"), ["  a", "- b", "+ x", "  c", "+ d"]);
        assert_eq!(difference("", "a"), ["+ a"]);
    }
}
