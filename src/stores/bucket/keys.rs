//! Keys: where the machine keeps them, how they are shown, and that they are renewed in time.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use object_store::aws::AwsCredential;
use object_store::{CredentialProvider, StaticCredentialProvider};
use tokio::sync::Mutex;

use super::Identity;
use crate::error::Result;

/// How long before their end keys are renewed.
const EARLY: Duration = Duration::minutes(5);

/// Variables and home folder of the machine; tests have their own.
#[derive(Clone)]
pub(in crate::stores) struct Environment {
    variables: fn(&str) -> Option<String>,
    home: Option<PathBuf>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    /// That of this process.
    pub(in crate::stores) fn of_process() -> Self {
        Self { variables: |name| std::env::var(name).ok(), home: dirs::home_dir() }
    }

    /// One for a test.
    #[cfg(test)]
    pub(in crate::stores) fn of(variables: fn(&str) -> Option<String>, home: PathBuf) -> Self {
        Self { variables, home: Some(home) }
    }

    /// A variable that is set to something.
    pub(in crate::stores) fn get(&self, name: &str) -> Option<String> {
        (self.variables)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// Whether a variable says yes.
    pub(in crate::stores) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// The text of a file: the one that a variable names, else one of the home folder.
    pub(in crate::stores) fn file(
        &self,
        variable: &str,
        at_home: &str,
    ) -> Option<(String, PathBuf)> {
        let path = match self.get(variable) {
            Some(path) => PathBuf::from(path),
            None => self.home.as_ref()?.join(at_home),
        };
        Some((std::fs::read_to_string(&path).ok()?, path))
    }
}

/// An access key with its secret.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::stores) struct Keys {
    pub(in crate::stores) id: String,
    pub(in crate::stores) secret: String,
    pub(in crate::stores) token: Option<String>,
    /// When they end; `None` for those that do not.
    pub(in crate::stores) expires: Option<DateTime<Utc>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&shown_key(&self.id)).finish()
    }
}

impl Keys {
    /// Keys without an end; `None` if one of the two is missing.
    pub(in crate::stores) fn of(
        id: Option<impl Into<String>>,
        secret: Option<impl Into<String>>,
        token: Option<impl Into<String>>,
    ) -> Option<Self> {
        let (id, secret) = (id?.into(), secret?.into());
        Some(Self { id, secret, token: token.map(Into::into), expires: None })
    }

    /// An identity of keys that stay as they are; `from` says where they were found.
    pub(in crate::stores) fn identity(self, from: &str) -> Identity {
        let who = format!("key {} from {from}", shown_key(&self.id));
        let kept = AwsCredential { key_id: self.id, secret_key: self.secret, token: self.token };
        Identity { keys: Some(Arc::new(StaticCredentialProvider::new(kept))), who }
    }
}

/// A key id as messages show it: its ends.
pub(in crate::stores) fn shown_key(id: &str) -> String {
    let (start, end) = (id.get(..4), id.len().checked_sub(4).and_then(|at| id.get(at..)));
    match (start, end) {
        (Some(start), Some(end)) if id.len() >= 12 => format!("{start}…{end}"),
        _ => "…".to_owned(),
    }
}

/// Somebody who gives keys for a while.
#[async_trait]
pub(in crate::stores) trait Source: fmt::Debug + Send + Sync {
    /// New keys.
    async fn keys(&self) -> Result<Keys>;
}

/// Keys of a source, renewed before they end.
#[derive(Debug)]
pub(in crate::stores) struct Renewed(Arc<Renewing>);

#[derive(Debug)]
struct Renewing {
    source: Arc<dyn Source>,
    current: Mutex<Keys>,
}

impl Renewed {
    /// Asks the source for its first keys; `from` says for people who it is.
    ///
    /// # Errors
    /// Those of the source.
    pub(in crate::stores) async fn begin(source: Arc<dyn Source>, from: &str) -> Result<Identity> {
        let keys = source.keys().await?;
        let who = format!("key {} from {from}", shown_key(&keys.id));
        let renewed = Self(Arc::new(Renewing { source, current: Mutex::new(keys) }));
        Ok(Identity { keys: Some(Arc::new(renewed)), who })
    }
}

impl Renewing {
    async fn keys(&self) -> Result<Keys> {
        let mut current = self.current.lock().await;
        let now = Utc::now();
        let ends = current.expires.unwrap_or(DateTime::<Utc>::MAX_UTC);
        if ends - EARLY <= now {
            match self.source.keys().await {
                Ok(keys) => *current = keys,
                // Those at hand are good for some minutes more.
                Err(_) if ends > now => {}
                Err(e) => return Err(e),
            }
        }
        Ok(current.clone())
    }
}

#[async_trait]
impl CredentialProvider for Renewed {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
            object_store::Error::Generic { store: "keys", source }
        };
        // In a task of its own: a read that waits for the lock must not depend on another one that
        // holds it and is not polled, such as a block that is fetched ahead.
        let renewing = Arc::clone(&self.0);
        let keys = tokio::spawn(async move { renewing.keys().await }).await;
        let keys = keys.map_err(|e| failed(e.into()))?.map_err(|e| failed(e.into()))?;
        let Keys { id, secret, token, .. } = keys;
        Ok(Arc::new(AwsCredential { key_id: id, secret_key: secret, token }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::Error;

    #[derive(Debug)]
    struct Counting(AtomicUsize, Duration);

    #[async_trait]
    impl Source for Counting {
        async fn keys(&self) -> Result<Keys> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            if number > 1 {
                return Err(Error::unavailable("gone"));
            }
            let expires = Some(Utc::now() + self.1);
            Ok(Keys { id: format!("key{number}"), secret: "s".into(), token: None, expires })
        }
    }

    #[tokio::test]
    async fn keys_are_renewed_before_they_end_and_kept_while_nobody_answers() {
        let source = Arc::new(Counting(AtomicUsize::new(0), Duration::minutes(2)));
        let identity = Renewed::begin(source, "a test").await.unwrap();
        let keys = identity.keys.unwrap();
        assert_eq!(keys.get_credential().await.unwrap().key_id, "key1");
        assert_eq!(keys.get_credential().await.unwrap().key_id, "key1");
    }

    #[test]
    fn a_key_is_shown_by_its_ends() {
        assert_eq!(shown_key("LTAI5tAbCdEfGhIj"), "LTAI…GhIj");
        assert_eq!(shown_key("short"), "…");
    }
}
