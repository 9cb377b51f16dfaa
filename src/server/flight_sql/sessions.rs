//! Sessions of clients: found again by token, cookie or connection, ended when nobody uses them.
//!
//! Drivers differ in what they bring along. A token (from the handshake, or from the first answer)
//! comes first, then a cookie; a client with neither has the session of its connection, which ends
//! with it. What is not known any more is refused: a new session in its place would have lost what
//! the old one had set, and answers would change without a word.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::handles::Handles;
use super::statements::{Planned, Prepared};
use super::wire::Profile;
use crate::engine::{Engine, LocalSession, Parameters, Rights, Session as _};
use crate::error::{Error, Result};
use crate::server::secret;

/// The most prepared statements, and planned ones, of a session.
const MOST_HANDLES: usize = 1000;

/// How long a planned statement waits to be read.
const UNREAD: Duration = Duration::from_secs(10 * 60);

/// What the tokens of sessions begin with.
const PREFIX: &str = "sluice-session-";

/// How many sessions there may be, and how long an idle one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// The most sessions at once.
    pub sessions: usize,
    /// How long a session without a call is kept.
    pub idle: Duration,
    /// How long one is kept whose connections have all gone.
    pub left: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            sessions: 10_000,
            idle: Duration::from_secs(60 * 60),
            left: Duration::from_secs(5 * 60),
        }
    }
}

/// The session of a client.
#[derive(Debug)]
pub(super) struct DoorSession {
    token: String,
    /// What it has in the engine.
    pub(super) engine: LocalSession,
    /// Its prepared statements.
    pub(super) prepared: Handles<Prepared>,
    /// Its planned ones.
    pub(super) planned: Handles<Planned>,
    wishes: Mutex<Wishes>,
    // A schema that was named before its catalog: JDBC's driver sends them one after the other.
    early_schema: Mutex<Option<String>>,
    used: Mutex<Instant>,
    busy: AtomicUsize,
}

/// How a client wants its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Which types it reads.
    pub(super) profile: Profile,
    /// Whether it takes compressed bodies.
    pub(super) lz4: bool,
}

/// A session that is being used: it is not idle as long as this lives.
#[derive(Debug)]
pub(super) struct InUse(Arc<DoorSession>);

impl InUse {
    pub(super) fn new(session: &Arc<DoorSession>) -> Self {
        session.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(session))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.touch();
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl DoorSession {
    fn new(engine: LocalSession) -> Result<Self> {
        let token = format!("{PREFIX}{}", secret::text()?);
        Ok(Self::with(engine, token))
    }

    /// One that nobody can ask for.
    fn nobodys(engine: LocalSession) -> Self {
        Self::with(engine, String::new())
    }

    fn with(engine: LocalSession, token: String) -> Self {
        Self {
            token,
            engine,
            prepared: Handles::new(MOST_HANDLES),
            planned: Handles::new(MOST_HANDLES),
            wishes: Mutex::default(),
            early_schema: Mutex::default(),
            used: Mutex::new(Instant::now()),
            busy: AtomicUsize::new(0),
        }
    }

    /// Whose it is.
    pub(super) fn user(&self) -> &str {
        self.engine.user()
    }

    /// What the client shows to be let in again.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Takes the rights that its user has now. What was planned under other ones is planned again.
    fn renew(&self, rights: &Rights) {
        if self.engine.set_rights(rights) {
            self.planned.clear();
        }
    }

    fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    fn is_idle(&self, idle: Duration) -> bool {
        self.busy.load(Ordering::Relaxed) == 0 && lock(&self.used).elapsed() >= idle
    }

    /// How the client wants its results.
    pub(super) fn wishes(&self) -> Wishes {
        *lock(&self.wishes)
    }

    /// Sets a session option.
    ///
    /// # Errors
    /// `NotFound` for a catalog or schema that there is not, `Sql` for an unknown name or a value
    /// that does not fit.
    pub(super) async fn set(&self, name: &str, value: &str) -> Result<()> {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let home = match name {
            "catalog" => match lock(&self.early_schema).take() {
                Some(schema) => format!("{}.{}", quoted(value), quoted(&schema)),
                None => quoted(value),
            },
            "schema" => {
                let [catalog, _] = self.engine.home();
                format!("{}.{}", quoted(&catalog), quoted(value))
            }
            "profile" => {
                let wrong = || Error::sql(format!("there is no profile {value}: compat, native"));
                let profile = Profile::named(value).ok_or_else(wrong)?;
                lock(&self.wishes).profile = profile;
                return Ok(());
            }
            "compression" => {
                lock(&self.wishes).lz4 = match value {
                    "lz4" => true,
                    "none" => false,
                    _ => {
                        let wrong = format!("there is no compression {value}: none, lz4");
                        return Err(Error::sql(wrong));
                    }
                };
                return Ok(());
            }
            _ => return self.engine.set(name, value),
        };
        self.engine.run(&format!("USE {home}"), &Parameters::default()).await.map(drop)
    }

    /// Gives a session option the value that it began with.
    ///
    /// # Errors
    /// `Sql` for an unknown name.
    pub(super) async fn reset(&self, name: &str) -> Result<()> {
        let first = || Self::nobodys(self.engine.fresh()).options();
        if let Some((_, value)) = first().into_iter().find(|(known, _)| *known == name) {
            return self.set(name, &value).await;
        }
        self.engine.run(&format!("RESET {name}"), &Parameters::default()).await.map(drop)
    }

    /// The session options with their values.
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let [catalog, schema] = self.engine.home();
        let Wishes { profile, lz4 } = self.wishes();
        let timezone = self.engine.setting("timezone").ok().flatten().unwrap_or_default();
        vec![
            ("catalog", catalog),
            ("schema", schema),
            ("profile", profile.as_str().to_owned()),
            ("compression", if lz4 { "lz4" } else { "none" }.to_owned()),
            ("timezone", timezone),
        ]
    }
}

