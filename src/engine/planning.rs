//! Planning errors in a user's words: DataFusion's texts carry signatures, candidates and internals.

use super::error::lowered;
use crate::error::Error;

/// A planning error of DataFusion as ours.
pub(super) fn error(text: &str) -> Error {
    let text = text.split("\nThis issue was likely caused").next().unwrap_or(text);
    let text = text.replace("Internal error: ", "").replace("Error during planning: ", "");
    let text = text.trim_end_matches(['.', '\n']);
    let rewritten = unknown_function(text)
        .or_else(|| signature(text))
        .or_else(|| arguments(text))
        .or_else(|| operands(text))
        .or_else(|| not_grouped(text))
        .or_else(|| condition(text))
        .or_else(|| limit(text));
    rewritten.unwrap_or_else(|| Error::sql(lowered(text)))
}

/// Arrow's names of types, and those of SQL; longer ones first.
const TYPES: &[(&str, &str)] = &[
    ("Timestamp(ns)", "TIMESTAMP"),
    ("Decimal128", "DECIMAL"),
    ("Decimal256", "DECIMAL"),
    ("BinaryView", "VARBINARY"),
    ("LargeBinary", "VARBINARY"),
    ("LargeUtf8", "VARCHAR"),
    ("Utf8View", "VARCHAR"),
    ("Utf8", "VARCHAR"),
    ("UInt16", "SMALLINT UNSIGNED"),
    ("UInt32", "INTEGER UNSIGNED"),
    ("UInt64", "BIGINT UNSIGNED"),
    ("UInt8", "TINYINT UNSIGNED"),
    ("Int16", "SMALLINT"),
    ("Int32", "INTEGER"),
    ("Int64", "BIGINT"),
    ("Int8", "TINYINT"),
    ("Float32", "REAL"),
    ("Float64", "DOUBLE"),
    ("Date32", "DATE"),
    ("Boolean", "BOOLEAN"),
    ("Binary", "VARBINARY"),
];

/// A text about types with the names that SQL has for them. Not for texts that name columns.
pub(super) fn spelled(text: &str) -> String {
    TYPES.iter().fold(text.to_owned(), |text, (arrow, sql)| text.replace(arrow, sql))
}

/// `Invalid function 'nosuch'.\nDid you mean 'cosh'?`
fn unknown_function(text: &str) -> Option<Error> {
    let (name, rest) = text.strip_prefix("Invalid function '")?.split_once('\'')?;
    let error = Error::sql(format!("function {name} does not exist"));
    Some(match between(rest, "Did you mean '", "'") {
        Some(near) => error.with_hint(format!("did you mean {near}?")),
        None => error.with_hint("SHOW FUNCTIONS lists them"),
    })
}

/// `Function 'sum' failed to match any signature, errors: … but received String (DataType: Utf8).`
fn signature(text: &str) -> Option<Error> {
    let (head, rest) = text.split_once(" failed to match any signature")?;
    let name = between(head, "unction '", "'")?;
    let received = between(rest, "but received ", " (")?;
    Some(
        Error::sql(format!("function {name} does not take {}", spelled(received)))
            .with_hint("a cast may help: CAST(… AS DOUBLE)"),
    )
}

/// `Function 'upper' expects 1 arguments but received 2. No function matches the given name and
/// argument types 'upper(Int64, Int64)'. …Candidate functions:\n\tupper(String)`
fn arguments(text: &str) -> Option<Error> {
    let given = between(text, "No function matches the given name and argument types '", "'.")?;
    let error = Error::sql(format!("there is no function {}", spelled(given)));
    let (_, candidates) = text.split_once("Candidate functions:")?;
    let candidates: Vec<&str> =
        candidates.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    Some(error.with_hint(format!("there is {}", spelled(&candidates.join(", ")))))
}

/// `Cannot coerce arithmetic expression Utf8 + Int64 to valid types`, `Cannot infer common argument
/// type for comparison operation Utf8 = List(Int64)`
fn operands(text: &str) -> Option<Error> {
    let operation = between(text, "Cannot coerce arithmetic expression ", " to valid types")
        .or_else(|| {
            text.strip_prefix("Cannot infer common argument type for comparison operation ")
        })?;
    Some(
        Error::sql(format!("there is no operator for {}", spelled(operation)))
            .with_hint("a cast may help: CAST(… AS DOUBLE)"),
    )
}

/// `… column "t.a" must appear in the GROUP BY clause or must be part of an aggregate function, …`
fn not_grouped(text: &str) -> Option<Error> {
    let (head, _) = text.split_once(" must appear in the GROUP BY clause")?;
    let column = head.rsplit('"').nth(1)?;
    Some(
        Error::sql(format!("column {column} is neither in GROUP BY nor inside an aggregate"))
            .with_hint(format!("add it to GROUP BY, or write min({column}), max({column})")),
    )
}

/// `Cannot create filter with non-boolean predicate 'Utf8("a")' returning Utf8`
fn condition(text: &str) -> Option<Error> {
    text.strip_prefix("Cannot create filter with non-boolean predicate ")?;
    let (_, returned) = text.rsplit_once(" returning ")?;
    Some(Error::sql(format!("a condition is true or false, not {}", spelled(returned))))
}

/// `Expected LIMIT to be an integer or null, but got Utf8`
fn limit(text: &str) -> Option<Error> {
    let rest = text.strip_prefix("Expected ")?;
    let (what, got) = rest.split_once(" to be an integer or null, but got ")?;
    Some(Error::sql(format!("{what} takes a whole number, not {}", spelled(got))))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
