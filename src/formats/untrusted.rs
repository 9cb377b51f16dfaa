//! Every parser of this folder over bytes that may be anything: what they say is right or an error,
//! and takes neither a panic, nor for ever, nor memory out of proportion.
//!
//! `fuzz/fuzz_targets` feed it; runs of some thousand damaged files with a fixed seed are tests.

use std::sync::Arc;

use bytes::Bytes;

use super::hbase_manifest;
use super::hfile::block::{BlockHeader, BlockKind};
use super::hfile::bloom::BloomHead;
use super::hfile::cells::BlockCells;
use super::hfile::compression::Codec;
use super::hfile::info::FileInfo;
use super::hfile::{HFile, RowRange, Step, Trailer, Walk, index, trailer};
use super::rocketmq::{frame, message, route};

/// An HFile: its trailer, what is loaded when it is opened, all cells that can be read. How many.
pub fn hfile(bytes: &Bytes) -> Option<usize> {
    let tail = bytes.len().saturating_sub(trailer::MOST);
    let trailer = Trailer::parse(bytes.get(tail..)?).ok()?;
    let start = usize::try_from(trailer.load_on_open).ok()?;
    let end = bytes.len().checked_sub(trailer.size)?;
    let section = bytes.get(start..end)?;
    let file = HFile::parse(trailer, &bytes.slice_ref(section)).ok()?;
    Some(walk(file, bytes))
}

fn walk(file: HFile, bytes: &Bytes) -> usize {
    let Some((first, _)) = file.trailer.data else { return 0 };
    let end = file.trailer.load_on_open;
    let mut walk = Walk::new(Arc::new(file), first..end, RowRange::default());
    let mut cells = 0_usize;
    loop {
        match walk.advance() {
            Ok(Step::Cell) => {
                let _ = walk.cell();
                cells = cells.wrapping_add(1);
            }
            Ok(Step::Need(range)) => {
                let range = (usize::try_from(range.start), usize::try_from(range.end));
                let (Ok(start), Ok(end)) = range else { return cells };
                let Some(more) = bytes.get(start..end) else { return cells };
                walk.give(u64::try_from(start).unwrap_or(0), bytes.slice_ref(more));
            }
            Ok(Step::End) | Err(_) => return cells,
        }
    }
}

/// A block as it stands in a file, and its cells: how many. The first byte says which codec the file
/// names, and whether blocks have checksums.
pub fn block(bytes: &Bytes) -> Option<usize> {
    let (ordinal, rest) = bytes.split_first()?;
    let codec = Codec::of_ordinal(u32::from(ordinal & 15)).ok()?;
    let header = BlockHeader::parse(rest, ordinal & 16 == 0, codec).ok()?;
    let block = rest.get(..header.total())?;
    let payload = header.payload(&bytes.slice_ref(block), codec).ok()?;
    Some(cells(header.kind, payload, &FileInfo::default()))
}

/// What a block holds, as cells in every encoding and for every kind of file, as a part of an index, as
/// what a file says of itself, as a Bloom filter and as the bytes of every codec; `size` is what other
/// bytes would say of it. How many cells.
pub fn payload(bytes: &Bytes, size: usize) -> usize {
    let mut count = 0_usize;
    for flags in 0..8_u8 {
        let info = FileInfo {
            tags: flags & 1 != 0,
            compressed_tags: flags & 2 != 0,
            sequence_ids: flags & 4 != 0,
            ..FileInfo::default()
        };
        for kind in [BlockKind::Data, BlockKind::EncodedData] {
            count = count.wrapping_add(cells(kind, bytes.clone(), &info));
        }
    }
    let _ = index::inner(bytes);
    let _ = index::root(bytes, size);
    let _ = FileInfo::parse(bytes);
    for (kind, prefix) in [("ROW", None), ("ROWCOL", None), ("ROWPREFIX_FIXED_LENGTH", Some(size))]
    {
        if let Some(bloom) = BloomHead::parse(bytes, kind, prefix) {
            let _ = bloom.chunk(bytes, bytes).map(|(_, key)| bloom.may_hold(bytes, &key));
        }
    }
    for codec in (0..9).filter_map(|ordinal| Codec::of_ordinal(ordinal).ok()) {
        if let Ok(out) = codec.decompress(bytes, size) {
            assert!(out.len() <= size.max(bytes.len()));
        }
    }
    count
}

/// Cells of a block: how many.
pub(super) fn cells(kind: BlockKind, payload: Bytes, info: &FileInfo) -> usize {
    let mut cells = BlockCells::default();
    let most = payload.len();
    if cells.start(kind, payload, info).is_err() {
        return 0;
    }
    let mut count = 0_usize;
    while let Ok(true) = cells.advance() {
        let _ = cells.cell();
        count = count.wrapping_add(1);
        // Each cell takes a byte of the payload at least.
        assert!(count <= most);
    }
    count
}

/// The messages that a snapshot of HBase is told by: how many of five these bytes are.
pub fn manifest(bytes: &[u8]) -> usize {
    let read = [
        hbase_manifest::manifest(bytes).is_ok(),
        hbase_manifest::snapshot(bytes).is_ok(),
        hbase_manifest::table_info(bytes).is_ok(),
        hbase_manifest::region_info(bytes).is_ok(),
        hbase_manifest::reference(bytes).is_ok(),
    ];
    read.into_iter().filter(|is_read| *is_read).count()
}

/// What brokers and name servers of RocketMQ send, as a frame, as the body of each answer: how many
/// messages.
pub fn remoting(bytes: &[u8]) -> usize {
    let body = match frame::decode(bytes) {
        Ok((header, body)) => {
            let _ = (header.is_reply(), header.number("nextBeginOffset"));
            body
        }
        Err(_) => bytes,
    };
    let _ = (route::brokers(body), route::topics(body));
    let mut count = 0_usize;
    for message in message::messages(body).map_while(Result::ok) {
        let mut out = vec![];
        if message.body(&mut out).is_ok() {
            let _ = (message.properties(), message.place_id());
            for packed in message::packed(&out).map_while(Result::ok) {
                let _ = packed.properties();
            }
        }
        count = count.wrapping_add(1);
        // Each takes more than one byte.
        assert!(count <= body.len());
    }
    count
}
