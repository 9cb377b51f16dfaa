//! Functions as other databases call them: people type what they know.
//!
//! A call is written as what does the same here, before names are resolved. A name that the engine
//! has itself is never taken; where databases differ in what a name means, the meaning is the one that
//! `docs/differences.md` says.

mod json_path;
mod patterns;
mod table;
mod units;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectNamePart, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::template;
use crate::error::Result;
pub(in crate::engine) use table::listed;
use table::{RENAMED, WRITTEN};

/// Writes a call of a synonym as what it means.
///
/// # Errors
/// `Unsupported` for a unit, a pattern or a path that is not known.
pub(super) fn mend(expr: &mut Expr) -> Result<()> {
    let Expr::Function(call) = expr else { return Ok(()) };
    let Some(name) = plain_name(call) else { return Ok(()) };
    if let Some((_, ours)) = RENAMED.iter().find(|(theirs, _)| *theirs == name) {
        rename(call, ours);
        return Ok(());
    }
    let Some(arguments) = positional(call) else { return Ok(()) };
    if let Some(written) = units::written(&name, &arguments)? {
        *expr = filled(&written, &arguments)?;
    } else if let Some(path) = json_path::written(&name, &arguments)? {
        *expr = filled(&path, &arguments)?;
    } else if let Some(written) = WRITTEN.iter().find(|written| written.is(&name, &arguments)) {
        let meaning = filled(written.meaning, &arguments)?;
        if let Some(meaning) = with_clauses(meaning, call) {
            *expr = meaning;
        }
    }
    patterns::mend(&name, expr)
}

/// The name of a call without a schema and quotes, in small letters.
pub(super) fn plain_name(call: &Function) -> Option<String> {
    let [part] = call.name.0.as_slice() else { return None };
    let ident = part.as_ident()?;
    ident.quote_style.is_none().then(|| ident.value.to_ascii_lowercase())
}

fn rename(call: &mut Function, name: &str) {
    if let [ObjectNamePart::Identifier(ident)] = call.name.0.as_mut_slice() {
        name.clone_into(&mut ident.value);
    }
}

/// The arguments of a call that has nothing but those.
pub(super) fn positional(call: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &call.args else {
        return matches!(call.args, FunctionArguments::None).then(Vec::new);
    };
    let plain = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

/// A template with `$1`, `$2`, … as an expression over the arguments.
fn filled(template: &str, arguments: &[Expr]) -> Result<Expr> {
    let mut expr = template::plain_expr(template)?;
    // The filler never breaks off.
    let _ = VisitMut::visit(&mut expr, &mut Filler { arguments });
    Ok(expr)
}

/// The meaning with what stood behind the arguments of the call: `OVER`, `FILTER`, `ORDER BY`. None
/// where it has no place for it.
fn with_clauses(mut meaning: Expr, call: &Function) -> Option<Expr> {
    let (distinct, clauses) = match &call.args {
        FunctionArguments::List(list) => (list.duplicate_treatment, list.clauses.clone()),
        _ => (None, vec![]),
    };
    let has_none = call.over.is_none()
        && call.filter.is_none()
        && call.null_treatment.is_none()
        && call.within_group.is_empty()
        && distinct.is_none()
        && clauses.is_empty();
    if has_none {
        return Some(meaning);
    }
    let Expr::Function(root) = &mut meaning else { return None };
    let FunctionArguments::List(list) = &mut root.args else { return None };
    if !list.clauses.is_empty() && !clauses.is_empty() || !call.within_group.is_empty() {
        return None;
    }
    list.clauses.extend(clauses);
    list.duplicate_treatment = distinct.or(list.duplicate_treatment);
    root.over.clone_from(&call.over);
    root.null_treatment = call.null_treatment.or(root.null_treatment);
    root.filter = match (root.filter.take(), call.filter.clone()) {
        (Some(ours), Some(theirs)) => Some(Box::new(Expr::BinaryOp {
            left: Box::new(Expr::Nested(ours)),
            op: BinaryOperator::And,
            right: Box::new(Expr::Nested(theirs)),
        })),
        (ours, theirs) => ours.or(theirs),
    };
    Some(meaning)
}

struct Filler<'a> {
    arguments: &'a [Expr],
}

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(hole), .. }) = &*expr
            && let Some(argument) = hole
                .strip_prefix('$')
                .and_then(|number| number.parse::<usize>().ok())
                .and_then(|number| self.arguments.get(number.checked_sub(1)?))
        {
            *expr = match argument {
                // What stands for itself needs no parentheses, and some readers take only that.
                Expr::Value(_) | Expr::Identifier(_) | Expr::Function(_) => argument.clone(),
                other => Expr::Nested(Box::new(other.clone())),
            };
        }
        ControlFlow::Continue(())
    }
}

