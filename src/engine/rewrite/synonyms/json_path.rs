//! Functions that take a path into JSON, as calls with its keys one by one.

use std::fmt::Write;

use datafusion::sql::sqlparser::ast::Expr;

use super::literal;
use crate::error::{Error, Result};

/// What a call with a path means, over its arguments; `None` for another function.
///
/// # Errors
/// `Unsupported` for a path with wildcards, or that is not in quotes.
pub(super) fn written(name: &str, arguments: &[Expr]) -> Result<Option<String>> {
    let ours = match name {
        "json_extract" | "json_query" => "json_get_json",
        "json_extract_string" | "json_extract_scalar" | "json_value" | "get_json_object" => {
            "json_as_text"
        }
        "json_extract_path" | "json_extract_path_text" => {
            let ours = if name.ends_with("_text") { "json_as_text" } else { "json_get_json" };
            let places: Vec<_> = (1..=arguments.len()).map(|place| format!("${place}")).collect();
            return Ok(Some(format!("{ours}({})", places.join(", "))));
        }
        _ => return Ok(None),
    };
    let [_, path] = arguments else { return Ok(None) };
    let Some(path) = literal(path) else {
        return Err(Error::unsupported(format!("{name} takes its path in quotes"))
            .with_hint(format!("{ours}(value, key, …) takes keys of any kind")));
    };
    let keys = keys(path).ok_or_else(|| {
        Error::unsupported(format!("{name}: the path {path} is not one of keys and places"))
            .with_hint("$.key.other[0]")
    })?;
    Ok(Some(format!("{ours}($1{keys})")))
}

/// The keys of a path as further arguments: `, 'a', 0`.
fn keys(path: &str) -> Option<String> {
    let mut written = String::new();
    let mut key = |name: &str| {
        let _ = write!(written, ", '{}'", name.replace('\'', "''"));
    };
    if let Some(pointer) = path.strip_prefix('/') {
        pointer.split('/').for_each(key);
        return Some(written);
    }
    let Some(mut rest) = path.strip_prefix('$') else {
        key(path);
        return Some(written);
    };
    while !rest.is_empty() {
        let (found, after) = if let Some(named) = rest.strip_prefix('.') {
            named_key(named)?
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            (inside, after)
        };
        let quoted = ['"', '\''].into_iter().find_map(|quote| {
            found.strip_prefix(quote).and_then(|found| found.strip_suffix(quote))
        });
        match quoted {
            Some(name) => {
                let _ = write!(written, ", '{}'", name.replace('\'', "''"));
            }
            None if rest.starts_with('[') => {
                let place: u32 = found.parse().ok()?;
                let _ = write!(written, ", {place}");
            }
            None if found.is_empty() || found.contains('*') => return None,
            None => {
                let _ = write!(written, ", '{}'", found.replace('\'', "''"));
            }
        }
        rest = after;
    }
    Some(written)
}

/// The key at the beginning of what follows a dot, and the rest.
fn named_key(rest: &str) -> Option<(&str, &str)> {
    if rest.starts_with('"') {
        let end = rest.get(1..)?.find('"')? + 2;
        return rest.split_at_checked(end);
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    rest.split_at_checked(end)
}
