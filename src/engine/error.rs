//! Errors on their way through DataFusion: ours boxed in, ours found again, its own put in words.

use std::error::Error as StdError;

use datafusion::common::diagnostic::Diagnostic;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;

use super::{exhausted, planning};
use crate::error::{Error, Position, nearest};

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

/// An error of DataFusion as ours: the one that we put in, or its own by kind.
pub(super) fn from_datafusion(error: DataFusionError) -> Error {
    if let Some(ours) = find_ours(&error) {
        return ours.clone();
    }
    let diagnostic = first_diagnostic(&error);
    let mut translated = translate(&error);
    if let Some(diagnostic) = &diagnostic {
        if let Some(span) = diagnostic.span {
            translated =
                translated.at(Position { line: span.start.line, column: span.start.column });
        }
        let suggestion = diagnostic.notes.iter().chain([]).map(|note| note.message.as_str()).next();
        if let Some(suggestion) = suggestion
            && translated.hint().is_none()
            && let Some(hint) = hint(suggestion)
        {
            translated = translated.with_hint(hint);
        }
    }
    translated
}

/// `possible column t.city` reads better as a question; types of operands help nobody alone.
fn hint(note: &str) -> Option<String> {
    if note.starts_with("has type ") {
        return None;
    }
    for prefix in ["possible column ", "Possible function "] {
        if let Some(name) = note.strip_prefix(prefix) {
            return Some(format!("did you mean {}?", name.trim_matches('\'')));
        }
    }
    Some(lowered(note))
}

/// The first error of ours in the chain of causes. `io::Error` and `External` hide theirs from
/// `source()`, a collection all but its first.
fn find_ours(error: &DataFusionError) -> Option<&Error> {
    for member in error.iter() {
        let mut current: Option<&(dyn StdError + 'static)> = Some(member);
        while let Some(error) = current {
            if let Some(ours) = error.downcast_ref::<Error>() {
                return Some(ours);
            }
            if let Some(DataFusionError::External(inner)) = error.downcast_ref()
                && let Some(ours) = inner.downcast_ref::<Error>()
            {
                return Some(ours);
            }
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && let Some(ours) = io.get_ref().and_then(|inner| inner.downcast_ref::<Error>())
            {
                return Some(ours);
            }
            current = error.source();
        }
    }
    None
}

fn first_diagnostic(error: &DataFusionError) -> Option<Diagnostic> {
    let mut inner = error;
    while let DataFusionError::Context(_, next) = inner {
        inner = next;
    }
    inner.iter().find_map(|member| member.diagnostic().cloned())
}

fn translate(error: &DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::SQL(parser, _) => from_parser(parser),
        DataFusionError::Plan(text) | DataFusionError::Configuration(text) => planning::error(text),
        DataFusionError::SchemaError(schema, _) => from_schema(schema),
        DataFusionError::NotImplemented(text) if text.contains("OuterReferenceColumn") => {
            Error::unsupported("a subquery refers to the outer query in a way that cannot be run")
                .with_hint("write it as a join with GROUP BY, or CROSS JOIN UNNEST(…) for lists")
        }
        DataFusionError::NotImplemented(text) => Error::unsupported(lowered(text)),
        DataFusionError::ResourcesExhausted(text) => exhausted::memory(text),
        DataFusionError::Execution(text) => Error::sql(lowered(text)),
        DataFusionError::ArrowError(arrow, _) => from_arrow(arrow),
        DataFusionError::ParquetError(parquet) => Error::corrupt(lowered(&parquet.to_string())),
        DataFusionError::ObjectStore(store) => from_store(store),
        DataFusionError::IoError(io) => from_io(io),
        DataFusionError::External(other) => Error::internal(other.to_string()),
        DataFusionError::ExecutionJoin(join) => Error::internal(join.to_string()),
        DataFusionError::Collection(members) => {
            members.first().map_or_else(|| Error::internal("no error"), translate)
        }
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => {
            translate(inner)
        }
        DataFusionError::Shared(inner) => translate(inner),
        DataFusionError::Internal(text) if text.contains("No suitable object store") => {
            Error::not_found(lowered(text))
        }
        other @ (DataFusionError::Internal(_)
        | DataFusionError::Substrait(_)
        | DataFusionError::Ffi(_)) => Error::internal(other.strip_backtrace()),
    }
}

