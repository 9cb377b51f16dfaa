//! Bytes that were read once, kept on a disk: [`disk`] holds blocks of objects, this reads through them.
//!
//! Only reads that name the content they want (an ETag) are answered from it: whoever listed an object
//! just now knows its ETag, and what is kept under another one is another content. So nothing has to be
//! asked of the store before a block is used, and an object that was replaced is never mixed with what
//! it was. What fails here is never the error of a read: it goes on without.

mod disk;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore, Result,
};

use self::disk::{BLOCK, Block, Disk, Key};
use crate::spi::{Layer, Reads, StoreCalls};

/// How many bytes are kept where nothing is said.
const MOST: u64 = 10_000_000_000;

/// Where bytes are kept, and how many, as `[store]` says it.
#[derive(Clone, Debug)]
pub(in crate::stores) struct CacheOptions {
    /// The folder; catalogs and processes may share one.
    pub(in crate::stores) folder: PathBuf,
    /// The most bytes that it may have.
    pub(in crate::stores) bytes: u64,
}

impl CacheOptions {
    /// What `cache_dir` and `cache_size` say; `None` where no bytes are kept.
    pub(in crate::stores) fn of(folder: Option<&PathBuf>, bytes: Option<u64>) -> Option<Self> {
        Some(Self { folder: folder?.clone(), bytes: bytes.unwrap_or(MOST) })
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(in crate::stores) struct Cached {
    store: Arc<dyn ObjectStore>,
    disk: Arc<Disk>,
    // The store and whoever asks it: what one may read, another may not.
    space: Arc<str>,
}

impl Cached {
    /// A store whose bytes are kept, if options say so. `space` names the store and whoever asks it.
    pub(in crate::stores) fn over(
        store: Arc<dyn ObjectStore>,
        options: Option<CacheOptions>,
        space: &str,
    ) -> Arc<dyn ObjectStore> {
        match options {
            None => store,
            Some(options) => {
                let disk = Arc::new(Disk::new(options.folder, options.bytes));
                Arc::new(Layer(Self { store, disk, space: space.into() }))
            }
        }
    }
}

/// The content that a read wants, and nothing else; `None` for reads that ask for more than bytes.
fn wanted(options: &GetOptions) -> Option<(String, Range<u64>)> {
    let tag = options.if_match.as_ref().filter(|tag| *tag != "*" && !tag.contains(','))?;
    let plain = !options.head
        && options.if_none_match.is_none()
        && options.if_modified_since.is_none()
        && options.if_unmodified_since.is_none()
        && options.version.is_none();
    let range = match &options.range {
        Some(GetRange::Bounded(range)) if range.start < range.end => range.clone(),
        _ => return None,
    };
    plain.then(|| (tag.clone(), range))
}

#[async_trait]
impl Reads for Cached {
    fn below(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let Some((tag, range)) = wanted(&options).filter(|_| self.disk.is_on()) else {
            return self.store.get_opts(location, options).await;
        };
        let calls = StoreCalls::of(&options);
        let key = Key::new(&self.space, location.as_ref(), &tag);
        let first = range.start / BLOCK;
        let held = Arc::clone(&self.disk).read(&key, first).await;
        let mut body = Body {
            cached: self.clone(),
            location: location.clone(),
            options,
            calls,
            key,
            next: range.start,
            end: range.end,
            run: None,
            asked: None,
        };
        let meta = match &held {
            Some(block) => block.meta(location, &tag),
            None => body.open(first).await?,
        };
        if range.start >= meta.size {
            // The store says what is wrong with that.
            return self.store.get_opts(location, body.options).await;
        }
        let range = range.start..range.end.min(meta.size);
        body.end = range.end;
        let start = held.map(|block| body.of_block(first, block));
        let rest = stream::try_unfold(body, |mut body| async move {
            Ok(body.next().await?.map(|bytes| (bytes, body)))
        });
        let payload: BoxStream<'static, Result<Bytes>> =
            stream::iter(start.map(Ok)).chain(rest).boxed();
        let (payload, attributes) = (GetResultPayload::Stream(payload), Attributes::new());
        Ok(GetResult { payload, meta, range, attributes })
    }
}

/// The bytes of a read, on their way.
struct Body {
    cached: Cached,
    location: Path,
    options: GetOptions,
    calls: Arc<StoreCalls>,
    key: Key,
    next: u64,
    end: u64,
    run: Option<Run>,
    // From where on blocks were asked for last.
    asked: Option<u64>,
}

/// Blocks that were not there, as the store sends them.
struct Run {
    stream: BoxStream<'static, Result<Bytes>>,
    meta: ObjectMeta,
    // Where the stream is in the object, and what came of a block since it began.
    at: u64,
    block: BytesMut,
}

impl Body {
    /// The part of a block that is wanted next.
    fn of_block(&mut self, number: u64, block: Block) -> Bytes {
        let start = number * BLOCK;
        let stop = self.end.min(start + block.bytes.len() as u64);
        let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX);
        let bytes = block.bytes.slice(place(self.next)..place(stop));
        self.next = stop;
        self.calls.cached(bytes.len() as u64);
        bytes
    }

    /// Asks for blocks from one on, up to the next that is there.
    async fn open(&mut self, first: u64) -> Result<ObjectMeta> {
        if self.asked.replace(self.next) == Some(self.next) {
            let source = format!("{} ends before its end", self.location).into();
            return Err(object_store::Error::Generic { store: "cache", source });
        }
        let blocks = self.end.div_ceil(BLOCK);
        let disk = Arc::clone(&self.cached.disk);
        let last = disk.missing(&self.key, first, blocks).await;
        let range = Some(GetRange::Bounded(first * BLOCK..last * BLOCK));
        let options = GetOptions { range, ..self.options.clone() };
        let got = self.cached.store.get_opts(&self.location, options).await?;
        let (meta, at) = (got.meta.clone(), got.range.start);
        let run = Run { stream: got.into_stream(), meta: meta.clone(), at, block: BytesMut::new() };
        self.run = Some(run);
        Ok(meta)
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.next >= self.end {
                // What is left of a block that the store still sends is kept as well.
                while self.run.is_some() {
                    if self.more().await.is_err() {
                        self.run = None;
                    }
                }
                return Ok(None);
            }
            if self.run.is_some() {
                match self.more().await? {
                    Some(bytes) if !bytes.is_empty() => return Ok(Some(bytes)),
                    _ => continue,
                }
            }
            let number = self.next / BLOCK;
            let held = Arc::clone(&self.cached.disk).read(&self.key, number).await;
            match held.filter(|block| number * BLOCK + block.bytes.len() as u64 > self.next) {
                Some(block) => return Ok(Some(self.of_block(number, block))),
                None => {
                    self.open(number).await?;
                }
            }
        }
    }

