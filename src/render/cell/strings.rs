//! Strings and bytes as JSON strings and hexadecimal digits.

/// Adds a string in quotes, with the escapes JSON demands and no others.
#[inline]
pub(super) fn write_json(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    // Without an early exit the compiler can look at many bytes at once.
    let special = bytes.iter().fold(false, |any, byte| any | is_special(*byte));
    if special {
        escape(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte if *byte < b' ' => {
                out.extend_from_slice(b"\\u00");
                write_hex(&[*byte], out);
            }
            byte => out.push(*byte),
        }
    }
}

/// Adds two hexadecimal digits per byte, in lower case.
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(2 * bytes.len());
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}
