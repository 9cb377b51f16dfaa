//! TLS 1.2 and 1.3 by rustls: a certificate that can be replaced while the server runs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::{Error, Result};

/// Where certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with those between it and the root, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// The authority whose certificates clients must show, as PEM; none asks for none.
    pub client_ca: Option<PathBuf>,
}

/// A connection, with TLS or without.
pub(super) enum Stream {
    /// Bytes as they are.
    Plain(TcpStream),
    /// Bytes in TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// The server's side of TLS.
pub(super) struct Tls {
    files: TlsFiles,
    state: RwLock<State>,
}

struct State {
    config: Arc<ServerConfig>,
    written: Vec<Option<SystemTime>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// `Config` for a file that cannot be read or does not belong to the others.
    pub(super) fn new(files: TlsFiles) -> Result<Self> {
        let written = written(&files);
        let config = Arc::new(config(&files)?);
        Ok(Self { files, state: RwLock::new(State { config, written }) })
    }

    /// Reads the files again if they were written since; after an error the old ones stay in use.
    ///
    /// # Errors
    /// As [`new`](Self::new)'s.
    pub(super) fn reload(&self) -> Result<bool> {
        let written = written(&self.files);
        if self.state.read().unwrap_or_else(PoisonError::into_inner).written == written {
            return Ok(false);
        }
        let config = config(&self.files);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // An error is told once.
        state.written = written;
        state.config = Arc::new(config?);
        Ok(true)
    }

    /// Takes the client's greeting.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let config = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&state.config)
        };
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

fn written(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let paths = [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref()];
    let written = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    paths.into_iter().flatten().map(written).collect()
}

fn config(files: &TlsFiles) -> Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal(format!("TLS: {e}")))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|e| wrong(path, e))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|e| wrong(path, e))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| wrong(&files.key, e))?;
    let mut config =
        builder.with_single_cert(chain, key).map_err(|e| wrong(&files.certificate, e))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|e| wrong(path, e))?;
    let certificates =
        certificates.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| wrong(path, e))?;
    if certificates.is_empty() {
        return Err(Error::config(format!("{}: there is no certificate in it", path.display())));
    }
    Ok(certificates)
}

fn wrong(path: &Path, error: impl fmt::Display) -> Error {
    Error::config(format!("{}: {error}", path.display()))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
