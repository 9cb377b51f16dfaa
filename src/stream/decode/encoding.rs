//! Text that is not UTF-8: to UTF-8 before it is cut into records, and back to the places where
//! its lines were stored.
//!
//! Only encodings that keep ASCII are taken. In all of them a line end is the byte 0x0A and
//! nothing else, so that lines of the text are lines of the bytes.

use std::str::FromStr;

use encoding_rs::{Encoding, UTF_8};

use crate::error::{Error, Result};

/// An encoding in which ASCII bytes are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    /// UTF-8, which needs no conversion.
    pub const UTF_8: Self = Self(UTF_8);

    /// The encoding's name, for messages.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text of `bytes`, and the lines (counted from 0) that are not valid. Those have U+FFFD
    /// where they are not.
    pub(super) fn decode(self, bytes: &[u8]) -> (Vec<u8>, Vec<u64>) {
        if let Some(text) = self.0.decode_without_bom_handling_and_without_replacement(bytes) {
            return (text.into_owned().into_bytes(), Vec::new());
        }
        let (mut text, mut invalid) = (Vec::with_capacity(bytes.len()), Vec::new());
        for (line, bytes) in (0..).zip(bytes.split_inclusive(|&byte| byte == b'\n')) {
            let (decoded, is_invalid) = self.0.decode_without_bom_handling(bytes);
            text.extend_from_slice(decoded.as_bytes());
            if is_invalid {
                invalid.push(line);
            }
        }
        (text, invalid)
    }
}

impl Default for TextEncoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl FromStr for TextEncoding {
    type Err = Error;

    /// A label of the WHATWG Encoding Standard (<https://encoding.spec.whatwg.org>): `utf-8`,
    /// `gb18030`, `gbk`, `big5`, `shift_jis`, `latin1` (which is windows-1252 there), ….
    fn from_str(label: &str) -> Result<Self> {
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            Error::config(format!(
                "encoding `{label}` is not known; takes utf-8, gb18030, latin1, shift_jis, …"
            ))
        })?;
        if encoding.is_ascii_compatible() {
            return Ok(Self(encoding));
        }
        Err(Error::unsupported(format!(
            "encoding `{label}` does not keep ASCII; takes utf-8, gb18030, latin1, shift_jis, …"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_no_text_are_invalid() {
        let encoding: TextEncoding = "gb18030".parse().unwrap();
        let (text, invalid) = encoding.decode(b"\xc4\xe3\n\xff\xff\n\xba\n\xc3\xba\n\xc3");
        assert_eq!(invalid, [1, 2, 4]);
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!((lines[0], lines[3], lines.len()), ("你", "煤", 5));
    }

    #[test]
    fn encodings_without_ascii_are_refused() {
        assert!("utf-16".parse::<TextEncoding>().is_err());
        assert!("klingon".parse::<TextEncoding>().is_err());
        assert_eq!(
            "latin1".parse::<TextEncoding>().map(TextEncoding::name).unwrap(),
            "windows-1252"
        );
    }
}
