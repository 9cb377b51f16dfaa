//! The line of a statement that an error is about, with a caret below the place.
//!
//! Made for people at a terminal; machine formats carry the position as numbers.

use unicode_width::UnicodeWidthChar;

use crate::error::Position;

/// `message` with the line it is about and a caret, `width` columns wide at most.
///
/// ```text
/// no column nmae in users
/// LINE 3: select nmae from users
///                ^
/// ```
///
/// The message alone if `position` is not in `text`.
pub fn render(message: &str, text: &str, position: Position, width: usize) -> String {
    match excerpt(text, position, width) {
        Some(excerpt) => format!("{message}\n{excerpt}"),
        None => message.to_owned(),
    }
}

/// The two lines below the message, without a line end; none if `position` is not in `text`.
///
/// The place right behind a line counts as in it, as that is where something is missing. Tabs and
/// other control characters are shown as one space each. A line that does not fit is cut around the
/// caret, with `…` for what is left out; at least 20 columns of it are shown.
pub fn excerpt(text: &str, position: Position, width: usize) -> Option<String> {
    let number = usize::try_from(position.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(position.column).ok()?.checked_sub(1)?;
    let line = text.split('\n').nth(number)?;
    if column > line.chars().count() {
        return None;
    }
    let cells: Vec<Cell> = line.trim_end_matches('\r').chars().map(Cell::of).collect();
    // Between the carriage return and the line feed is the end of the line too.
    let column = column.min(cells.len());
    let label = format!("LINE {}: ", position.line);
    let room = width.saturating_sub(label.len()).max(20);
    let window = Window::around(&cells, column, room);
    let mut shown = label;
    shown.extend(window.cut_before.then_some('…'));
    shown.extend(cells[window.from..window.to].iter().map(|cell| cell.shown));
    shown.extend(window.cut_behind.then_some('…'));
    let before = "LINE : ".len() + position.line.to_string().len() + usize::from(window.cut_before);
    let indent = before + columns(&cells[window.from..column]);
    Some(format!("{}\n{:indent$}^", shown.trim_end(), ""))
}

/// A character and the terminal columns it takes.
#[derive(Clone, Copy)]
struct Cell {
    shown: char,
    width: usize,
}

impl Cell {
    fn of(c: char) -> Self {
        match c.width() {
            Some(width) => Self { shown: c, width },
            // Control characters have no width, and could drive the terminal.
            None => Self { shown: ' ', width: 1 },
        }
    }
}

fn columns(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| cell.width).sum()
}

/// The part of a line that is shown, in characters.
struct Window {
    from: usize,
    to: usize,
    cut_before: bool,
    cut_behind: bool,
}

impl Window {
    /// As much of `cells` around the character `at` as fits into `room` columns.
    ///
    /// Up to two thirds of the room go to what stands before the caret: what it means is mostly
    /// decided there.
    fn around(cells: &[Cell], at: usize, room: usize) -> Self {
        if columns(cells) <= room {
            return Self { from: 0, to: cells.len(), cut_before: false, cut_behind: false };
        }
        // One column each for the two `…`.
        let room = room - 2;
        let behind = columns(&cells[at..]);
        let before = (room * 2 / 3).max(room.saturating_sub(behind));
        let mut from = at;
        let mut used = 0;
        while from > 0 && used + cells[from - 1].width <= before {
            from -= 1;
            used += cells[from].width;
        }
        let mut to = at;
        while to < cells.len() && used + cells[to].width <= room {
            used += cells[to].width;
            to += 1;
        }
        Self { from, to, cut_before: from > 0, cut_behind: to < cells.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64, column: u64) -> Position {
        Position { line, column }
    }

    #[test]
    fn the_caret_stands_below_the_place() {
        let text = "-- c\r\n\r\nselect nmae from users\r\nwhere a";
        assert_eq!(
            render("no column nmae in users", text, at(3, 8), 80),
            "no column nmae in users\nLINE 3: select nmae from users\n               ^"
        );
    }

    #[test]
    fn tabs_take_one_column_and_wide_characters_two() {
        assert_eq!(
            excerpt("\tselect '日本' nmae", at(1, 14), 80),
            Some("LINE 1:  select '日本' nmae\n                       ^".to_owned())
        );
        assert_eq!(
            excerpt("e\u{301}\u{1b}[m x", at(1, 7), 80),
            Some("LINE 1: e\u{301} [m x\n             ^".to_owned())
        );
    }

    #[test]
    fn the_end_of_a_line_is_a_place_and_beyond_it_is_none() {
        assert_eq!(excerpt("select", at(1, 7), 80), Some("LINE 1: select\n              ^".into()));
        assert_eq!(excerpt("select", at(1, 8), 80), None);
        assert_eq!(excerpt("select", at(2, 1), 80), None);
        assert_eq!(excerpt("select", at(0, 0), 80), None);
        assert_eq!(render("no", "select", at(9, 9), 80), "no");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret_to_the_width() {
        let text = format!("{}here{}", "a".repeat(200), "z".repeat(200));
        assert_eq!(
            excerpt(&text, at(1, 201), 32),
            Some(
                "LINE 1: …aaaaaaaaaaaaaahereztzz…\n                       ^".replace("tzz", "zzz")
            )
        );
        let start = excerpt(&text, at(1, 1), 32);
        assert_eq!(start, Some(format!("LINE 1: {}…\n        ^", "a".repeat(22))));
        let end = excerpt(&text, at(1, 405), 32);
        assert_eq!(end, Some(format!("LINE 1: …{}\n{}^", "z".repeat(22), " ".repeat(31))));
    }

    #[test]
    fn every_place_of_a_wide_line_fits_the_width() {
        let text = "日a本\tb".repeat(60);
        for column in 1..=text.chars().count() as u64 + 1 {
            let shown = excerpt(&text, at(1, column), 40).unwrap();
            let (line, caret) = shown.split_once('\n').unwrap();
            let width: usize = line.chars().filter_map(|c| c.width()).sum();
            assert!(width <= 40 && caret.len() <= 41, "{shown}");
        }
    }
}
