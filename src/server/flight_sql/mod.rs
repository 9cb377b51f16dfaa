//! Arrow Flight SQL: the door for JDBC, ODBC, ADBC and for `sluice --connect`.
//!
//! | module | what it is for |
//! |---|---|
//! | `door` | the calls of Flight, given to who answers them |
//! | `caller`, `auth` | who calls, read from headers before anything else |
//! | `sessions`, `handles` | what a client has here, and when it ends |
//! | `statements`, `put`, `actions` | preparing, planning, executing, binding, ingesting |
//! | `metadata`, `sql_info`, `xdbc` | what tools ask before they show anything |
//! | `wire`, `encode`, `status` | types, messages and errors as they travel |
//! | `connections`, `tls` | bytes |
//! | `untrusted` | the calls without a network, for bytes that no driver sends |
//!
//! What a statement means, who may run when and which ones run is the engine's.

mod actions;
mod auth;
mod caller;
mod connections;
mod door;
mod encode;
mod handles;
mod messages;
mod metadata;
mod put;
mod sessions;
mod sql_info;
mod statements;
mod status;
mod tls;
pub mod untrusted;
mod wire;
mod xdbc;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use serde_json::json;
use tokio::net::TcpListener;
use tonic::transport::Server as Transport;

pub use sessions::SessionLimits;
pub use tls::TlsFiles;

use super::counters::Counters;
use super::health::{self, Watched};
use super::log::{Level, Log};
use crate::engine::{Engine, Rights};
use crate::error::{Error, Result};
use auth::{Auth, UserAuth};
use caller::Guarded;
use door::Door;
use sessions::Sessions;
use tls::Tls;

/// The bytes that one message of a client may have: 10 MB batches are usual when rows are sent.
const LARGEST_MESSAGE: usize = 64 << 20;

/// How often the catalog folder is looked at, and how long it has to be quiet before what has changed
/// is taken up: who edits files writes several. It is polled, as notices of changes do not come from
/// network file systems and through links, which is how containers are given their files.
const LOOK: Duration = Duration::from_millis(500);
const QUIET: Duration = Duration::from_secs(1);

/// How long cancelled statements get to be gone when the server stops.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its certificate; none sends bytes as they are.
    pub tls: Option<TlsFiles>,
    /// The file with the users; without one nobody is asked who they are.
    pub users: Option<PathBuf>,
    /// What those who are not asked may do.
    pub rights: Rights,
    /// How many sessions, and how long they are kept.
    pub sessions: SessionLimits,
    /// How long a client may take no rows before its statement is ended.
    pub patience: Duration,
    /// How long statements may take to end when the server stops.
    pub grace: Duration,
    /// How often it is looked for what is idle.
    pub sweep: Duration,
    /// Where health and metrics are told; nowhere if not given.
    pub status: Option<SocketAddr>,
    /// Its logs.
    pub log: Log,
}

impl ServerOptions {
    /// A server at an address, with what is usual.
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            users: None,
            rights: Rights::ANYBODYS,
            sessions: SessionLimits::default(),
            patience: Duration::from_secs(5 * 60),
            grace: Duration::from_secs(30),
            sweep: Duration::from_secs(10),
            status: None,
            log: Log::default(),
        }
    }

    fn read(&self) -> Result<(Option<Tls>, Auth)> {
        let tls = self.tls.clone().map(Tls::new).transpose()?;
        let auth = match &self.users {
            Some(path) => Auth::Users(Box::new(UserAuth::new(path)?)),
            None => Auth::Open(Arc::new(self.rights.clone())),
        };
        Ok((tls, auth))
    }

    /// Reads the files as a server does when it opens, and opens nothing.
    ///
    /// # Errors
    /// `Config` for users, or TLS files, that cannot be used.
    pub fn check(&self) -> Result<()> {
        self.read().map(drop)
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    auth: Arc<Auth>,
    door: Door,
    status: Option<TcpListener>,
}

impl Server {
    /// Opens the door: from now on clients can connect.
    ///
    /// # Errors
    /// `Config` for an address that cannot be listened at, or TLS files that cannot be used.
    pub async fn open(engine: Engine, options: ServerOptions) -> Result<Self> {
        let wrong = |e: std::io::Error| {
            Error::config(format!("{}: {e}", options.listen))
                .with_hint("another process may listen there: take another port with --listen")
        };
        let (tls, auth) = options.read()?;
        let tls = tls.map(Arc::new);
        let listener = TcpListener::bind(options.listen).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let status = match options.status {
            Some(address) => Some(health::listen(address).await?),
            None => None,
        };
        let counters = Arc::new(Counters::default());
        let sessions = Sessions::new(engine.clone(), options.sessions);
        let door = Door { sessions, options: Arc::new(options), counters };
        Ok(Self { engine, listener, address, tls, auth: Arc::new(auth), door, status })
    }

