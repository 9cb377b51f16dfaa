//! Completion: what could stand where the cursor is, best first.
//!
//! `place` says what is expected there, `candidates` what there is of it, `rank` which comes first;
//! `paths` lists files. Nothing is waited for: what is not known yet comes with the next Tab.

mod candidates;
mod commands;
mod paths;
mod place;
mod rank;
mod words;

use super::draft::Draft;
use super::names::Names;
use crate::engine::statement::lexer::{Kind, lexemes};
use crate::engine::statement::split::{Completeness, PartKind, split};
use candidates::Candidates;
use place::{Cursor, Place};

pub(super) use rank::Candidate;

/// What can be put between `start` and the cursor.
#[derive(Debug, Default)]
pub(super) struct Completion {
    pub(super) start: usize,
    pub(super) candidates: Vec<Candidate>,
}

/// Completes `text` at byte `cursor`.
pub(super) fn complete(text: &str, cursor: usize, names: &Names) -> Completion {
    let text_before = text.get(..cursor).unwrap_or(text);
    let mut begin = 0;
    let mut found = (0, "", PartKind::Blank);
    for part in split(text) {
        let end = begin + part.text.len();
        // Behind a `;` a statement begins.
        let ended = part.completeness == Completeness::Complete && part.kind == PartKind::Statement;
        if begin > cursor || (begin == cursor && cursor > 0 && found.2 == PartKind::Command) {
            break;
        }
        found = (begin, part.text, part.kind);
        if cursor < end || (cursor == end && !ended) {
            break;
        }
        begin = end;
        found = (end, "", PartKind::Blank);
    }
    let (begin, part, kind) = found;
    let mut completion = match kind {
        PartKind::Command => commands::complete(&text_before[begin..], names),
        PartKind::Statement | PartKind::Blank => statement(part, cursor - begin, names),
    };
    completion.start += begin;
    completion
}

/// Completes one statement.
fn statement(text: &str, offset: usize, names: &Names) -> Completion {
    if is_in_comment(text, offset) {
        return Completion::default();
    }
    let draft = Draft::read(text);
    let cursor = Cursor::find(&draft, offset);
    let known = names.snapshot();
    let home = names.home();
    let catalog = names.catalog(&known, &home);
    let mut candidates = Candidates::new(&draft, &cursor, &known, &home, &catalog);
    if let Some(typed) = &cursor.literal {
        return match place::of_literal(&draft, &cursor) {
            Place::Table => candidates.quoted_tables(typed.text, typed.start),
            Place::Path => paths::complete(typed.text, typed.start, "'"),
            _ => Completion::default(),
        };
    }
    candidates.add(place::of(&draft, &cursor));
    Completion { start: cursor.start, candidates: candidates.ranked() }
}

/// Whether a comment is being typed.
fn is_in_comment(text: &str, offset: usize) -> bool {
    lexemes(text).any(|lexeme| {
        let open = match lexeme.kind {
            Kind::LineComment => !lexeme.text.ends_with('\n'),
            Kind::BlockComment => !lexeme.closed,
            _ => return false,
        };
        lexeme.start < offset && (offset < lexeme.end() || (open && offset == lexeme.end()))
    })
}

#[cfg(test)]
mod tests;
