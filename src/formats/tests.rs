//! Damaged bytes: every parser is given what real files hold, changed at random. It may say that it
//! cannot read that; it may not panic, run for ever, or take memory out of proportion.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::hbase_manifest;
use super::hfile::block::{BlockHeader, BlockKind};
use super::hfile::cells::BlockCells;
use super::hfile::compression::Codec;
use super::hfile::info::FileInfo;
use super::hfile::{HFile, RowRange, Step, Trailer, Walk, index, trailer};

/// Knuth's generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = usize::try_from(self.0 >> 33).unwrap_or(0);
        number.checked_rem(end).unwrap_or(0)
    }

    /// The bytes with some of them changed, or cut off.
    pub(crate) fn damaged(&mut self, bytes: &[u8]) -> Bytes {
        let mut bytes = bytes.to_vec();
        if self.below(8) == 0 {
            bytes.truncate(self.below(bytes.len().wrapping_add(1)));
        }
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let value = [0, 1, 0x7f, 0x80, 0xff, u8::try_from(self.below(256)).unwrap_or(0)];
            let value = value.get(self.below(value.len())).copied().unwrap_or_default();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.into()
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// All files of the fixtures below the roots of HBase.
fn fixtures() -> std::io::Result<Vec<(PathBuf, Bytes)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hbase");
    let mut found = vec![];
    files(&folder, &mut found)?;
    found.sort();
    let of_root = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "root");
    found
        .into_iter()
        .filter(of_root)
        .map(|path| Ok((path.clone(), std::fs::read(path)?.into())))
        .collect()
}

fn open(bytes: &Bytes) -> Option<HFile> {
    let tail = bytes.len().saturating_sub(trailer::MOST);
    let trailer = Trailer::parse(bytes.get(tail..)?).ok()?;
    let start = usize::try_from(trailer.load_on_open).ok()?;
    let end = bytes.len().checked_sub(trailer.size)?;
    let section = bytes.get(start..end)?;
    HFile::parse(trailer, &bytes.slice_ref(section)).ok()
}

/// Walks over all cells that can be read.
fn walk(file: HFile, bytes: &Bytes) -> usize {
    let Some((first, _)) = file.trailer.data else { return 0 };
    let end = file.trailer.load_on_open;
    let mut walk = Walk::new(Arc::new(file), first..end, RowRange::default());
    let mut cells = 0_usize;
    loop {
        match walk.advance() {
            Ok(Step::Cell) => {
                let cell = walk.cell();
                assert!(cell.value().len() <= bytes.len().saturating_mul(1100));
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

#[test]
fn damaged_files_are_refused_and_never_more() -> std::io::Result<()> {
    let mut random = Random(7);
    let (mut read, mut whole) = (0, 0_usize);
    for (_, bytes) in fixtures()? {
        let Some(file) = open(&bytes) else { continue };
        whole = whole.wrapping_add(walk(file, &bytes));
        for _ in 0..20 {
            let damaged = random.damaged(&bytes);
            if let Some(file) = open(&damaged) {
                walk(file, &damaged);
                read += 1;
            }
        }
    }
    assert!(whole > 5_000 && read > 100, "{whole} cells, {read} damaged files opened");
    Ok(())
}

/// Behind the checksums: what decoders do with payloads that are not what they should be.
#[test]
fn damaged_blocks_are_refused_and_never_more() -> std::io::Result<()> {
    let mut random = Random(11);
    let mut decoded = 0_usize;
    for (_, bytes) in fixtures()? {
        let Some(file) = open(&bytes) else { continue };
        let mut at = 0_usize;
        for _ in 0..6 {
            let Some(rest) = bytes.get(at..) else { break };
            let Ok(header) = BlockHeader::parse(rest, true, file.trailer.codec) else { break };
            let Some(block) = rest.get(..header.total()) else { break };
            let Ok(payload) = header.payload(&bytes.slice_ref(block), file.trailer.codec) else {
                break;
            };
            at = at.saturating_add(header.total());
            for _ in 0..10 {
                let damaged = random.damaged(&payload);
                decoded = decoded.wrapping_add(cells(header.kind, damaged.clone(), &file.info));
                let _ = index::inner(&damaged);
                let _ = index::root(&damaged, random.below(1 << 20));
                let _ = FileInfo::parse(&damaged);
                // The same bytes as each codec would have them.
                for ordinal in 0..9 {
                    if let Ok(codec) = Codec::of_ordinal(ordinal) {
                        let size = random.below(1 << 17);
                        if let Ok(out) = codec.decompress(&damaged, size) {
                            assert!(out.len() <= size.max(damaged.len()));
                        }
                    }
                }
            }
        }
    }
    assert!(decoded > 10_000, "{decoded} cells decoded");
    Ok(())
}

fn cells(kind: BlockKind, payload: Bytes, info: &FileInfo) -> usize {
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

#[test]
fn damaged_manifests_are_refused_and_never_more() -> std::io::Result<()> {
    let mut random = Random(13);
    let mut read = 0;
    for (path, bytes) in fixtures()? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name != "data.manifest" && !name.starts_with('.') {
            continue;
        }
        for _ in 0..40 {
            let damaged = random.damaged(&bytes);
            read += usize::from(hbase_manifest::manifest(&damaged).is_ok());
            read += usize::from(hbase_manifest::snapshot(&damaged).is_ok());
            let _ = hbase_manifest::table_info(&damaged);
            let _ = hbase_manifest::region_info(&damaged);
            let _ = hbase_manifest::reference(&damaged);
        }
    }
    assert!(read > 100, "{read} damaged manifests were read all the same");
    Ok(())
}
