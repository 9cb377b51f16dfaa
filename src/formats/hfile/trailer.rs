//! The trailer: the fixed-size end of a file, from which everything else is found.
//!
//! Source: `FixedFileTrailer`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/hfile/FixedFileTrailer.java>).

use prost::Message;

use super::super::Broken;
use super::super::input::Input;
use super::compression::Codec;

/// The most bytes a trailer takes: reading so many from the end of a file is enough.
pub(crate) const MOST: usize = 4096;

/// The trailer of version 2.
const SIZE_2: usize = 212;

const MAGIC: &[u8; 8] = b"TRABLK\"$";

/// What the trailer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    /// 2 or 3.
    pub(crate) major: u32,
    /// Minor version, which says for major 2 what blocks have.
    pub(crate) minor: u8,
    /// How many bytes the trailer itself takes.
    pub(crate) size: usize,
    /// Where the section begins that is read when a file is opened.
    pub(crate) load_on_open: u64,
    /// Where the file info block begins.
    pub(crate) file_info: u64,
    /// Entries of the root data index.
    pub(crate) index_entries: usize,
    /// Entries of the meta index.
    pub(crate) meta_entries: usize,
    /// Levels of the data index: 1 when the root points to data.
    pub(crate) index_levels: u32,
    /// Cells in the file.
    pub(crate) cells: u64,
    /// Bytes of all blocks before compression.
    pub(crate) uncompressed: u64,
    /// Where the first and the last data block begin; `None` in a file without cells.
    pub(crate) data: Option<(u64, u64)>,
    /// How every block is compressed.
    pub(crate) codec: Codec,
}

#[derive(Clone, PartialEq, Message)]
struct Proto {
    #[prost(uint64, optional, tag = "1")]
    file_info_offset: Option<u64>,
    #[prost(uint64, optional, tag = "2")]
    load_on_open_data_offset: Option<u64>,
    #[prost(uint64, optional, tag = "4")]
    total_uncompressed_bytes: Option<u64>,
    #[prost(uint32, optional, tag = "5")]
    data_index_count: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    meta_index_count: Option<u32>,
    #[prost(uint64, optional, tag = "7")]
    entry_count: Option<u64>,
    #[prost(uint32, optional, tag = "8")]
    num_data_index_levels: Option<u32>,
    #[prost(uint64, optional, tag = "9")]
    first_data_block_offset: Option<u64>,
    #[prost(uint64, optional, tag = "10")]
    last_data_block_offset: Option<u64>,
    #[prost(uint32, optional, tag = "12")]
    compression_codec: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "13")]
    encryption_key: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct WrappedKey {
    #[prost(string, tag = "1")]
    algorithm: String,
}

impl Trailer {
    /// Reads the trailer off the end of a file: `tail` are its last [`MOST`] bytes, or all of it.
    ///
    /// # Errors
    /// When there is none, or of a version or with an encryption that is not read.
    pub(crate) fn parse(tail: &[u8]) -> Result<Self, Broken> {
        let word = tail.last_chunk::<4>().copied().map(u32::from_be_bytes);
        let word =
            word.ok_or_else(|| Broken::corrupt("trailer", "is missing: the file is empty"))?;
        let (major, minor) = (word & 0x00ff_ffff, word >> 24);
        let size = match major {
            2 => SIZE_2,
            3 => MOST,
            _ if tail.windows(MAGIC.len()).any(|bytes| bytes == MAGIC) && major < 100 => {
                return Err(Broken::unsupported(
                    "trailer",
                    format!("says version {major} of HFile, and 2 and 3 are read"),
                ));
            }
            _ => return Err(Broken::corrupt("trailer", "is not at the end of the file")),
        };
        let start = tail.len().checked_sub(size).ok_or_else(|| Broken::short("trailer"))?;
        let trailer = tail.get(start..).unwrap_or_default();
        let Some(body) = trailer.strip_prefix(MAGIC.as_slice()) else {
            return Err(Broken::corrupt("trailer", "is not at the end of the file"));
        };
        let minor = u8::try_from(minor).unwrap_or(u8::MAX);
        let parsed =
            if major == 2 && minor < 2 { Self::writable(body) } else { Self::message(body)? };
        let parsed = parsed.ok_or_else(|| Broken::corrupt("trailer", "cannot be read"))?;
        Ok(Self { major, minor, size, ..parsed })
    }

    /// The protobuf form.
    fn message(body: &[u8]) -> Result<Option<Self>, Broken> {
        let mut input = Input::new(body);
        let Some(bytes) = input.compact().and_then(|length| input.take(length)) else {
            return Ok(None);
        };
        let Ok(proto) = Proto::decode(bytes) else { return Ok(None) };
        if let Some(key) = &proto.encryption_key {
            let key = WrappedKey::decode_length_delimited(key.as_slice());
            let algorithm = key.map(|key| key.algorithm).unwrap_or_default();
            let algorithm = if algorithm.is_empty() { "unknown" } else { &algorithm };
            return Err(Broken::unsupported(
                "trailer",
                format!(
                    "says that the file is encrypted (algorithm {algorithm}), and its key is not known here"
                ),
            ));
        }
        let codec = Codec::of_ordinal(proto.compression_codec.unwrap_or(Codec::NONE_ORDINAL))?;
        let count = |number: Option<u32>| usize::try_from(number.unwrap_or_default()).ok();
        let (Some(index_entries), Some(meta_entries)) =
            (count(proto.data_index_count), count(proto.meta_index_count))
        else {
            return Ok(None);
        };
        let data = proto.first_data_block_offset.zip(proto.last_data_block_offset);
        Ok(Some(Self {
            major: 0,
            minor: 0,
            size: 0,
            load_on_open: proto.load_on_open_data_offset.unwrap_or_default(),
            file_info: proto.file_info_offset.unwrap_or_default(),
            index_entries,
            meta_entries,
            index_levels: proto.num_data_index_levels.unwrap_or(1),
            cells: proto.entry_count.unwrap_or_default(),
            uncompressed: proto.total_uncompressed_bytes.unwrap_or_default(),
            data: Self::data(data),
            codec,
        }))
    }

    /// The form before protobuf (version 2, minor 0 and 1).
    fn writable(body: &[u8]) -> Option<Self> {
        let mut input = Input::new(body);
        let (file_info, load_on_open) = (input.u64()?, input.u64()?);
        let index_entries = input.length()?;
        let _uncompressed_index = input.u64()?;
        let meta_entries = input.length()?;
        let (uncompressed, cells) = (input.u64()?, input.u64()?);
        let codec = Codec::of_ordinal(input.u32()?).ok()?;
        let index_levels = input.u32()?;
        let data = Self::data(Some((input.u64()?, input.u64()?)));
        Some(Self {
            major: 0,
            minor: 0,
            size: 0,
            load_on_open,
            file_info,
            index_entries,
            meta_entries,
            index_levels,
            cells,
            uncompressed,
            data,
            codec,
        })
    }

    /// Offsets of −1 say that there is no data block.
    fn data(offsets: Option<(u64, u64)>) -> Option<(u64, u64)> {
        offsets.filter(|(first, last)| *first != u64::MAX && *last != u64::MAX && first <= last)
    }

    /// Whether blocks carry checksums and the longer header that says so.
    pub(crate) fn has_checksums(&self) -> bool {
        self.major > 2 || self.minor > 0
    }
}