/// A text in quotes.
fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::session_state::SessionStateBuilder;

    use super::*;

    fn mended(sql: &str) -> String {
        let mut expr = template::plain_expr(sql).unwrap();
        match mend(&mut expr) {
            Ok(()) => expr.to_string(),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn calls_are_written_as_what_they_mean() {
        for (typed, meant) in [
            ("list(DISTINCT a ORDER BY b)", "array_agg(DISTINCT a ORDER BY b)"),
            ("LIST(a) OVER (PARTITION BY b)", "array_agg(a) OVER (PARTITION BY b)"),
            (
                "max_by(a, b + 1) FILTER (WHERE c)",
                "first_value(a ORDER BY (b + 1) DESC NULLS LAST) \
                 FILTER (WHERE ((b + 1) IS NOT NULL) AND (c))",
            ),
            ("if(a, b, c)", "CASE WHEN a THEN b ELSE c END"),
            ("count_if(a)", "count(*) FILTER (WHERE a)"),
            ("count_if(a) OVER ()", "count(*) FILTER (WHERE a) OVER ()"),
            ("year(d)", "CAST(date_part('year', d) AS BIGINT)"),
            ("date_add('day', n, d)", "(d + n * INTERVAL '1' DAY)"),
            ("date_add(t, INTERVAL 1 HOUR)", "(t + (INTERVAL 1 HOUR))"),
            ("date_sub(d, 3)", "(CAST(d AS DATE) - 3)"),
            ("json_extract_string(j, '$.a[0].\"b c\"')", "json_as_text(j, 'a', 0, 'b c')"),
            ("to_char(t, 'YYYY-MM-DD HH24:MI')", "to_char(t, '%Y-%m-%d %H:%M')"),
            ("date_format(t, '%H:%i:%s')", "to_char(t, '%H:%M:%S')"),
            ("date_format(t, 'yyyy-MM-dd''T''HH:mm')", "to_char(t, '%Y-%m-%dT%H:%M')"),
            ("strftime(t, '%H:%M')", "to_char(t, '%H:%M')"),
            ("\"list\"(a)", "\"list\"(a)"),
            ("max_by(a)", "max_by(a)"),
            ("year(d) OVER ()", "year(d) OVER ()"),
        ] {
            assert_eq!(mended(typed), meant, "{typed}");
        }
    }

    #[test]
    fn no_synonym_takes_the_name_of_a_function() {
        let builder = SessionStateBuilder::new_with_default_features();
        let state = crate::engine::state::extend(builder);
        let is_ours = |name: &str| {
            state.scalar_functions().contains_key(name)
                || state.aggregate_functions().contains_key(name)
                || state.window_functions().contains_key(name)
        };
        for (name, meaning) in RENAMED {
            assert!(!is_ours(name), "{name} is a function");
            assert!(is_ours(meaning), "{meaning} is none");
        }
        for written in WRITTEN {
            // With one argument it is not.
            let is_more = written.name == "string_agg" && written.arguments.len() == 1;
            assert!(is_more || !is_ours(written.name), "{} is a function", written.name);
            template::plain_expr(written.meaning).unwrap();
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (typed, part) in [
            ("date_diff('moon', a, b)", "moon"),
            ("to_char(t, 'YYYY Q')", "Q in"),
            ("to_char(t, 'yyyy-MM-dd HH:mm')", "mm beside MM"),
            ("date_add(t, n)", "an INTERVAL"),
            ("date_format(t, '%q')", "%q"),
            ("json_extract(j, '$.a[*]')", "$.a[*]"),
        ] {
            let error = mended(typed);
            assert!(error.contains(part), "{typed}: {error}");
        }
    }
}
