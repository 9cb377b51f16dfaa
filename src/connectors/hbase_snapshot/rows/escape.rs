//! Bytes as HBase's shell shows them: printable ASCII as it is, everything else as `\x00`.
//!
//! Source: `Bytes.toStringBinary`
//! (<https://github.com/apache/hbase/blob/master/hbase-common/src/main/java/org/apache/hadoop/hbase/util/Bytes.java>).

/// The text of some bytes, appended to `text`.
pub(in super::super) fn escape(bytes: &[u8], text: &mut String) {
    use std::fmt::Write as _;
    for byte in bytes {
        // A backslash is escaped, so that the text can be read back.
        if (b' '..=b'~').contains(byte) && *byte != b'\\' {
            text.push(char::from(*byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
}

/// The bytes of a text: what does not look like `\x00` stands for itself.
pub(in super::super) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.strip_prefix(b"x").filter(|_| *first == b'\\').and_then(|after| {
            let (pair, after) = after.split_first_chunk::<2>()?;
            let pair = std::str::from_utf8(pair).ok()?;
            let digits = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            Some((u8::from_str_radix(pair, 16).ok().filter(|_| digits)?, after))
        });
        match escaped {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let mut text = String::new();
        escape(&all, &mut text);
        assert_eq!(unescape(&text), all);
        let mut text = String::new();
        escape(b"a\\x00\x00b", &mut text);
        assert_eq!(text, "a\\x5Cx00\\x00b");
        assert_eq!(unescape(&text), b"a\\x00\x00b");
        assert_eq!(unescape("\\x4"), b"\\x4");
    }
}