/// All sessions of a server.
#[derive(Debug)]
pub(super) struct Sessions {
    engine: Engine,
    limits: SessionLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_token: HashMap<String, Known>,
    // The tokens of the sessions that each open connection has used.
    by_connection: HashMap<u64, HashSet<String>>,
}

#[derive(Debug)]
struct Known {
    session: Arc<DoorSession>,
    // Whether a client has shown its token, so that it outlives its connection.
    shown: bool,
    // The open connections that have used it, and when the last one went.
    connections: HashSet<u64>,
    left: Instant,
}

impl Known {
    fn has_ended(&self, limits: &SessionLimits) -> bool {
        let left = self.connections.is_empty() && self.left.elapsed() >= limits.left;
        self.session.is_idle(if left { Duration::ZERO } else { limits.idle })
    }
}

impl State {
    fn used(&mut self, token: &str, connection: u64) {
        if let Some(known) = self.by_token.get_mut(token) {
            known.connections.insert(connection);
            self.by_connection.entry(connection).or_default().insert(token.to_owned());
        }
    }

    /// The session that a connection has of its own.
    fn of_connection(&self, caller: &Caller) -> Option<Arc<DoorSession>> {
        let tokens = self.by_connection.get(&caller.connection)?;
        let mut known = tokens.iter().filter_map(|token| self.by_token.get(token));
        let own = known.find(|known| !known.shown && known.session.user() == caller.user)?;
        Some(Arc::clone(&own.session))
    }

    fn remove(&mut self, token: &str) -> Option<Known> {
        let known = self.by_token.remove(token)?;
        for connection in &known.connections {
            if let Some(tokens) = self.by_connection.get_mut(connection) {
                tokens.remove(token);
            }
        }
        Some(known)
    }
}

