//! Refusals in plain words: what is wrong, and what to change where.

use object_store::client::HttpErrorKind;

use super::Connected;
use super::refusal::{Refusal, causes, is_certificate, of_network};
use crate::error::{Error, ErrorKind};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Read,
    List,
    Write,
    Delete,
}

impl Action {
    /// The permission that it needs, as policies of the store spell it.
    fn permission(self) -> &'static str {
        match self {
            Self::Read => "GetObject",
            Self::List => "ListBucket",
            Self::Write => "PutObject",
            Self::Delete => "DeleteObject",
        }
    }
}

impl Connected {
    /// An error of the store as ours, kept in the variant that readers of `object_store` look at.
    pub(super) fn explain(
        &self,
        action: Action,
        object: &str,
        error: object_store::Error,
    ) -> object_store::Error {
        use object_store::Error as Store;
        // What was said already, or is an answer rather than a failure.
        let is_said =
            of_network(&error).is_none() && causes(&error).any(|cause| cause.is::<Error>());
        if is_said || matches!(error, Store::NotModified { .. } | Store::AlreadyExists { .. }) {
            return error;
        }
        let path = object.to_owned();
        let Some(refusal) = Refusal::of(&error) else {
            return match self.of_connection(&error) {
                Some(ours) => generic(self.scheme, ours.with_source(error)),
                None => error,
            };
        };
        if refusal.status == 412 {
            return error;
        }
        let ours = self.in_words(action, object, &refusal);
        let kind = ours.kind();
        let source = Box::new(ours.with_source(error));
        match kind {
            ErrorKind::NotFound => Store::NotFound { path, source },
            ErrorKind::Denied => Store::PermissionDenied { path, source },
            ErrorKind::Unauthenticated => Store::Unauthenticated { path, source },
            _ => Store::Generic { store: self.scheme, source },
        }
    }

    fn outer(&self, object: &str) -> String {
        format!("{}://{}/{object}", self.scheme, self.bucket)
    }

