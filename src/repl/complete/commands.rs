//! `\commands` and what they take.

use super::candidates::Candidates;
use super::place::{Cursor, Place};
use super::rank::{Candidate, fit};
use super::{Completion, paths};
use crate::render;
use crate::repl::commands::{Argument, COMMANDS};
use crate::repl::draft::Draft;
use crate::repl::names::Names;
use crate::repl::output;

/// Completes a line that begins with `\` or `.`, up to the cursor.
pub(super) fn complete(line: &str, names: &Names) -> Completion {
    let sign = &line[..line.len().min(1)];
    let Some(space) = line.find(char::is_whitespace) else {
        return Completion { start: 0, candidates: words(sign, &line[sign.len()..]) };
    };
    let word = line[sign.len()..space].trim_end_matches('+');
    let command = COMMANDS.iter().find(|command| command.names().contains(&word));
    let Some(command) = command else { return Completion::default() };
    let begin = line.rfind(char::is_whitespace).map_or(line.len(), |at| at + 1);
    let typed = &line[begin..];
    // How many arguments stand before the one at the cursor.
    let position = line[space..begin].split_whitespace().count();
    let arguments = command.arguments();
    let argument = arguments.get(position).or(arguments.last()).copied().unwrap_or(Argument::None);
    let before = line[space..begin].trim();
    match argument {
        Argument::None => Completion::default(),
        Argument::Table => object(typed, begin, Place::Table, names),
        Argument::Schema => object(typed, begin, Place::Schema, names),
        Argument::Catalog => object(typed, begin, Place::Catalog, names),
        Argument::Setting => object(typed, begin, Place::Setting, names),
        Argument::Function => {
            let known = names.snapshot();
            let functions = known.functions.iter().map(|function| function.name.clone());
            list(typed, begin, functions)
        }
        Argument::File => {
            let quote = usize::from(typed.starts_with('\''));
            paths::complete(&typed[quote..], begin + quote, if quote > 0 { "'" } else { "" })
        }
        Argument::Words(words) => list(typed, begin, words.iter().map(|word| (*word).to_owned())),
        Argument::Command => {
            let names = COMMANDS.iter().flat_map(|command| command.names());
            list(typed.trim_start_matches('\\'), begin, names.map(|name| (*name).to_owned()))
        }
        Argument::Format => {
            list(typed, begin, render::FORMATS.iter().map(|format| format.name().to_owned()))
        }
        Argument::Option => list(typed, begin, output::OPTIONS.iter().map(|o| (*o).to_owned())),
        Argument::OptionValue => {
            list(typed, begin, output::values(before).iter().map(|value| (*value).to_owned()))
        }
        Argument::Query => {
            let queries = crate::repl::named_queries::names();
            list(typed, begin, queries.into_iter())
        }
        Argument::Sql => {
            let begin = line.find('(').map_or(space, |bracket| bracket + 1);
            let mut completion = super::complete(&line[begin..], line.len() - begin, names);
            completion.start += begin;
            completion
        }
    }
}

/// Commands by all of their names; an alias is offered where no first name fits.
fn words(sign: &str, typed: &str) -> Vec<Candidate> {
    let named = |first: bool| {
        let mut found: Vec<Candidate> = COMMANDS
            .iter()
            .flat_map(|command| {
                let names = command.names();
                let names = if first { &names[..1] } else { names };
                names.iter().map(move |name| (*name, command.about()))
            })
            .filter(|(name, _)| name.starts_with(typed))
            .map(|(name, about)| {
                let label = format!("{sign}{name}");
                Candidate { insert: label.clone(), label, note: about.to_owned() }
            })
            .collect();
        found.sort_by(|a, b| a.label.cmp(&b.label));
        found
    };
    let first = named(true);
    // The words of other shells begin with a dot.
    if first.is_empty() || sign == "." { named(false) } else { first }
}

fn list(typed: &str, start: usize, choices: impl Iterator<Item = String>) -> Completion {
    let fitting = choices.filter(|choice| fit(choice, typed).is_some());
    let candidates = fitting.map(|choice| Candidate {
        insert: choice.clone(),
        label: choice,
        note: String::new(),
    });
    Completion { start, candidates: candidates.collect() }
}

/// A name as it is completed in a statement.
fn object(typed: &str, begin: usize, place: Place, names: &Names) -> Completion {
    let draft = Draft::read(typed);
    let cursor = Cursor::find(&draft, typed.len());
    let known = names.snapshot();
    let home = names.home();
    let catalog = names.catalog(&known, &home);
    let mut candidates = Candidates::new(&draft, &cursor, &known, &home, &catalog);
    candidates.add(place);
    Completion { start: begin + cursor.start, candidates: candidates.ranked() }
}
