//! Integers and floating point numbers from text, exactly: what does not fit is a flaw, never a
//! neighbouring value.

use super::decimal::{self, Digits};
use super::{Cell, Kind};
use crate::stream::decode::bad::{Flaw, article};

/// An integer of type `N`, called `name` in messages. `1.0` and `1e3` are integers, `1.5` is not.
pub(super) fn integer<N: TryFrom<i128>>(cell: Cell<'_>, name: &str) -> Result<N, Flaw> {
    if let Some(value) = plain_integer(cell.text)
        && matches!(cell.kind, Kind::Text | Kind::Number)
    {
        return N::try_from(value).map_err(|_| out_of_range(name));
    }
    written_otherwise(cell, name)
}

/// A sign and up to 18 digits.
fn plain_integer(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(i128::from(if negative { -value } else { value }))
}

#[cold]
fn written_otherwise<N: TryFrom<i128>>(cell: Cell<'_>, name: &str) -> Result<N, Flaw> {
    let digits = Digits::of(cell, false).ok_or_else(|| not_a(name))?;
    // No integer type here has more than 20 digits.
    match digits.unscaled(0, 20, 0_i128, |value, digit| value * 10 + i128::from(digit)) {
        Ok(value) => N::try_from(value).map_err(|_| out_of_range(name)),
        Err(decimal::Misfit::Fraction) => {
            Err(Flaw::mistyped(format!("a fraction is not {} {name}", article(name))))
        }
        Err(decimal::Misfit::Range) => Err(out_of_range(name)),
    }
}

pub(super) fn not_a(name: &str) -> Flaw {
    Flaw::mistyped(format!("not {} {name}", article(name)))
}

pub(super) fn out_of_range(name: &str) -> Flaw {
    Flaw::mistyped(format!("out of range for {name}"))
}

/// The double nearest to the text.
pub(super) fn float64(cell: Cell<'_>, comma: bool) -> Result<f64, Flaw> {
    if !comma
        && cell.kind != Kind::Boolean
        && let Some(value) = short_float(cell.text)
    {
        return Ok(value);
    }
    let value: f64 = parse_float(cell, comma).ok_or_else(|| not_a("DOUBLE"))?;
    finite_or_said(value, value.is_infinite(), cell, "DOUBLE")
}

/// The float nearest to the text.
pub(super) fn float32(cell: Cell<'_>, comma: bool) -> Result<f32, Flaw> {
    let value: f32 = parse_float(cell, comma).ok_or_else(|| not_a("FLOAT"))?;
    finite_or_said(value, value.is_infinite(), cell, "FLOAT")
}

/// An infinite value must have been written as one.
fn finite_or_said<F>(value: F, infinite: bool, cell: Cell<'_>, name: &str) -> Result<F, Flaw> {
    if infinite && cell.text.iter().any(u8::is_ascii_digit) {
        return Err(out_of_range(name));
    }
    Ok(value)
}

fn parse_float<F: std::str::FromStr>(cell: Cell<'_>, comma: bool) -> Option<F> {
    if !matches!(cell.kind, Kind::Text | Kind::Number) {
        return None;
    }
    let text = std::str::from_utf8(cell.text).ok()?;
    if !comma {
        return text.parse().ok();
    }
    if text.contains('.') {
        return None;
    }
    text.replacen(',', ".", 1).parse().ok()
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Digits with at most one point, together at most 2^53: digits and power of ten are then exact
/// doubles, and one division rounds once (W. D. Clinger, "How to read floating point numbers
/// accurately", 1990). `None` for everything else.
fn short_float(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut value, mut point) = (0_u64, None);
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
        } else if byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return None;
        }
    }
    let fraction = match point {
        Some(_) if digits.len() == 1 => return None,
        Some(index) => digits.len() - index - 1,
        None => 0,
    };
    if value > 1 << 53 {
        return None;
    }
    let value = value as f64 / POWERS.get(fraction)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell { text: text.as_bytes(), kind: Kind::Text }
    }

    #[test]
    fn integers_are_exact_or_a_flaw() {
        let int = |value| integer::<i64>(text(value), "BIGINT").map_err(|flaw| flaw.reason);
        assert_eq!(int("-0012"), Ok(-12));
        assert_eq!(int("+7"), Ok(7));
        assert_eq!(int("1.0"), Ok(1));
        assert_eq!(int("1e3"), Ok(1000));
        assert_eq!(int("9223372036854775807"), Ok(i64::MAX));
        assert_eq!(int("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(int("9223372036854775808"), Err("out of range for BIGINT".into()));
        assert_eq!(int("1e999999999999"), Err("out of range for BIGINT".into()));
        assert_eq!(int("0e999999999999"), Ok(0));
        assert_eq!(int("1.5"), Err("a fraction is not a BIGINT".into()));
        for wrong in ["", "-", "x", "1x", "1 2", "0x10", "1_000", ".", "e1", "--1", "1."] {
            let reason = int(wrong);
            if wrong == "1." {
                assert_eq!(reason, Ok(1));
            } else {
                assert_eq!(reason, Err("not a BIGINT".into()), "{wrong}");
            }
        }
        assert_eq!(integer::<u64>(text("18446744073709551615"), "").ok(), Some(u64::MAX));
        assert!(integer::<u64>(text("-1"), "").is_err());
        assert!(integer::<i8>(text("128"), "").is_err());
    }

    #[test]
    fn short_floats_are_what_the_standard_library_reads() {
        for value in ["0.1", "-1.5", "9007199254740992", "123456.789012", "5.", ".5", "-0.0", "1e5"]
        {
            let got = float64(text(value), false).unwrap();
            assert_eq!(got.to_bits(), value.parse::<f64>().unwrap().to_bits(), "{value}");
        }
        assert!(float64(text("1e400"), false).is_err());
        assert!(float64(text("."), false).is_err());
        assert!(float64(text("-"), false).is_err());
        assert_eq!(float64(text("-inf"), false), Ok(f64::NEG_INFINITY));
        assert!(float64(text("NaN"), false).unwrap().is_nan());
        assert_eq!(float64(text("1,5"), true), Ok(1.5));
        assert!(float64(text("1.5"), true).is_err());
        assert!(float64(text("1,5"), false).is_err());
    }
}
