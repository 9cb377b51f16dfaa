//! Who is let in.
//!
//! Checks cost something on purpose, so few go on at once; a pair that was right is remembered as an
//! HMAC under a key of this process, and who fails waits longer each time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;

use super::sessions;
use crate::engine::Rights;
use crate::error::{Error, Result};
use crate::server::users::{Users, verify};

/// The user of everybody, where nobody is asked who they are.
const ANYBODY: &str = "anonymous";

/// How many passwords are checked at once, as each takes a processor and 19 MB for a while.
const CHECKS: usize = 2;

/// How many callers may wait for that.
const WAITING: usize = 64;

/// How long a password that was right is taken without a check: Go's driver sends it with every call.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);

/// How many failures are remembered, and for how long each.
const FAILURES: usize = 10_000;
const FORGIVEN: Duration = Duration::from_secs(15 * 60);

/// The bytes of a name under which failures are remembered: whoever fails has chosen it.
const LONGEST_NAME: usize = 64;

/// How callers are told apart.
#[derive(Debug)]
pub(super) enum Auth {
    /// Nobody is asked: whatever a client shows is taken.
    Open(Arc<Rights>),
    /// By the users of a file.
    Users(Box<UserAuth>),
}

/// Users of a file, and what was found out about callers lately.
#[derive(Debug)]
pub(super) struct UserAuth {
    path: PathBuf,
    known: RwLock<Known>,
    key: hmac::Key,
    // By the HMAC of name and password: whose, and since when.
    right: Mutex<HashMap<Vec<u8>, (String, Instant)>>,
    wrong: Mutex<HashMap<String, (u32, Instant)>>,
    checks: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The users of a file, as they were last read.
#[derive(Debug)]
struct Known {
    users: Users,
    rights: HashMap<String, Arc<Rights>>,
    written: Option<SystemTime>,
}

impl Known {
    fn new(users: Users, written: Option<SystemTime>) -> Self {
        let rights = users.list().filter_map(|(name, _, _)| {
            let rights = users.rights(name)?;
            Some((name.to_owned(), Arc::new(rights)))
        });
        Self { rights: rights.collect(), users, written }
    }
}

/// Who was let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The user; `None` is whoever has the session.
    pub(super) user: Option<String>,
    /// What the user may do.
    pub(super) rights: Arc<Rights>,
    /// The token of a session, if that was shown.
    pub(super) session: Option<String>,
}

/// What an `authorization` header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing.
    None,
    /// `Basic`: a name and a password.
    Basic(String, String),
    /// `Bearer`: a token.
    Bearer(String),
}

impl Credentials {
    /// Reads the header.
    ///
    /// # Errors
    /// `Unauthenticated` for one that is neither.
    pub(super) fn read(header: Option<&str>) -> Result<Self> {
        let Some(header) = header else { return Ok(Self::None) };
        let wrong = || {
            Error::unauthenticated("the authorization header is neither Basic nor Bearer")
                .with_hint("connect with a user and a password, or with a token")
        };
        let (scheme, value) = header.split_once(' ').ok_or_else(wrong)?;
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Self::Bearer(value.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(wrong());
        }
        // Go's driver leaves the padding away.
        let decoded = BASE64_STANDARD.decode(value).or_else(|_| {
            base64::prelude::BASE64_STANDARD_NO_PAD.decode(value.trim_end_matches('='))
        });
        let text =
            decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
        let (user, password) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self::Basic(user.to_owned(), password.to_owned()))
    }
}

impl Auth {
    /// Lets a caller in, or not; `has_session` says that a cookie names a session.
    ///
    /// # Errors
    /// `Unauthenticated`; `Unavailable` when too many want to be let in at once.
    pub(super) async fn admit(
        &self,
        header: Option<&str>,
        has_session: bool,
        peer: Option<SocketAddr>,
    ) -> Result<Admitted> {
        let credentials = Credentials::read(header)?;
        let by_session = |session| Admitted { user: None, rights: Arc::default(), session };
        match (self, credentials) {
            (_, Credentials::Bearer(token)) if sessions::is_token(&token) => {
                Ok(by_session(Some(token)))
            }
            (Self::Open(rights), _) => Ok(Admitted {
                user: Some(ANYBODY.to_owned()),
                rights: Arc::clone(rights),
                session: None,
            }),
            (Self::Users(_), Credentials::None) if has_session => Ok(by_session(None)),
            (Self::Users(_), Credentials::None) => {
                Err(Error::unauthenticated("the server asks who you are")
                    .with_hint("connect with a user and a password, or with a token"))
            }
            (Self::Users(users), Credentials::Bearer(token)) => users.by_token(&token, peer).await,
            (Self::Users(users), Credentials::Basic(user, password)) => {
                users.by_password(&user, &password, peer).await
            }
        }
    }

