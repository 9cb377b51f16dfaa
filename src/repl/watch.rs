//! A statement run again and again, with what has changed marked.

use std::collections::HashSet;
use std::time::Duration;

use super::run::LastResult;
use super::shell::Shell;
use crate::error::{ErrorKind, Result};

/// Runs a statement every `pause` until Ctrl-C; returns the rows of the last run.
pub(super) fn watch(shell: &mut Shell, sql: &str, pause: Duration, changes: bool) -> Result<u64> {
    let mut before: Option<Vec<Vec<Option<String>>>> = None;
    let paging = std::mem::replace(&mut shell.display.paging, super::pager::Paging::Off);
    let watched = (|| {
        loop {
            let now = chrono::Local::now().format("%Y-%m-%d %H:%M:%S");
            eprintln!("{now} (every {} s, Ctrl-C ends it)", pause.as_secs_f64());
            let result = shell.result_of(sql)?;
            let texts = result.texts()?;
            let rows = match before.as_ref().filter(|_| changes) {
                Some(before) => shell.show(&marked(&result, before, &texts)?)?,
                None => shell.show(&result)?,
            };
            shell.last_result = Some(result);
            before = Some(texts);
            match shell.pause(pause) {
                Ok(()) => {}
                // Ctrl-C is how watching ends.
                Err(e) if e.kind() == ErrorKind::Cancelled && e.message() == "cancelled" => {
                    return Ok(rows);
                }
                Err(e) => return Err(e),
            }
        }
    })();
    shell.display.paging = paging;
    watched
}

/// The result with a first column that says what is new (`+`) or other than before (`~`).
///
/// Rows are the same row where their first values are the same.
fn marked(
    result: &LastResult,
    before: &[Vec<Option<String>>],
    now: &[Vec<Option<String>>],
) -> Result<LastResult> {
    let known: HashSet<&Vec<Option<String>>> = before.iter().collect();
    let firsts: HashSet<Option<&Option<String>>> = before.iter().map(|row| row.first()).collect();
    let mark = |row: &Vec<Option<String>>| {
        if known.contains(row) {
            return "";
        }
        let is_other = row.len() > 1 && firsts.contains(&row.first());
        if is_other || now.len() == 1 { "~" } else { "+" }
    };
    let marks: Vec<String> = now.iter().map(|row| mark(row).to_owned()).collect();
    let mut names = vec!["changed".to_owned()];
    names.extend(result.schema.fields().iter().map(|field| field.name().clone()));
    let mut columns: Vec<Vec<Option<String>>> = vec![marks.into_iter().map(Some).collect()];
    for at in 0..result.schema.fields().len() {
        columns.push(now.iter().map(|row| row[at].clone()).collect());
    }
    LastResult::of_texts(&names, columns)
}
