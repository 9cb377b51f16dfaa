//! An error as people read it: the sentence, the line with a caret, the way out.

use crate::engine::statement::caret;
use crate::error::{Error, Position};

/// How wide the quoted line may be.
const WIDTH: usize = 100;

/// The text of an error in a statement of `text`, which its position counts from.
pub fn error_text(error: &Error, text: &str, position: Option<Position>) -> String {
    let mut lines = format!("error: {}", error.message());
    if let Some(excerpt) = position.and_then(|at| caret::excerpt(text, at, WIDTH)) {
        lines.push('\n');
        lines.push_str(&excerpt);
    }
    if let Some(hint) = error.hint() {
        lines.push_str("\nhint: ");
        lines.push_str(hint);
    }
    lines
}