    /// What the store sends next, without what nobody asked for; whole blocks are kept.
    async fn more(&mut self) -> Result<Option<Bytes>> {
        let Some(run) = &mut self.run else { return Ok(None) };
        let Some(chunk) = run.stream.try_next().await? else {
            self.run = None;
            return Ok(None);
        };
        let start = run.at;
        run.at += chunk.len() as u64;
        let mut rest = chunk.clone();
        let mut at = start;
        while !rest.is_empty() {
            let stop = ((at / BLOCK + 1) * BLOCK).min(run.meta.size);
            let length = usize::try_from(stop - at).unwrap_or(usize::MAX).min(rest.len());
            if length == 0 {
                break;
            }
            run.block.extend_from_slice(&rest.split_to(length));
            at += length as u64;
            if at == stop {
                let bytes = std::mem::take(&mut run.block).freeze();
                let block = Block::new(&run.meta, bytes);
                let disk = Arc::clone(&self.cached.disk);
                if let Some(fault) = disk.write(&self.key, (at - 1) / BLOCK, block).await {
                    self.calls.cache_failed(fault);
                }
            }
        }
        let (from, to) = (self.next.max(start), self.end.min(start + chunk.len() as u64));
        let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX);
        let bytes = if from < to { chunk.slice(place(from)..place(to)) } else { Bytes::new() };
        self.next += bytes.len() as u64;
        Ok(Some(bytes))
    }
}
