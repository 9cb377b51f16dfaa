//! Where a block of a file may be cut: after its last whole record.

use memchr::memrchr;

use super::csv::CsvDialect;
use super::csv::tokens::Tokens;

/// The length of the whole lines at the start of `block`. For JSON lines, and for CSV whose
/// quoted fields hold no line ends; such files can also be cut into ranges anywhere.
pub fn lines(block: &[u8]) -> usize {
    memrchr(b'\n', block).map_or(0, |end| end + 1)
}

/// The length of the whole CSV records at the start of `block`, where quoted fields may hold line
/// ends. The first block starts where [`super::csv::head`] ends; such files cannot be read from
/// anywhere else.
///
/// A quote that is not closed within 1 MiB of its record's start, or before the end of the file,
/// was none: that record is one (broken) line and the next starts behind it. 0 means that a longer
/// block is needed; with `at_end` it is the length of the block.
pub fn quoted(block: &[u8], dialect: &CsvDialect, at_end: bool) -> usize {
    if at_end {
        return block.len();
    }
    let mut tokens = Tokens::borders(dialect);
    let mut at = 0;
    while at < block.len() {
        let step = tokens.step(block, at);
        if step.is_open {
            break;
        }
        at = step.next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_last_line_end() {
        assert_eq!(lines(b"a\nb"), 2);
        assert_eq!(lines(b"ab"), 0);
        assert_eq!(lines(b"a\n"), 2);
    }

    #[test]
    fn quoted_line_ends_do_not_end_a_record() {
        let cut = |block: &[u8]| quoted(block, &CsvDialect::default(), false);
        assert_eq!(cut(b"a,b\n1,\"x\n"), 4);
        assert_eq!(cut(b"a,b\n1,\"x\ny\"\n"), 12);
        assert_eq!(cut(b"1,\"x\""), 0);
        assert_eq!(cut(b"1,\"x\n2,\"y\"\n3,4\n"), 15);
        assert_eq!(quoted(b"1,\"x\n", &CsvDialect::default(), true), 5);
    }

    #[test]
    fn a_quote_that_stays_open_costs_one_line() {
        let mut block = b"1,\"x\n".to_vec();
        block.extend_from_slice(&b"2,y\n".repeat(300_000));
        assert_eq!(quoted(&block, &CsvDialect::default(), false), block.len());
        block.truncate(5 + 4 * 1000);
        assert_eq!(quoted(&block, &CsvDialect::default(), false), 0);
    }
}
