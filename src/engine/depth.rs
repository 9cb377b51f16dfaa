//! How deep a statement may be: a chain of operators is walked by recursion, as deep as it is long,
//! and a stack that overflows takes the whole program with it.
//!
//! Brackets are counted by the parser itself, whose limit of depth this adds to.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Position, Result};

/// The longest chain. The stack of a query thread takes more.
const CHAIN: usize = 20_000;

/// Refuses a statement with a longer chain of operators than the stack is sure to take.
///
/// # Errors
/// `Unsupported`, at the operator that is one too many.
pub(super) fn hold(tokens: &[TokenWithSpan]) -> Result<()> {
    // The length of the chain so far, per open bracket.
    let mut chains = vec![0_usize];
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => chains.push(0),
            Token::RParen | Token::RBracket | Token::RBrace if chains.len() > 1 => {
                chains.pop();
            }
            Token::Comma | Token::SemiColon => {
                if let Some(chain) = chains.last_mut() {
                    *chain = 0;
                }
            }
            operator if joins(operator) => {
                let Some(chain) = chains.last_mut() else { continue };
                *chain += 1;
                if *chain > CHAIN {
                    let at = token.span.start;
                    return Err(Error::unsupported(format!(
                        "an expression has more than {CHAIN} operators"
                    ))
                    .at(Position { line: at.line, column: at.column })
                    .with_hint("use x IN (…), or join with a table of the values"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a token joins two operands into a deeper tree.
fn joins(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
        ),
        Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::DoubleColon
        | Token::Ampersand
        | Token::Pipe
        | Token::Caret => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{CHAIN, hold};
    use crate::engine::run::tokenize;

    #[test]
    fn only_chains_are_counted_and_not_lists() {
        let chain = |length: usize| format!("select 1{}", " + 1".repeat(length));
        assert!(hold(&tokenize(&chain(CHAIN)).unwrap()).is_ok());
        let error = hold(&tokenize(&chain(CHAIN + 1)).unwrap()).unwrap_err();
        assert_eq!(error.message(), "an expression has more than 20000 operators");
        let list = format!("select x in (0{})", ", -1 + 2".repeat(CHAIN));
        assert!(hold(&tokenize(&list).unwrap()).is_ok());
        let rows = format!("values (1 - 1){}", ", (1 - 1)".repeat(CHAIN));
        assert!(hold(&tokenize(&rows).unwrap()).is_ok());
    }
}
