//! Blocks: everything in a file but its trailer. A header, a payload that is compressed, and the
//! checksums of both.
//!
//! Source: `HFileBlock`, `ChecksumUtil`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/hfile/HFileBlock.java>).

use bytes::Bytes;

use super::super::Broken;
use super::super::input::Input;
use super::compression::Codec;

/// The bytes of a header with checksums, and without.
pub(crate) const HEADER: usize = 33;
const HEADER_WITHOUT_CHECKSUMS: usize = 24;

/// What a block is, by its magic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// Cells one after another.
    Data,
    /// Cells, encoded.
    EncodedData,
    /// The lowest level of the data index.
    LeafIndex,
    /// A part of a Bloom filter.
    BloomChunk,
    /// A named block that is no data.
    Meta,
    /// A level of the data index between root and leaf.
    IntermediateIndex,
    /// The top of an index.
    RootIndex,
    /// The file info.
    FileInfo,
    /// The head of the Bloom filter of rows or columns.
    BloomMeta,
    /// The head of the Bloom filter of rows with family deletes.
    DeleteFamilyBloomMeta,
}

impl BlockKind {
    fn of(magic: [u8; 8]) -> Option<Self> {
        Some(match &magic {
            b"DATABLK*" => Self::Data,
            b"DATABLKE" => Self::EncodedData,
            b"IDXLEAF2" => Self::LeafIndex,
            b"BLMFBLK2" => Self::BloomChunk,
            b"METABLKc" => Self::Meta,
            b"IDXINTE2" => Self::IntermediateIndex,
            b"IDXROOT2" => Self::RootIndex,
            b"FILEINF2" => Self::FileInfo,
            b"BLMFMET2" => Self::BloomMeta,
            b"DFBLMET2" => Self::DeleteFamilyBloomMeta,
            _ => return None,
        })
    }

    /// As messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Data | Self::EncodedData => "data block",
            Self::LeafIndex => "leaf index block",
            Self::BloomChunk => "Bloom filter block",
            Self::Meta => "meta block",
            Self::IntermediateIndex => "intermediate index block",
            Self::RootIndex => "root index block",
            Self::FileInfo => "file info block",
            Self::BloomMeta | Self::DeleteFamilyBloomMeta => "Bloom filter head",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checksum {
    Absent,
    Crc32,
    Crc32c,
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    /// What the block is.
    pub(crate) kind: BlockKind,
    /// Bytes of the payload before compression.
    pub(crate) uncompressed: usize,
    header: usize,
    // Payload and checksums.
    on_disk: usize,
    // Header and payload.
    checked: usize,
    checksum: Checksum,
    per_checksum: usize,
}

impl BlockHeader {
    /// How many bytes a header takes in a file.
    pub(crate) fn size(checksums: bool) -> usize {
        if checksums { HEADER } else { HEADER_WITHOUT_CHECKSUMS }
    }

    /// Reads a header off the front of `bytes`, of which there must be [`size`](Self::size).
    ///
    /// # Errors
    /// When there is no block, or its sizes contradict each other.
    pub(crate) fn parse(bytes: &[u8], checksums: bool, codec: Codec) -> Result<Self, Broken> {
        let mut input = Input::new(bytes);
        let magic = input.take(8).and_then(|bytes| bytes.first_chunk::<8>().copied());
        let magic = magic.ok_or_else(|| Broken::short("block"))?;
        let kind = BlockKind::of(magic).ok_or_else(|| {
            Broken::corrupt(
                "block",
                format!(
                    "begins with {:?}, which is no magic of a block",
                    magic.escape_ascii().to_string()
                ),
            )
        })?;
        let parsed = Self::sizes(kind, &mut input, checksums);
        let header =
            parsed.ok_or_else(|| Broken::corrupt(kind.name(), "has an impossible header"))?;
        let payload = header.checked.checked_sub(header.header);
        if payload.is_none_or(|payload| payload > header.on_disk) {
            return Err(Broken::corrupt(kind.name(), "has sizes that contradict each other"));
        }
        if codec == Codec::None && payload != Some(header.uncompressed) {
            return Err(Broken::corrupt(
                kind.name(),
                format!(
                    "says {} bytes before compression and {} after, without compression",
                    header.uncompressed,
                    payload.unwrap_or_default()
                ),
            ));
        }
        Ok(header)
    }

