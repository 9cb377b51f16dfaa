//! Text for a terminal: how wide it is, what must not reach it raw, and how it is cut.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Columns the text takes up: two for wide characters, none for combining ones.
pub(in crate::render) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) { text.len() } else { text.width() }
}

/// The text without characters that steer a terminal; line feeds stay.
///
/// `\t`, `\r`, `\x1b` and the like are written as such, so are the characters that turn the
/// direction of what follows them.
pub(in crate::render) fn printable(text: &str) -> Cow<'_, str> {
    escape(text, |character| character != '\n' && steers(character))
}

/// As [`printable`], with line feeds as `\n`.
pub(in crate::render) fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, steers)
}

fn steers(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || turns || breaks
}

fn escape(text: &str, unwanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unwanted) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        // Writing to a `String` cannot fail.
        let _ = match character {
            '\n' if unwanted('\n') => safe.write_str("\\n"),
            '\r' => safe.write_str("\\r"),
            '\t' => safe.write_str("\\t"),
            low if low.is_ascii() && unwanted(low) => write!(safe, "\\x{:02x}", u32::from(low)),
            high if unwanted(high) => write!(safe, "\\u{{{:x}}}", u32::from(high)),
            shown => safe.write_char(shown),
        };
    }
    Cow::Owned(safe)
}

/// The longest start of `text` that fits in `columns` together with the mark of the cut; `None` if
/// the whole text fits.
pub(in crate::render) fn cut(text: &str, columns: usize) -> Option<&str> {
    if width(text) <= columns {
        return None;
    }
    let room = columns.saturating_sub(1);
    let mut end = 0;
    // A heap of combining characters has no width: it is cut by their number.
    for (start, character) in text.char_indices().take(16 * room) {
        let next = start + character.len_utf8();
        if width(&text[..next]) > room {
            break;
        }
        end = next;
    }
    // A joiner would draw the mark into the character before it.
    Some(text[..end].trim_end_matches('\u{200d}'))
}
