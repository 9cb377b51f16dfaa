//! The bytes being built for the output, and what is counted while values are spelled.

use std::io::Write;

use crate::error::Result;
use crate::render::output_error;

/// Bytes that are passed on together: large enough to make a system call rare.
const CHUNK: usize = 64 * 1024;

/// A buffer in front of the output.
#[derive(Debug)]
pub(in crate::render) struct Sink {
    /// What is not passed on yet.
    pub(in crate::render) bytes: Vec<u8>,
    /// Digits after the point of floats; `None` is the shortest text that reads back the same.
    pub(in crate::render) float_digits: Option<u8>,
    /// NaNs and infinities that JSON has no word for.
    pub(in crate::render) non_finite: u64,
}

impl Sink {
    /// An empty buffer.
    pub(in crate::render) fn new(float_digits: Option<u8>) -> Self {
        Self { bytes: Vec::new(), float_digits, non_finite: 0 }
    }

    /// Adds text as it is.
    pub(in crate::render) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Passes the bytes on if they are many; called once per row.
    ///
    /// # Errors
    ///
    /// `Unavailable` if `out` fails.
    #[inline]
    pub(in crate::render) fn relieve(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.bytes.len() >= CHUNK { self.drain(out) } else { Ok(()) }
    }

    /// Passes all bytes on.
    ///
    /// # Errors
    ///
    /// `Unavailable` if `out` fails.
    pub(in crate::render) fn drain(&mut self, out: &mut dyn Write) -> Result<()> {
        if !self.bytes.is_empty() {
            out.write_all(&self.bytes).map_err(output_error)?;
            self.bytes.clear();
        }
        Ok(())
    }

    /// The note about values JSON cannot say, if there were any.
    pub(in crate::render) fn notes(&self) -> Vec<String> {
        match self.non_finite {
            0 => Vec::new(),
            1 => vec!["1 NaN or infinite value written as null".to_owned()],
            count => vec![format!("{count} NaN or infinite values written as null")],
        }
    }
}