    fn sizes(kind: BlockKind, input: &mut Input<'_>, checksums: bool) -> Option<Self> {
        // The sizes are signed in the format: above 2^31 they are damage.
        let positive =
            |size: u32| i32::try_from(size).ok().and_then(|size| usize::try_from(size).ok());
        let on_disk = positive(input.u32()?)?;
        let uncompressed = positive(input.u32()?)?;
        let _previous = input.u64()?;
        if !checksums {
            let header = HEADER_WITHOUT_CHECKSUMS;
            let checked = on_disk.checked_add(header)?;
            return Some(Self {
                kind,
                uncompressed,
                header,
                on_disk,
                checked,
                checksum: Checksum::Absent,
                per_checksum: 0,
            });
        }
        let checksum = match input.u8()? {
            0 => Checksum::Absent,
            1 => Checksum::Crc32,
            2 => Checksum::Crc32c,
            _ => return None,
        };
        let per_checksum = positive(input.u32()?)?;
        let checked = positive(input.u32()?)?;
        Some(Self { kind, uncompressed, header: HEADER, on_disk, checked, checksum, per_checksum })
    }

    /// The bytes of the whole block: the next one begins after so many.
    pub(crate) fn total(&self) -> usize {
        self.header.saturating_add(self.on_disk)
    }

    /// The payload of a whole block, checked and decompressed.
    ///
    /// # Errors
    /// When a checksum does not match or the payload does not decompress to its size.
    pub(crate) fn payload(&self, block: &Bytes, codec: Codec) -> Result<Bytes, Broken> {
        self.verify(block)?;
        let payload = block.get(self.header..self.checked);
        let payload = payload.ok_or_else(|| Broken::short(self.kind.name()))?;
        if codec == Codec::None {
            return Ok(block.slice(self.header..self.checked));
        }
        if self.uncompressed == 0 {
            return Ok(Bytes::new());
        }
        codec.decompress(payload, self.uncompressed).map(Bytes::from).map_err(|reason| match reason
        {
            Undecoded::Damaged(reason) => Broken::corrupt(
                self.kind.name(),
                format!("does not decompress ({codec}): {reason}"),
            ),
            Undecoded::Unsupported(reason) => Broken::unsupported(self.kind.name(), reason),
        })
    }

    /// Compares the checksums of a whole block, which cover header and payload in pieces.
    ///
    /// # Errors
    /// When one does not match.
    pub(crate) fn verify(&self, block: &[u8]) -> Result<(), Broken> {
        let sum: fn(&[u8]) -> u32 = match self.checksum {
            Checksum::Absent => return Ok(()),
            Checksum::Crc32 => crc32fast::hash,
            Checksum::Crc32c => crc32c::crc32c,
        };
        let short = || Broken::short(self.kind.name());
        let (checked, rest) = block.split_at_checked(self.checked).ok_or_else(short)?;
        if self.per_checksum == 0 {
            return Err(Broken::corrupt(self.kind.name(), "has an impossible header"));
        }
        let mut stored = Input::new(rest);
        for (number, piece) in checked.chunks(self.per_checksum).enumerate() {
            if stored.u32().ok_or_else(short)? != sum(piece) {
                let number = number.saturating_add(1);
                return Err(Broken::corrupt(
                    self.kind.name(),
                    format!(
                        "has a wrong checksum in its piece {number} of {} bytes",
                        self.per_checksum
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Why a payload could not be decompressed.
pub(crate) enum Undecoded {
    /// The bytes are wrong.
    Damaged(String),
    /// The bytes need what is not there.
    Unsupported(String),
}
