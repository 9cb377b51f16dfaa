//! Which candidate comes first: how well it fits what was typed, what it is, how lately it was used.

use std::cmp::Reverse;

/// More than this, the editor cannot count.
const MOST: usize = 60_000;

/// Something that can be typed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::repl) struct Candidate {
    /// What is put in the place of the word at the cursor.
    pub(in crate::repl) insert: String,
    /// What is listed.
    pub(in crate::repl) label: String,
    /// Further words for the list: a type, the arguments.
    pub(in crate::repl) note: String,
}

/// What a candidate is; the first kinds are listed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Exactly what is expected: a join's condition, a column of this SELECT.
    InScope,
    /// An alias of a table, or a column of a query around this one.
    Around,
    /// An object here.
    Here,
    /// An object elsewhere.
    Elsewhere,
    /// A function.
    Function,
    /// A word of SQL.
    Keyword,
}

/// How well a name fits the letters typed; smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It begins with them.
    Prefix,
    /// A word in it does: `id` in `user_id`.
    Word,
    /// It has them in order.
    Letters,
}

/// How `name` fits what was typed; `None` when it does not.
pub(super) fn fit(name: &str, typed: &str) -> Option<Fit> {
    let begins = |part: &str| {
        part.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
            || (!typed.is_ascii() && part.to_lowercase().starts_with(&typed.to_lowercase()))
    };
    if begins(name) {
        return Some(Fit::Prefix);
    }
    if typed.len() > 1 && name.match_indices(['_', '.', ' ']).any(|(at, _)| begins(&name[at + 1..]))
    {
        return Some(Fit::Word);
    }
    // One letter is in every name.
    let mut letters = typed.chars().flat_map(char::to_lowercase).peekable();
    let first_fits = name.chars().next().map(|c| c.to_ascii_lowercase()) == letters.peek().copied();
    if typed.len() < 2 || !first_fits {
        return None;
    }
    for letter in name.chars().flat_map(char::to_lowercase) {
        letters.next_if_eq(&letter);
    }
    letters.peek().is_none().then_some(Fit::Letters)
}

/// A candidate with what decides its rank.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    pub(super) candidate: Candidate,
    pub(super) fit: Fit,
    pub(super) class: Class,
    /// When it was last used; larger is later.
    pub(super) used: u64,
    /// Its place among its like: a table's columns keep their order.
    pub(super) order: usize,
}

/// The candidates, best first. What only contains the letters is left out where something begins
/// with them: the words of a list should be those that typing on would reach.
pub(super) fn ranked(mut all: Vec<Ranked>) -> Vec<Candidate> {
    if all.iter().any(|ranked| ranked.fit == Fit::Prefix) {
        all.retain(|ranked| ranked.fit == Fit::Prefix);
    }
    all.sort_by(|a, b| {
        let key = |r: &Ranked| (r.fit, r.class, Reverse(r.used), r.order);
        key(a).cmp(&key(b)).then_with(|| a.candidate.insert.cmp(&b.candidate.insert))
    });
    let mut seen = std::collections::HashSet::new();
    let candidates = all.into_iter().map(|ranked| ranked.candidate);
    candidates.filter(|candidate| seen.insert(candidate.insert.clone())).take(MOST).collect()
}

/// A name as it has to be typed.
pub(super) fn typed_name(name: &str, in_quotes: bool) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !crate::repl::draft::is_reserved(name);
    if plain && !in_quotes { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
