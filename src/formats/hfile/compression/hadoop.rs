//! The framing of Hadoop's block streams: the length of what comes out, then pieces, each with its
//! length, until so much has come out.
//!
//! A codec's buffer bounds one piece, so a large block has several. Behind the last one an outer
//! length of zero may stand; whatever follows once the block is whole is ignored. Source:
//! `BlockDecompressorStream`
//! (<https://github.com/apache/hadoop/blob/trunk/hadoop-common-project/hadoop-common/src/main/java/org/apache/hadoop/io/compress/BlockDecompressorStream.java>).

use super::super::super::input::Input;
use super::super::block::Undecoded;
use super::{Piece, first_capacity};

/// All pieces of `payload`, until `size` bytes are there.
pub(super) fn decompress(payload: &[u8], size: usize, piece: Piece) -> Result<Vec<u8>, Undecoded> {
    let damaged = |reason: &str| Undecoded::Damaged(reason.to_owned());
    let mut out = Vec::with_capacity(first_capacity(payload.len(), size));
    let mut input = Input::new(payload);
    while out.len() < size {
        let outer = input.length().ok_or_else(|| damaged("it ends too early"))?;
        let end = out.len().saturating_add(outer);
        if end > size {
            return Err(damaged("it holds more than its header says"));
        }
        while out.len() < end {
            let length = input.length().ok_or_else(|| damaged("it ends too early"))?;
            let bytes = input.take(length).ok_or_else(|| damaged("a piece ends too early"))?;
            let before = out.len();
            piece(bytes, end.saturating_sub(before), &mut out).map_err(Undecoded::Damaged)?;
            if out.len() == before {
                return Err(damaged("a piece is empty"));
            }
        }
    }
    Ok(out)
}
