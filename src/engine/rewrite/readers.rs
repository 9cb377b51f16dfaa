//! `read_parquet('a/*.parquet')` and its like of DuckDB: a path in quotes is a table here.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, TableFactor, Value,
    ValueWithSpan,
};

use crate::error::{Error, Result};

const READERS: &[&str] = &[
    "parquet_scan",
    "read_avro",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_ndjson",
    "read_ndjson_auto",
    "read_orc",
    "read_parquet",
];

/// Options of which the answer is always so.
const ALWAYS: &[&str] = &["hive_partitioning", "union_by_name", "auto_detect"];

/// The name of an option: `header = true` comes as a comparison.
fn option_of(argument: &FunctionArg) -> Option<&str> {
    let name = match argument {
        FunctionArg::Named { name, .. } => name,
        FunctionArg::ExprNamed { name: Expr::Identifier(name), .. } => name,
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp { left, op, .. })) => {
            match (left.as_ref(), op) {
                (Expr::Identifier(name), BinaryOperator::Eq) => name,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(&name.value)
}

/// Writes a call of a reader as the path that it reads.
///
/// # Errors
/// `Unsupported` for several paths and for options.
pub(super) fn mend(factor: &mut TableFactor) -> Result<()> {
    let TableFactor::Table { name, args, .. } = factor else { return Ok(()) };
    let [part] = name.0.as_slice() else { return Ok(()) };
    let (Some(ident), Some(call)) = (part.as_ident(), args.as_ref()) else { return Ok(()) };
    let typed = ident.value.to_lowercase();
    if ident.quote_style.is_some() || !READERS.contains(&typed.as_str()) {
        return Ok(());
    }
    let mut path = None;
    for argument in &call.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
                value: Value::SingleQuotedString(text),
                ..
            }))) if path.is_none() => path = Some(text.clone()),
            _ if option_of(argument).is_some_and(|name| ALWAYS.contains(&name)) => {}
            _ if let Some(option) = option_of(argument) => {
                return Err(Error::unsupported(format!("{typed} has no option {option} here"))
                    .with_hint(
                        "what files look like is said by a table file: \\infer drafts one",
                    ));
            }
            _ => {
                return Err(Error::unsupported(format!("{typed} takes one path in quotes"))
                    .with_hint("a pattern takes many files: 'logs/2026-*/*.csv'"));
            }
        }
    }
    let Some(path) = path else {
        return Err(Error::unsupported(format!("{typed} takes a path in quotes")));
    };
    *name =
        ObjectName::from(vec![Ident { quote_style: Some('\''), value: path, span: ident.span }]);
    *args = None;
    Ok(())
}
