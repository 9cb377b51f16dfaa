//! HTTP as reads of large objects need it: limits are on progress, not on the whole of a body, only
//! so many requests run at once, and what a statement asks is counted for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use http::Method;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::super::threads::io_threads;
use crate::error::Error;
use crate::spi::StoreCalls;

/// What requests are held to.
#[derive(Clone, Copy, Debug)]
pub(in crate::stores) struct Limits {
    /// How long nothing may come: before an answer begins, and between two parts of its body.
    pub(in crate::stores) stall: Duration,
    /// How many requests wait for an answer at once.
    pub(in crate::stores) at_once: usize,
}

/// Makes clients whose requests are held to limits.
#[derive(Debug)]
pub(in crate::stores) struct Watched(Limits);

impl Watched {
    /// A connector with limits.
    pub(in crate::stores) fn new(limits: Limits) -> Self {
        Self(limits)
    }
}

impl HttpConnector for Watched {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        let permits = Semaphore::new(self.0.at_once.max(1));
        Ok(HttpClient::new(Service { client, permits, stall: self.0.stall }))
    }
}

#[derive(Debug)]
struct Service {
    client: HttpClient,
    permits: Semaphore,
    stall: Duration,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let permit = self.permits.acquire().await;
        let io = io_threads().map_err(|e| HttpError::new(HttpErrorKind::Connect, e))?;
        let permit = permit.map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        let calls = request.extensions().get::<Arc<StoreCalls>>().cloned();
        if let Some(calls) = &calls {
            if request.method() == Method::HEAD { calls.head() } else { calls.get() }
        }
        let is_head = request.method() == Method::HEAD;
        // A body that is sent makes progress that cannot be seen from here.
        let sends = request.body().content_length() as u64;
        let patience = self.stall + Duration::from_millis(sends / SLOWEST_UPLOAD);
        // Where a connection is made it lives, and it outlives the statement that needed it first.
        let client = self.client.clone();
        let asked = Asked(io.spawn(async move { client.execute(request).await }));
        let answer = tokio::time::timeout(patience, asked).await;
        let answer = answer.map_err(|_| stalled(self.stall, "no answer came"))??;
        // A body is read at its reader's pace, who may wait for another request: it holds no permit.
        drop(permit);
        let (parts, body) = answer.into_parts();
        let body = if is_head {
            HttpResponseBody::new(Empty::<Bytes>::new().map_err(|e| match e {}))
        } else {
            let stream = body.bytes_stream();
            let arriving = Arriving { stream, stall: self.stall, calls };
            let frames = futures::stream::unfold(arriving, |mut arriving| async move {
                let next = arriving.next().await?;
                Some((next.map(Frame::data), arriving))
            });
            HttpResponseBody::new(Frames(Mutex::new(frames.boxed())))
        };
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// A request on its way, given up when nobody waits for it any more.
struct Asked(JoinHandle<Result<HttpResponse, HttpError>>);

impl Future for Asked {
    type Output = Result<HttpResponse, HttpError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(context).map(|joined| {
            joined.unwrap_or_else(|e| Err(HttpError::new(HttpErrorKind::Interrupted, e)))
        })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The frames of a body. A lock makes them `Sync`, as a body must be; it is never taken.
struct Frames(Mutex<BoxStream<'static, Result<Frame<Bytes>, HttpError>>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let frames = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        frames.poll_next_unpin(context)
    }
}

/// Bytes a millisecond that an upload is taken to make at least.
const SLOWEST_UPLOAD: u64 = 50;

/// A body on its way.
struct Arriving {
    stream: BoxStream<'static, Result<Bytes, HttpError>>,
    stall: Duration,
    calls: Option<Arc<StoreCalls>>,
}

impl Arriving {
    async fn next(&mut self) -> Option<Result<Bytes, HttpError>> {
        match tokio::time::timeout(self.stall, self.stream.next()).await {
            Err(_) => Some(Err(stalled(self.stall, "the answer stopped in its midst"))),
            Ok(next) => {
                if let (Some(Ok(bytes)), Some(calls)) = (&next, &self.calls) {
                    calls.came(bytes.len() as u64);
                }
                next
            }
        }
    }
}

fn stalled(stall: Duration, what: &str) -> HttpError {
    let error = Error::unavailable(format!("{what} for {}", humantime::format_duration(stall)));
    HttpError::new(HttpErrorKind::Timeout, error)
}
