//! `SIMILAR TO` matches the whole text, with `%` and `_` as in LIKE; DataFusion searches within it.

use datafusion::sql::sqlparser::ast::{Expr, Value};

use crate::error::{Error, Result};

/// Mends one expression.
pub(super) fn mend(expr: &mut Expr) -> Result<()> {
    let Expr::SimilarTo { pattern, .. } = expr else { return Ok(()) };
    let Expr::Value(value) = pattern.as_mut() else { return Err(refused()) };
    match &mut value.value {
        Value::Null => Ok(()),
        Value::SingleQuotedString(text) => {
            *text = anchored(text);
            Ok(())
        }
        _ => Err(refused()),
    }
}

fn refused() -> Error {
    Error::unsupported("SIMILAR TO takes a pattern in quotes")
        .with_hint("use regexp_like(text, '^(' || pattern || ')$')")
}

/// The regular expression of a whole text. Within brackets and after a backslash, letters are
/// themselves.
fn anchored(pattern: &str) -> String {
    let mut regex = String::from("^(?s:");
    let (mut in_brackets, mut letters) = (false, pattern.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                regex.push(letter);
                regex.extend(letters.next());
            }
            '%' if !in_brackets => regex.push_str(".*"),
            '_' if !in_brackets => regex.push('.'),
            _ => {
                in_brackets = (in_brackets || letter == '[') && letter != ']';
                regex.push(letter);
            }
        }
    }
    regex.push_str(")$");
    regex
}

#[cfg(test)]
mod tests {
    use super::anchored;

    #[test]
    fn a_pattern_becomes_a_regular_expression_of_the_whole_text() {
        assert_eq!(anchored("a(b|x)_%"), "^(?s:a(b|x)..*)$");
        assert_eq!(anchored(r"[%_]\%"), r"^(?s:[%_]\%)$");
    }
}
