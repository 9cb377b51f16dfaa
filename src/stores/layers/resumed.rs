//! Reads that go on: what fails for a moment is tried again after a pause, a body that breaks off
//! is asked for anew from where it broke, and what was delivered is held against what was asked.
//!
//! The stores of `object_store` try again, too, but do not look at the range of the second answer:
//! a server that then ignores `Range` makes too many bytes out of one object, without an error.
//! Their own tries are off where this layer stands.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ListResult, ObjectMeta, ObjectStore, Result,
};

use crate::error::Error;
use crate::spi::{Layer, Reads, StoreCalls};

/// How often and after which pauses something is tried again.
#[derive(Clone, Copy, Debug)]
pub(in crate::stores) struct Policy {
    /// How many tries follow the first one.
    pub(in crate::stores) retries: usize,
    /// The first pause; each that follows is twice as long.
    pub(in crate::stores) pause: Duration,
    /// The longest pause.
    pub(in crate::stores) longest: Duration,
    /// Whether the error of a request may be gone the next time.
    pub(in crate::stores) passes: fn(&object_store::Error) -> bool,
    /// Whether a body that broke off with an error may be read on.
    pub(in crate::stores) goes_on: fn(&object_store::Error) -> bool,
}

/// The tries of one request or body.
#[derive(Debug)]
struct Tries {
    policy: Policy,
    made: u32,
    calls: Arc<StoreCalls>,
}

impl Tries {
    fn new(policy: Policy, calls: Arc<StoreCalls>) -> Self {
        Self { policy, made: 0, calls }
    }

    /// Waits before the next try; gives the error back if there is none.
    async fn after(&mut self, error: object_store::Error) -> Result<()> {
        if (self.policy.passes)(&error) { self.pause(error).await } else { Err(error) }
    }

    /// The same for a body.
    async fn after_break(&mut self, error: object_store::Error) -> Result<()> {
        if (self.policy.goes_on)(&error) { self.pause(error).await } else { Err(error) }
    }

    async fn pause(&mut self, error: object_store::Error) -> Result<()> {
        if self.made as usize >= self.policy.retries {
            return Err(error);
        }
        let doubled = self.policy.pause.saturating_mul(1 << self.made.min(16));
        let pause = jittered(doubled.min(self.policy.longest));
        self.made += 1;
        tokio::time::sleep(pause).await;
        self.calls.retry(pause);
        Ok(())
    }
}

/// Between half of a pause and the whole of it, so that readers that failed together do not come
/// back together.
fn jittered(pause: Duration) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    pause / 2 + (pause / 2).mul_f64(f64::from(nanos % 1000) / 1000.0)
}

/// See the module.
#[derive(Clone, Debug)]
pub(in crate::stores) struct Resumed {
    store: Arc<dyn ObjectStore>,
    // The store's root as people write it.
    root: Arc<str>,
    policy: Policy,
}

impl Resumed {
    /// Reads that go on over a store that does not try again by itself; `root` is its root as people
    /// write it.
    pub(in crate::stores) fn over(
        store: impl ObjectStore,
        root: &str,
        policy: Policy,
    ) -> Arc<dyn ObjectStore> {
        Arc::new(Layer(Self { store: Arc::new(store), root: root.into(), policy }))
    }

    async fn open(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let mut tries = Tries::new(self.policy, StoreCalls::of(options));
        loop {
            match self.store.get_opts(location, options.clone()).await {
                Err(e) => tries.after(e).await?,
                got => return got,
            }
        }
    }
}

/// A body on its way.
struct Body {
    reads: Resumed,
    options: GetOptions,
    meta: ObjectMeta,
    // What is still to come.
    left: Range<u64>,
    stream: BoxStream<'static, Result<Bytes>>,
    tries: Tries,
}