    /// The URI that clients connect to.
    pub fn uri(&self) -> String {
        let scheme = if self.tls.is_some() { "grpc+tls" } else { "grpc" };
        format!("{scheme}://{}", self.address)
    }

    /// How many sessions there are, for those who watch it.
    pub fn watch(&self) -> impl Fn() -> usize + Send + 'static {
        let sessions = Arc::clone(&self.door.sessions);
        move || sessions.count()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are told.
    pub fn status_address(&self) -> Option<SocketAddr> {
        self.status.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `stop`: then nobody is let in any more, and statements get their grace.
    ///
    /// # Errors
    /// `Unavailable` when the listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { engine, listener, tls, auth, door, status, .. } = self;
        let (log, counters) = (door.options.log.clone(), Arc::clone(&door.counters));
        let stopping_now = Arc::new(AtomicBool::new(false));
        let counted = Arc::clone(&door.sessions);
        let watched = Watched {
            engine: engine.clone(),
            counters: Arc::clone(&counters),
            log: log.clone(),
            sessions: Arc::new(move || counted.count()),
            stopping: Arc::clone(&stopping_now),
        };
        let status = status.map(|listener| tokio::spawn(health::serve(listener, watched)));
        let grace = door.options.grace;
        let sessions = Arc::clone(&door.sessions);
        let housekeeping = keep_house(
            door.options.sweep,
            Arc::clone(&sessions),
            tls.clone(),
            Arc::clone(&auth),
            log.clone(),
        );
        let housekeeping = tokio::spawn(housekeeping);
        let watching =
            tokio::spawn(watch_catalogs(engine.clone(), log.clone(), Arc::clone(&counters)));
        let incoming = connections::accept(listener, tls, Arc::clone(&sessions));
        let service = FlightServiceServer::new(door)
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(usize::MAX);
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let serving = Transport::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(20)))
            .http2_keepalive_timeout(Some(Duration::from_secs(20)))
            .http2_max_header_list_size(64 << 10)
            .http2_max_pending_accept_reset_streams(Some(1024))
            .max_concurrent_streams(1024)
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(16 << 20)
            .add_service(Guarded::new(service, auth, sessions, log, counters))
            .serve_with_incoming_shutdown(incoming, async move {
                stop.await;
                stopping_now.store(true, Ordering::Relaxed);
                let _ = stopping.send(());
            });
        let served = tokio::select! {
            served = serving => served.map_err(|e| Error::unavailable(format!("the server: {e}"))),
            () = async move {
                if stopped.await.is_ok() {
                    tokio::time::sleep(grace).await;
                    engine.end_all("the server is stopping");
                    tokio::time::sleep(LAST_MOMENT).await;
                } else {
                    std::future::pending::<()>().await;
                }
            } => Ok(()),
        };
        housekeeping.abort();
        watching.abort();
        if let Some(status) = status {
            status.abort();
        }
        served
    }
}

/// Takes up what changes in the catalog folder.
async fn watch_catalogs(engine: Engine, log: Log, counters: Arc<Counters>) {
    let mut said = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let looking = engine.clone();
        let looked = tokio::task::spawn_blocking(move || looking.look_at_catalogs(QUIET)).await;
        match looked {
            Ok(Ok(None)) | Err(_) => said = None,
            Ok(Ok(Some(change))) => {
                said = None;
                counters.catalog_changes.add(1);
                let message = "a changed catalog folder was taken up";
                log.write(Level::Info, message, json!({ "catalogs": change.catalogs }));
                for problem in change.problems {
                    log.write(Level::Warn, &problem.to_string(), json!({}));
                }
            }
            Ok(Err(e)) if said.as_deref() != Some(e.message()) => {
                let message = format!("the catalogs stay as they are: {e}");
                log.write(Level::Warn, &message, json!({}));
                said = Some(e.message().to_owned());
            }
            Ok(Err(_)) => {}
        }
    }
}

/// Ends what is idle, and takes new users and a new certificate when there are some.
async fn keep_house(
    every: Duration,
    sessions: Arc<Sessions>,
    tls: Option<Arc<Tls>>,
    auth: Arc<Auth>,
    log: Log,
) {
    loop {
        tokio::time::sleep(every).await;
        sessions.sweep();
        match auth.reload() {
            Ok(true) => {
                log.write(Level::Info, "the users were read again", json!({}));
                log.audit("users_changed", json!({}));
                sessions.renew(|user| auth.rights(user));
            }
            Ok(false) => {}
            Err(e) => {
                log.write(Level::Warn, &format!("the users stay as they are: {e}"), json!({}));
            }
        }
        match tls.as_ref().map(|tls| tls.reload()) {
            Some(Ok(true)) => {
                log.write(Level::Info, "the certificate was read again", json!({}));
            }
            Some(Err(e)) => {
                log.write(
                    Level::Warn,
                    &format!("the old certificate stays in use: {e}"),
                    json!({}),
                );
            }
            Some(Ok(false)) | None => {}
        }
    }
}
