//! The pager for who has none: pages through a result with the names of its columns always in sight.
//!
//! It works on a thread of its own and takes text as far as it is looked at, so that a long result is
//! computed no further than somebody scrolls.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use unicode_width::UnicodeWidthChar;

/// Pieces of text that may wait to be looked at.
const WAITING: usize = 16;

/// More lines are not held.
const MOST: usize = 1_000_000;

/// Columns that ← and → move by.
const STEP: usize = 16;

/// How long it is waited for text, before it is looked whether a key was pressed.
const WAIT: Duration = Duration::from_millis(50);

const KEYS: &str = "space b ↑ ↓ ← → g G, / n search, q leaves";

/// The pager, as who writes into it sees it.
#[derive(Debug)]
pub(super) struct OwnPager {
    // Taken away to say that no more comes.
    text: Option<SyncSender<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl OwnPager {
    /// Takes the screen; none where there is no terminal.
    pub(super) fn start() -> Option<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let usual = tcgetattr(&terminal).ok()?;
        let (sender, text) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("sluice-pager".to_owned());
        let work = move || {
            let screen = Screen::take(terminal, usual);
            // A terminal that is gone is left.
            let _ = screen.and_then(|screen| View::default().run(screen, text));
        };
        Some(Self { text: Some(sender), thread: thread.spawn(work).ok()? })
    }

    /// Hands over text; false when it has been left.
    pub(super) fn write(&mut self, bytes: &[u8]) -> bool {
        self.text.as_ref().is_some_and(|text| text.send(bytes.to_vec()).is_ok())
    }

    /// No more comes; waits until it is left.
    pub(super) fn end(mut self) {
        drop(self.text.take());
        let _ = self.thread.join();
    }
}

/// The terminal while it is the pager's.
struct Screen {
    terminal: File,
    usual: Termios,
}

impl Screen {
    fn take(mut terminal: File, usual: Termios) -> std::io::Result<Self> {
        let mut own = usual.clone();
        own.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG);
        own.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        own.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&terminal, SetArg::TCSADRAIN, &own)?;
        write!(terminal, "\x1b[?1049h\x1b[?25l")?;
        Ok(Self { terminal, usual })
    }

    /// What was pressed since it was asked last.
    fn keys(&mut self) -> std::io::Result<String> {
        let mut bytes = [0; 256];
        let length = self.terminal.read(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write!(self.terminal, "\x1b[?25h\x1b[?1049l");
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.usual);
    }
}

/// What is looked at.
#[derive(Default)]
struct View {
    lines: Vec<String>,
    /// A line whose end has not come.
    rest: Vec<u8>,
    has_ended: bool,
    /// The first line below the names, and the first column.
    top: usize,
    left: usize,
    to_end: bool,
    /// What is searched for; open while it is typed.
    search: Option<String>,
    is_typing: bool,
}

impl View {
    fn run(mut self, mut screen: Screen, text: Receiver<Vec<u8>>) -> std::io::Result<()> {
        let mut drawn = String::new();
        loop {
            let (columns, rows) = terminal_size::terminal_size()
                .map_or((80, 24), |(columns, rows)| (usize::from(columns.0), usize::from(rows.0)));
            let body = rows.saturating_sub(1 + self.names()).max(1);
            self.fill(&text, body);
            let picture = self.picture(columns, body);
            if picture != drawn {
                screen.terminal.write_all(picture.as_bytes())?;
                drawn = picture;
            }
            let keys = screen.keys()?;
            if keys.is_empty() {
                if self.has_ended {
                    std::thread::sleep(WAIT);
                }
                continue;
            }
            if self.press(&keys, body) {
                return Ok(());
            }
        }
    }

    /// Takes as much text as is looked at.
    fn fill(&mut self, text: &Receiver<Vec<u8>>, body: usize) {
        while !self.has_ended && (self.to_end || self.lines.len() < self.top + 2 * body) {
            match text.recv_timeout(WAIT) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => {
                    self.has_ended = true;
                    let rest = std::mem::take(&mut self.rest);
                    if !rest.is_empty() {
                        self.lines.push(String::from_utf8_lossy(&rest).into_owned());
                    }
                }
            }
            if self.lines.len() >= MOST {
                self.has_ended = true;
            }
            if self.to_end {
                // Somebody may have had enough of waiting.
                return;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if let Some(line) = self.rest.strip_suffix(b"\n") {
                let line = String::from_utf8_lossy(line).into_owned();
                self.rest.clear();
                // The blank line that parts two results parts nothing here.
                if !(self.lines.is_empty() && line.is_empty()) {
                    self.lines.push(line);
                }
            }
        }
    }

    /// How many lines the names of the columns take: up to the rule below them.
    fn names(&self) -> usize {
        let is_rule = |line: &String| {
            !line.is_empty()
                && line.chars().all(|c| "├┼┤─-+ ".contains(c))
                && line.contains(['─', '-'])
        };
        let rule = self.lines.iter().take(4).skip(1).position(is_rule);
        rule.map_or(0, |at| at + 2)
    }

    fn last_top(&self, body: usize) -> usize {
        self.lines.len().saturating_sub(self.names() + body)
    }

