//! Who is let in.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::sessions;
use crate::error::{Error, Result};

/// The user of everybody, where nobody is asked who they are.
const ANYBODY: &str = "anonymous";

/// How callers are told apart.
#[derive(Debug)]
pub(super) enum Auth {
    /// Nobody is asked: whatever a client shows is taken.
    Open,
}

/// Who was let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The user.
    pub(super) user: String,
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
    /// Lets a caller in, or not.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub(super) async fn admit(
        &self,
        header: Option<&str>,
        _peer: Option<SocketAddr>,
    ) -> Result<Admitted> {
        let credentials = Credentials::read(header)?;
        match self {
            Self::Open => Ok(open(credentials)),
        }
    }
}

fn open(credentials: Credentials) -> Admitted {
    match credentials {
        Credentials::Bearer(token) if sessions::is_token(&token) => {
            Admitted { user: ANYBODY.to_owned(), session: Some(token) }
        }
        Credentials::None | Credentials::Bearer(_) | Credentials::Basic(..) => {
            Admitted { user: ANYBODY.to_owned(), session: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
