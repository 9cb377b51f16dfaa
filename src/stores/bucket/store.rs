//! A bucket as an `ObjectStore`: reads by the client that goes on, writes by the one that tries again
//! by itself, and every refusal in plain words.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, UploadPart,
};
use tokio::sync::OnceCell;

use super::explain::Action;
use super::refusal::Refusal;
use super::{Bucket, Connected};
use crate::error::Error;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct BucketStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    // A failure is not remembered: the network may be there the next time.
    connected: OnceCell<Arc<Connected>>,
}

impl BucketStore {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self(Arc::new(Shared { bucket, connected: OnceCell::new() }))
    }

    async fn connected(&self) -> Result<Arc<Connected>> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            object_store::Error::Generic { store: self.0.bucket.scheme, source }
        };
        if let Some(connected) = self.0.connected.get() {
            return Ok(Arc::clone(connected));
        }
        // In a task of its own, as several may wait and not all of them are polled.
        let shared = Arc::clone(&self.0);
        let connecting = tokio::spawn(async move {
            let connect = || async { shared.bucket.connect().await.map(Arc::new) };
            shared.connected.get_or_try_init(connect).await.cloned()
        });
        connecting.await.map_err(|e| failed(e.into()))?.map_err(|e: Error| failed(e.into()))
    }
}

/// For people: where the bucket is and as whom it is asked, once that is known.
impl fmt::Display for BucketStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.connected.get() {
            Some(connected) => write!(f, "{} as {}", connected.host, connected.who),
            None => write!(f, "{}://{}", self.0.bucket.scheme, self.0.bucket.name),
        }
    }
}

impl Connected {
    /// What a HEAD that was refused would say if refusals of HEAD had words.
    async fn refusal_of_head(
        &self,
        location: &Path,
        error: object_store::Error,
    ) -> object_store::Error {
        let wordless = |refusal: &Refusal| matches!(refusal.status, 400 | 401 | 403);
        if !Refusal::of(&error).as_ref().is_some_and(wordless) {
            return error;
        }
        let options = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
        self.reads.get_opts(location, options).await.err().unwrap_or(error)
    }
}

#[async_trait]
impl ObjectStore for BucketStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let connected = self.connected().await?;
        let head = options.head;
        let got = match connected.reads.get_opts(location, options).await {
            Ok(got) => got,
            Err(e) => {
                let e = if head { connected.refusal_of_head(location, e).await } else { e };
                return Err(connected.explain(Action::Read, location.as_ref(), e));
            }
        };
        let GetResult { payload, meta, range, attributes } = got;
        let payload = match payload {
            GetResultPayload::Stream(stream) => {
                let object = location.to_string();
                let explain = move |e| connected.explain(Action::Read, &object, e);
                GetResultPayload::Stream(stream.map_err(explain).boxed())
            }
            file @ GetResultPayload::File(..) => file,
        };
        Ok(GetResult { payload, meta, range, attributes })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        let listed = async move {
            let connected = this.connected().await?;
            let entries = connected.reads.list(prefix.as_ref());
            let object = prefix.map(|path| path.to_string()).unwrap_or_default();
            Ok::<_, object_store::Error>(
                entries.map_err(move |e| connected.explain(Action::List, &object, e)),
            )
        };
        listed.into_stream().try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let connected = self.connected().await?;
        let listed = connected.reads.list_with_delimiter(prefix).await;
        let object = prefix.map(Path::to_string).unwrap_or_default();
        listed.map_err(|e| connected.explain(Action::List, &object, e))
    }

    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let connected = self.connected().await?;
        let put = match (&options.mode, &connected.creates) {
            (PutMode::Create, Some(creates)) => {
                let options = PutOptions { mode: PutMode::Overwrite, ..options };
                creates.put_opts(location, payload, options).await
            }
            _ => connected.writes.put_opts(location, payload, options).await,
        };
        put.map_err(|e| connected.explain(Action::Write, location.as_ref(), e))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let connected = self.connected().await?;
        let object = location.to_string();
        match connected.writes.put_multipart_opts(location, options).await {
            Ok(upload) => Ok(Box::new(Explained { upload, connected, object })),
            Err(e) => Err(connected.explain(Action::Write, &object, e)),
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        // One by one, so that a refusal names its object.
        let delete = move |location: Result<Path>| {
            let this = this.clone();
            async move {
                let location = location?;
                let connected = this.connected().await?;
                let one = stream::iter([Ok(location.clone())]).boxed();
                match connected.writes.delete_stream(one).try_next().await {
                    Ok(_) => Ok(location),
                    Err(e) => Err(connected.explain(Action::Delete, location.as_ref(), e)),
                }
            }
        };
        locations.map(delete).buffered(16).boxed()
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let connected = self.connected().await?;
        let copied = match (&options.mode, &connected.creates) {
            (CopyMode::Create, Some(creates)) => {
                let options = CopyOptions { mode: CopyMode::Overwrite, ..options };
                creates.copy_opts(from, to, options).await
            }
            _ => connected.writes.copy_opts(from, to, options).await,
        };
        copied.map_err(|e| connected.explain(Action::Write, to.as_ref(), e))
    }
}

/// An upload whose refusals are said in plain words.
#[derive(Debug)]
struct Explained {
    upload: Box<dyn MultipartUpload>,
    connected: Arc<Connected>,
    object: String,
}

#[async_trait]
impl MultipartUpload for Explained {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (part, connected) = (self.upload.put_part(data), Arc::clone(&self.connected));
        let object = self.object.clone();
        part.map(move |sent| sent.map_err(|e| connected.explain(Action::Write, &object, e))).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let completed = self.upload.complete().await;
        completed.map_err(|e| self.connected.explain(Action::Write, &self.object, e))
    }

    async fn abort(&mut self) -> Result<()> {
        let aborted = self.upload.abort().await;
        aborted.map_err(|e| self.connected.explain(Action::Delete, &self.object, e))
    }
}
