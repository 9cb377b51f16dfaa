//! The line on standard error while a statement runs; gone without a trace when rows come.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::color::{ColorChoice, DIM, RESET};
use super::footer::{bytes, duration, number};
use crate::engine::Progress;

/// Shorter statements show nothing.
const AFTER: Duration = Duration::from_millis(600);

/// See the module.
#[derive(Debug)]
pub(super) struct ProgressLine {
    began: Instant,
    is_terminal: bool,
    colored: bool,
    is_shown: bool,
}

impl ProgressLine {
    /// Of a statement that begins now.
    pub(super) fn new(color: ColorChoice) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { began: Instant::now(), is_terminal, colored: color.on_stderr(), is_shown: false }
    }

    /// Nothing is known yet: it is being planned, files are listed.
    pub(super) fn waiting(&mut self) {
        let text = format!("{}  planning", duration(self.began.elapsed()));
        self.draw(&text);
    }

    /// How far it has come.
    pub(super) fn show(&mut self, progress: &Progress) {
        self.draw(&text(progress));
    }

    fn draw(&mut self, text: &str) {
        if !self.is_terminal || self.began.elapsed() < AFTER {
            return;
        }
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let text: String = text.chars().take(width.saturating_sub(1)).collect();
        let (start, end) = if self.colored { (DIM, RESET) } else { ("", "") };
        let mut stderr = std::io::stderr().lock();
        // A terminal that is gone needs no progress.
        let _ = write!(stderr, "\r\x1b[K{start}{text}{end}").and_then(|()| stderr.flush());
        self.is_shown = true;
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}

fn text(progress: &Progress) -> String {
    let mut parts = vec![duration(progress.elapsed)];
    if progress.files > 0 {
        let plural = if progress.files == 1 { "" } else { "s" };
        parts.push(format!("{} file{plural}", number(progress.files)));
    }
    if progress.rows_read > 0 {
        let seconds = progress.elapsed.as_secs_f64().max(0.001);
        // Rates need no digits beyond the point.
        let rate = (progress.rows_read as f64 / seconds) as u64;
        parts.push(format!("{} rows read, {}/s", number(progress.rows_read), number(rate)));
        let all = progress.rows_to_read.filter(|all| *all >= progress.rows_read);
        if let Some(all) = all {
            let left = (all - progress.rows_read) as f64 / progress.rows_read as f64;
            let percent = progress.rows_read * 100 / all;
            parts.push(format!("{percent} %, {} left", duration(progress.elapsed.mul_f64(left))));
        }
    }
    if progress.bytes_read > 0 {
        parts.push(bytes(progress.bytes_read));
    }
    if progress.rows > 0 {
        parts.push(format!("{} rows found", number(progress.rows)));
    }
    parts.push(format!("memory {}", bytes(progress.memory)));
    parts.push("Ctrl-C cancels".to_owned());
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_what_is_known() {
        let mut progress = Progress { elapsed: Duration::from_secs(2), ..Progress::default() };
        assert_eq!(text(&progress), "2.0 s  memory 0 B  Ctrl-C cancels");
        (progress.files, progress.rows_read, progress.bytes_read) = (3, 5000, 2_000_000);
        assert_eq!(
            text(&progress),
            "2.0 s  3 files  5,000 rows read, 2,500/s  2.0 MB  memory 0 B  Ctrl-C cancels"
        );
        progress.rows_to_read = Some(20_000);
        assert!(text(&progress).contains("2,500/s  25 %, 6.0 s left  2.0 MB"));
    }
}
