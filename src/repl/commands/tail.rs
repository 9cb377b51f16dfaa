//! `\tail`: the last rows of a stream, then those that come.

use super::{Argument, Command, Failed, Flow};
use crate::engine::statement::lexer::{Kind, Lexeme, lexemes};
use crate::error::{Error, Result};
use crate::repl::shell::Shell;
use crate::repl::tail::tail;

/// Rows shown before those that come, as of tail.
const LAST: usize = 10;

/// Follow a stream; Ctrl-C ends it.
pub(super) struct Tail;

impl Command for Tail {
    fn names(&self) -> &'static [&'static str] {
        &["tail"]
    }

    fn usage(&self) -> &'static str {
        "\\tail [-n ROWS] STREAM …"
    }

    fn about(&self) -> &'static str {
        "the last rows of a stream, then all that come; Ctrl-C ends it"
    }

    fn example(&self) -> &'static str {
        "\\tail -n 100 events.default.live where battery < 20"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Table]
    }

    fn run(&self, shell: &mut Shell, arguments: &str) -> std::result::Result<Flow, Failed> {
        tail(shell, &statement(arguments)?)?;
        Ok(Flow::Continue)
    }
}

/// The statement that follows what is typed behind `\tail`.
fn statement(arguments: &str) -> Result<String> {
    let (last, query) = last(arguments.trim().trim_end_matches(';').trim_end())?;
    let words: Vec<Lexeme<'_>> = lexemes(query).filter(|lexeme| !lexeme.is_blank()).collect();
    let is_select = words.first().is_some_and(|word| is(word, "SELECT"));
    let begin = match is_select {
        true => from(&words).ok_or_else(wrong)?,
        false => 0,
    };
    let end = name(&words, begin).ok_or_else(wrong)?;
    let (first, behind) = (words.get(begin), words.get(end));
    let start = first.map_or(query.len(), |word| word.start);
    let stop = words.get(end - 1).map_or(query.len(), Lexeme::end);
    let (before, table, rest) = (&query[..start], &query[start..stop], &query[stop..]);
    if behind.is_some_and(|word| word.kind == Kind::Symbol) {
        return Err(wrong());
    }
    // What is typed behind the table may be its alias.
    let ends = ["WHERE", "LIMIT"];
    let has_alias = behind.is_some_and(|word| !ends.iter().any(|end| is(word, end)));
    if has_alias && !is_select {
        return Err(wrong());
    }
    let own = words.get(end - 1).map_or("", |word| word.text);
    let alias = if has_alias { String::new() } else { format!(" AS {own}") };
    let before = if is_select { before } else { "SELECT * FROM " };
    let table = table.replace('\'', "''");
    Ok(format!("{before}stream_follow('{table}', last => {last}){alias}{rest}"))
}

/// How many rows come first, and what follows that.
fn last(arguments: &str) -> Result<(usize, &str)> {
    let Some(rest) = arguments.strip_prefix("-n") else {
        return Ok((LAST, arguments));
    };
    let rest = rest.trim_start();
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    let error = |_| Error::sql(format!("\\tail -n takes a number of rows, not `{number}`"));
    Ok((number.parse().map_err(error)?, rest.trim_start()))
}

/// Behind FROM, outside of brackets.
fn from(words: &[Lexeme<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match word.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 && is(word, "FROM") => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Behind a name of parts, of which there is one at least.
fn name(words: &[Lexeme<'_>], begin: usize) -> Option<usize> {
    let is_name = |at: usize| {
        words.get(at).is_some_and(|it| matches!(it.kind, Kind::Word | Kind::QuotedName))
    };
    let mut end = begin;
    while is_name(end) {
        end += 1;
        if words.get(end).is_none_or(|word| word.text != ".") {
            return Some(end);
        }
        end += 1;
    }
    None
}

fn is(word: &Lexeme<'_>, text: &str) -> bool {
    word.kind == Kind::Word && word.text.eq_ignore_ascii_case(text)
}

fn wrong() -> Error {
    Error::sql("\\tail takes a stream, or a SELECT from one")
        .with_hint("\\tail STREAM WHERE …, or \\tail SELECT … FROM STREAM WHERE …")
}

#[cfg(test)]
mod tests {
    use super::statement;

    #[test]
    fn what_is_typed_becomes_a_statement_that_follows() {
        for (typed, expected) in [
            ("t", "SELECT * FROM stream_follow('t', last => 10) AS t"),
            ("-n 0 a.b.t;", "SELECT * FROM stream_follow('a.b.t', last => 0) AS t"),
            (
                "-n7 t where x = 'a;b' ;",
                "SELECT * FROM stream_follow('t', last => 7) AS t where x = 'a;b'",
            ),
            (
                "c.s.\"it's\"",
                "SELECT * FROM stream_follow('c.s.\"it''s\"', last => 10) AS \"it's\"",
            ),
            (
                "select a, (select 1 from u) from t",
                "select a, (select 1 from u) from stream_follow('t', last => 10) AS t",
            ),
            (
                "SELECT x.a FROM s.t AS x WHERE b LIMIT 3",
                "SELECT x.a FROM stream_follow('s.t', last => 10) AS x WHERE b LIMIT 3",
            ),
        ] {
            assert_eq!(statement(typed).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        for typed in [
            "",
            "-n x t",
            "-n 5",
            "select 1",
            "t order by a",
            "select * from f('t')",
            "t, u",
            "'t'",
        ] {
            assert!(statement(typed).is_err(), "{typed}");
        }
    }
}
