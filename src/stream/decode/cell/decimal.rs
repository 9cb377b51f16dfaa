//! Decimal numbers from text without rounding: more fractional digits than the scale keeps are a
//! flaw, unless they are zeros.

use arrow::datatypes::i256;

use super::number::{not_a, out_of_range};
use super::{Cell, Kind};
use crate::stream::decode::bad::Flaw;

/// The parts of a written number: `-12.5e3` is `12`, `5`, 3.
pub(super) struct Digits<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

/// Why digits are no number of a scale and precision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    Fraction,
    Range,
}

impl<'a> Digits<'a> {
    /// Takes a number apart; `None` if the cell is none.
    pub(super) fn of(cell: Cell<'a>, comma: bool) -> Option<Self> {
        if !matches!(cell.kind, Kind::Text | Kind::Number) {
            return None;
        }
        let (negative, rest) = match cell.text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (whole, rest) = take_digits(rest);
        let point = if comma { b',' } else { b'.' };
        let (fraction, rest) = match rest {
            [first, rest @ ..] if *first == point => take_digits(rest),
            rest => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        (!whole.is_empty() || !fraction.is_empty()).then_some(Self {
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    /// The number times 10^`scale`, folded digit by digit from `zero`; at most `precision` digits.
    pub(super) fn unscaled<V: std::ops::Neg<Output = V>>(
        &self,
        scale: i8,
        precision: u8,
        zero: V,
        mut append: impl FnMut(V, u8) -> V,
    ) -> Result<V, Misfit> {
        let digits = || self.whole.iter().chain(self.fraction);
        let leading = digits().take_while(|&&digit| digit == b'0').count();
        let written = self.whole.len() + self.fraction.len();
        if leading == written {
            return Ok(zero);
        }
        let trailing = digits().rev().take_while(|&&digit| digit == b'0').count();
        let significant = written - leading - trailing;
        // Zeros that stand behind the last significant digit in the result.
        let fraction = i64::try_from(self.fraction.len()).unwrap_or(i64::MAX);
        let zeros = (self.exponent.saturating_add(i64::from(scale)).saturating_sub(fraction))
            .saturating_add(i64::try_from(trailing).unwrap_or(i64::MAX));
        let zeros = usize::try_from(zeros).map_err(|_| Misfit::Fraction)?;
        if significant.saturating_add(zeros) > usize::from(precision) {
            return Err(Misfit::Range);
        }
        let mut value = zero;
        for &digit in digits().skip(leading).take(significant) {
            value = append(value, digit.wrapping_sub(b'0'));
        }
        for _ in 0..zeros {
            value = append(value, 0);
        }
        Ok(if self.negative { -value } else { value })
    }
}

fn take_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    Some(if negative { -value } else { value })
}

/// The unscaled value of a DECIMAL of up to 38 digits.
pub(super) fn decimal128(
    cell: Cell<'_>,
    precision: u8,
    scale: i8,
    comma: bool,
) -> Result<i128, Flaw> {
    let unscaled = |digits: Digits<'_>| {
        digits.unscaled(scale, precision.min(38), 0_i128, |v, digit| v * 10 + i128::from(digit))
    };
    decimal(cell, precision, scale, comma, unscaled)
}

/// The unscaled value of a DECIMAL of up to 76 digits.
pub(super) fn decimal256(
    cell: Cell<'_>,
    precision: u8,
    scale: i8,
    comma: bool,
) -> Result<i256, Flaw> {
    let ten = i256::from_i128(10);
    let unscaled = |digits: Digits<'_>| {
        digits.unscaled(scale, precision.min(76), i256::ZERO, |value, digit| {
            value.wrapping_mul(ten).wrapping_add(i256::from_i128(i128::from(digit)))
        })
    };
    decimal(cell, precision, scale, comma, unscaled)
}

fn decimal<'a, V>(
    cell: Cell<'a>,
    precision: u8,
    scale: i8,
    comma: bool,
    unscaled: impl Fn(Digits<'a>) -> Result<V, Misfit>,
) -> Result<V, Flaw> {
    let name = || format!("DECIMAL({precision},{scale})");
    let digits = Digits::of(cell, comma).ok_or_else(|| not_a(&name()))?;
    unscaled(digits).map_err(|misfit| match misfit {
        Misfit::Range => out_of_range(&name()),
        Misfit::Fraction => Flaw::mistyped(format!("more fractional digits than {} keeps", name())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, precision: u8, scale: i8) -> Result<i128, String> {
        let cell = Cell { text: text.as_bytes(), kind: Kind::Text };
        decimal128(cell, precision, scale, false).map_err(|flaw| flaw.reason.into_owned())
    }

    #[test]
    fn decimals_are_never_rounded() {
        assert_eq!(read("12.5", 5, 2), Ok(1250));
        assert_eq!(read("-0.05", 5, 2), Ok(-5));
        assert_eq!(read("1.500", 5, 2), Ok(150));
        assert_eq!(read("1.25e1", 5, 2), Ok(1250));
        assert_eq!(read("1200e-2", 5, 0), Ok(12));
        assert_eq!(read("0.000000000000000000000000000000000000000000", 5, 2), Ok(0));
        assert_eq!(read("999.99", 5, 2), Ok(99999));
        assert_eq!(read("1000", 5, 2), Err("out of range for DECIMAL(5,2)".into()));
        assert_eq!(read("1e999999999999999999", 5, 2), Err("out of range for DECIMAL(5,2)".into()));
        let more = Err("more fractional digits than DECIMAL(5,2) keeps".to_owned());
        assert_eq!(read("1.255", 5, 2), more);
        assert_eq!(read("1e-99999999999999999999", 5, 2), more);
        for wrong in ["", ".", "1.2.3", "1e", "e5", "1,5", "nan"] {
            assert_eq!(read(wrong, 5, 2), Err("not a DECIMAL(5,2)".into()), "{wrong}");
        }
        assert_eq!(read(&"9".repeat(38), 38, 0), Ok(10_i128.pow(38) - 1));
    }

    #[test]
    fn wide_decimals_keep_all_digits() {
        let text = "9".repeat(76);
        let cell = Cell { text: text.as_bytes(), kind: Kind::Number };
        assert_eq!(decimal256(cell, 76, 0, false).unwrap().to_string(), text);
    }
}
