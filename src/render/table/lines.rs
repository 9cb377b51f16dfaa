//! The lines of a table: which characters they are made of and where they stand.

use crate::render::cell::Sink;
use crate::render::options::{Border, Lines};

/// The rules a table can have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Above the names.
    Top,
    /// Below the names.
    Middle,
    /// Below the last row.
    Bottom,
}

/// A style of lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) border: Border,
    pub(super) lines: Lines,
}

impl Style {
    /// Terminal columns that go with every column of the table.
    pub(super) fn between(self) -> usize {
        match self.border {
            Border::None => 1,
            Border::Inner | Border::Full => 3,
        }
    }

    /// Terminal columns of `width` that columns and what goes with them may take.
    pub(super) fn room(self, width: usize) -> usize {
        match self.border {
            // The last column needs nothing behind it.
            Border::None | Border::Inner => width + 1,
            Border::Full => width.saturating_sub(1),
        }
    }

    /// Adds a rule over columns of these widths, unless the border has none there.
    pub(super) fn write_rule(self, rule: Rule, widths: &[usize], sink: &mut Sink) {
        let (left, crossing, right) = match (self.lines, self.border, rule) {
            (_, Border::None | Border::Inner, Rule::Top | Rule::Bottom) => return,
            (_, Border::None, Rule::Middle) => ("", " ", ""),
            (Lines::Ascii, Border::Inner, Rule::Middle) => ("", "+", ""),
            (Lines::Unicode, Border::Inner, Rule::Middle) => ("", "┼", ""),
            (Lines::Ascii, Border::Full, _) => ("+", "+", "+"),
            (Lines::Unicode, Border::Full, Rule::Top) => ("┌", "┬", "┐"),
            (Lines::Unicode, Border::Full, Rule::Middle) => ("├", "┼", "┤"),
            (Lines::Unicode, Border::Full, Rule::Bottom) => ("└", "┴", "┘"),
        };
        let dash = match self.lines {
            Lines::Ascii => "-",
            Lines::Unicode => "─",
        };
        sink.push(left);
        for (position, width) in widths.iter().enumerate() {
            if position > 0 {
                sink.push(crossing);
            }
            for _ in 0..width + self.between() - 1 {
                sink.push(dash);
            }
        }
        sink.push(right);
        sink.push("\n");
    }

    /// Adds what stands left of the first value.
    pub(super) fn write_left(self, sink: &mut Sink) {
        match self.border {
            Border::None => {}
            Border::Inner => sink.push(" "),
            Border::Full => {
                sink.push(self.bar());
                sink.push(" ");
            }
        }
    }

    /// Adds what stands between two values, after the blank or mark behind the first one.
    pub(super) fn write_between(self, sink: &mut Sink) {
        if self.border != Border::None {
            sink.push(self.bar());
            sink.push(" ");
        }
    }

    /// Adds what stands right of the last value, and ends the line.
    pub(super) fn write_right(self, sink: &mut Sink) {
        if self.border == Border::Full {
            sink.push(self.bar());
        } else {
            while sink.bytes.last() == Some(&b' ') {
                sink.bytes.pop();
            }
        }
        sink.push("\n");
    }

    /// The mark behind a line of a value that goes on below.
    pub(super) fn continued(self) -> &'static str {
        match self.lines {
            Lines::Ascii => "+",
            Lines::Unicode => "↵",
        }
    }

    /// The mark where something is cut or hidden, one column wide.
    pub(super) fn hidden(self) -> &'static str {
        match self.lines {
            Lines::Ascii => "~",
            Lines::Unicode => "…",
        }
    }

    fn bar(self) -> &'static str {
        match self.lines {
            Lines::Ascii => "|",
            Lines::Unicode => "│",
        }
    }
}
