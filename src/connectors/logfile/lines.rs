//! Lines of a range of a file as records: those whose first byte lies in the range.
//!
//! Reading begins one byte early and skips to the first line end, and goes on behind the range to
//! the end of its last line, never beyond the pinned end. Each block is followed by a look at the
//! file's beginning: what came is handed over only if it is still the same log.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion_datasource::file_compression_type::FileCompressionType;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use memchr::memchr;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::error::store_error;
use super::identity::Identity;
use crate::error::{Error, Result};
use crate::stream::{Record, Records};

/// Bytes read at once.
const BLOCK: u64 = 2 * 1024 * 1024;

/// Bytes read at once where only the rest of a line is wanted.
const TAIL: u64 = 64 * 1024;

/// The longest line.
const LONGEST: usize = 64 * 1024 * 1024;

/// A file as it was pinned.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    pub(super) store: Arc<dyn ObjectStore>,
    /// Its name for people.
    pub(super) outer: String,
    pub(super) identity: Identity,
    /// Nothing from here on is looked at.
    pub(super) end: u64,
}

impl LogFile {
    async fn hold(&self) -> Result<()> {
        self.identity.hold(self.store.as_ref(), &self.outer).await
    }

    async fn block(&self, range: Range<u64>) -> Result<Bytes> {
        let length = range.end - range.start;
        let read = self.store.get_range(self.identity.location(), range).await;
        // A file that was cut gives an error or less than was asked for.
        self.hold().await?;
        let bytes = read.map_err(|e| store_error(&self.outer, e))?;
        if bytes.len() as u64 != length {
            return Err(Error::corrupt(format!(
                "{}: {} bytes came where {length} were asked for",
                self.outer,
                bytes.len()
            )));
        }
        Ok(bytes)
    }

    /// The records of a range of a plain file.
    pub(super) fn lines(self, range: Range<u64>) -> BoxStream<'static, Result<Records>> {
        let begin = range.start.saturating_sub(1);
        let cut = Cut::new(begin, range.clone(), range.start > 0);
        let next_block = begin;
        futures::stream::try_unfold(
            (self, cut, next_block),
            async move |(file, mut cut, from): (Self, Cut, u64)| {
                if cut.is_done || cut.range.start >= cut.range.end {
                    return Ok(None);
                }
                let step =
                    if from < cut.range.end { BLOCK.min(cut.range.end - from) } else { TAIL };
                let to = (from + step).min(file.end);
                if from >= to {
                    return Ok(Some((cut.last(false), (file, cut, from))));
                }
                let block = file.block(from..to).await?;
                let records = cut.take(&block, &file.outer)?;
                Ok(Some((records, (file, cut, to))))
            },
        )
        .boxed()
    }

    /// The records of a range of a compressed file, which is read from its beginning.
    pub(super) fn unpacked(
        self,
        range: Range<u64>,
        compression: FileCompressionType,
    ) -> BoxStream<'static, Result<Records>> {
        let file = self.clone();
        let open = async move {
            file.hold().await?;
            let got = file.store.get(file.identity.location()).await;
            let got = got.map_err(|e| store_error(&file.outer, e))?;
            let packed = got.into_stream().map(|bytes| bytes.map_err(Into::into)).boxed();
            let outer = file.outer.clone();
            let wrong = move |e: datafusion::error::DataFusionError| {
                let why = e.strip_backtrace();
                Error::corrupt(format!("{outer} cannot be decompressed: {why}"))
            };
            let plain = compression.convert_stream(packed).map_err(&wrong)?;
            let cut = Cut::new(0, range, false);
            Ok::<_, Error>((file, plain.map_err(wrong).boxed(), cut))
        };
        let read = async move |(file, mut plain, mut cut): (
            Self,
            BoxStream<'static, Result<Bytes>>,
            Cut,
        )| {
            if cut.is_done {
                return Ok(None);
            }
            let Some(block) = plain.try_next().await? else {
                file.hold().await?;
                // It does not grow any more, so that its last line needs no end.
                return Ok(Some((cut.last(true), (file, plain, cut))));
            };
            let records = cut.take(&block, &file.outer)?;
            Ok(Some((records, (file, plain, cut))))
        };
        futures::stream::once(open)
            .map_ok(move |opened| futures::stream::try_unfold(opened, read))
            .try_flatten()
            .boxed()
    }
}

/// Cuts blocks into lines.
struct Cut {
    range: Range<u64>,
    // The beginning of a line whose end has not come.
    kept: Vec<u8>,
    // Where it is in the file.
    at: u64,
    // The line belongs to the range before this one.
    skips: bool,
    is_done: bool,
}

impl Cut {
    fn new(at: u64, range: Range<u64>, skips: bool) -> Self {
        Self { range, kept: Vec::new(), at, skips, is_done: false }
    }

