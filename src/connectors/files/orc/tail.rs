//! What stands at the end of a file and the library does not look at: whether the types are a tree,
//! through which it walks without looking, and which writer is to be believed in what.
//! <https://orc.apache.org/specification/ORCv1/>

use std::io::Read;

use prost::Message;

use super::bytes::FileBytes;
use crate::error::Result;
use crate::formats::hfile::compression::lzo;

/// The library reads so many bytes of a file's end first.
const END_BYTES: u64 = 16 * 1024;

/// The most bytes that a chunk has when it is not compressed.
const MOST_OF_CHUNK: u64 = 16 * 1024 * 1024;

/// What is said of a footer that is none.
const UNREADABLE: &str = "its footer cannot be decoded";

/// Types in types.
const DEEPEST: u32 = 100;

#[derive(Clone, PartialEq, Message)]
struct PostScript {
    #[prost(uint64, tag = "1")]
    footer_length: u64,
    #[prost(int32, tag = "2")]
    compression: i32,
    #[prost(uint64, optional, tag = "3")]
    chunk_bytes: Option<u64>,
    #[prost(uint64, tag = "5")]
    metadata_length: u64,
    #[prost(uint32, tag = "6")]
    writer_version: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Footer {
    #[prost(message, repeated, tag = "4")]
    types: Vec<Type>,
    #[prost(uint32, tag = "9")]
    writer: u32,
    // Whatever it says: some columns are encrypted.
    #[prost(message, optional, tag = "10")]
    encryption: Option<Encryption>,
}

#[derive(Clone, PartialEq, Message)]
struct Encryption {}

#[derive(Clone, PartialEq, Message)]
struct Type {
    #[prost(uint32, repeated, tag = "2")]
    parts: Vec<u32>,
}

/// Who wrote a file, by the numbers that the format gives them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    /// Whether it is ORC's own in Java, which is Hive's and Spark's as well.
    pub(super) is_java: bool,
    /// Which of its mistakes it has left behind.
    pub(super) version: u32,
}

/// The end of a file.
#[derive(Debug)]
pub(super) struct Tail {
    said: PostScript,
    footer_start: u64,
    /// Who wrote the file.
    pub(super) writer: Writer,
    encrypted: bool,
}

impl Tail {
    /// The statistics of all stripes, as they stand in the file; `None` where it has none that can be
    /// read.
    pub(super) async fn statistics(&self, file: &mut FileBytes) -> Result<Option<Vec<u8>>> {
        let start = self.footer_start.checked_sub(self.said.metadata_length);
        let Some(start) = start.filter(|_| self.said.metadata_length > 0 && !self.encrypted) else {
            return Ok(None);
        };
        let bytes = file.read(start, self.said.metadata_length).await;
        Ok(plain(&bytes.map_err(|e| file.error(&e.to_string()))?, &self.said))
    }
}

/// Reads the end of a file and looks at its types.
///
/// # Errors
/// The store's, and `Corrupt` for types that are no tree.
pub(super) async fn read(file: &mut FileBytes) -> Result<Tail> {
    let size = file.size();
    let end = size.min(END_BYTES);
    let tail = file.read(size - end, end).await.map_err(|e| file.error(&e.to_string()))?;
    let corrupt = || file.error(UNREADABLE);
    let (length, tail) = tail.split_last().ok_or_else(|| file.error("it is empty"))?;
    let start = tail.len().checked_sub(usize::from(*length)).ok_or_else(corrupt)?;
    let said = PostScript::decode(tail.get(start..).unwrap_or_default()).map_err(|_| corrupt())?;
    let behind = u64::from(*length) + 1;
    let start = size.checked_sub(behind).and_then(|end| end.checked_sub(said.footer_length));
    let footer_start = start.ok_or_else(corrupt)?;
    let footer = file.read(footer_start, said.footer_length).await;
    let footer = footer.map_err(|e| file.error(&e.to_string()))?;
    let footer = plain(&footer, &said).and_then(|bytes| Footer::decode(bytes.as_slice()).ok());
    let footer = footer.ok_or_else(|| file.error(UNREADABLE))?;
    if !is_tree(&footer.types) {
        return Err(file.error("its types are no tree"));
    }
    let writer = Writer { is_java: footer.writer == 0, version: said.writer_version };
    Ok(Tail { said, footer_start, writer, encrypted: footer.encryption.is_some() })
}

/// Every type is part of one that stands before it.
fn is_tree(types: &[Type]) -> bool {
    let mut depths = vec![0_u32; types.len()];
    for (at, declared) in types.iter().enumerate() {
        let depth = depths.get(at).copied().unwrap_or_default() + 1;
        for part in &declared.parts {
            let part = usize::try_from(*part).unwrap_or(usize::MAX);
            match depths.get_mut(part) {
                Some(own) if part > at && depth <= DEEPEST => *own = depth,
                _ => return false,
            }
        }
    }
    true
}

/// The bytes of chunks, each behind three bytes of its length and of whether it is compressed.
fn plain(mut chunks: &[u8], said: &PostScript) -> Option<Vec<u8>> {
    if said.compression == 0 {
        return Some(chunks.to_vec());
    }
    let most = usize::try_from(said.chunk_bytes.unwrap_or(256 * 1024).min(MOST_OF_CHUNK)).ok()?;
    let mut all = vec![];
    while !chunks.is_empty() {
        let (&[low, middle, high], rest) = chunks.split_first_chunk()?;
        let head = u32::from_le_bytes([low, middle, high, 0]);
        let (chunk, rest) = rest.split_at_checked(usize::try_from(head >> 1).ok()?)?;
        chunks = rest;
        if head & 1 == 1 {
            all.extend_from_slice(chunk);
            continue;
        }
        match said.compression {
            1 => {
                let inflated = flate2::read::DeflateDecoder::new(chunk);
                inflated.take(most as u64).read_to_end(&mut all).ok()?;
            }
            2 => {
                let length = snap::raw::decompress_len(chunk).ok().filter(|it| *it <= most)?;
                let mut out = vec![0; length];
                snap::raw::Decoder::new().decompress(chunk, &mut out).ok()?;
                all.extend(out);
            }
            3 => all.extend(lzo(chunk, most).ok()?),
            4 => all.extend(lz4_flex::block::decompress(chunk, most).ok()?),
            5 => all.extend(zstd::bulk::decompress(chunk, most).ok()?),
            _ => return None,
        }
    }
    Some(all)
}
