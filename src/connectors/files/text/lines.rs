//! Whole records of a file or of a range of it, block by block.
//!
//! A range has the lines whose first byte lies in it: reading begins one byte early and skips to
//! the first line end, and goes on behind the range to the end of its last line.

use std::sync::Arc;

use bytes::Bytes;
use datafusion_datasource::file_compression_type::FileCompressionType;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use super::super::format::uncompressed;
use super::super::scan::Split;
use crate::error::{Error, Result};
use crate::spi::store_error;

/// Bytes read at once.
const BLOCK: u64 = 2 * 1024 * 1024;

/// Bytes read at once behind a range's end, where only the rest of a line is wanted.
const TAIL: u64 = 64 * 1024;

/// Blocks that are read while the one before them is decoded, and that one.
const BLOCKS_AHEAD: usize = 2;

/// The longest record.
const LONGEST: usize = 64 * 1024 * 1024;

/// The bytes of a split, with what was read and not yet used.
pub(super) struct Lines {
    outer: String,
    blocks: BoxStream<'static, Result<Bytes>>,
    buffer: Vec<u8>,
    // Of `buffer`, used up.
    used: usize,
    // Of the file, where `buffer[used]` is.
    offset: u64,
    // Line ends before `offset`, where reading began at the file's start.
    line: Option<u64>,
    // Lines that start here or behind are another split's.
    end: Option<u64>,
    at_end: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("file", &self.outer).field("offset", &self.offset).finish()
    }
}

impl Lines {
    /// Opens a split at the file's start, or one byte before its range.
    pub(super) async fn open(
        store: Arc<dyn ObjectStore>,
        split: &Split,
        outer: String,
    ) -> Result<Self> {
        let location = split.file.meta.location.clone();
        let (_, compression) = uncompressed(location.filename().unwrap_or_default());
        let size = split.file.meta.size;
        let (start, end) = split.range.unwrap_or((0, size));
        let begin = start.saturating_sub(1);
        let blocks = if compression.is_compressed() {
            decompressed(&store, &location, &outer, compression).await?
        } else {
            ranges(store, location, outer.clone(), begin, end, size)
        };
        Ok(Self {
            outer,
            blocks,
            buffer: Vec::new(),
            used: 0,
            offset: begin,
            line: (begin == 0).then_some(0),
            end: split.range.map(|(_, end)| end),
            at_end: false,
        })
    }

    /// The file, for errors.
    pub(super) fn file(&self) -> &str {
        &self.outer
    }

    /// What is there and not used.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    /// Where [`Lines::bytes`] starts in the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Line ends before [`Lines::bytes`]; not known in the midst of a file.
    pub(super) fn line(&self) -> Option<u64> {
        self.line
    }

    /// Whether the file has nothing behind [`Lines::bytes`].
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Uses up bytes that hold so many line ends.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.used += bytes;
        self.offset += bytes as u64;
        self.line = self.line.map(|line| line + lines);
    }

    /// Skips to behind the first line end: the line before it is another split's.
    pub(super) async fn skip_line(&mut self) -> Result<()> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.bytes()) {
                self.advance(at + 1, 1);
                return Ok(());
            }
            let length = self.bytes().len();
            self.advance(length, 0);
            if !self.more().await? {
                return Ok(());
            }
        }
    }

    /// Reads another block; false at the end of the file.
    ///
    /// # Errors
    /// `Corrupt` for a record longer than [`LONGEST`].
    pub(super) async fn more(&mut self) -> Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        self.buffer.drain(..self.used);
        self.used = 0;
        if self.buffer.len() > LONGEST {
            return Err(Error::corrupt(format!(
                "{}: the record at byte {} is longer than {LONGEST} bytes",
                self.outer, self.offset
            )));
        }
        match self.blocks.try_next().await? {
            Some(block) => self.buffer.extend_from_slice(&block),
            None => self.at_end = true,
        }
        Ok(!self.at_end)
    }

    /// How many of the `whole` first bytes, which are whole lines, are this split's; and whether
    /// those are its last.
    pub(super) fn within_range(&self, whole: usize) -> (usize, bool) {
        let Some(end) = self.end else { return (whole, false) };
        let left = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if left == 0 {
            return (0, true);
        }
        if left > whole {
            return (whole, false);
        }
        // The line that holds the range's last byte is the last one.
        let behind = self.bytes().get(left - 1..whole).and_then(|rest| memchr::memchr(b'\n', rest));
        (behind.map_or(whole, |at| left + at), true)
    }
}

/// Blocks of a plain file from `begin`; small ones behind `end`, where only the rest of a line is
/// wanted.
fn ranges(
    store: Arc<dyn ObjectStore>,
    location: object_store::path::Path,
    outer: String,
    begin: u64,
    end: u64,
    size: u64,
) -> BoxStream<'static, Result<Bytes>> {
    let mut at = begin;
    let starts = std::iter::from_fn(move || {
        let from = at;
        let step = if from < end { BLOCK.min(end - from) } else { TAIL };
        at = (from + step).min(size);
        (from < at).then_some((from, at))
    });
    futures::stream::iter(starts)
        .map(move |(from, to)| {
            let (store, location, outer) = (Arc::clone(&store), location.clone(), outer.clone());
            async move {
                let bytes = store.get_range(&location, from..to).await;
                let bytes = bytes.map_err(|e| store_error(&outer, e))?;
                if bytes.len() as u64 != to - from {
                    return Err(Error::corrupt(format!(
                        "{outer}: {} bytes came where {} were asked for at byte {from}",
                        bytes.len(),
                        to - from
                    )));
                }
                Ok(bytes)
            }
        })
        .buffered(BLOCKS_AHEAD)
        .boxed()
}

async fn decompressed(
    store: &Arc<dyn ObjectStore>,
    location: &object_store::path::Path,
    outer: &str,
    compression: FileCompressionType,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let got = store.get(location).await.map_err(|e| store_error(outer, e))?;
    let compressed = got.into_stream().map(|bytes| bytes.map_err(Into::into)).boxed();
    let wrong = {
        let outer = outer.to_owned();
        move |e: datafusion::error::DataFusionError| {
            Error::corrupt(format!("{outer} cannot be decompressed: {}", e.strip_backtrace()))
        }
    };
    let plain = compression.convert_stream(compressed).map_err(&wrong)?;
    Ok(plain.map_err(wrong).boxed())
}