    /// The lines that end in a block.
    fn take(&mut self, block: &[u8], outer: &str) -> Result<Records> {
        let mut records = Records { bytes: block.len() as u64, ..Records::default() };
        let mut rest = block;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end + 1);
            rest = behind;
            let start = self.at;
            if self.kept.is_empty() {
                self.at += line.len() as u64;
                self.line(start, line, &mut records);
            } else {
                self.kept.extend_from_slice(line);
                let line = std::mem::take(&mut self.kept);
                self.at += line.len() as u64;
                self.line(start, &line, &mut records);
            }
            if self.at >= self.range.end {
                self.is_done = true;
                records.position = self.at;
                return Ok(records);
            }
        }
        self.kept.extend_from_slice(rest);
        if self.kept.len() > LONGEST {
            return Err(Error::corrupt(format!(
                "{outer}: the line at byte {} is longer than {LONGEST} bytes",
                self.at
            )));
        }
        records.position = self.at.max(self.range.start).min(self.range.end);
        Ok(records)
    }

    /// What is left when nothing more comes; with `whole`, a line without an end counts.
    fn last(&mut self, whole: bool) -> Records {
        let mut records = Records { position: self.range.end, ..Records::default() };
        let line = std::mem::take(&mut self.kept);
        if whole {
            self.line(self.at, &line, &mut records);
        }
        self.is_done = true;
        records
    }

    /// One line with its end; a blank one is no record.
    fn line(&mut self, start: u64, line: &[u8], records: &mut Records) {
        if self.skips {
            self.skips = false;
            return;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !self.range.contains(&start) || line.trim_ascii().is_empty() {
            return;
        }
        let from = records.values.len();
        records.values.extend_from_slice(line);
        let value = Some(from..records.values.len());
        records.records.push(Record { offset: start, value, ..Record::default() });
    }
}

/// The end of the last line before `size`; 0 where there is none.
pub(super) async fn last_line_end(
    store: &dyn ObjectStore,
    location: &Path,
    outer: &str,
    size: u64,
) -> Result<u64> {
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(TAIL);
        let bytes = store.get_range(location, start..end).await;
        let bytes = bytes.map_err(|e| store_error(outer, e))?;
        if let Some(at) = memchr::memrchr(b'\n', &bytes) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    /// Offsets and lines of a range of a file, cut into ranges of `step`.
    async fn read(text: &str, step: u64) -> Vec<(u64, String)> {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let location = Path::from("x.log");
        store.put(&location, text.to_owned().into()).await.unwrap();
        let end = last_line_end(store.as_ref(), &location, "x.log", text.len() as u64).await;
        let end = end.unwrap();
        if end == 0 {
            return vec![];
        }
        let identity = Identity::of(store.as_ref(), &location, "x.log", end, false).await.unwrap();
        let outer = "x.log".to_owned();
        let file = LogFile { store, outer, identity, end };
        let mut found = Vec::new();
        let mut start = 0;
        while start < end {
            let range = start..(start + step).min(end);
            start = range.end;
            let mut position = range.start;
            let mut lines = file.clone().lines(range.clone());
            while let Some(records) = lines.try_next().await.unwrap() {
                assert!(records.position >= position, "{range:?}");
                position = records.position;
                for record in records.records {
                    let value = &records.values[record.value.unwrap()];
                    found.push((record.offset, String::from_utf8(value.to_vec()).unwrap()));
                }
            }
            assert!(position >= range.end, "{range:?} ended at {position}");
        }
        found
    }

    #[tokio::test]
    async fn every_line_is_read_once_however_the_file_is_cut() {
        let text = "a\nbb\r\n\n  \nccc\n\ndddddddddddd\ne\nunfinished";
        let expected: Vec<(u64, String)> =
            [(0, "a"), (2, "bb"), (10, "ccc"), (15, "dddddddddddd"), (28, "e")]
                .map(|(at, line)| (at, line.to_owned()))
                .to_vec();
        for step in 1..50 {
            assert_eq!(read(text, step).await, expected, "{step}");
        }
        assert_eq!(read("no line end", 3).await, []);
        assert_eq!(read("", 3).await, []);
    }

    #[tokio::test]
    async fn a_replaced_file_is_gone() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let location = Path::from("x.log");
        store.put(&location, "one\ntwo\n".into()).await.unwrap();
        let identity = Identity::of(store.as_ref(), &location, "x.log", 8, false).await.unwrap();
        let outer = "x.log".to_owned();
        let file = LogFile { store: Arc::clone(&store), outer, identity, end: 8 };
        for (now, kind) in [
            ("one\ntwo\nthree\n", None),
            ("one\n", Some(crate::error::ErrorKind::Gone)),
            ("One\ntwo\nthree\n", Some(crate::error::ErrorKind::Gone)),
        ] {
            store.put(&location, now.into()).await.unwrap();
            let read: Result<Vec<_>> = file.clone().lines(0..8).try_collect().await;
            assert_eq!(read.err().map(|e| e.kind()), kind, "{now}");
        }
    }
}