    /// What a user may do; `None` for one that is not known.
    pub(super) fn rights(&self, user: &str) -> Option<Arc<Rights>> {
        match self {
            Self::Open(rights) => Some(Arc::clone(rights)),
            Self::Users(users) => users.known().rights.get(user).cloned(),
        }
    }

    /// Reads the users again if their file was written since; after an error the old ones stay.
    ///
    /// # Errors
    /// As [`Users::read`]'s.
    pub(super) fn reload(&self) -> Result<bool> {
        match self {
            Self::Open(_) => Ok(false),
            Self::Users(users) => users.reload(),
        }
    }
}

fn refused() -> Error {
    Error::unauthenticated("user and password, or token, are not known here")
}

fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

impl UserAuth {
    /// Reads the users of a file.
    ///
    /// # Errors
    /// As [`Users::read`]'s; `Config` for a file without users.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let written = written(path);
        let users = Users::read(path)?;
        if users.is_empty() {
            return Err(Error::config(format!("{}: there is no user in it", path.display()))
                .with_hint("sluice user add NAME makes one"));
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Ok(Self {
            path: path.to_owned(),
            known: RwLock::new(Known::new(users, written)),
            key: key.map_err(|_| Error::unavailable("the system gives no random numbers"))?,
            right: Mutex::default(),
            wrong: Mutex::default(),
            checks: Arc::new(Semaphore::new(CHECKS)),
            waiting: AtomicUsize::new(0),
        })
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self) -> Result<bool> {
        let written = written(&self.path);
        if self.known().written == written {
            return Ok(false);
        }
        let read = Users::read(&self.path);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // An error is told once.
        known.written = written;
        *known = Known::new(read?, written);
        drop(known);
        lock(&self.right).clear();
        Ok(true)
    }

    fn admitted(&self, user: &str) -> Result<Admitted> {
        let rights = self.known().rights.get(user).cloned().ok_or_else(refused)?;
        Ok(Admitted { user: Some(user.to_owned()), rights, session: None })
    }

    async fn by_token(&self, token: &str, peer: Option<SocketAddr>) -> Result<Admitted> {
        // Tokens are too long to be guessed: who fails is slowed down, who has one never is.
        let user = self.known().users.of_token(token).map(str::to_owned);
        if let Some(user) = user {
            return self.admitted(&user);
        }
        let names = names(None, peer);
        self.wait_out(&names).await;
        self.count_failure(&names);
        Err(refused())
    }

    async fn by_password(
        &self,
        user: &str,
        password: &str,
        peer: Option<SocketAddr>,
    ) -> Result<Admitted> {
        let pair = format!("{user}\0{password}");
        let tag = hmac::sign(&self.key, pair.as_bytes()).as_ref().to_vec();
        let known = lock(&self.right).get(&tag).is_some_and(|(_, at)| at.elapsed() < REMEMBERED);
        if known {
            return self.admitted(user);
        }
        let names = names(Some(user), peer);
        self.wait_out(&names).await;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::unavailable("too many want to be let in at once").retry_later());
        }
        let _waits = Waits(&self.waiting);
        let turn = Arc::clone(&self.checks).acquire_owned().await;
        let turn = turn.map_err(|_| Error::internal("nobody checks passwords any more"))?;
        let (hash, secret) = (self.known().users.hash(user), password.to_owned());
        let check = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            verify(&secret, &hash)
        });
        if !check.await.unwrap_or(false) {
            self.count_failure(&names);
            return Err(refused());
        }
        let mut wrong = lock(&self.wrong);
        wrong.retain(|name, _| !names.contains(name));
        drop(wrong);
        let mut right = lock(&self.right);
        right.retain(|_, (_, at)| at.elapsed() < REMEMBERED);
        right.insert(tag, (user.to_owned(), Instant::now()));
        drop(right);
        self.admitted(user)
    }

    /// Lets time pass since the last failure under any of the names, longer after each. It passes
    /// before a check and not after it: who hangs up at once has won nothing.
    async fn wait_out(&self, names: &[String]) {
        let waits = {
            let wrong = lock(&self.wrong);
            let waits = names.iter().filter_map(|name| wrong.get(name)).map(|(times, at)| {
                let pause = Duration::from_millis(50 << times.min(&7));
                pause.saturating_sub(at.elapsed())
            });
            waits.max().unwrap_or_default()
        };
        if !waits.is_zero() {
            tokio::time::sleep(waits).await;
        }
    }

    /// Counts a failure under each of the names. Beyond so many, the oldest is forgotten.
    fn count_failure(&self, names: &[String]) {
        let mut wrong = lock(&self.wrong);
        if wrong.len() >= FAILURES {
            wrong.retain(|_, (_, at)| at.elapsed() < FORGIVEN);
        }
        for name in names {
            if wrong.len() >= FAILURES && !wrong.contains_key(name) {
                let oldest = wrong.iter().min_by_key(|(_, (_, at))| *at);
                if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                    wrong.remove(&oldest);
                }
            }
            let failed = wrong.entry(name.clone()).or_insert((0, Instant::now()));
            if failed.1.elapsed() >= FORGIVEN {
                failed.0 = 0;
            }
            *failed = (failed.0.saturating_add(1), Instant::now());
        }
    }
}