impl Sessions {
    pub(super) fn new(engine: Engine, limits: SessionLimits) -> Arc<Self> {
        Arc::new(Self { engine, limits, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The caller's session, made if it has none yet.
    ///
    /// # Errors
    /// `Unauthenticated` when the one that it asks for has ended, `Exhausted` when there are too
    /// many; those of the options among its headers.
    pub(super) async fn of(&self, caller: &Caller) -> Result<Arc<DoorSession>> {
        match self.find(caller)? {
            Some(found) => Ok(found),
            None => self.start(caller, false).await,
        }
    }

    /// The caller's session, if it has one.
    ///
    /// # Errors
    /// `Unauthenticated` when the one that it asks for has ended.
    pub(super) fn find(&self, caller: &Caller) -> Result<Option<Arc<DoorSession>>> {
        let mut state = self.state();
        let found = match &caller.session {
            Some(token) => {
                let known = state.by_token.get_mut(token);
                let known = known.filter(|known| known.session.user() == caller.user);
                let known = known.ok_or_else(ended)?;
                known.shown = true;
                Some(Arc::clone(&known.session))
            }
            None => state.of_connection(caller),
        };
        if let Some(session) = &found {
            state.used(&session.token, caller.connection);
            session.touch();
        }
        drop(state);
        if let Some(session) = &found {
            session.renew(&caller.rights);
        }
        Ok(found)
    }

    /// A new session; with `shown`, the client was told its token and will show it.
    ///
    /// # Errors
    /// As [`of`](Self::of)'s.
    pub(super) async fn start(&self, caller: &Caller, shown: bool) -> Result<Arc<DoorSession>> {
        let engine = self.engine.session_of(&caller.user, caller.address(), &caller.rights);
        let session = Arc::new(DoorSession::new(engine)?);
        let has_catalog = caller.options.iter().any(|(name, _)| name == "catalog");
        for (name, value) in &caller.options {
            let set = session.set(name, value).await;
            if name == "schema" && !has_catalog && set.is_err() {
                *lock(&session.early_schema) = Some(value.clone());
            } else {
                set?;
            }
        }
        let mut state = self.state();
        // Two first calls at once on a connection: one session for both.
        if let Some(first) = state.of_connection(caller).filter(|_| !shown) {
            return Ok(first);
        }
        if state.by_token.len() >= self.limits.sessions {
            return Err(Error::exhausted(format!("there are {} sessions", state.by_token.len()))
                .with_hint("close some, or try again later")
                .retry_later());
        }
        let known = Known {
            session: Arc::clone(&session),
            shown,
            connections: HashSet::new(),
            left: Instant::now(),
        };
        state.by_token.insert(session.token.clone(), known);
        state.used(&session.token, caller.connection);
        caller.tell(&session.token);
        Ok(session)
    }

    /// The options that a session of the caller would begin with.
    pub(super) fn first_options(&self, caller: &Caller) -> Vec<(&'static str, String)> {
        let engine = self.engine.session_of(&caller.user, caller.address(), &caller.rights);
        DoorSession::nobodys(engine).options()
    }

    /// Ends a session and all that it owns.
    pub(super) fn close(&self, session: &DoorSession) {
        // Dropped outside the lock: it may end statements.
        let closed = self.state().remove(&session.token);
        drop(closed);
    }

    /// Ends the sessions that only a connection had.
    pub(super) fn disconnected(&self, connection: u64) {
        let mut gone = Vec::new();
        let mut state = self.state();
        for token in state.by_connection.remove(&connection).unwrap_or_default() {
            let Some(known) = state.by_token.get_mut(&token) else { continue };
            known.connections.remove(&connection);
            known.left = Instant::now();
            if !known.shown {
                gone.extend(state.remove(&token));
            }
        }
        drop(state);
    }

    /// What a handle of the caller's user means, and the session that has it: the caller's own, or
    /// another one of that user, as some drivers call over several connections.
    ///
    /// # Errors
    /// As [`find`](Self::find)'s.
    pub(super) fn handled<T>(
        &self,
        caller: &Caller,
        get: impl Fn(&DoorSession) -> Option<T>,
    ) -> Result<Option<(Arc<DoorSession>, T)>> {
        let own = self.find(caller)?.into_iter();
        let mut all = own.chain(std::iter::once_with(|| self.of_user(&caller.user)).flatten());
        Ok(all.find_map(|session| {
            session.renew(&caller.rights);
            get(&session).map(|item| (session, item))
        }))
    }

    fn of_user(&self, user: &str) -> Vec<Arc<DoorSession>> {
        let state = self.state();
        let sessions = state.by_token.values().map(|known| &known.session);
        sessions.filter(|session| session.user() == user).cloned().collect()
    }

    /// The user of a session that is known by its token.
    ///
    /// # Errors
    /// `Unauthenticated` when it has ended.
    pub(super) fn user_of(&self, token: &str) -> Result<String> {
        let state = self.state();
        let known = state.by_token.get(token).ok_or_else(ended)?;
        Ok(known.session.user().to_owned())
    }

    /// Ends the sessions of users that are not known any more, and gives all others the rights that
    /// their users have now.
    pub(super) fn renew(&self, rights: impl Fn(&str) -> Option<Arc<Rights>>) {
        let mut state = self.state();
        let unknown = |known: &Known| rights(known.session.user()).is_none();
        let ended = state.by_token.iter().filter(|(_, known)| unknown(known));
        let ended: Vec<String> = ended.map(|(token, _)| token.clone()).collect();
        let gone: Vec<_> = ended.iter().filter_map(|token| state.remove(token)).collect();
        let kept: Vec<_> =
            state.by_token.values().map(|known| Arc::clone(&known.session)).collect();
        drop(state);
        drop(gone);
        for session in kept {
            if let Some(rights) = rights(session.user()) {
                session.renew(&rights);
            }
        }
    }

    /// Ends what is idle.
    pub(super) fn sweep(&self) {
        let mut state = self.state();
        let ended = state.by_token.iter().filter(|(_, known)| known.has_ended(&self.limits));
        let ended: Vec<String> = ended.map(|(token, _)| token.clone()).collect();
        let gone: Vec<_> = ended.iter().filter_map(|token| state.remove(token)).collect();
        let kept: Vec<_> =
            state.by_token.values().map(|known| Arc::clone(&known.session)).collect();
        drop(state);
        drop(gone);
        for session in kept {
            session.planned.forget_idle(UNREAD);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.state().by_token.len()
    }
}

/// Whether a text is the token of a session, known or not.
pub(super) fn is_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The error of a session that is not known any more.
pub(super) fn ended() -> Error {
    Error::unauthenticated(
        "this session has ended: it was idle for long, or the server was started anew",
    )
    .with_hint("connect again")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
