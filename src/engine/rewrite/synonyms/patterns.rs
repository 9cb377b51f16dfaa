//! Patterns of dates as PostgreSQL, MySQL and Java have them, as those of `strftime`.
//!
//! `to_char(t, 'YYYY-MM-DD')` would otherwise answer `YYYY-MM-DD`: a pattern without `%` is a text to
//! `strftime`.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value, ValueWithSpan,
};

use super::{plain_name, rename};
use crate::error::{Error, Result};

/// What stands for what; longer ones first.
type Letters = &'static [(&'static str, &'static str)];

const POSTGRES: Letters = &[
    ("YYYY", "%Y"),
    ("IYYY", "%G"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MONTH", "%B"),
    ("DDD", "%j"),
    ("MON", "%b"),
    ("DAY", "%A"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("HH", "%I"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("MS", "%3f"),
    ("US", "%6f"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("IW", "%V"),
    ("TZ", "%Z"),
    ("OF", "%:z"),
    ("ID", "%u"),
    ("FM", ""),
];

const JAVA: Letters = &[
    ("SSSSSSSSS", "%9f"),
    ("SSSSSS", "%6f"),
    ("yyyy", "%Y"),
    ("MMMM", "%B"),
    ("EEEE", "%A"),
    ("uuuu", "%Y"),
    ("MMM", "%b"),
    ("EEE", "%a"),
    ("SSS", "%3f"),
    ("XXX", "%:z"),
    ("DDD", "%j"),
    ("yy", "%y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("y", "%Y"),
    ("M", "%-m"),
    ("d", "%-d"),
    ("H", "%-H"),
    ("h", "%-I"),
    ("E", "%a"),
    ("a", "%p"),
    ("z", "%Z"),
    ("Z", "%z"),
];

const MYSQL: Letters = &[
    ("%a", "%a"),
    ("%b", "%b"),
    ("%c", "%-m"),
    ("%d", "%d"),
    ("%e", "%-d"),
    ("%f", "%6f"),
    ("%H", "%H"),
    ("%h", "%I"),
    ("%I", "%I"),
    ("%i", "%M"),
    ("%j", "%j"),
    ("%k", "%-H"),
    ("%l", "%-I"),
    ("%M", "%B"),
    ("%m", "%m"),
    ("%p", "%p"),
    ("%r", "%I:%M:%S %p"),
    ("%S", "%S"),
    ("%s", "%S"),
    ("%T", "%H:%M:%S"),
    ("%v", "%V"),
    ("%W", "%A"),
    ("%x", "%G"),
    ("%Y", "%Y"),
    ("%y", "%y"),
    ("%%", "%%"),
];

/// Writes the patterns of a call, which was typed as `name`, anew.
///
/// # Errors
/// `Unsupported` for a pattern with letters that are not known.
pub(super) fn mend(name: &str, expr: &mut Expr) -> Result<()> {
    let is_java_or_mysql = matches!(name, "date_format" | "date_parse" | "format_datetime");
    if !is_java_or_mysql && !matches!(name, "to_char" | "to_date" | "to_timestamp") {
        return Ok(());
    }
    let Expr::Function(call) = expr else { return Ok(()) };
    if plain_name(call).as_deref() != Some(name) {
        return Ok(());
    }
    let FunctionArguments::List(list) = &mut call.args else { return Ok(()) };
    for argument in list.args.iter_mut().skip(1) {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(pattern),
            ..
        }))) = argument
        else {
            continue;
        };
        let has_percent = pattern.contains('%');
        let written = match (is_java_or_mysql, has_percent) {
            (true, true) => by_letters(pattern, MYSQL, None),
            (true, false) => by_letters(pattern, JAVA, Some('\'')),
            (false, true) => continue,
            // To PostgreSQL both are months, and whoever wrote it means something else.
            (false, false) if pattern.contains("MM") && pattern.contains("mm") => {
                Err("mm beside MM".to_owned())
            }
            (false, false) => by_letters(pattern, POSTGRES, Some('"')),
        };
        *pattern = written.map_err(|letters| {
            Error::unsupported(format!("{name}: {letters} in the pattern {pattern} is not known"))
                .with_hint(
                    "to_char takes YYYY-MM-DD HH24:MI:SS, date_format yyyy-MM-dd HH:mm:ss, \
                     strftime %Y-%m-%d %H:%M:%S",
                )
        })?;
    }
    match name {
        "date_format" | "format_datetime" => rename(call, "to_char"),
        "date_parse" => rename(call, "to_timestamp"),
        _ => {}
    }
    Ok(())
}

/// A pattern of letters as one of `strftime`; the letters that are not known.
fn by_letters(pattern: &str, letters: Letters, quote: Option<char>) -> Result<String, String> {
    // PostgreSQL does not mind the case.
    let any_case = quote == Some('"');
    let mut written = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let begins = |name: &str| {
            let head = rest.get(..name.len());
            head.is_some_and(|it| it == name || any_case && it.eq_ignore_ascii_case(name))
        };
        if let Some((name, ours)) = letters.iter().find(|(name, _)| begins(name)) {
            written.push_str(ours);
            rest = rest.get(name.len()..).unwrap_or_default();
        } else if Some(first) == quote {
            let after = rest.get(1..).unwrap_or_default();
            let (text, after) = after.split_once(first).ok_or_else(|| rest.to_owned())?;
            // Two quotes are one.
            if text.is_empty() {
                written.push(first);
            }
            written.push_str(text);
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '%' {
            return Err(rest.chars().take(if first == '%' { 2 } else { 1 }).collect());
        } else {
            written.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(written)
}
