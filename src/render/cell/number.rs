//! Numbers as digits: integers, floats and decimals, never with fewer digits than they have.

use serde_json::ser::{CompactFormatter, Formatter};

use super::Sink;

/// `00` to `99`, two bytes each.
pub(super) static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Adds an unsigned integer.
#[inline]
pub(super) fn write_unsigned(value: u64, out: &mut Vec<u8>) {
    let mut buffer = [0; 20];
    out.extend_from_slice(digits(value, &mut buffer));
}

/// Adds a signed integer.
#[inline]
pub(super) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// The decimal digits of `value`, at the end of `buffer`.
fn digits(mut value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = buffer.len();
    while value >= 100 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value >= 10 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[value as usize]);
    } else {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    &buffer[at..]
}

/// Adds a decimal of up to 38 digits.
#[inline]
pub(super) fn write_decimal(value: i128, scale: i8, out: &mut Vec<u8>) {
    match u64::try_from(value.unsigned_abs()) {
        Ok(small) => {
            let mut buffer = [0; 20];
            write_scaled(value < 0, digits(small, &mut buffer), scale, out);
        }
        Err(_) => write_decimal_text(&value.to_string(), scale, out),
    }
}

/// Adds a decimal whose unscaled value is given as digits, with `-` in front of a negative one.
pub(super) fn write_decimal_text(unscaled: &str, scale: i8, out: &mut Vec<u8>) {
    match unscaled.strip_prefix('-') {
        Some(digits) => write_scaled(true, digits.as_bytes(), scale, out),
        None => write_scaled(false, unscaled.as_bytes(), scale, out),
    }
}

/// Adds `digits` with the point `scale` digits from the right; a negative scale adds zeros.
fn write_scaled(negative: bool, digits: &[u8], scale: i8, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    let Ok(fraction) = usize::try_from(scale) else {
        out.extend_from_slice(digits);
        if digits != b"0" {
            out.resize(out.len() + usize::from(scale.unsigned_abs()), b'0');
        }
        return;
    };
    if fraction == 0 {
        out.extend_from_slice(digits);
    } else if digits.len() > fraction {
        let (whole, rest) = digits.split_at(digits.len() - fraction);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(rest);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + fraction - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
}

/// The two widths of floats, each with its own shortest text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Float {
    Single(f32),
    Double(f64),
}

impl Float {
    fn to_f64(self) -> f64 {
        match self {
            Self::Single(value) => f64::from(value),
            Self::Double(value) => value,
        }
    }

    /// Adds the shortest text that reads back as the same float: `1.0`, `0.1`, `1e+300`.
    fn write_shortest(self, out: &mut Vec<u8>) {
        // Writing to a `Vec` cannot fail.
        let _ = match self {
            Self::Single(value) => CompactFormatter.write_f32(out, value),
            Self::Double(value) => CompactFormatter.write_f64(out, value),
        };
    }

    /// Adds the float as text; `NaN`, `Infinity` and `-Infinity` are PostgreSQL's words.
    #[inline]
    pub(super) fn write_text(self, sink: &mut Sink) {
        let value = self.to_f64();
        if value.is_nan() {
            sink.push("NaN");
        } else if value.is_infinite() {
            sink.push(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else if let Some(digits) = sink.float_digits {
            sink.push(&format!("{value:.*}", usize::from(digits)));
        } else {
            self.write_shortest(&mut sink.bytes);
        }
    }

    /// Adds the float as a JSON number, or `null` (counted) if it has no digits.
    #[inline]
    pub(super) fn write_json(self, sink: &mut Sink) {
        if self.to_f64().is_finite() {
            self.write_shortest(&mut sink.bytes);
        } else {
            sink.non_finite += 1;
            sink.push("null");
        }
    }
}
