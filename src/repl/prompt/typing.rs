//! What the line editor asks while a line is typed: completion, hints, colours.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use rustyline::completion::{Candidate as Listed, Completer};
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::lines::stripped;
use crate::repl::color::{BOLD, DIM, RESET};
use crate::repl::complete::complete;
use crate::repl::highlight::highlight;
use crate::repl::names::Names;

/// How long Tab waits for names that were asked for this moment; nobody notices it.
const WAIT: Duration = Duration::from_millis(80);
const LOOK_AGAIN: Duration = Duration::from_millis(4);

/// Longer lists are shown without notes.
const WITH_NOTES: usize = 30;

/// See the module.
pub(super) struct Typing {
    pub(super) names: Names,
    pub(super) colored: bool,
    /// The statement before without its mistake, offered while nothing is typed.
    pub(super) offer: Option<String>,
}

/// A candidate as it is listed.
#[derive(Debug)]
pub(super) struct Choice {
    insert: String,
    shown: String,
}

impl Listed for Choice {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.insert
    }
}

impl Completer for Typing {
    type Candidate = Choice;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Choice>)> {
        let until = Instant::now() + WAIT;
        let mut completion = complete(line, position, &self.names);
        while completion.candidates.is_empty() && self.names.is_asking() && Instant::now() < until {
            std::thread::sleep(LOOK_AGAIN);
            completion = complete(line, position, &self.names);
        }
        let with_notes = completion.candidates.len() <= WITH_NOTES;
        let choices = completion.candidates.into_iter().map(|candidate| {
            let note = Some(candidate.note).filter(|note| with_notes && !note.is_empty());
            let shown = match note {
                Some(note) => format!("{}  {note}", candidate.label),
                None => candidate.label,
            };
            Choice { insert: candidate.insert, shown }
        });
        Ok((completion.start, choices.collect()))
    }
}

/// How the line was ended before: shown up to the end of its line, taken whole.
#[derive(Debug)]
pub(super) struct Earlier(String);

impl Hint for Earlier {
    fn display(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.0)
    }
}

impl Hinter for Typing {
    type Hint = Earlier;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<Earlier> {
        if position < line.len() || !self.colored {
            return None;
        }
        if line.is_empty() {
            return self.offer.clone().map(Earlier);
        }
        if line.trim().is_empty() {
            return None;
        }
        let typed = stripped(line);
        let last = context.history().len().checked_sub(1)?;
        let found = context.history().starts_with(&typed, last, SearchDirection::Reverse);
        let entry = found.ok()??.entry;
        let rest = entry.get(typed.len()..).filter(|rest| !rest.is_empty())?;
        Some(Earlier(rest.to_owned()))
    }
}

impl Highlighter for Typing {
    fn highlight<'l>(&self, line: &'l str, position: usize) -> Cow<'l, str> {
        Cow::Owned(highlight(line, position, &self.names, self.colored))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colored {
            Cow::Owned(format!("{BOLD}{prompt}{RESET}"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colored { Cow::Owned(format!("{DIM}{hint}{RESET}")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.split_once("  ").filter(|_| self.colored) {
            Some((label, note)) => Cow::Owned(format!("{label}  {DIM}{note}{RESET}")),
            None => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        // Each key may change the colours of the whole line, and the pair of a bracket.
        self.colored && (kind != CmdKind::MoveCursor || line.contains(['(', ')', '[', ']']))
    }
}

impl Validator for Typing {}

impl Helper for Typing {}
