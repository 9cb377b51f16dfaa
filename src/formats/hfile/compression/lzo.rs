//! LZO1X, decoded. No crate of it is kept up, and the format is small
//! (<https://www.kernel.org/doc/html/latest/staging/lzo.html>).
//!
//! An instruction copies from what has come out already and is followed by 0 to 3 literals, or by a
//! run of literals, whose number says how the next instruction is to be understood.

use super::super::super::input::Input;

/// Appends what `piece` holds to `out`, at most `most` bytes.
pub(super) fn decompress(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let limit = out.len().saturating_add(most);
    let mut decoder = Decoder { input: Input::new(piece), start: out.len(), limit, out };
    decoder.run().ok_or_else(|| "an LZO instruction cannot be followed".to_owned())
}

struct Decoder<'a> {
    input: Input<'a>,
    // Copies never reach before this piece.
    start: usize,
    limit: usize,
    out: &'a mut Vec<u8>,
}

impl Decoder<'_> {
    fn run(&mut self) -> Option<()> {
        // Literals that the last instruction was followed by; 4 stands for a run of them.
        let mut state = 0;
        if let Some(first) = self.input.rest().first().copied().filter(|first| *first >= 18) {
            let _ = self.input.u8();
            let count = usize::from(first).checked_sub(17)?;
            self.literals(count)?;
            state = if count >= 4 { 4 } else { count };
        }
        loop {
            let code = usize::from(self.input.u8()?);
            let (length, distance, literals) = match code {
                0..=15 if state == 0 => {
                    let count = self.length(code, 15)?.checked_add(3)?;
                    self.literals(count)?;
                    state = 4;
                    continue;
                }
                0..=15 => {
                    let high = usize::from(self.input.u8()?);
                    let distance = high.checked_shl(2)?.checked_add(code >> 2)?;
                    let (length, farther) = if state == 4 { (3, 2049) } else { (2, 1) };
                    (length, distance.checked_add(farther)?, code & 3)
                }
                16..=31 => {
                    let length = self.length(code & 7, 7)?.checked_add(2)?;
                    let word = usize::from(u16::from_le_bytes(*self.input.take(2)?.first_chunk()?));
                    let distance = (((code & 8) << 11) | (word >> 2)).checked_add(16384)?;
                    if distance == 16384 {
                        return self.input.is_empty().then_some(());
                    }
                    (length, distance, word & 3)
                }
                32..=63 => {
                    let length = self.length(code & 31, 31)?.checked_add(2)?;
                    let word = usize::from(u16::from_le_bytes(*self.input.take(2)?.first_chunk()?));
                    (length, (word >> 2).checked_add(1)?, word & 3)
                }
                _ => {
                    let high = usize::from(self.input.u8()?);
                    let distance = high.checked_shl(3)?.checked_add((code >> 2) & 7)?;
                    let length =
                        if code >= 128 { ((code >> 5) & 3) | 4 } else { ((code >> 5) & 1) | 2 };
                    (length.checked_add(1)?, distance.checked_add(1)?, code & 3)
                }
            };
            self.copy(distance, length)?;
            self.literals(literals)?;
            state = literals;
        }
    }

    /// A length that is in the instruction, or, where that is zero, in the bytes behind it.
    fn length(&mut self, short: usize, base: usize) -> Option<usize> {
        if short > 0 {
            return Some(short);
        }
        let mut length = base;
        loop {
            match self.input.u8()? {
                0 => length = length.checked_add(255)?,
                last => return length.checked_add(usize::from(last)),
            }
        }
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let bytes = self.input.take(count)?;
        (self.out.len().checked_add(count)? <= self.limit).then_some(())?;
        self.out.extend_from_slice(bytes);
        Some(())
    }

    /// Copies may overlap with what they write, then they repeat.
    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let from = self.out.len().checked_sub(distance).filter(|from| *from >= self.start)?;
        (self.out.len().checked_add(length)? <= self.limit).then_some(())?;
        for at in from..from.checked_add(length)? {
            let byte = *self.out.get(at)?;
            self.out.push(byte);
        }
        Some(())
    }
}