pub(super) fn lowered(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        // `SELECT …` and `GROUP BY …` stay as they are.
        (Some(first), second) if second.is_none_or(|c| !c.is_uppercase()) => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

fn from_parser(error: &ParserError) -> Error {
    let (ParserError::ParserError(text) | ParserError::TokenizerError(text)) = error else {
        return Error::sql("the statement is nested too deeply");
    };
    let (message, position) = parser_position(text);
    let message = message.trim_end().trim_end_matches(['.', ',']);
    let message = message.strip_suffix(", found: EOF").map_or_else(
        || message.to_owned(),
        |expected| format!("{expected}, and the statement ends"),
    );
    let error = Error::sql(format!("syntax error: {}", lowered(&message)));
    match position {
        Some(at) => error.at(at),
        None => error,
    }
}

/// Takes `at Line: 1, Column: 21` off the end of a parser's message.
fn parser_position(text: &str) -> (String, Option<Position>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return (text.to_owned(), None);
    };
    let position = place.split_once(", Column: ").and_then(|(line, column)| {
        let digits: String = column.chars().take_while(char::is_ascii_digit).collect();
        Some(Position { line: line.trim().parse().ok()?, column: digits.parse().ok()? })
    });
    (message.to_owned(), position.filter(|at| at.line > 0))
}

fn from_schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let missing = Error::sql(format!("column {} does not exist", field.flat_name()));
            let names: Vec<String> = valid_fields.iter().map(|c| c.name.clone()).collect();
            match nearest(&field.name, names.iter().map(String::as_str)) {
                Some(near) => missing.with_hint(format!("did you mean {near}?")),
                None if names.is_empty() => missing,
                None => {
                    let mut names = names;
                    names.dedup();
                    names.truncate(20);
                    missing.with_hint(format!("columns: {}", names.join(", ")))
                }
            }
        }
        SchemaError::AmbiguousReference { field } => {
            Error::sql(format!("column {} is ambiguous: several tables have it", field.name))
                .with_hint("write it with its table: t.column")
        }
        other @ (SchemaError::DuplicateQualifiedField { .. }
        | SchemaError::DuplicateUnqualifiedField { .. }) => Error::sql(lowered(&other.to_string())),
    }
}

fn from_arrow(error: &datafusion::arrow::error::ArrowError) -> Error {
    use datafusion::arrow::error::ArrowError as E;
    match error {
        E::DivideByZero => Error::sql("division by zero"),
        E::ArithmeticOverflow(text) => {
            let text = text.trim_start_matches("Overflow happened on: ");
            Error::sql(format!("overflow: {}", lowered(text)))
                .with_hint("cast to a wider type first: CAST(x AS DECIMAL(38, 0))")
        }
        E::IoError(text, _) if exhausted::is_spill_full(text) => exhausted::spill(text),
        E::IoError(text, io) => from_io(io).within(lowered(text)),
        E::CastError(text) => Error::sql(lowered(&cast(text))),
        E::ParseError(text) | E::ComputeError(text) => Error::sql(lowered(text)),
        E::InvalidArgumentError(text) => Error::sql(lowered(text)),
        E::MemoryError(text) => exhausted::memory(text),
        E::NotYetImplemented(text) => Error::unsupported(lowered(text)),
        other => Error::sql(lowered(&other.to_string())),
    }
}

/// `Cannot cast string 'abc' to value of Int32 type`: the type is behind the value, which stays.
fn cast(text: &str) -> String {
    match text.rsplit_once("' to ") {
        Some((value, kind)) => format!("{value}' to {}", planning::spelled(kind)),
        None => text.to_owned(),
    }
}

fn from_io(error: &std::io::Error) -> Error {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => Error::not_found(error.to_string()),
        K::PermissionDenied => Error::denied(error.to_string()),
        K::StorageFull | K::QuotaExceeded => Error::exhausted(error.to_string()),
        _ => Error::unavailable(error.to_string()),
    }
}

fn from_store(error: &object_store::Error) -> Error {
    let text = error.to_string();
    match error {
        object_store::Error::NotFound { path, .. } => {
            Error::gone(format!("{path} does not exist any more"))
        }
        object_store::Error::Precondition { path, .. } => {
            Error::gone(format!("{path} has changed while it was read"))
        }
        object_store::Error::PermissionDenied { .. } => Error::denied(text),
        object_store::Error::Unauthenticated { .. } => Error::unauthenticated(text),
        _ => Error::unavailable(text).retry_later(),
    }
}