/// What failures are counted by.
fn names(user: Option<&str>, peer: Option<SocketAddr>) -> Vec<String> {
    let user = user.map(|user| {
        format!("user {}", user.get(..user.floor_char_boundary(LONGEST_NAME)).unwrap_or(user))
    });
    user.into_iter().chain(peer.map(|peer| format!("address {}", peer.ip()))).collect()
}

struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_right_password_is_remembered_until_the_users_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        let mut users = Users::default();
        users.set("ada", Some("secret"), &[]).unwrap();
        users.write(&path).unwrap();
        let auth = UserAuth::new(&path).unwrap();
        assert!(auth.by_password("ada", "wrong", None).await.is_err());
        assert!(auth.by_password("ada", "secret", None).await.is_ok());
        assert_eq!(lock(&auth.right).len(), 1);
        users.set("ada", Some("other"), &[]).unwrap();
        users.write(&path).unwrap();
        auth.known.write().unwrap().written = None;
        assert!(auth.reload().unwrap());
        assert!(auth.by_password("ada", "secret", None).await.is_err());
        assert!(auth.by_password("ada", "other", None).await.is_ok());
    }

    #[tokio::test]
    async fn failures_are_counted_by_user_and_address_and_their_memory_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        let mut users = Users::default();
        users.set("ada", Some("secret"), &[]).unwrap();
        users.write(&path).unwrap();
        let auth = UserAuth::new(&path).unwrap();
        let peer: SocketAddr = "10.0.0.1:5".parse().unwrap();
        for (user, password) in [("ada", "a"), ("bob", "b")] {
            assert!(auth.by_password(user, password, Some(peer)).await.is_err());
        }
        assert!(auth.by_token("sluice-token-x", Some(peer)).await.is_err());
        let times = |name: &str| lock(&auth.wrong).get(name).map(|(times, _)| *times);
        assert_eq!(times("address 10.0.0.1"), Some(3));
        assert_eq!((times("user ada"), times("user bob")), (Some(1), Some(1)));
        let begun = Instant::now();
        auth.wait_out(&names(Some("eve"), Some(peer))).await;
        assert!(begun.elapsed() >= Duration::from_millis(300), "the address waits");
        assert!(auth.by_password("ada", "secret", Some(peer)).await.is_ok());
        assert_eq!((times("user ada"), times("address 10.0.0.1")), (None, None));
        for number in 0..FAILURES + 5 {
            auth.count_failure(&[format!("user {number}")]);
        }
        assert_eq!(lock(&auth.wrong).len(), FAILURES);
        assert_eq!((times("user 0"), times("user 10004")), (None, Some(1)));
        let long = names(Some(&"ü".repeat(1000)), None);
        assert!(long[0].len() < 80, "{}", long[0]);
    }

    #[test]
    fn headers_of_all_drivers_are_read() {
        let basic = Credentials::Basic("ada".to_owned(), "a:b".to_owned());
        for header in ["Basic YWRhOmE6Yg==", "basic YWRhOmE6Yg", "Basic  YWRhOmE6Yg=="] {
            assert_eq!(Credentials::read(Some(header)).unwrap(), basic, "{header}");
        }
        let bearer = Credentials::Bearer("t".to_owned());
        assert_eq!(Credentials::read(Some("Bearer t")).unwrap(), bearer);
        assert_eq!(Credentials::read(None).unwrap(), Credentials::None);
    }

    #[test]
    fn what_is_neither_is_refused_and_not_repeated() {
        for header in ["Digest x", "Basic", "Basic !!!", "Basic YWRh"] {
            let error = Credentials::read(Some(header)).unwrap_err();
            assert!(!error.message().contains("YWRh"), "{header}: {}", error.message());
        }
    }
}
