//! Health and metrics over plain HTTP, for who watches the server: `/health`, `/ready`, `/metrics`.
//!
//! Nobody is asked who they are, so it listens where only the machine itself gets unless it is told
//! otherwise, and says nothing of statements or users.

mod metrics;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::counters::Counters;
use super::log::Log;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// How long a caller may take to say what it wants and to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many connections are served at once.
const CONNECTIONS: usize = 64;

/// What is told of.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) engine: Engine,
    pub(super) counters: Arc<Counters>,
    pub(super) log: Log,
    pub(super) sessions: Arc<dyn Fn() -> usize + Send + Sync>,
    pub(super) stopping: Arc<AtomicBool>,
}

/// Where it listens.
///
/// # Errors
/// `Config` for an address that cannot be listened at.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        Error::config(format!("status at {address}: {e}"))
            .with_hint(
                "another process may listen there: name another port with `status` in [server]",
            )
            .with_source(e)
    })
}

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, watched: Watched) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // One that was gone before it was accepted, or no file descriptor left: both pass.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let watched = watched.clone();
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer(&watched, request.method(), request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // Who breaks off, or dawdles, gets no answer.
            let _ = tokio::time::timeout(PATIENCE, connection).await;
        });
    }
}

fn answer(watched: &Watched, method: &Method, path: &str) -> Response<String> {
    let text = |status: StatusCode, text: &str| {
        let mut response = Response::new(format!("{text}\n"));
        *response.status_mut() = status;
        response
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "GET only");
    }
    match path {
        "/health" => text(StatusCode::OK, "ok"),
        "/ready" if watched.stopping.load(Ordering::Relaxed) => {
            text(StatusCode::SERVICE_UNAVAILABLE, "stopping")
        }
        "/ready" => text(StatusCode::OK, "ready"),
        "/metrics" => {
            let mut response = Response::new(metrics::text(watched));
            let kind = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4");
            response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
            response
        }
        _ => text(StatusCode::NOT_FOUND, "there are /health, /ready, /metrics"),
    }
}
