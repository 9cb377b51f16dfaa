//! Who calls: read from the headers, before anything of the body is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use serde_json::json;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::server::NamedService;

use super::auth::{Auth, Credentials};
use super::connections::ConnectionInfo;
use super::sessions::{self, Sessions};
use super::status::plain;
use crate::engine::{Rights, protocol};
use crate::error::{Error, Result};
use crate::server::counters::Counters;
use crate::server::log::{Level, Log};

/// The cookie that carries a session's token.
const COOKIE: &str = "sluice_session";

/// A call, as far as its headers say.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Whose it is.
    pub(super) user: String,
    /// What the user may do.
    pub(super) rights: Arc<Rights>,
    /// The token of the session that it asks for.
    pub(super) session: Option<String>,
    /// The number of its connection.
    pub(super) connection: u64,
    /// The other end.
    pub(super) peer: Option<SocketAddr>,
    /// What its first session is to start with.
    pub(super) options: Vec<(String, String)>,
    /// Whether it is Sluice's own client.
    pub(super) is_own: bool,
    // The token of a session that this call has started.
    told: Arc<OnceLock<String>>,
}

impl Caller {
    /// Where it comes from; the port is another one for every connection.
    pub(super) fn address(&self) -> Option<String> {
        self.peer.map(|peer| peer.ip().to_string())
    }

    /// Sends a token back with the answer.
    pub(super) fn tell(&self, token: &str) {
        let _ = self.told.set(token.to_owned());
    }
}

/// A service whose calls are let in one by one.
#[derive(Clone, Debug)]
pub(super) struct Guarded<S> {
    inner: S,
    auth: Arc<Auth>,
    sessions: Arc<Sessions>,
    log: Log,
    counters: Arc<Counters>,
}

impl<S> Guarded<S> {
    pub(super) fn new(
        inner: S,
        auth: Arc<Auth>,
        sessions: Arc<Sessions>,
        log: Log,
        counters: Arc<Counters>,
    ) -> Self {
        Self { inner, auth, sessions, log, counters }
    }
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The one that is ready; a fresh clone takes its place.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let (auth, sessions) = (Arc::clone(&self.auth), Arc::clone(&self.sessions));
        let (log, counters) = (self.log.clone(), Arc::clone(&self.counters));
        Box::pin(async move {
            let connection = request.extensions().get::<ConnectionInfo>().cloned();
            let peer = connection.as_ref().map(|connection| connection.peer);
            let caller = match caller(&auth, &sessions, request.headers(), connection).await {
                Ok(caller) => caller,
                Err(e) => {
                    refused(&log, &counters, request.headers(), peer, &e);
                    return Ok(plain(&e).into_http());
                }
            };
            let told = Arc::clone(&caller.told);
            let (user, address) = (caller.user.clone(), caller.address());
            request.extensions_mut().insert(caller);
            let mut response = inner.call(request).await?;
            if let Some(token) = told.get() {
                counters.sessions.add(1);
                log.audit("login", json!({ "user": user, "address": address }));
                log.write(Level::Debug, "login", json!({ "user": user, "address": address }));
                tell(response.headers_mut(), token);
            }
            Ok(response)
        })
    }
}

/// Takes down that somebody was not let in: by which name, never with which secret.
fn refused(
    log: &Log,
    counters: &Counters,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    error: &Error,
) {
    counters.refused.add(1);
    let user = match Credentials::read(text(headers, "authorization")) {
        Ok(Credentials::Basic(user, _)) => Some(user),
        Ok(Credentials::Bearer(_) | Credentials::None) | Err(_) => None,
    };
    let address = peer.map(|peer| peer.ip().to_string());
    let fields = json!({ "user": user, "address": address, "error_kind": error.kind().as_str() });
    log.audit("login_refused", fields.clone());
    log.write(Level::Info, "login refused", fields);
}

/// Who calls with these headers.
///
/// # Errors
/// `Unauthenticated` for who is not known, or whose session has ended.
pub(super) async fn caller(
    auth: &Auth,
    sessions: &Sessions,
    headers: &HeaderMap,
    connection: Option<ConnectionInfo>,
) -> Result<Caller> {
    let number = connection.as_ref().map_or(0, |connection| connection.number);
    let authorization = text(headers, "authorization");
    let cookie = cookie(headers);
    let peer = connection.map(|connection| connection.peer);
    let admitted = auth.admit(authorization, cookie.is_some(), peer).await?;
    let session = admitted.session.or(cookie);
    let (user, rights) = match (admitted.user, &session) {
        (Some(user), _) => (user, admitted.rights),
        (None, Some(token)) => {
            let user = sessions.user_of(token)?;
            let rights = auth.rights(&user).ok_or_else(sessions::ended)?;
            (user, rights)
        }
        (None, None) => return Err(sessions::ended()),
    };
    let options = headers.iter().filter_map(|(name, value)| {
        let name = match name.as_str() {
            "database" | "catalog" => "catalog".to_owned(),
            "schema" => "schema".to_owned(),
            name => name.strip_prefix(protocol::SETTINGS)?.replace('-', "_"),
        };
        Some((name, value.to_str().ok()?.to_owned()))
    });
    let mut options: Vec<_> = options.collect();
    // A schema is one of the catalog.
    options.sort_by_key(|(name, _)| name != "catalog");
    Ok(Caller {
        user,
        rights,
        session,
        connection: number,
        peer,
        options,
        is_own: headers.contains_key(protocol::CLIENT),
        told: Arc::default(),
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE && sessions::is_token(value)).then(|| value.to_owned())
    })
}

fn tell(headers: &mut HeaderMap, token: &str) {
    if let Ok(bearer) = HeaderValue::from_str(&format!("Bearer {token}")) {
        headers.insert("authorization", bearer);
    }
    if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; HttpOnly")) {
        headers.insert("set-cookie", cookie);
    }
}

/// The caller of a request.
pub(super) fn of<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(|| Status::internal("the call came in without its caller"))
}
