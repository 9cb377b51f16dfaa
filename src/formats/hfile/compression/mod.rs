//! The codecs of blocks. GZ, BZIP2 and one of the two layouts of ZSTD stand as they are; the others
//! are framed as Hadoop's block streams ([`hadoop`]).
//!
//! Source: `Compression`
//! (<https://github.com/apache/hbase/blob/master/hbase-common/src/main/java/org/apache/hadoop/hbase/io/compress/Compression.java>).

mod hadoop;
mod lzo;

use std::fmt;
use std::io::Read;

use super::super::Broken;
use super::block::Undecoded;

/// A codec by the ordinal that trailers store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// LZO1X, framed.
    Lzo,
    /// One gzip member.
    Gz,
    /// Nothing.
    None,
    /// Raw Snappy, framed.
    Snappy,
    /// Raw LZ4 blocks, framed.
    Lz4,
    /// A bzip2 stream.
    Bzip2,
    /// ZSTD, framed by HBase's own codecs, plain by Hadoop's.
    Zstd,
    /// "LZMA alone", framed.
    Lzma,
    /// Brotli, framed.
    Brotli,
}

/// A piece of LZO1X decompressed, which gives at most so many bytes.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn lzo(piece: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut out = vec![];
    lzo::decompress(piece, most, &mut out)?;
    Ok(out)
}

impl Codec {
    /// What a trailer without a codec means.
    pub(crate) const NONE_ORDINAL: u32 = 2;

    /// The codec of an ordinal.
    ///
    /// # Errors
    /// For one that no release of HBase writes.
    pub(crate) fn of_ordinal(ordinal: u32) -> Result<Self, Broken> {
        Ok(match ordinal {
            0 => Self::Lzo,
            1 => Self::Gz,
            2 => Self::None,
            3 => Self::Snappy,
            4 => Self::Lz4,
            5 => Self::Bzip2,
            6 => Self::Zstd,
            7 => Self::Lzma,
            8 => Self::Brotli,
            _ => {
                return Err(Broken::unsupported(
                    "trailer",
                    format!("names the compression codec {ordinal}, which is not known"),
                ));
            }
        })
    }

    /// `payload` decompressed, which must give `size` bytes.
    pub(crate) fn decompress(self, payload: &[u8], size: usize) -> Result<Vec<u8>, Undecoded> {
        let out = match self {
            Self::None => Ok(payload.to_vec()),
            Self::Gz => read(flate2::read::GzDecoder::new(payload), payload.len(), size),
            Self::Bzip2 => read(bzip2::read::BzDecoder::new(payload), payload.len(), size),
            Self::Zstd if starts_zstd(payload) => zstd_stream(payload, size),
            Self::Zstd => {
                if payload.get(8..).is_some_and(starts_zstd) {
                    refuse_dictionary(payload.get(8..).unwrap_or_default())?;
                }
                hadoop::decompress(payload, size, zstd_piece)
            }
            Self::Snappy => hadoop::decompress(payload, size, snappy_piece),
            Self::Lz4 => hadoop::decompress(payload, size, lz4_piece),
            Self::Lzo => hadoop::decompress(payload, size, lzo::decompress),
            Self::Lzma => hadoop::decompress(payload, size, lzma_piece),
            Self::Brotli => hadoop::decompress(payload, size, brotli_piece),
        }?;
        if out.len() == size {
            Ok(out)
        } else {
            Err(Undecoded::Damaged(format!("{} bytes came out, not {size}", out.len())))
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lzo => "LZO",
            Self::Gz => "GZ",
            Self::None => "NONE",
            Self::Snappy => "SNAPPY",
            Self::Lz4 => "LZ4",
            Self::Bzip2 => "BZIP2",
            Self::Zstd => "ZSTD",
            Self::Lzma => "LZMA",
            Self::Brotli => "BROTLI",
        })
    }
}

/// How much memory is taken at once for `size` bytes that `input` bytes promise.
fn first_capacity(input: usize, size: usize) -> usize {
    size.min(input.saturating_mul(16).saturating_add(1 << 16))
}

/// Reads at most `size` bytes of a decoder; what follows them is ignored.
fn read(decoder: impl Read, input: usize, size: usize) -> Result<Vec<u8>, Undecoded> {
    let mut out = Vec::with_capacity(first_capacity(input, size));
    let limit = u64::try_from(size).unwrap_or(u64::MAX);
    decoder.take(limit).read_to_end(&mut out).map_err(|e| Undecoded::Damaged(e.to_string()))?;
    Ok(out)
}

fn starts_zstd(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn refuse_dictionary(frame: &[u8]) -> Result<(), Undecoded> {
    match zstd::zstd_safe::get_dict_id_from_frame(frame) {
        Some(id) => Err(Undecoded::Unsupported(format!(
            "was compressed with the ZSTD dictionary {id}, which is not known here"
        ))),
        None => Ok(()),
    }
}

fn zstd_stream(payload: &[u8], size: usize) -> Result<Vec<u8>, Undecoded> {
    refuse_dictionary(payload)?;
    let decoder = zstd::stream::read::Decoder::with_buffer(payload);
    read(decoder.map_err(|e| Undecoded::Damaged(e.to_string()))?, payload.len(), size)
}

/// A decoder of one piece: appends to `out` what the piece holds, at most `most` bytes.
type Piece = fn(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String>;

fn zstd_piece(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let decoder = zstd::stream::read::Decoder::with_buffer(piece).map_err(|e| e.to_string())?;
    append(decoder, most, out)
}

fn lzma_piece(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    // The memory that the stream may ask for is that of the strongest preset.
    let stream = liblzma::stream::Stream::new_lzma_decoder(128 << 20).map_err(|e| e.to_string())?;
    append(liblzma::read::XzDecoder::new_stream(piece, stream), most, out)
}

fn brotli_piece(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    append(brotli::Decompressor::new(piece, 1 << 14), most, out)
}

fn append(decoder: impl Read, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    decoder.take(limit).read_to_end(out).map(drop).map_err(|e| e.to_string())
}

fn snappy_piece(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let size = snap::raw::decompress_len(piece).map_err(|e| e.to_string())?;
    // No Snappy stream grows by more than 64 bytes for three.
    if size > most || size > piece.len().saturating_mul(64) {
        return Err(format!("a piece of {} bytes promises {size}", piece.len()));
    }
    let start = out.len();
    out.resize(start.saturating_add(size), 0);
    let target = out.get_mut(start..).unwrap_or_default();
    snap::raw::Decoder::new().decompress(piece, target).map(drop).map_err(|e| e.to_string())
}

fn lz4_piece(piece: &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    // The size is not stored; no LZ4 block grows by more than 255 bytes for one.
    let most = most.min(piece.len().saturating_mul(255));
    let start = out.len();
    out.resize(start.saturating_add(most), 0);
    let target = out.get_mut(start..).unwrap_or_default();
    let size = lz4_flex::block::decompress_into(piece, target).map_err(|e| e.to_string())?;
    out.truncate(start.saturating_add(size));
    Ok(())
}
