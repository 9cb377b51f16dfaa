//! The lines of one statement at the prompt.
//!
//! The editor has one prompt, before the first line. Further lines that Enter begins are indented by
//! three no-break spaces, which nobody types; they are shown as a prompt of the same width that says
//! what is still open, and taken out before anything else sees the text.

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, Movement,
    RepeatCount,
};

use crate::engine::statement::lexer::lexemes;
use crate::engine::statement::split::{Completeness, Open, is_complete};

/// What a further line begins with.
pub(in crate::repl) const INDENT: &str = "\u{a0}\u{a0}\u{a0}";

/// A line feed and the indent, in characters.
const BREAK: RepeatCount = 4;

/// The words that leave or help without a backslash, as other shells have them.
const WORDS: [&str; 5] = ["exit", "quit", "help", "clear", "history"];

/// Commands that work on the statement that is being typed when they end it.
const ON_DRAFT: [&str; 6] = ["\\e", "\\edit", ".edit", "\\p", "\\r", "\\reset"];

/// The text without indents.
pub(in crate::repl) fn stripped(text: &str) -> String {
    text.replace(&format!("\n{INDENT}"), "\n")
}

/// The prompt of the line behind `text`: what is open there.
pub(in crate::repl) fn prompt_of(text: &str) -> &'static str {
    match is_complete(text) {
        Completeness::Complete => "-> ",
        Completeness::NeedsMore(open) => match open {
            Open::InString => "'> ",
            Open::InQuotedName => "\"> ",
            Open::InDollarString => "$> ",
            Open::InComment => "*> ",
            Open::NoSemicolon if is_in_brackets(text) => "(> ",
            Open::NoSemicolon => "-> ",
        },
    }
}

fn is_in_brackets(text: &str) -> bool {
    let depth = lexemes(text).fold(0_i32, |depth, lexeme| match lexeme.text {
        "(" => depth + 1,
        ")" => (depth - 1).max(0),
        ";" => 0,
        _ => depth,
    });
    depth > 0
}

/// The word that `text` is, if it is one that leaves or helps.
pub(in crate::repl) fn word(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_end_matches(';');
    WORDS.iter().find(|word| word.eq_ignore_ascii_case(text)).copied()
}

/// The statement that is being typed, and the command on its last line that works on it.
pub(in crate::repl) fn on_draft(text: &str) -> Option<(&str, &str)> {
    let (draft, last) = text.trim_end().rsplit_once('\n')?;
    let last = last.trim();
    let open = matches!(is_complete(draft), Completeness::NeedsMore(Open::NoSemicolon));
    (open && ON_DRAFT.contains(&last)).then_some((draft, last))
}

/// Whether Enter runs the text.
fn is_ended(text: &str) -> bool {
    let text = stripped(text);
    text.trim().is_empty()
        || word(&text).is_some()
        || on_draft(&text).is_some()
        || is_complete(&text) == Completeness::Complete
}

/// Enter, Backspace and the arrows, where lines end.
#[derive(Debug)]
pub(super) struct LineKeys;

impl ConditionalEventHandler for LineKeys {
    fn handle(
        &self,
        event: &Event,
        count: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let (before, behind) = context.line().split_at_checked(context.pos())?;
        let begins_line = before.ends_with(&format!("\n{INDENT}"));
        match event.get(0)? {
            KeyEvent(KeyCode::Enter, Modifiers::NONE)
            | KeyEvent(KeyCode::Char('J'), Modifiers::CTRL)
                if is_ended(context.line()) =>
            {
                Some(Cmd::AcceptLine)
            }
            KeyEvent(KeyCode::Enter | KeyCode::Char('J'), _) => {
                Some(Cmd::Insert(1, format!("\n{INDENT}")))
            }
            _ if count > 1 => None,
            KeyEvent(KeyCode::Backspace, Modifiers::NONE) if begins_line => {
                Some(Cmd::Kill(Movement::BackwardChar(BREAK)))
            }
            KeyEvent(KeyCode::Left, Modifiers::NONE) if begins_line => {
                Some(Cmd::Move(Movement::BackwardChar(BREAK)))
            }
            KeyEvent(KeyCode::Right, Modifiers::NONE)
                if behind.starts_with(&format!("\n{INDENT}")) =>
            {
                Some(Cmd::Move(Movement::ForwardChar(BREAK)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_the_text_when_everything_is_ended() {
        for (text, ended) in [
            ("", true),
            ("select 1;", true),
            ("select 1", false),
            ("QUIT;", true),
            ("\\d users", true),
            ("select 1\n\u{a0}\u{a0}\u{a0}\\e", true),
            ("select '\n\\e", false),
            ("select 1\n\\x", false),
        ] {
            assert_eq!(is_ended(text), ended, "{text}");
        }
    }

    #[test]
    fn indents_are_taken_out_and_other_spaces_stay() {
        assert_eq!(stripped(&format!("a\n{INDENT}b\n   c \u{a0}")), "a\nb\n   c \u{a0}");
    }

    #[test]
    fn a_command_on_the_last_line_works_on_the_lines_before() {
        assert_eq!(on_draft("select 1,\n2\n\\e\n"), Some(("select 1,\n2", "\\e")));
        assert_eq!(on_draft("select 1;\n\\e"), None);
        assert_eq!(on_draft("\\e"), None);
    }
}
