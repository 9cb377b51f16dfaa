//! Which server, and who asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::error::{Error, Result};

/// How often a connection shows that it is alive, and how long it waits to hear the same.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A server: `grpc://host:port`, or `grpc+tls://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    tls: bool,
    /// The authority that has signed the server's certificate, as PEM; the system's if not given.
    pub ca: Option<PathBuf>,
    /// The certificate and the key that the server may ask for, as PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody in particular.
    Nobody,
    /// Whoever has this token.
    Token(String),
    /// A user with a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login")
    }
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// `Config` for one that names no server.
    pub fn parse(url: &str) -> Result<Self> {
        let wrong = || {
            Error::config(format!("`{url}` names no server"))
                .with_hint("write grpc://host:port, or grpc+tls://host:port")
        };
        let (scheme, host) = url.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "grpc" | "grpc+tcp" => false,
            "grpc+tls" | "grpcs" => true,
            _ => return Err(wrong()),
        };
        let host = host.trim_end_matches('/');
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() || host.contains('/') {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), tls, ca: None, identity: None })
    }

    /// How it is connected to.
    ///
    /// # Errors
    /// `Config` for files that cannot be read.
    pub(super) fn endpoint(&self) -> Result<Endpoint> {
        let scheme = if self.tls { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.host))
            .map_err(|e| Error::config(format!("{}: {e}", self.host)))?
            .tcp_nodelay(true)
            // A statement that is slow to give rows, and a person who thinks, look idle to a proxy.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(16 << 20);
        if !self.tls {
            return Ok(endpoint);
        }
        let mut tls = ClientTlsConfig::new();
        tls = match &self.ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
            None => tls.with_native_roots(),
        };
        if let Some((certificate, key)) = &self.identity {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        endpoint.tls_config(tls).map_err(|e| Error::config(format!("TLS: {e}")))
    }

    /// The error of a server that does not answer.
    pub(super) fn unreachable(&self, error: &tonic::transport::Error) -> Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let text = format!("{} does not answer: {cause}", self.host);
        let error = Error::unavailable(text).retry_later();
        if self.tls {
            error.with_hint(
                "is it served with TLS, and its certificate known? --ca FILE names its authority",
            )
        } else {
            error.with_hint("does `sluice serve` run there, and without TLS?")
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|e| Error::config(format!("{}: {e}", path.display())).with_source(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_all_clients_are_understood() {
        for (url, tls) in [
            ("grpc://localhost:31337", false),
            ("grpc+tcp://localhost:31337/", false),
            ("grpc+tls://data.example.com:443", true),
            ("grpcs://[::1]:31337", true),
        ] {
            assert_eq!(Target::parse(url).unwrap().tls, tls, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_says_how_one_is_written() {
        for url in ["localhost:31337", "http://localhost:31337", "grpc://localhost", "grpc://h:1/x"]
        {
            let error = Target::parse(url).unwrap_err();
            assert!(error.hint().unwrap().contains("grpc+tls://host:port"), "{url}");
        }
    }
}
