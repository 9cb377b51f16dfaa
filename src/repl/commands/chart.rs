//! `\chart`: a result as a picture.

use super::{Argument, Command};
use crate::error::Result as Answer;
use crate::render::Lines;
use crate::repl::chart;
use crate::repl::shell::Shell;

/// Draw a result: bars, a line, how values are spread.
pub(super) struct Chart;

impl Command for Chart {
    fn names(&self) -> &'static [&'static str] {
        &["chart"]
    }

    fn usage(&self) -> &'static str {
        "\\chart [bars|line|histogram] [X Y]"
    }

    fn about(&self) -> &'static str {
        "draw a result: bars, a line, how values are spread"
    }

    fn example(&self) -> &'static str {
        "select day, count(*) from t group by 1 \\chart"
    }

    fn arguments(&self) -> &'static [Argument] {
        &[Argument::Words(&["bars", "line", "histogram"]), Argument::None]
    }

    fn sends(&self) -> bool {
        true
    }

    fn send(&self, shell: &mut Shell, sql: &str, arguments: &str) -> Answer<u64> {
        let result = shell.result_of(sql)?;
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let ascii = shell.display.options.lines == Lines::Ascii;
        let words: Vec<&str> = arguments.split_whitespace().collect();
        shell.say(&chart::draw(&result, &words, width, ascii)?)?;
        Ok(0)
    }
}
