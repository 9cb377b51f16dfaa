//! The cells of one data block, one after another, whatever its encoding.
//!
//! Keys of delta encodings are put together in a buffer that is kept from cell to cell; everything
//! else is a range of the block. Nothing is allocated per cell.
//!
//! Source: `io.encoding` of hbase-common
//! (<https://github.com/apache/hbase/tree/master/hbase-common/src/main/java/org/apache/hadoop/hbase/io/encoding>).

mod delta;
mod plain;
mod prefix;
mod tags;

use bytes::Bytes;

use super::super::Broken;
use super::super::input::Input;
use super::block::BlockKind;
use super::info::FileInfo;
use tags::Dictionary;

/// A cell of a block. Its parts are looked up when they are asked for: most readers of a cell need
/// two or three of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellRef<'a> {
    block: &'a BlockCells,
    sequence: i64,
    // Of a cell whose value lies elsewhere.
    value: Option<&'a [u8]>,
}

impl<'a> CellRef<'a> {
    /// The row.
    #[inline]
    pub(crate) fn row(&self) -> &'a [u8] {
        self.block.row.of(self.block.keys())
    }

    /// The family.
    #[inline]
    pub(crate) fn family(&self) -> &'a [u8] {
        self.block.family.of(self.block.keys())
    }

    /// The qualifier.
    #[inline]
    pub(crate) fn qualifier(&self) -> &'a [u8] {
        self.block.qualifier.of(self.block.keys())
    }

    /// Milliseconds since 1970 by convention.
    #[inline]
    pub(crate) fn timestamp(&self) -> i64 {
        self.block.timestamp
    }

    /// The type of the cell: [`super::key::kind`].
    #[inline]
    pub(crate) fn kind(&self) -> u8 {
        self.block.kind
    }

    /// The value.
    #[inline]
    pub(crate) fn value(&self) -> &'a [u8] {
        match self.value {
            Some(value) => value,
            None => self.block.value.of(&self.block.payload),
        }
    }

    /// Whether there are tags.
    #[inline]
    pub(crate) fn has_tags(&self) -> bool {
        self.block.tagged && !self.tags().is_empty()
    }

    /// The tags as they are serialized.
    pub(crate) fn tags(&self) -> &'a [u8] {
        match &self.block.dictionary {
            Some(dictionary) => dictionary.output(),
            None => self.block.tags.of(&self.block.payload),
        }
    }

    /// The order of writing.
    #[inline]
    pub(crate) fn sequence(&self) -> i64 {
        self.sequence
    }

    /// The same cell as of another time of writing.
    pub(crate) fn with_sequence(self, sequence: i64) -> Self {
        Self { sequence, ..self }
    }

    /// The same cell with its value from elsewhere.
    pub(crate) fn with_value(self, value: &'a [u8]) -> Self {
        Self { value: Some(value), ..self }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Encoding {
    #[default]
    None,
    Prefix,
    Diff,
    FastDiff,
}

/// Whether two short slices are equal: keys of cells are, and a call costs more than the comparison.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = a_words.iter().zip(b_words);
    let mut difference = words.fold(0, |difference, (a, b)| {
        difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
    });
    for (a, b) in a_rest.iter().zip(b_rest) {
        difference |= u64::from(a ^ b);
    }
    difference == 0
}

/// A range of bytes by start and length.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    length: usize,
}

impl Span {
    fn of(self, bytes: &[u8]) -> &[u8] {
        let end = self.start.wrapping_add(self.length);
        bytes.get(self.start..end).unwrap_or_default()
    }
}

/// Goes through the cells of one block.
#[derive(Debug, Default)]
pub(crate) struct BlockCells {
    payload: Bytes,
    // The next cell, and the end of cells.
    at: usize,
    end: usize,
    encoding: Encoding,
    tagged: bool,
    dictionary: Option<Dictionary>,
    sequence_ids: bool,
    // Whether a cell of this block was read before.
    begun: bool,
    // The key of the current cell up to its timestamp; only delta encodings build it.
    key: Vec<u8>,
    // Its family with the length before it.
    prefixed_family: Vec<u8>,
    key_length: usize,
    // Spans of `key` with delta encodings, else of the payload.
    row: Span,
    family: Span,
    qualifier: Span,
    timestamp: i64,
    kind: u8,
    value: Span,
    // A span of the payload, or of the dictionary's output.
    tags: Span,
    sequence: i64,
    // Whether the cell has the row, and the column too, of the one before it, also over blocks.
    same_row: bool,
    same_column: bool,
    // Row and qualifier of the last cell of the block before.
    before: Option<(Vec<u8>, Vec<u8>)>,
}