    /// Does what keys say; true when it is left.
    fn press(&mut self, keys: &str, body: usize) -> bool {
        if self.is_typing {
            self.type_search(keys, body);
            return false;
        }
        match keys {
            "q" | "Q" | "\x03" | "\x04" => return true,
            " " | "f" | "\x06" | "\x1b[6~" => self.top += body,
            "b" | "\x02" | "\x1b[5~" => self.top = self.top.saturating_sub(body),
            "j" | "\r" | "\n" | "\x1b[B" | "\x1bOB" => self.top += 1,
            "k" | "\x1b[A" | "\x1bOA" => self.top = self.top.saturating_sub(1),
            "d" => self.top += body / 2,
            "u" => self.top = self.top.saturating_sub(body / 2),
            "g" | "<" | "\x1b[H" | "\x1bOH" => (self.top, self.to_end) = (0, false),
            "G" | ">" | "\x1b[F" | "\x1bOF" => self.to_end = true,
            "h" | "\x1b[D" | "\x1bOD" => self.left = self.left.saturating_sub(STEP),
            "l" | "\x1b[C" | "\x1bOC" => self.left += STEP,
            keys if keys.starts_with('/') => {
                (self.is_typing, self.search) = (true, Some(String::new()));
                self.type_search(&keys[1..], body);
            }
            "n" => self.find(self.top + 1, body),
            // Keys that were pressed faster than they were looked at.
            keys if !keys.starts_with('\x1b') && keys.chars().count() > 1 => {
                return keys.chars().any(|key| self.press(key.encode_utf8(&mut [0; 4]), body));
            }
            _ => {}
        }
        self.to_end &= matches!(keys, "G" | ">" | "\x1b[F" | "\x1bOF");
        self.top = self.top.min(self.last_top(body));
        false
    }

    fn type_search(&mut self, keys: &str, body: usize) {
        for key in keys.chars() {
            let search = self.search.get_or_insert_default();
            match key {
                '\r' | '\n' => {
                    self.is_typing = false;
                    self.find(self.top + self.names(), body);
                }
                '\x03' | '\x1b' => (self.is_typing, self.search) = (false, None),
                '\x7f' | '\x08' => drop(search.pop()),
                key => search.push(key),
            }
        }
    }

    /// Goes to the next line from `from` on that has what is searched for, among what is there.
    fn find(&mut self, from: usize, body: usize) {
        let Some(search) = self.search.as_deref().map(str::to_lowercase) else { return };
        let lines = self.lines.iter().enumerate().skip(from.max(self.names()));
        let mut found = lines.filter(|(_, line)| line.to_lowercase().contains(&search));
        if let Some((at, _)) = found.next() {
            self.top = at.saturating_sub(self.names()).min(self.last_top(body));
        }
    }

    /// The whole screen as it is drawn.
    fn picture(&mut self, columns: usize, body: usize) -> String {
        let names = self.names();
        if self.to_end {
            self.top = self.last_top(body);
        }
        let mut picture = "\x1b[H".to_owned();
        let shown = self.lines.iter().skip(self.top + names).take(body);
        let count = shown.len();
        for line in self.lines.iter().take(names).chain(shown) {
            picture.push_str(&window(line, self.left, columns));
            picture.push_str("\x1b[K\r\n");
        }
        for _ in count..body {
            picture.push_str("\x1b[K\r\n");
        }
        let status = match (&self.search, self.is_typing) {
            (Some(search), true) => format!("/{search}"),
            _ => {
                let more = if self.has_ended { "" } else { "+" };
                let (first, last) = (self.top + names + 1, self.top + names + count);
                format!("lines {first}-{last} of {}{more}  {KEYS}", self.lines.len())
            }
        };
        picture.push_str(&window(&status, 0, columns.saturating_sub(1)));
        picture.push_str("\x1b[K");
        picture
    }
}

/// The columns of a line from `left` on, as many as fit; colours take no place.
fn window(line: &str, left: usize, columns: usize) -> String {
    let mut shown = String::new();
    let mut at = 0;
    let mut rest = line.chars();
    let mut is_styled = false;
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            is_styled = true;
            shown.push(c);
            for c in rest.by_ref() {
                shown.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        let end = at + c.width().unwrap_or(0);
        if end > left + columns {
            break;
        }
        if at >= left {
            shown.push(c);
        }
        at = end;
    }
    if is_styled {
        shown.push_str("\x1b[0m");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{View, window};

    fn view() -> View {
        let mut view = View { has_ended: true, ..View::default() };
        view.take("\n┌───┐\n│ n │\n├───┤\n".as_bytes());
        for number in 1..=100 {
            view.take(format!("│ {number:<3} │\n").as_bytes());
        }
        view
    }

    #[test]
    fn the_names_stay_and_keys_move_what_is_below() {
        let mut view = view();
        assert_eq!(view.names(), 3);
        for (keys, first) in
            [(" ", "11"), ("jjj", "14"), ("b", "4"), ("G", "91"), ("g", "1"), ("k", "1")]
        {
            assert!(!view.press(keys, 10));
            let picture = view.picture(20, 10);
            assert!(picture.contains("│ n │"), "{picture}");
            let line = picture.split("\r\n").nth(3).unwrap();
            assert!(line.starts_with(&format!("│ {first} ")), "{keys}: {line}");
        }
        view.press("/", 10);
        view.press("77\r", 10);
        assert!(view.picture(20, 10).split("\r\n").nth(3).unwrap().contains("77"));
        assert!(view.press("q", 10));
    }

    #[test]
    fn a_line_is_cut_by_columns_and_keeps_its_colours() {
        assert_eq!(window("abcdef", 2, 3), "cde");
        assert_eq!(window("日本語", 2, 3), "本");
        assert_eq!(window("\x1b[1mab\x1b[0m", 1, 5), "\x1b[1mb\x1b[0m\x1b[0m");
    }
}
