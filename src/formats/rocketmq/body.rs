//! Bodies of messages, which producers compress.

use std::io::Read;

use super::super::Broken;

/// The longest body, decompressed: a few bytes must not take all memory.
const LONGEST: u64 = 256 << 20;

/// The bit of a compressed body among a message's flags.
const COMPRESSED: u32 = 1;

/// Appends a body as its message's flags say it is compressed.
///
/// # Errors
/// For one that cannot be decompressed, or is longer than is read.
pub(super) fn append(flags: u32, body: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    if flags & COMPRESSED == 0 {
        out.extend_from_slice(body);
        return Ok(());
    }
    match flags >> 8 & 7 {
        // Before there was a choice, it was zlib.
        0 | 3 => read("zlib", flate2::read::ZlibDecoder::new(body), out),
        1 => read("LZ4", lz4_flex::frame::FrameDecoder::new(body), out),
        2 => {
            let wrong = |e: std::io::Error| Broken::corrupt("body", format!("is no zstd: {e}"));
            let decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(wrong)?;
            read("zstd", decoder, out)
        }
        kind => {
            let reason = format!("is compressed in a way {kind} that is not known");
            Err(Broken::unsupported("body", reason))
        }
    }
}

fn read(codec: &str, decoder: impl Read, out: &mut Vec<u8>) -> Result<(), Broken> {
    let mut decoder = decoder.take(LONGEST.saturating_add(1));
    let length = decoder
        .read_to_end(out)
        .map_err(|e| Broken::corrupt("body", format!("cannot be decompressed by {codec}: {e}")))?;
    if u64::try_from(length).is_ok_and(|length| length <= LONGEST) {
        return Ok(());
    }
    Err(Broken::unsupported("body", format!("is longer than {LONGEST} bytes, decompressed")))
}
