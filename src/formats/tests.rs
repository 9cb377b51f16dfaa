//! Damaged bytes: every parser is given what real files hold, changed at random. It may say that it
//! cannot read that; it may not panic, run for ever, or take memory out of proportion.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::hfile::block::BlockHeader;
use super::hfile::compression::Codec;
use super::hfile::{Trailer, trailer};
use super::untrusted;

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

#[test]
fn damaged_files_are_refused_and_never_more() -> std::io::Result<()> {
    let mut random = Random(7);
    let (mut read, mut whole) = (0, 0_usize);
    for (_, bytes) in fixtures()? {
        let Some(cells) = untrusted::hfile(&bytes) else { continue };
        whole = whole.wrapping_add(cells);
        for _ in 0..20 {
            read += usize::from(untrusted::hfile(&random.damaged(&bytes)).is_some());
        }
    }
    assert!(whole > 5_000 && read > 100, "{whole} cells, {read} damaged files opened");
    Ok(())
}

/// The codec that a file names.
fn codec(bytes: &Bytes) -> Option<Codec> {
    let tail = bytes.len().saturating_sub(trailer::MOST);
    Trailer::parse(bytes.get(tail..)?).ok().map(|trailer| trailer.codec)
}

/// Behind the checksums: what decoders do with payloads that are not what they should be.
#[test]
fn damaged_blocks_are_refused_and_never_more() -> std::io::Result<()> {
    let mut random = Random(11);
    let mut decoded = 0_usize;
    for (_, bytes) in fixtures()? {
        let Some(codec) = codec(&bytes) else { continue };
        let mut at = 0_usize;
        for _ in 0..6 {
            let Some(rest) = bytes.get(at..) else { break };
            let Ok(header) = BlockHeader::parse(rest, true, codec) else { break };
            let Some(block) = rest.get(..header.total()) else { break };
            let Ok(payload) = header.payload(&bytes.slice_ref(block), codec) else {
                break;
            };
            at = at.saturating_add(header.total());
            for _ in 0..5 {
                let damaged = random.damaged(&payload);
                let size = random.below(1 << 17);
                decoded = decoded.wrapping_add(untrusted::payload(&damaged, size));
            }
            let mut block = block.to_vec();
            block.insert(0, u8::try_from(codec as u32).unwrap_or(0));
            for _ in 0..10 {
                let _ = untrusted::block(&random.damaged(&block));
            }
        }
    }
    assert!(decoded > 10_000, "{decoded} cells decoded");
    Ok(())
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
            read += untrusted::manifest(&random.damaged(&bytes));
        }
    }
    assert!(read > 100, "{read} damaged manifests were read all the same");
    Ok(())
}