    fn in_words(&self, action: Action, object: &str, refusal: &Refusal) -> Error {
        let (bucket, host, who) = (&self.bucket, &self.host, &self.who);
        let message = &refusal.message;
        match refusal.code.as_str() {
            "SecondLevelDomainForbidden" => Error::config(format!(
                "{host} was asked for bucket {bucket} by path, and it takes buckets in the host name only"
            ))
            .with_hint(format!("write the endpoint without a path, or as {bucket}.{host}")),
            "NoSuchBucket" => Error::not_found(format!("there is no bucket {bucket} at {host}"))
                .with_hint("look at the bucket's name in `location`, and at region or endpoint under [store]"),
            "NoSuchKey" => Error::not_found(format!("{}: does not exist", self.outer(object))),
            "SignatureDoesNotMatch" => {
                Error::unauthenticated(format!("the secret does not fit the access key ({who})"))
                    .with_hint("a secret that was cut off or has a blank at its end looks like this, too")
            }
            "InvalidAccessKeyId" | "XAdminUserNotFound" => {
                Error::unauthenticated(format!("{host} does not know the access key ({who})"))
                    .with_hint("keys belong to one provider and account: look at the endpoint, too")
            }
            "RequestTimeTooSkewed" | "RequestNotInTimeRange" => self.skewed(refusal),
            "ExpiredToken" | "SecurityTokenExpired" | "TokenRefreshRequired" => {
                Error::unauthenticated(format!("the session token has expired ({who})"))
                    .with_hint("get a new token, or name a role that Sluice can ask for tokens itself")
            }
            "InvalidSecurityToken" | "InvalidToken" => {
                Error::unauthenticated(format!("the session token is not valid ({who})"))
                    .with_hint("key, secret and token belong together: take all three from one answer")
            }
            "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
                let right = refusal.region.as_deref().map_or_else(
                    || message.clone(),
                    |region| format!("it is {region}"),
                );
                Error::config(format!("{} is not the region of bucket {bucket}: {right}", self.region))
                    .with_hint(refusal.region.as_deref().map_or_else(
                        || "set region under [store]".to_owned(),
                        |region| format!("set region = \"{region}\" under [store]"),
                    ))
            }
            "PermanentRedirect" | "TemporaryRedirect" => self.elsewhere(refusal),
            "AccessDenied" if refusal.endpoint.as_deref().is_some_and(|at| !host.ends_with(at)) => {
                self.elsewhere(refusal)
            }
            "InvalidObjectState" => {
                Error::unsupported(format!("{} is archived", self.outer(object)))
                    .with_hint("restore it first: archived objects cannot be read")
            }
            "SlowDown" | "Throttling" | "QpsLimitExceeded" => {
                Error::unavailable(format!("{host} asks for fewer requests ({message})"))
                    .with_hint("set requests under [store] to fewer at once")
            }
            _ => self.of_status(action, object, refusal),
        }
    }

    fn of_status(&self, action: Action, object: &str, refusal: &Refusal) -> Error {
        let Refusal { status, code, message, .. } = refusal;
        let said = match (code.is_empty(), message.is_empty()) {
            (true, _) => format!("status {status}"),
            (false, true) => code.clone(),
            (false, false) => format!("{code}: {}", message.trim_end_matches('.')),
        };
        match status {
            401 => Error::unauthenticated(format!("{} asks who this is ({said})", self.host))
                .with_hint("put access_key_id and access_key_secret under [store]"),
            403 => {
                let (permission, outer) = (action.permission(), self.outer(object));
                Error::denied(format!(
                    "{outer}: {permission} is not allowed ({said}; {})",
                    self.who
                ))
                .with_hint(format!("whoever administers the bucket can allow {permission}"))
            }
            404 => Error::not_found(format!("{}: does not exist", self.outer(object))),
            301 | 307 | 308 => self.elsewhere(refusal),
            _ => {
                let error = Error::unavailable(format!("{}: {said}", self.host));
                match &refusal.request {
                    Some(id) => error.with_hint(format!("the store knows the request as {id}")),
                    None => error,
                }
            }
        }
    }

    fn skewed(&self, refusal: &Refusal) -> Error {
        let by = match refusal.skew {
            Some(skew) if skew >= chrono::Duration::zero() => {
                format!("{} ahead of", humantime::format_duration(whole_seconds(skew)))
            }
            Some(skew) => format!("{} behind", humantime::format_duration(whole_seconds(-skew))),
            None => "too far from".to_owned(),
        };
        Error::unauthenticated(format!("this machine's clock is {by} that of {}", self.host))
            .with_hint("set the clock: requests are signed with the time")
    }

    fn elsewhere(&self, refusal: &Refusal) -> Error {
        let Self { bucket, host, .. } = self;
        match &refusal.endpoint {
            Some(endpoint) => {
                Error::config(format!("bucket {bucket} is at {endpoint}, not at {host}"))
                    .with_hint(format!("set endpoint = \"{endpoint}\" under [store]"))
            }
            None => {
                Error::config(format!("bucket {bucket} is in another region than {}", self.region))
                    .with_hint("set region under [store]")
            }
        }
    }

    /// What the network did.
    fn of_connection(&self, error: &object_store::Error) -> Option<Error> {
        if causes(error).any(|cause| cause.to_string().contains("non-partial response")) {
            let text =
                format!("{} answers with whole objects where parts were asked for", self.host);
            return Some(Error::unavailable(text));
        }
        let network = of_network(error)?;
        let innermost = causes(network).last().map(ToString::to_string).unwrap_or_default();
        let host = &self.host;
        let said = match network.kind() {
            HttpErrorKind::Connect if is_certificate(network) => {
                return Some(
                    Error::unavailable(format!(
                        "{host}: its certificate is not trusted ({innermost})"
                    ))
                    .with_hint("name the file of its authority as ca_certificate under [store]"),
                );
            }
            HttpErrorKind::Connect => format!("{host} cannot be reached: {innermost}"),
            HttpErrorKind::Timeout => format!("{host}: {innermost}"),
            _ => format!("{host}: the connection broke: {innermost}"),
        };
        Some(
            Error::unavailable(said)
                .with_hint("look at endpoint, region and network under [store]"),
        )
    }
}

fn whole_seconds(skew: chrono::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(skew.num_seconds()).unwrap_or_default())
}

fn generic(store: &'static str, error: Error) -> object_store::Error {
    object_store::Error::Generic { store, source: Box::new(error) }
}
