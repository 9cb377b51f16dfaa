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

/// Makes clients whose requests are held to limits; those of all its clients together count.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    permits: Arc<Semaphore>,
    stall: Duration,
}

impl Watched {
    /// Clients that give up when nothing comes for `stall`, before an answer begins or between two
    /// parts of its body, and that wait for `at_once` answers at the same time.
    pub(super) fn new(stall: Duration, at_once: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once.max(1))), stall }
    }
}

impl HttpConnector for Watched {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Service { client, watched: self.clone() }))
    }
}

#[derive(Clone, Debug)]
struct Service {
    client: HttpClient,
    watched: Watched,
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let calls = request.extensions().get::<Arc<StoreCalls>>().cloned();
        let is_head = request.method() == Method::HEAD;
        if let Some(calls) = &calls {
            if is_head { calls.head() } else { calls.get() }
        }
        // In a task of its own. A connection lives where it is made, and outlives the statement that
        // needed it first; and a reader that is not polled, such as a block that is fetched ahead,
        // must not keep others waiting for its permit.
        let io = io_threads().map_err(|e| HttpError::new(HttpErrorKind::Connect, e))?;
        let service = self.clone();
        let (parts, body) = Asked(io.spawn(service.ask(request))).await?.into_parts();
        let body = if is_head {
            HttpResponseBody::new(Empty::<Bytes>::new().map_err(|e| match e {}))
        } else {
            let stream = body.bytes_stream();
            let arriving = Arriving { stream, stall: self.watched.stall, calls };
            let frames = futures::stream::unfold(arriving, |mut arriving| async move {
                let next = arriving.next().await?;
                Some((next.map(Frame::data), arriving))
            });
            HttpResponseBody::new(Frames(Mutex::new(frames.boxed())))
        };
        Ok(HttpResponse::from_parts(parts, body))
    }
}

impl Service {
    /// Waits for a permit and for the beginning of the answer. Its body is read at its reader's pace
    /// and holds no permit.
    async fn ask(self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Watched { permits, stall } = &self.watched;
        let permit = permits.acquire().await;
        let _permit = permit.map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        // A body that is sent makes progress that cannot be seen from here.
        let sends = request.body().content_length() as u64;
        let patience = *stall + Duration::from_millis(sends / SLOWEST_UPLOAD);
        let answer = tokio::time::timeout(patience, self.client.execute(request)).await;
        answer.map_err(|_| stalled(*stall, "no answer came"))?
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