impl BlockCells {
    /// Begins a block: `payload` is what the block holds, `kind` what its magic says.
    ///
    /// # Errors
    /// When the encoding is not known or its frame is damaged.
    pub(crate) fn start(
        &mut self,
        kind: BlockKind,
        payload: Bytes,
        info: &FileInfo,
    ) -> Result<(), Broken> {
        let frame = if kind == BlockKind::Data {
            Ok(Frame { encoding: Encoding::None, start: 0, end: payload.len(), raw_tags: true })
        } else {
            Frame::of(&payload)
        };
        let Frame { encoding, start, end, raw_tags } = frame?;
        self.remember();
        self.encoding = encoding;
        (self.at, self.end) = (start, end);
        self.tagged = info.tags;
        self.sequence_ids = info.sequence_ids;
        self.begun = false;
        self.same_row = false;
        self.same_column = false;
        self.sequence = 0;
        self.tags = Span::default();
        if info.tags && info.compressed_tags && !raw_tags {
            self.dictionary.get_or_insert_default().clear();
        } else {
            self.dictionary = None;
        }
        self.payload = payload;
        if encoding == Encoding::Diff {
            self.start_diff().ok_or_else(|| Broken::short("data block"))?;
        }
        Ok(())
    }

    /// Goes to the next cell; `false` at the end of the block.
    ///
    /// # Errors
    /// When the bytes are no cell.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<bool, Broken> {
        if self.at >= self.end {
            return Ok(false);
        }
        let read = match self.encoding {
            Encoding::None => self.plain(),
            Encoding::Prefix => self.prefix(),
            Encoding::Diff => self.diff(),
            Encoding::FastDiff => self.fast_diff(),
        };
        match read {
            Some(()) => {
                if !self.begun {
                    self.begun = true;
                    self.compare_with_before();
                }
                Ok(true)
            }
            None => Err(Broken::corrupt(
                "data block",
                format!("has no cell at byte {} of its payload", self.at),
            )),
        }
    }

    /// Whether the current cell has the row of the cell before it.
    #[inline]
    pub(crate) fn same_row(&self) -> bool {
        self.same_row
    }

    /// Whether the current cell has the row and the column of the cell before it.
    #[inline]
    pub(crate) fn same_column(&self) -> bool {
        self.same_column
    }

    /// Keeps what the first cell of the next block is compared with.
    fn remember(&mut self) {
        if !self.begun {
            return;
        }
        let (mut row, mut qualifier) = self.before.take().unwrap_or_default();
        row.clear();
        row.extend_from_slice(self.row.of(self.keys()));
        qualifier.clear();
        qualifier.extend_from_slice(self.qualifier.of(self.keys()));
        self.before = Some((row, qualifier));
    }

    fn compare_with_before(&mut self) {
        let Some((row, qualifier)) = &self.before else { return };
        let same_row = self.row.of(self.keys()) == row;
        let same_column = same_row && self.qualifier.of(self.keys()) == qualifier;
        (self.same_row, self.same_column) = (same_row, same_column);
    }

    /// The bytes that keys are spans of.
    #[inline]
    fn keys(&self) -> &[u8] {
        if self.encoding == Encoding::None { &self.payload } else { &self.key }
    }

    /// The row of the current cell.
    #[inline]
    pub(crate) fn row(&self) -> &[u8] {
        self.row.of(self.keys())
    }

    /// The current cell.
    #[inline]
    pub(crate) fn cell(&self) -> CellRef<'_> {
        CellRef { block: self, sequence: self.sequence, value: None }
    }

    /// The input from the next unread byte.
    #[inline]
    fn input<'a>(payload: &'a Bytes, at: usize, end: usize) -> Option<Input<'a>> {
        payload.get(at..end).map(Input::new)
    }

    /// Remembers how far `input`, which ends at the end of cells, was read.
    #[inline]
    fn read_until(&mut self, left: usize) {
        self.at = self.end.wrapping_sub(left);
    }
}

/// Where the cells of an encoded block are.
struct Frame {
    encoding: Encoding,
    start: usize,
    end: usize,
    // Tags stand as they are even where the file says that they go by a dictionary.
    raw_tags: bool,
}

impl Frame {
    fn of(payload: &Bytes) -> Result<Self, Broken> {
        let short = || Broken::short("data block");
        let mut input = Input::new(payload);
        let id = input.u16().ok_or_else(short)?;
        let encoding = match id {
            0 => Encoding::None,
            2 => Encoding::Prefix,
            3 => Encoding::Diff,
            4 => Encoding::FastDiff,
            6 => {
                return Err(Broken::unsupported(
                    "data block",
                    "is encoded as PREFIX_TREE, which HBase gave up in 2.0: rewrite the table with another encoding by a major compaction in HBase 1",
                ));
            }
            7 => {
                // Cells, the offsets of rows, and last how many bytes the cells take.
                let size = payload.last_chunk::<4>().map(|size| u32::from_be_bytes(*size));
                let size = size.and_then(|size| usize::try_from(size).ok()).ok_or_else(short)?;
                let end =
                    size.checked_add(2).filter(|end| *end <= payload.len()).ok_or_else(short)?;
                return Ok(Self { encoding: Encoding::None, start: 2, end, raw_tags: true });
            }
            _ => {
                return Err(Broken::unsupported(
                    "data block",
                    format!("has the encoding {id}, which is not known"),
                ));
            }
        };
        let start = if encoding == Encoding::None { 2 } else { 6 };
        if payload.len() < start {
            return Err(short());
        }
        let raw_tags = encoding == Encoding::None;
        Ok(Self { encoding, start, end: payload.len(), raw_tags })
    }
}
