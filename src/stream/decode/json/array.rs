//! Files that hold one array: cuts its elements apart, for [`super::JsonDecoder`] to judge.

use std::ops::Range;

use memchr::{memchr, memchr3};

use super::scan::skip_space;
use crate::error::{Error, Result};
use crate::stream::decode::csv::byte_order_mark;

/// How long one element may be, in bytes.
const ELEMENT_LIMIT: usize = 64 << 20;

/// Finds the elements of an array that comes in blocks from its file's start.
#[derive(Debug, Default)]
pub struct ArraySplitter {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the bracket.
    #[default]
    Start,
    /// After the bracket.
    First,
    /// After a comma.
    Next,
    /// After the closing bracket.
    End,
    /// After something that stood behind it.
    Behind,
}

/// The elements of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Where they are in the block; an empty range is an element that is missing between commas.
    pub records: Vec<Range<usize>>,
    /// How much of the block was used; the next one must begin there. 0 means that a longer block
    /// is needed.
    pub bytes: usize,
}

impl ArraySplitter {
    /// Cuts the next block, which begins where the one before was used up. `at_end` says that the
    /// file ends with it: an element that is cut short, and text behind the array, are then
    /// records too (broken ones).
    ///
    /// # Errors
    /// `Corrupt` if the file does not begin with a bracket, or an element does not end within
    /// 64 MiB.
    pub fn split(&mut self, block: &[u8], at_end: bool) -> Result<Split> {
        let mut split = Split::default();
        loop {
            let at = skip_space(block, split.bytes);
            if at >= block.len() {
                // A byte order mark may have been cut in two.
                split.bytes = at;
                if at_end && matches!(self.state, State::First | State::Next) {
                    split.records.push(at..at);
                    self.state = State::Behind;
                }
                return Ok(split);
            }
            match self.state {
                State::Start => {
                    if block.len() - at < 4 && !at_end {
                        return Ok(split);
                    }
                    let at = at + byte_order_mark(block.get(at..).unwrap_or_default());
                    let at = skip_space(block, at);
                    match block.get(at) {
                        Some(b'[') => {}
                        None if !at_end => return Ok(split),
                        _ => {
                            return Err(Error::corrupt("the file does not begin with `[`")
                                .with_hint("layout = \"lines\" reads one object per line"));
                        }
                    }
                    self.state = State::First;
                    split.bytes = at + 1;
                }
                State::First if block.get(at) == Some(&b']') => {
                    self.state = State::End;
                    split.bytes = at + 1;
                }
                State::First | State::Next => {
                    let Some(end) = element_end(block, at) else {
                        if block.len() - at > ELEMENT_LIMIT {
                            return Err(Error::corrupt(format!(
                                "an element of the array does not end within {} MiB",
                                ELEMENT_LIMIT >> 20
                            )));
                        }
                        if at_end {
                            split.records.push(trimmed(block, at..block.len()));
                            self.state = State::Behind;
                            split.bytes = block.len();
                        } else {
                            split.bytes = at;
                        }
                        return Ok(split);
                    };
                    split.records.push(trimmed(block, at..end));
                    let is_last = block.get(end) == Some(&b']');
                    self.state = if is_last { State::End } else { State::Next };
                    split.bytes = end + 1;
                }
                State::End => {
                    let rest = block.get(at..).unwrap_or_default();
                    let Some(end) = memchr(b'\n', rest).or(at_end.then_some(rest.len())) else {
                        split.bytes = at;
                        return Ok(split);
                    };
                    split.records.push(trimmed(block, at..at + end));
                    self.state = State::Behind;
                }
                State::Behind => {
                    split.bytes = block.len();
                    return Ok(split);
                }
            }
        }
    }
}

fn trimmed(block: &[u8], range: Range<usize>) -> Range<usize> {
    let text = block.get(range.clone()).unwrap_or_default();
    range.start..range.start + text.trim_ascii_end().len()
}

/// The position of the comma or bracket that ends the element at `at`; `None` if more text is
/// needed.
///
/// A string ends at its line's end at the latest, since no string holds one, and a closing bracket
/// closes what was opened within, so that a slip within an element costs that element only.
fn element_end(block: &[u8], mut at: usize) -> Option<usize> {
    let mut open = Vec::new();
    loop {
        let byte = *block.get(at)?;
        match byte {
            b'"' => at = string_end(block, at + 1)?,
            b'{' | b'[' => open.push(byte),
            b',' if open.is_empty() => return Some(at),
            b'}' | b']' => {
                let opening = if byte == b'}' { b'{' } else { b'[' };
                match open.iter().rposition(|&other| other == opening) {
                    Some(index) => open.truncate(index),
                    None if byte == b']' => return Some(at),
                    None => {}
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The position of the quote or line end that ends a string.
fn string_end(block: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr3(b'"', b'\\', b'\n', block.get(at..)?)?;
        if block.get(at) != Some(&b'\\') {
            return Some(at);
        }
        at += 2;
        // `\` before a line end does not join lines.
        if block.get(at - 1) == Some(&b'\n') {
            return Some(at - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements, when the file comes in blocks of `size` bytes.
    fn split(file: &str, size: usize) -> Vec<String> {
        let (mut splitter, mut found) = (ArraySplitter::default(), Vec::new());
        let (mut start, mut end) = (0, 0);
        loop {
            end = file.len().min(end + size);
            let block = &file.as_bytes()[start..end];
            let split = splitter.split(block, end == file.len()).unwrap();
            let text = |range: Range<usize>| String::from_utf8_lossy(&block[range]).into_owned();
            found.extend(split.records.into_iter().map(text));
            start += split.bytes;
            if end == file.len() {
                assert_eq!(start, end);
                return found;
            }
        }
    }

    #[test]
    fn elements_are_the_same_in_blocks_of_any_size() {
        let files: [(&str, &[&str]); 8] = [
            (
                "\u{feff} [ {\"a\":1} ,\n{\"b\":[2,{}]}, 3 ]\n",
                &["{\"a\":1}", "{\"b\":[2,{}]}", "3"],
            ),
            ("[]", &[]),
            ("[{\"a\":\"],\\\"\"},{}]", &["{\"a\":\"],\\\"\"}", "{}"]),
            ("[{\"a\":\"open},\n{\"b\":1}\n},{}]", &["{\"a\":\"open},\n{\"b\":1}\n}", "{}"]),
            ("[{\"a\":[1},{\"b\":1}]", &["{\"a\":[1}", "{\"b\":1}"]),
            ("[1,,2,]", &["1", "", "2", ""]),
            ("[{\"a\":1},{\"b\"", &["{\"a\":1}", "{\"b\""]),
            ("[1] x\ny", &["1", "x"]),
        ];
        for (file, expected) in files {
            for size in 1..=file.len() {
                assert_eq!(split(file, size), expected, "{file} in blocks of {size}");
            }
        }
    }

    #[test]
    fn a_file_of_lines_is_not_an_array() {
        let error = ArraySplitter::default().split(b"{\"a\":1}", true).unwrap_err();
        assert_eq!(error.message(), "the file does not begin with `[`");
    }
}
