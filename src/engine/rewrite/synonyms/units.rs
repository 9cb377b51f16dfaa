//! `date_diff` and `date_add` with a unit, in the orders of arguments that databases have.
//!
//! A difference counts the boundaries between two times, as DuckDB, Snowflake and SQL Server do: from
//! 10:59 to 11:01 it is one hour. Trino counts whole units. Weeks are sevens of days in all of them.

use datafusion::sql::sqlparser::ast::{Expr, Ident, Value, ValueWithSpan};

use super::literal;
use crate::error::{Error, Result};

/// Units by their names.
const UNITS: &[(&str, &[&str])] = &[
    ("year", &["year", "years", "yyyy", "yy"]),
    ("quarter", &["quarter", "quarters", "qq"]),
    ("month", &["month", "months", "mon", "mm"]),
    ("week", &["week", "weeks", "wk"]),
    ("day", &["day", "days", "dd", "d"]),
    ("hour", &["hour", "hours", "hh", "h"]),
    ("minute", &["minute", "minutes", "mi", "min"]),
    ("second", &["second", "seconds", "ss", "s"]),
    ("millisecond", &["millisecond", "milliseconds", "ms"]),
    ("microsecond", &["microsecond", "microseconds", "us"]),
];

/// What a call with a unit means, over its arguments; `None` for another function.
///
/// # Errors
/// `Unsupported` for a unit that is none.
pub(super) fn written(name: &str, arguments: &[Expr]) -> Result<Option<String>> {
    let differs = match name {
        // MySQL's timestampdiff counts whole units, and is none of ours.
        "date_diff" | "datediff" => true,
        "date_add" | "dateadd" | "timestampadd" => false,
        "date_sub" => return moved(name, '-', arguments),
        _ => return Ok(None),
    };
    match arguments {
        // As Hive and Spark have it: the later day first.
        [_, _] if differs => Ok(Some("(CAST($1 AS DATE) - CAST($2 AS DATE))".to_owned())),
        [_, _] => moved(name, '+', arguments),
        [first, _, third] => {
            let (unit, [from, to]) = match (literal(first), literal(third), bare(first)) {
                (Some(unit), _, _) | (None, None, Some(unit)) => (unit, ["$2", "$3"]),
                // As MaxCompute has it: the unit last, and the time that is moved or later first.
                (None, Some(unit), _) => (unit, ["$2", "$1"]),
                (None, None, None) => {
                    return Err(Error::unsupported(format!("{name} takes its unit in quotes"))
                        .with_hint(format!("{name}('day', …)")));
                }
            };
            let unit = unit_of(name, unit)?;
            Ok(Some(if differs { difference(unit, from, to) } else { sum(unit, from, to) }))
        }
        _ => Ok(None),
    }
}

/// A time moved without a unit: by an interval, as in MySQL and DuckDB, or a date by days, as in Hive.
fn moved(name: &str, operator: char, arguments: &[Expr]) -> Result<Option<String>> {
    let [_, by] = arguments else { return Ok(None) };
    if is_interval(by) {
        return Ok(Some(format!("($1 {operator} $2)")));
    }
    if is_number(by) {
        return Ok(Some(format!("(CAST($1 AS DATE) {operator} $2)")));
    }
    Err(Error::unsupported(format!(
        "{name} of two arguments takes a number of days or an INTERVAL"
    ))
    .with_hint("date_add('day', count, time) takes a count that is computed"))
}

fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Interval(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_interval(inner),
        Expr::BinaryOp { left, right, .. } => is_interval(left) || is_interval(right),
        _ => false,
    }
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(..), .. }) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_number(inner),
        _ => false,
    }
}

/// A unit without quotes.
fn bare(expr: &Expr) -> Option<&str> {
    let Expr::Identifier(Ident { value, quote_style: None, .. }) = expr else { return None };
    let lower = value.to_lowercase();
    UNITS.iter().any(|(_, names)| names.contains(&lower.as_str())).then_some(value)
}

fn unit_of(name: &str, typed: &str) -> Result<&'static str> {
    let lower = typed.to_lowercase();
    let found = UNITS.iter().find(|(_, names)| names.contains(&lower.as_str()));
    found.map(|(unit, _)| *unit).ok_or_else(|| {
        let units: Vec<_> = UNITS.iter().map(|(unit, _)| *unit).collect();
        Error::unsupported(format!("{name}: {typed} is no unit"))
            .with_hint(format!("units are {}", units.join(", ")))
    })
}

/// The time `$to` and so many units.
fn sum(unit: &str, count: &str, time: &str) -> String {
    let (unit, count) = match unit {
        "quarter" => ("month", format!("3 * {count}")),
        other => (other, count.to_owned()),
    };
    format!("({time} + {count} * INTERVAL '1' {unit})")
}

/// The boundaries of units between two times.
fn difference(unit: &str, from: &str, to: &str) -> String {
    let part = |unit: &str, time: &str| format!("CAST(date_part('{unit}', {time}) AS BIGINT)");
    if unit == "week" {
        return format!("((CAST({to} AS DATE) - CAST({from} AS DATE)) / 7)");
    }
    let count = |time: &str| match unit {
        "year" => part("year", time),
        "quarter" => format!("{} * 4 + {}", part("year", time), part("quarter", time)),
        "month" => format!("{} * 12 + {}", part("year", time), part("month", time)),
        "day" => format!("(CAST({time} AS DATE) - DATE '1970-01-01')"),
        _ => {
            let ticks = match unit {
                "hour" => 3_600_000_000_000_i64,
                "minute" => 60_000_000_000,
                "second" => 1_000_000_000,
                "millisecond" => 1_000_000,
                _ => 1_000,
            };
            let time = format!("date_trunc('{unit}', CAST({time} AS TIMESTAMP))");
            format!("CAST(arrow_cast({time}, 'Timestamp(Nanosecond, None)') AS BIGINT) / {ticks}")
        }
    };
    format!("(({}) - ({}))", count(to), count(from))
}