impl Body {
    /// The next bytes; `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.stream.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => continue,
                Some(Ok(bytes)) if bytes.len() as u64 > self.left.end - self.left.start => {
                    return Err(self.failed("more bytes came than were asked for"));
                }
                Some(Ok(bytes)) => {
                    self.left.start += bytes.len() as u64;
                    self.tries.made = 0;
                    return Ok(Some(bytes));
                }
                None if self.left.is_empty() => return Ok(None),
                None => {
                    let missing = self.left.end - self.left.start;
                    let error = self.failed(&format!("the answer ended {missing} bytes early"));
                    self.tries.pause(error).await?;
                }
                Some(Err(e)) => self.tries.after_break(e).await?,
            }
            self.reopen().await?;
        }
    }

    /// Asks for what is left of the same content.
    async fn reopen(&mut self) -> Result<()> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.left.clone())),
            if_match: self.meta.e_tag.clone().or_else(|| self.options.if_match.clone()),
            ..self.options.clone()
        };
        let got = self.reads.open(&self.meta.location, &options).await?;
        let same = got.meta.size == self.meta.size
            && got.range == self.left
            && match (&got.meta.e_tag, &self.meta.e_tag) {
                (Some(now), Some(then)) => now == then,
                _ => got.meta.last_modified == self.meta.last_modified,
            };
        if !same {
            let path = self.outer();
            let error = Error::gone(format!("{path} has changed while it was read"));
            return Err(object_store::Error::Precondition { path, source: Box::new(error) });
        }
        self.stream = got.into_stream();
        Ok(())
    }

    fn outer(&self) -> String {
        format!("{}{}", self.reads.root, self.meta.location)
    }

    fn failed(&self, what: &str) -> object_store::Error {
        let error = Error::unavailable(format!("{}: {what}", self.outer()));
        object_store::Error::Generic { store: "network", source: Box::new(error) }
    }
}

#[async_trait]
impl Reads for Resumed {
    fn below(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.open(location, &options).await?;
        let GetResult { payload, meta, range, attributes } = got;
        let GetResultPayload::Stream(stream) = payload else {
            return Ok(GetResult { payload, meta, range, attributes });
        };
        let payload = if options.head {
            GetResultPayload::Stream(stream)
        } else {
            let tries = Tries::new(self.policy, StoreCalls::of(&options));
            let (reads, left) = (self.clone(), range.clone());
            let body = Body { reads, options, meta: meta.clone(), left, stream, tries };
            let next =
                |mut body: Body| async move { Ok(body.next().await?.map(|bytes| (bytes, body))) };
            GetResultPayload::Stream(futures::stream::try_unfold(body, next).boxed())
        };
        Ok(GetResult { payload, meta, range, attributes })
    }

    /// A listing that fails goes on after the last name that came.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let begun = Listing {
            store: Arc::clone(&self.store),
            prefix: prefix.cloned(),
            last: None,
            stream: self.store.list(prefix),
            tries: Tries::new(self.policy, Arc::default()),
        };
        let next =
            |mut listing: Listing| async move { Ok(listing.next().await?.map(|e| (e, listing))) };
        futures::stream::try_unfold(begun, next).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut tries = Tries::new(self.policy, Arc::default());
        loop {
            match self.store.list_with_delimiter(prefix).await {
                Err(e) => tries.after(e).await?,
                listed => return listed,
            }
        }
    }
}

/// A listing on its way.
struct Listing {
    store: Arc<dyn ObjectStore>,
    prefix: Option<Path>,
    last: Option<Path>,
    stream: BoxStream<'static, Result<ObjectMeta>>,
    tries: Tries,
}

impl Listing {
    async fn next(&mut self) -> Result<Option<ObjectMeta>> {
        loop {
            match self.stream.try_next().await {
                Ok(Some(entry)) => {
                    self.last = Some(entry.location.clone());
                    self.tries.made = 0;
                    return Ok(Some(entry));
                }
                Ok(None) => return Ok(None),
                Err(e) => self.tries.after(e).await?,
            }
            let prefix = self.prefix.as_ref();
            self.stream = match &self.last {
                Some(last) => self.store.list_with_offset(prefix, last),
                None => self.store.list(prefix),
            };
        }
    }
}
