//! What is known of a file once it is open: trailer, root index, file info, Bloom filter.

use bytes::Bytes;

use super::super::Broken;
use super::block::{BlockHeader, BlockKind};
use super::bloom::BloomHead;
use super::index::{self, IndexEntry};
use super::info::FileInfo;
use super::trailer::Trailer;

/// An opened file.
#[derive(Clone, Debug)]
pub(crate) struct HFile {
    /// The end of the file.
    pub(crate) trailer: Trailer,
    /// What it says of itself.
    pub(crate) info: FileInfo,
    /// The top of the data index.
    pub(crate) root: Vec<IndexEntry>,
    /// The filter of rows, if there is one that is known.
    pub(crate) bloom: Option<BloomHead>,
}

impl HFile {
    /// Reads the section between the trailer's `load_on_open` and the trailer itself.
    ///
    /// # Errors
    /// `Corrupt` with the offset of the block that is damaged.
    pub(crate) fn parse(trailer: Trailer, section: &Bytes) -> Result<Self, Broken> {
        let mut blocks = Blocks { trailer: &trailer, section, at: 0 };
        let payload = blocks.expect(BlockKind::RootIndex)?;
        let (root, _) = index::root(&payload, trailer.index_entries)?;
        blocks.expect(BlockKind::RootIndex)?;
        let info = FileInfo::parse(&blocks.expect(BlockKind::FileInfo)?)?;
        if let Some(name) = &info.index_encoding {
            return Err(Broken::unsupported(
                "file info block",
                format!("says that index blocks are encoded as {name}, which is not read"),
            ));
        }
        let mut bloom = None;
        while let Some((kind, payload)) = blocks.next()? {
            if kind == BlockKind::BloomMeta {
                bloom = BloomHead::parse(&payload, &info.bloom, info.bloom_prefix);
            }
        }
        Ok(Self { trailer, info, root, bloom })
    }

    /// The row of the first key in the index: no row of the file is before it.
    pub(crate) fn first_row(&self) -> &[u8] {
        self.root.first().map(IndexEntry::row).unwrap_or_default()
    }
}

/// The blocks of the section, one after another.
struct Blocks<'a> {
    trailer: &'a Trailer,
    section: &'a Bytes,
    at: usize,
}

impl Blocks<'_> {
    fn next(&mut self) -> Result<Option<(BlockKind, Bytes)>, Broken> {
        let rest = self.section.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let offset = self.trailer.load_on_open.saturating_add(u64::try_from(self.at).unwrap_or(0));
        let checksums = self.trailer.has_checksums();
        let header =
            BlockHeader::parse(rest, checksums, self.trailer.codec).map_err(|e| e.at(offset))?;
        let block = rest.get(..header.total());
        let block = block.ok_or_else(|| Broken::short(header.kind.name()).at(offset))?;
        let payload = header
            .payload(&self.section.slice_ref(block), self.trailer.codec)
            .map_err(|e| e.at(offset))?;
        self.at = self.at.saturating_add(header.total());
        Ok(Some((header.kind, payload)))
    }

    fn expect(&mut self, kind: BlockKind) -> Result<Bytes, Broken> {
        match self.next()? {
            Some((found, payload)) if found == kind => Ok(payload),
            Some((found, _)) => Err(Broken::corrupt(
                kind.name(),
                format!("is missing: a {} stands in its place", found.name()),
            )),
            None => Err(Broken::corrupt(kind.name(), "is missing")),
        }
    }
}
