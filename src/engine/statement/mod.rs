//! From text to statements: cutting, pasted variables, declared parameters, carets.
//!
//! Everything here works on text alone and knows no session; what a statement means is the
//! planner's. The prompt, files and standard input use the same functions in the same order:
//! [`split`](split::split), then [`paste`](variables::paste), then the parser.

pub mod caret;
pub mod declarations;
pub mod lexer;
pub mod split;
pub mod variables;

#[cfg(test)]
mod laws;
