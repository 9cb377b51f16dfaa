//! Operators in the meaning of others.

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Spanned, UnaryOperator, Value,
};

use super::synonyms;
use crate::error::{Error, Position, Result};

/// Mends one operator.
///
/// # Errors
/// `Unsupported` for `^`: no two agree on what it is.
pub(super) fn mend(expr: &mut Expr) -> Result<()> {
    match expr {
        // Whole numbers divide as whole numbers here.
        Expr::BinaryOp { op: op @ BinaryOperator::DuckIntegerDivide, .. } => {
            *op = BinaryOperator::Divide;
        }
        Expr::BinaryOp { op: BinaryOperator::BitwiseXor, right, .. } => {
            let error = Error::unsupported(
                "^ is a power for PostgreSQL and DuckDB, exclusive or for MySQL and Spark",
            );
            let at = right.span().start;
            let error = match at.line {
                0 => error,
                _ => error.at(Position { line: at.line, column: at.column }),
            };
            return Err(error.with_hint("write power(a, b) or xor(a, b)"));
        }
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr: of } => {
            let of = std::mem::replace(of.as_mut(), Expr::value(Value::Null));
            let minus_one = Expr::value(Value::Number("-1".to_owned(), false));
            *expr = Expr::Nested(Box::new(xor(of, minus_one)));
        }
        Expr::Function(call) if synonyms::plain_name(call).as_deref() == Some("xor") => {
            if let Some([left, right]) = synonyms::positional(call).as_deref() {
                *expr = Expr::Nested(Box::new(xor(left.clone(), right.clone())));
            }
        }
        // The name of a field is read as a text.
        Expr::CompoundFieldAccess { access_chain, .. } => {
            for access in access_chain {
                if let AccessExpr::Dot(field) = access
                    && let Expr::Identifier(ident) = &*field
                {
                    *field = Expr::value(Value::SingleQuotedString(ident.value.clone()));
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// The exclusive or of two whole numbers.
fn xor(left: Expr, right: Expr) -> Expr {
    let operand = |expr| Box::new(Expr::Nested(Box::new(expr)));
    Expr::BinaryOp { left: operand(left), op: BinaryOperator::BitwiseXor, right: operand(right) }
}
